"""Headers that every answer carries: nothing from another origin, nothing inline that runs, no frames."""

from __future__ import annotations

import socket

import psutil
from flask import Flask, Response, abort, request

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
"""The width of a bar is a style of its element, so styles may stand inline; scripts may not."""


def names_of(host: str) -> list[str]:
    """What browsers may call a server that listens on ``host``: all names of this computer where it listens on all."""
    found = [*LOOPBACK, f"[{host}]" if ":" in host else host]
    if host in ("0.0.0.0", "::"):  # noqa: S104  (it is what the administrator chose)
        found += [socket.gethostname(), socket.getfqdn()]
        for addresses in psutil.net_if_addrs().values():
            found += [each.address for each in addresses if each.family == socket.AF_INET]
    return found


def attach(app: Flask) -> None:
    """Refuse a form that is too large; add the headers to every answer: pages are kept by no cache."""

    @app.before_request
    def of_a_size() -> None:
        is_file = request.mimetype == "multipart/form-data"
        if not is_file and (request.content_length or 0) > app.config["MAX_FORM_MEMORY_SIZE"]:
            abort(413)

    @app.after_request
    def with_headers(response: Response) -> Response:
        response.headers.pop("Server", None)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response
