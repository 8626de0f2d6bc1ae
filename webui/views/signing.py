"""Signing in and out, and one's own password."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as Answer

from optimizer import HaibunError, say
from webui import people
from webui.identity import visitor
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
    people.sign_out(the_site().store, session.get("signed_in", ""))
    _begin_anew(name)
    return redirect(back)


def _begin_anew(name: str) -> None:
    """A session that shares nothing with the one before but the reader's language and unit."""
    kept = {name: session[name] for name in ("language", "unit") if name in session}
    session.clear()
    session.update(kept)
    session["signed_in"] = people.sign_in(the_site().store, name)


@page.get("/password")
def ask_for_password() -> str:
    """The form of a new password, and one's browsers; whoever is known by a proxy's word has neither."""
    return _password_page("") if _has_password() else abort(404)


@page.post("/password")
def change_password() -> Answer | Response:
    """Set one's own password; every other browser and every token of the person is worthless from then on."""
    if not _has_password():
        abort(404)
    current, new, again = (request.form.get(field, "")[:1000] for field in ("current", "new", "again"))
    said = say("The two passwords differ.")
    try:
        if new == again:
            said = say("The password of now is not right.")
            if people.change_own_password(the_site().store, visitor().name, current, new):
                _begin_anew(visitor().name)
                return redirect(url_for("home.index"))
    except HaibunError as error:
        said = error.message
    return make_response(_password_page(into(said)), 422)


@page.post("/password/others")
def sign_out_others() -> Answer | Response:
    """Sign every other browser of one's own out."""
    if not _has_password():
        abort(404)
    current, secret = request.form.get("current", "")[:1000], session.get("signed_in", "")
    said = say("The password of now is not right.")
    try:
        if people.sign_out_others(the_site().store, visitor().name, current, secret):
            return redirect(url_for("signing.ask_for_password"))
    except people.TooSoon as error:
        said = error.message
    return make_response(_password_page(into(said)), 422)


def _password_page(said: str) -> str:
    limits = current_app.config["SECONDS_IDLE"], current_app.config["SECONDS_SIGNED_IN"]
    browsers = people.browsers(the_site().store, visitor(), session.get("signed_in", ""), *limits)
    return render_template("password.html", said=said, browsers=browsers)


def _has_password() -> bool:
    return bool(visitor().id) and not current_app.config["IDENTITY_HEADER"]


@page.post("/sign-out")
def sign_out() -> Answer:
    """End the session here, not only in the browser, which forgets what it kept of the site."""
    people.sign_out(the_site().store, session.get("signed_in", ""))
    session.clear()
    answer = redirect(url_for("signing.ask_to_sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
