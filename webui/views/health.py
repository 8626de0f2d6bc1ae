"""Whether the server works, for whatever watches it: no names, no numbers of the office."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webui.site import the_site

page = Blueprint("health", __name__)


@page.get("/health")
def show() -> tuple[Response, int]:
    """200 while the database answers, else 503."""
    try:
        with the_site().store.session() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify({"status": "no database"}), 503
    return jsonify({"status": "ok"}), 200
