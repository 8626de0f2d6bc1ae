"""A real server on loopback, attacked as a script would: nothing gets in, nothing breaks, nothing is told."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile.books import Book
from hostile.kinds import KINDS
from hostile.names import PAYLOADS, as_names
from hostile.outcomes import Refused
from test_serve import ROOT, free_port

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str


class Server:
    """``haibun serve`` in a process of its own, with a home of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.port, self.home = free_port(), home
        self.log = (home / "log").open("w+")
        places = {"HOME": str(home), "XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home), "PYTHONPATH": str(ROOT)}
        program = (
            "from optimizer.cli import entry; import sys;"
            f" sys.argv[1:] = {['serve', '--port', str(self.port), '--quiet', *options]}; entry()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=home, env={**os.environ, **places}, stdout=self.log, stderr=self.log
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if self.ask("GET", "/health").status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """One request with exactly these headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode("latin1"))
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """Bytes as they are, and what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            try:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: line.recv(65536), b""))
            except OSError:
                return b""

    def form(self, target: str, **fields: str) -> Answer:
        """A form as the page itself would send it."""
        page = self.ask("GET", "/")
        token, cookie = TOKEN.search(page.text)[1], page.headers["set-cookie"].split(";")[0]
        data = urllib.parse.urlencode({"csrf_token": token, **fields}).encode()
        return self.ask("POST", target, data, Cookie=cookie, Content_Type="application/x-www-form-urlencoded")

    def upload(self, data: bytes, name: str = "book.xlsx") -> Answer:
        """A book through the API."""
        boundary = "haibun"
        quoted = urllib.parse.quote(name)
        head = f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{quoted}\r\n\r\n"
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return self.ask("POST", "/api/v1/books", body, Content_Type=kind, X_Haibun="script")

    def end(self) -> int:
        """End it as a service manager would; returns its exit code."""
        self.log.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("office"))
    yield running
    if running.process.poll() is None:
        running.end()


@pytest.fixture(scope="module")
def book(server) -> str:
    """The id of a book with a tag in every name."""
    made = server.upload(as_names(PAYLOADS["a tag"])(Book()).data, "<img src=x onerror=alert(1)>.xlsx")
    assert made.status == 201, made.text
    return json.loads(made.text)["id"]


def test_every_answer_carries_the_headers_and_tells_nothing(server, book):
    """Pages, files, errors, JSON: the policy, no sniffing, no frame, no referrer, no cache, no name of the software."""
    for target in ("/", "/no-such-page", "/api/v1/books", "/health", "/template.xlsx", f"/books/{book}", "/%00"):
        answer = server.ask("GET", target)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "script-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers
        assert "Traceback" not in answer.text and str(server.home) not in answer.text


def test_the_cookie_is_for_this_site_and_no_script(server):
    """HttpOnly, SameSite=Strict, for the whole site."""
    cookie = server.ask("GET", "/").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("/books/example", {}),
        ("/books", {}),
        ("/language", {"language": "ja"}),
        ("/books/{book}/questions", {"kind": "prices"}),
    ],
)
def test_a_form_of_another_site_changes_nothing(server, book, target, fields):
    """Without the token, with one of another visitor, with a forged origin."""
    before = server.ask("GET", "/api/v1/books").text
    data = urllib.parse.urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"
    stolen = TOKEN.search(server.ask("GET", "/").text)[1]
    for body in (data, data + b"&csrf_token=forged", data + b"&csrf_token=" + stolen.encode()):
        answer = server.ask("POST", target.format(book=book), body, Content_Type=kind, Origin="http://evil.example")
        assert answer.status == 400
    assert server.ask("GET", "/api/v1/books").text == before


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_the_api_is_changed_by_no_page_of_another_site(server, book, method):
    """Every method that changes needs the header that a form cannot send."""
    for target in ("/api/v1/books", f"/api/v1/books/{book}/questions", f"/api/v1/books/{book}/scenarios"):
        assert server.ask(method, target, b"kind=prices").status in (400, 405)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::2]"])
def test_another_host_gets_nothing(server, host):
    """A name that was made to resolve to this computer, and a forwarded one."""
    assert server.ask("GET", "/", Host=host).status == 400
    forged = server.ask("GET", "/", Host=f"127.0.0.1:{server.port}", X_Forwarded_Host="evil.example")
    assert "evil.example" not in forged.text + str(forged.headers)


@pytest.mark.parametrize(
    "target",
    [
        "/static/../secret.key",
        "/static/%2e%2e/%2e%2e/haibun.sqlite",
        "/static/..%2f..%2fstore.py",
        "/static/....//....//etc/passwd",
        "/static//etc/passwd",
        "/static/%5c..%5c..%5cstore.py",
        "/books/{book}/report/..%2f..%2fsecret.key",
        "/books/{book}/report/%2e%2e",
        "/books/{book}/report/secret.key",
        "/books/{book}/scenarios/../../../secret.key",
        "/books/{book}/scenarios/x/run.json%00.txt",
        "/books/..%2f..%2fetc/problems",
        "/books/{book}/questions/..%2f/answer.json",
        "//evil.example/%2e%2e",
        "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    ],
)
def test_no_address_leads_out_of_the_site(server, book, target):
    """Every trick with dots, slashes, and zeroes is no page."""
    answer = server.ask("GET", target.format(book=book))
    assert answer.status in (400, 404, 405, 308), answer.status
    assert "evil.example" not in answer.headers.get("location", "")
    assert "SQLite format" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize("guess", ["0000000000000000", "1", "%", "' OR 1=1 --", "none", "a" * 5000, "𝟙", "__class__"])
def test_a_guessed_id_is_no_page(server, book, guess):
    """Books, scenarios and questions alike; the page does not say whether there is such a thing."""
    quoted = urllib.parse.quote(guess, safe="")
    for target in (
        f"/books/{quoted}", f"/books/{quoted}/problems", f"/books/{quoted}/report.zip",
        f"/api/v1/books/{quoted}/answer",
        f"/books/{book}/questions/{quoted}", f"/books/{book}/scenarios/{quoted}/run.json",
    ):  # fmt: skip
        assert server.ask("GET", target).status == 404


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "GET\tX", "G" * 500])
def test_a_method_that_no_page_has_is_refused(server, method):
    """405 or 400, never 500 and never obeyed."""
    answer = server.raw(f"{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert answer[9:12] in (b"400", b"405", b"501", b""), answer[:100]


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", (b"431", b"400", b"")),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (b"431", b"400", b"414", b"")),
        (b"POST /books HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n", (b"413",)),
        (b"POST /books HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", (b"400",)),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
         (b"400", b"405")),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", (b"400",)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (b"400", b"")),
        (b"GET / HTTP/9.9\r\n\r\n", (b"400", b"505")),
    ],
)  # fmt: skip
def test_a_malformed_request_is_refused_and_the_server_lives(server, data, codes):
    """Headers, addresses and bodies have their size; two lengths or two hosts are none."""
    assert server.raw(data)[9:12] in codes
    assert server.ask("GET", "/health").status == 200


def test_a_form_too_large_is_refused(server):
    """Before any of it is kept."""
    assert server.form("/language", language="ja" * 200_000).status in (400, 413)


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/%09//e", "\n/x"]
)
def test_no_redirect_leads_away(server, back):
    """The language switch returns to a page of this site alone."""
    answer = server.form("/language", language="ja", back=back)
    location = urllib.parse.urlsplit(
        urllib.parse.urljoin("http://here/", answer.headers["location"].replace("\\", "/"))
    )
    assert (location.scheme, location.netloc) == ("http", "here")
    assert not re.search(r"[\t\r\n]", answer.headers["location"])


@pytest.mark.parametrize("page", ["", "/problems", "/programmes", "/questions", "/report", "/compare"])
def test_no_name_is_a_tag_on_any_page(server, book, page):
    """A name of a programme, a file, a setting or a scenario stays text."""
    tag = urllib.parse.quote("<script>alert(1)</script>")
    plain = server.ask("GET", f"/books/{book}{page}?lang=en").text
    asked = server.ask("GET", f"/books/{book}{page}?origin={tag}&set={tag}").text
    for text in (plain, asked, server.ask("GET", "/").text):
        assert "<script>alert" not in text and "<img src=x" not in text
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), "a script inline"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if isinstance(kind.expect, Refused)][::9], ids=str)
def test_a_hostile_book_is_taken_and_its_problem_told(server, kind):
    """201 with an error, or 413; the server goes on."""
    answer = server.upload(kind.data, kind.filename)
    assert answer.status in (201, 413)
    if answer.status == 201:
        assert json.loads(answer.text)["errors"] == 1
    assert server.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "name",
    [
        "../../../evil.xlsx",
        "..\\..\\evil.xlsx",
        "/etc/cron.d/x",
        "a\r\nSet-Cookie: a=b.xlsx",
        "CON.xlsx",
        "a" * 3000 + ".xlsx",
    ],
)
def test_no_file_name_is_a_path_or_a_header(server, name):
    """Kept bytes are called by their hash; the name is shown, and nothing else."""
    made = server.upload(b"PK", name)
    assert made.status == 201
    shown = json.loads(made.text)["filename"]
    assert not set("/\\\r\n") & set(shown) and len(shown) < 200
    assert not list(server.home.rglob("*evil*"))


def test_the_log_holds_lines_of_json_without_secrets_and_the_end_is_orderly(server, book):
    """One line a request; no cookie, query or name; SIGTERM ends the server in order."""
    server.ask("GET", "/?secret=hunter2", Cookie="haibun=stolen", Authorization="Bearer hunter2")
    assert server.end() == 0
    lines = Path(server.log.name).read_text().splitlines()
    asked = [line for line in map(json.loads, lines) if line["what"] == "request"]
    assert asked[-1]["page"] == "home.index" and {"number", "method", "status"} <= asked[-1].keys()
    assert not re.search(r"hunter2|stolen|onerror|csrf", "\n".join(lines))
    assert not [line for line in lines if json.loads(line).get("traceback")], "an error that nobody foresaw"
