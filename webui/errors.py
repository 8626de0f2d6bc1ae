"""Every error as a page: what happened, what to do, and the number it has in the log. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from apiflask import HTTPError
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError

from optimizer import HaibunError, Stopped, Words, say
from webui.language import current
from webui.logs import number_of_request
from webui.store import AWAY

log = logging.getLogger(__name__)

WHAT_HAPPENED: Mapping[int, tuple[Words, Words]] = {
    400: (say("The request cannot be read"), say("Go back, and try once more.")),
    401: (say("Sign in first"), say("Sign in, or send the token of a script.")),
    403: (say("This is not among your roles"), say("Ask the administrator for the role in this project.")),
    404: (say("There is no such page"), say("Check the address, or begin at the home page.")),
    405: (say("The page cannot be used in this way"), say("Go back, and use the buttons of the page.")),
    409: (say("Somebody else changed this first"), say("Load the page again; it shows the other change.")),
    429: (say("Too many requests at a time"), say("Wait until one of your questions has ended, or cancel one.")),
    413: (
        say("The file is too large"),
        say("A workbook may have up to {megabytes} MB. Remove pictures and unused sheets, and upload it again."),
    ),
    422: (say("This cannot be done"), say("Go back, change the entry, and try once more.")),
    500: (say("Something went wrong on this side"), say("Your work is kept. Tell the administrator the number below.")),
    503: (say("A limit of time or memory was reached"), say("Use a smaller workbook, or ask the administrator.")),
}
DATABASE_AWAY = (
    say("The database does not answer"),
    say("What was saved before is kept. Try again in a minute; if it lasts, tell the administrator the number below."),
)


def attach(app: Flask) -> None:
    """Turn every error of a request into its page (or into JSON where the request wants that)."""
    most = app.config["MAX_CONTENT_LENGTH"] // 1_000_000

    @app.errorhandler(CSRFError)
    def without_token(_error: CSRFError) -> Response:
        return answer(400, say("The page had been open for too long, or came from another site."), most)

    @app.errorhandler(SecurityError)
    def of_another_host(_error: SecurityError) -> Response:
        return Response("This host name is not served here.", 400, mimetype="text/plain")  # pages need a trusted host

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> Response:
        page = answer(error.code or 500, None, most)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            page.headers["Allow"] = ", ".join(error.valid_methods)
        return page

    @app.errorhandler(HTTPError)
    def of_shape(error: HTTPError) -> Response:
        fields = [name for part in error.detail.values() for name in part]  # {where: {field: [what is wrong]}}
        return answer(
            error.status_code, say("Missing, or not as the API describes it: {fields}.", fields=", ".join(fields)), most
        )

    @app.errorhandler(HaibunError)
    def of_program(error: HaibunError) -> Response:
        return answer(503 if isinstance(error, Stopped) else 422, error.message, most)

    def without_database(_error: Exception) -> Response:
        return answer(503, None, most, DATABASE_AWAY)

    for kind in AWAY:
        app.register_error_handler(kind, without_database)

    @app.errorhandler(IntegrityError)
    def somebody_was_first(_error: IntegrityError) -> Response:
        return answer(409, None, most)

    @app.errorhandler(DataError)
    def no_text_of_a_database(_error: DataError) -> Response:
        return answer(400, None, most)

    @app.errorhandler(Exception)
    def unforeseen(_error: Exception) -> Response:
        return answer(500, None, most)


def answer(
    code: int, detail: Words | None, megabytes: int = 0, happened: tuple[Words, Words] | None = None
) -> Response:
    """The page of an error, with the number under which the log holds the rest."""
    number = number_of_request()
    if code >= 500:
        log.exception("error", extra={"facts": {"number": number, "page": request.endpoint, "status": code}})
    title, cure = happened or WHAT_HAPPENED.get(code, WHAT_HAPPENED[400 if code < 500 else 500])
    cure = say(cure.pattern, megabytes=megabytes)
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        said = (detail or title).into(current())
        return make_response(jsonify({"error": said, "cure": cure.into(current()), "number": number}), code)
    page = render_template("error.html", title=title, detail=detail, cure=cure, code=code, number=number)
    return make_response(page, code)
