"""The log: one line of JSON a request and an error, with a number to look it up by.

A line holds what was done, never what was sent: no query, no form, no cookie, no token, no name of a file. Line breaks
in anything logged are escaped by JSON, so that no text can begin a line of its own.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime

from flask import Flask, Response, g, request

log = logging.getLogger("haibun")


class Lines(logging.Formatter):
    """A record as one line of JSON; ``extra={"facts": {...}}`` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[0]:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str)


def attach(app: Flask) -> None:
    """Number every request, and log how it ended."""

    @app.before_request
    def numbered() -> None:
        g.number, g.begun = secrets.token_hex(4), time.perf_counter()

    @app.after_request
    def logged(response: Response) -> Response:
        facts = {
            "number": number_of_request(),
            "method": request.method if request.method in ("GET", "HEAD", "POST", "DELETE") else "other",
            "page": request.endpoint or "none",
            "status": response.status_code,
            "milliseconds": round(1000 * (time.perf_counter() - g.get("begun", time.perf_counter()))),
        }
        log.info("request", extra={"facts": facts})
        response.headers["X-Request-Id"] = number_of_request()
        return response


def number_of_request() -> str:
    """The number under which the log holds this request."""
    if "number" not in g:
        g.number = secrets.token_hex(4)
    return str(g.number)


def to_standard_error() -> None:
    """Write the log of the server to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
