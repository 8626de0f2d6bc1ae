"""The administrator's page: who has an account and which roles, the projects, and the tokens that are out.

Accounts, passwords and tokens are made on the server by ``haibun user``: whoever could make them here could sign a run
off under three names.
"""

from __future__ import annotations

from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from optimizer import Words, WrongUsage, say
from webui import people
from webui.identity import visitor
from webui.site import the_site

page = APIBlueprint("accounts", __name__, enable_openapi=False)
ROLES: Mapping[str, Words] = {
    "viewer": say("viewer"),
    "planner": say("planner"),
    "assurer": say("assurer"),
    "approver": say("approver"),
}


@page.before_request
def of_an_office() -> None:
    """One computer alone has no accounts; elsewhere this is the administrator's."""
    if not current_app.config["OFFICE"]:
        abort(404)
    if not visitor().is_administrator:
        abort(403)


@page.get("/people")
def show() -> str:
    """Everybody, closed accounts last, and every project."""
    store = the_site().store
    accounts, projects = people.accounts(store), people.projects(store)
    return render_template("accounts.html", accounts=accounts, projects=projects, roles=ROLES)


@page.post("/people/<person_id>/roles")
def give(person_id: str) -> Answer:
    """Give exactly the chosen roles in a project that exists; 409 where they are no longer those that were seen."""
    project, chosen = request.form.get("project", ""), request.form.getlist("role")
    store = the_site().store
    if project not in {each.name for each in people.projects(store)}:
        raise WrongUsage(say("There is no such project; the command makes one: haibun user role."))
    if not set(chosen) <= ROLES.keys():
        raise WrongUsage(say("There is no such role."))
    seen = [role for role in request.form.get("seen", "").split(",") if role]
    if not people.give(store, _name(person_id), chosen, project, visitor().name, seen):
        abort(409)
    return redirect(url_for("accounts.show"))


@page.post("/people/<person_id>/close")
def close(person_id: str) -> Answer:
    """Close an account: its browsers and tokens are worthless at once."""
    people.disable(the_site().store, _name(person_id), visitor().name)
    return redirect(url_for("accounts.show"))


@page.post("/people/<person_id>/revoke")
def revoke(person_id: str) -> Answer:
    """Make the tokens of a label worthless."""
    people.revoke_tokens(the_site().store, _name(person_id), request.form.get("label", ""), visitor().name)
    return redirect(url_for("accounts.show"))


def _name(person_id: str) -> str:
    account = next((each for each in people.accounts(the_site().store) if each.id == person_id), None)
    if account is None:
        abort(404)
    return account.name
