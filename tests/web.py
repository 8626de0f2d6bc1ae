"""What tests of the cockpit share: a site of its own, a reader with a token, and books to upload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from webui import create_app

INPUTS = Path(__file__).parent.parent / "inputs"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Reader:
    """A browser without scripts: it keeps its cookie, and sends the page's token with every form."""

    def __init__(self, app, language: str = "en") -> None:
        self.client = app.test_client()
        self.headers = {"Accept-Language": language}

    def get(self, address: str):
        return self.client.get(address, headers=self.headers, buffered=True)

    def post(self, address: str, **form):
        token = TOKEN.search(self.get("/").text)[1]
        return self.client.post(
            address, data={"csrf_token": token, **form}, headers=self.headers, follow_redirects=True, buffered=True
        )

    def upload(self, data: bytes, name: str = "book.xlsx", to: str = "/books"):
        """As a browser sends it, from memory: the client's own way leaves a temporary file open."""
        token = TOKEN.search(self.get("/").text)[1]
        boundary, body = encode_multipart({"csrf_token": token, "file": FileStorage(BytesIO(data), filename=name)})
        kind = f"multipart/form-data; boundary={boundary}"
        return self.client.post(
            to, data=body, content_type=kind, headers=self.headers, follow_redirects=True, buffered=True
        )


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator:
    """A site with an empty store."""
    site = create_app({"DATA_FOLDER": tmp_path_factory.mktemp("site"), "MAX_CONTENT_LENGTH": 3_000_000})
    yield site
    site.extensions["site"].close()


@pytest.fixture
def reader(app) -> Reader:
    return Reader(app)


def broken_book(faults: dict[tuple[str, str], object]) -> bytes:
    """The minimal book with cells changed: {(sheet, cell): value}."""
    book = openpyxl.load_workbook(INPUTS / "minimal.xlsx")
    for (sheet, cell), value in faults.items():
        book[sheet][cell].value = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()
