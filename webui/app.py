"""The site put together, and served."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask_wtf.csrf import CSRFProtect
from platformdirs import user_data_path

from webui import errors, identity, language, logs, security
from webui.alone import alone_in
from webui.limits import Limits
from webui.people import has_administrator
from webui.site import Site
from webui.store import Store, secret_key
from webui.views import (
    accounts,
    api,
    books,
    compare,
    health,
    help,
    home,
    programmes,
    questions,
    reports,
    runs,
    shapes,
    signing,
    whatif,
)

DEFAULTS: Mapping[str, object] = {
    "HTTP_ERROR_SCHEMA": shapes.Error,
    "VALIDATION_ERROR_SCHEMA": shapes.Error,
    "DATA_FOLDER": None,
    "DATABASE": None,
    "OFFICE": False,
    "IDENTITY_HEADER": "",
    "TRUSTED_PROXIES": [],
    "SECONDS_IDLE": 30 * 60.0,
    "SECONDS_SIGNED_IN": 10 * 3600.0,
    "MAX_CONTENT_LENGTH": 20_000_000,
    "MAX_FORM_MEMORY_SIZE": 200_000,
    "MAX_FORM_PARTS": 500,
    "SESSION_COOKIE_NAME": "haibun",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Strict",
    "TRUSTED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
    "WTF_CSRF_TIME_LIMIT": None,
    "WTF_CSRF_SSL_STRICT": False,
    "LIMITS_OF_A_TASK": Limits(seconds=120, processor_seconds=100, megabytes=2000),
    "LIMITS_OF_A_QUESTION": Limits(seconds=3600, processor_seconds=5400, megabytes=2000),
}
"""``DATA_FOLDER`` None: the user's own data folder; ``DATABASE`` None: SQLite in it.

``OFFICE``: only people with an account, known by a sign-in, a token, or ``IDENTITY_HEADER`` where a request comes from
``TRUSTED_PROXIES``. A task is one computation in a worker process; a question may have two at work. No page tells
another where its reader came from, so that forms are known by their token alone, over TLS too.
"""


THREADS, THREADS_OF_OFFICE = 16, 80
"""A page that follows a question holds a thread while it does."""
LIMITS_OF_SERVER: Mapping[str, Any] = {
    "max_request_header_size": 32_768,
    "max_request_body_size": 21_000_000,
    "connection_limit": 500,
    "channel_timeout": 60,
    "clear_untrusted_proxy_headers": True,
}


def create_app(config: Mapping[str, Any] | None = None) -> APIFlask:
    """The site, with its store opened and its workers ready to start."""
    app = APIFlask(
        __name__, title="Haibun", version="1", spec_path="/api/v1/openapi.json", docs_path=None, json_errors=False
    )
    app.config.from_mapping(DEFAULTS)
    app.config.from_mapping(config or {})
    store = open_store(app.config["DATA_FOLDER"], app.config["DATABASE"])
    app.secret_key = app.config.get("SECRET_KEY") or secret_key(store.folder)
    app.extensions["site"] = Site(store, app.config["LIMITS_OF_A_TASK"], app.config["LIMITS_OF_A_QUESTION"])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app).exempt(api.page)
    for room in (logs, language, security, errors, identity):
        room.attach(app)
    for view in (
        home,
        health,
        help,
        signing,
        accounts,
        books,
        whatif,
        programmes,
        questions,
        reports,
        runs,
        compare,
        api,
    ):
        app.register_blueprint(view.page)
    return app


def default_folder() -> Path:
    """The user's own data folder."""
    return Path(user_data_path("haibun", appauthor=False))


def open_store(folder: Path | None, database: str | None) -> Store:
    """The store of an office, for its administrator's commands."""
    return Store(folder or default_folder(), database)


def is_looked_after(folder: Path | None, database: str | None) -> bool:
    """Whether the office has an administrator; makes nothing where there is no office yet."""
    place = folder or default_folder()
    if database is None and not (place / "haibun.sqlite").exists():
        return False
    store = open_store(folder, database)
    try:
        return has_administrator(store)
    finally:
        store.close()


def serve(
    host: str,
    port: int,
    config: Mapping[str, Any] | None = None,
    names: Sequence[str] = (),
) -> None:
    """Serve the site until it is interrupted. Raises ``OSError``, before anything starts, where the port is taken."""
    from waitress import serve as wait  # noqa: PLC0415  (only a server needs it)

    config = dict(config or {})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holding = alone_in(config.get("DATA_FOLDER") or default_folder()) if config.get("OFFICE") else nullcontext()
    with socket.create_server((host, port), family=family) as listener, holding:
        app = create_app({**config, "TRUSTED_HOSTS": [*security.names_of(host), *names]})
        logs.to_standard_error()
        signal.signal(signal.SIGTERM, _end)
        app.extensions["site"].warm()
        threads = THREADS_OF_OFFICE if config.get("OFFICE") else THREADS
        proxy = _of_proxy(config.get("TRUSTED_PROXIES", []))
        try:
            wait(app, sockets=[listener], threads=threads, ident=None, **LIMITS_OF_SERVER, **proxy)
        finally:
            app.extensions["site"].close()


def _of_proxy(proxies: Sequence[str]) -> dict[str, Any]:
    """What the server believes of one reverse proxy: over which scheme, and under which name, a page was asked for.

    Not for whom: the address stays the proxy's, by which its header with a person's name is trusted.
    """
    if len(proxies) != 1 or "/" in proxies[0]:
        return {}
    return {"trusted_proxy": proxies[0], "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-host"}}


def _end(_number: int, _frame: object) -> None:
    """End as Ctrl+C does: requests that run are answered, what computes is marked as interrupted."""
    raise KeyboardInterrupt
