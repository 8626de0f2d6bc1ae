"""Files that a page hands out."""

from __future__ import annotations

from io import BytesIO

from flask import Response, send_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attached(data: bytes, name: str, mimetype: str) -> Response:
    """Bytes as a file to keep, under a name in any script."""
    return send_file(BytesIO(data), mimetype=mimetype, as_attachment=True, download_name=name)
