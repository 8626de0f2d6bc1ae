"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Answer

from optimizer import say
from webui import people
from webui.language import into
from webui.site import the_site
from webui.views.home import a_page_of_this_site

page = Blueprint("signing", __name__)


@page.get("/sign-in")
def ask_to_sign_in() -> str:
    """The form."""
    return render_template("sign_in.html", back=a_page_of_this_site(request.args.get("back", "/")), said="", name="")


@page.post("/sign-in")
def sign_in() -> Answer | Response:
    """Begin a new session; the old one, and whatever it held, is gone."""
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1000]
    back = a_page_of_this_site(request.form.get("back", "/"))
    try:
        is_right, said = people.check(the_site().store, name, password), say("The name or the password is not right.")
    except people.TooSoon as error:
        is_right, said = False, error.message
    if not is_right:
        return make_response(render_template("sign_in.html", back=back, said=into(said), name=name), 401)
    kept = {name: session[name] for name in ("language", "unit") if name in session}
    session.clear()
    session.update(kept)
    session["signed_in"] = people.sign_in(the_site().store, name)
    return redirect(back)


@page.post("/sign-out")
def sign_out() -> Answer:
    """End the session here, not only in the browser."""
    people.sign_out(the_site().store, session.get("signed_in", ""))
    session.clear()
    return redirect(url_for("signing.ask_to_sign_in"))
