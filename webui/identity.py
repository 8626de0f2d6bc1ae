"""Who asks, and whether they may: decided here, before any page, for every address that names a workbook.

On one computer alone everybody is ``ALONE``. In an office a visitor is known by the cookie of a sign-in, by a token, or
by a header of a reverse proxy at a listed address; nobody sees what their projects do not hold, and an address that was
guessed is no page.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote

from flask import Flask, abort, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import SecurityError

from webui import people
from webui.people import ALONE, Visitor
from webui.rows import MAIN_PROJECT, Book
from webui.sharing import Busy
from webui.site import the_site

SAFE = ("GET", "HEAD", "OPTIONS")
OPEN_TO_ALL = ("static", "health.show", "signing.sign_in", "signing.ask_to_sign_in", "home.choose_language")
MOST_AT_ONCE = 8
"""Requests of one person that are answered at a time."""
OF_EVERYBODY = ("signing.sign_out", "signing.sign_out_others", "signing.change_password", "home.choose_unit")
"""Changes that need no role."""


class CookiesOfOffice(SecureCookieSessionInterface):
    """Cookies that go over TLS alone wherever the page came over TLS, and that no other host can set there."""

    def get_cookie_name(self, app: Flask) -> str:
        """Browsers take a name of this beginning over TLS, from this very host, and for all of it, or not at all."""
        name = super().get_cookie_name(app)
        return f"__Host-{name}" if request.is_secure else name

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request came over TLS, or the office says that all do."""
        return request.is_secure or super().get_cookie_secure(app)


def attach(app: Flask) -> None:
    """Ask at every request who it is; without an office, everybody may everything."""
    busy = app.extensions["busy"] = Busy(MOST_AT_ONCE)
    app.session_interface = CookiesOfOffice()
    app.context_processor(lambda: {"visitor": visitor(), "is_office": app.config["OFFICE"]})

    @app.before_request
    def known_and_allowed() -> ResponseReturnValue | None:
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception  # of another host: nothing is asked, nothing told
        if not app.config["OFFICE"] or request.endpoint in OPEN_TO_ALL:
            return None
        found = _whoever_asks(app)
        if found is None:
            return _to_sign_in()
        g.visitor = found
        _only_what_is_theirs(found)
        if not busy.begin(found.id):
            abort(429)
        g.is_counted = True
        return None

    @app.teardown_request
    def ended(_error: BaseException | None) -> None:
        if g.pop("is_counted", False):
            busy.end(visitor().id)


def visitor() -> Visitor:
    """Who asks."""
    found: Visitor = g.get("visitor", ALONE)
    return found


def project_for_new() -> str:
    """The project that a new workbook of the visitor's belongs to: the one the form names, else the first."""
    found = sorted(project for project, roles in visitor().roles.items() if "planner" in roles)
    asked = request.form.get("project", "")
    if visitor().is_local:
        return MAIN_PROJECT
    if not found or (asked and asked not in found):
        abort(403)
    return asked or found[0]


def _whoever_asks(app: Flask) -> Visitor | None:
    store = the_site().store
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return people.of_token(store, token.strip())
    header = app.config["IDENTITY_HEADER"]
    if header and _is_trusted(request.remote_addr or "", app.config["TRUSTED_PROXIES"]):
        name = request.headers.get(header, "")
        return people.of_name(store, name) if name else None
    secret = session.get("signed_in", "")
    if not secret:
        return None
    return people.of_browser(store, secret, app.config["SECONDS_IDLE"], app.config["SECONDS_SIGNED_IN"])


def _is_trusted(address: str, proxies: list[str]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(proxy) for proxy in proxies)
    except ValueError:
        return False


def _to_sign_in() -> ResponseReturnValue:
    session.pop("signed_in", None)
    if request.path.startswith("/api/") or request.method not in SAFE:
        abort(401)
    return redirect(f"{url_for('signing.ask_to_sign_in')}?back={quote(request.full_path.rstrip('?'), safe='/')}")


def _only_what_is_theirs(found: Visitor) -> None:
    """404 for a workbook of others; 403 for a change by one who may only look."""
    if request.blueprint == "accounts":
        return  # the page itself is for administrators alone
    book_id = (request.view_args or {}).get("book_id")
    changes = request.method not in SAFE and request.endpoint not in OF_EVERYBODY
    if book_id is not None:
        with the_site().store.session() as rows:
            book = rows.get(Book, book_id)
        if book is None or not found.may_see(book.project_id):
            abort(404)
        if changes and not found.may(_role_for(request.endpoint or ""), book.project_id):
            abort(403)
    elif changes and not (found.is_administrator or any("planner" in roles for roles in found.roles.values())):
        abort(403)


def _role_for(endpoint: str) -> str:
    """The role that a change needs, on a page and in its twin."""
    return {"assure": "assurer", "approve": "approver"}.get(endpoint.rpartition(".")[2], "planner")
