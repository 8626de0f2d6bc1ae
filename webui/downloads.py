"""Files that a page hands out."""

from __future__ import annotations

import mimetypes
from io import BytesIO

from flask import Response, make_response, request, send_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SANDBOX = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-scripts allow-modals"
)
"""A report is a page with its own scripts: it is shown as from another origin, and may fetch nothing."""


def attached(data: bytes, name: str, mimetype: str) -> Response:
    """Bytes as a file to keep, under a name in any script."""
    return send_file(BytesIO(data), mimetype=mimetype, as_attachment=True, download_name=name)


def to_keep_or_to_see(data: bytes, name: str) -> Response:
    """A file to keep or, with ``?view``, a report to look at."""
    kind = XLSX if name.endswith(".xlsx") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    if "view" not in request.args or not name.endswith(".html"):
        return attached(data, name, kind)
    answer = make_response(send_file(BytesIO(data), mimetype=kind))
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer
