"""Runs as evidence: four eyes, the decision file, reproduction, audit, backup and restore."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from databases import fresh, postgres
from sqlalchemy import select
from test_pdf import texts_of
from test_web_people import Browser, book, office

from optimizer import WrongUsage
from optimizer.cli import main
from webui import evidence, journal, people
from webui.backup import backup, restore
from webui.people import ROLES
from webui.rows import Book, Run, Scenario
from webui.store import Store

__all__ = ["book", "office", "postgres"]


def haibun(*words: object):
    return CliRunner().invoke(main, [*map(str, words), "--lang", "en"])


@pytest.fixture(scope="module")
def run(office, book) -> str:
    """The address of a run that the planner made."""
    planner = Browser(office, "planner")
    saved = planner.client.post(
        f"/api/v1{book}/scenarios", data={"name": "案", "set": "budget_factor=0.9"}, headers={"X-Haibun": "x"}
    )
    assert saved.status_code == 200, saved.text
    with planner.store.session() as session:
        return f"{book}/runs/{session.scalar(select(Run).where(Run.name == '案')).id}"


@pytest.fixture(scope="module")
def approved(office, book, run) -> bytes:
    """The decision file of the run, after three people have answered for it."""
    for name, action in (("assurer", "assure"), ("approver", "approve")):
        assert Browser(office, name).post(f"{run}/{action}").status_code == 302
    return Browser(office, "viewer").get(f"{run}/decision.zip").data


def test_nobody_signs_off_their_own_work_or_out_of_turn(office, book, run):
    """The maker has no role for it; an approver waits for the assurer; a viewer changes nothing."""
    assert Browser(office, "planner").post(f"{run}/assure").status_code == 403
    assert Browser(office, "viewer").post(f"{run}/assure").status_code == 403
    assert Browser(office, "approver").post(f"{run}/assure").status_code == 403
    out_of_turn = Browser(office, "approver").post(f"{run}/approve")
    assert out_of_turn.status_code == 422 and "cannot become Approved" in out_of_turn.text
    store = office.extensions["site"].store
    with pytest.raises(Exception, match="their own work"):
        evidence.sign_off(store, run.split("/")[-1], "assured", "planner")
    assert Browser(office, "other").post(f"{run}/assure").status_code == 404


@contextmanager
def touched(office, run):
    """A run with a file that is not as it was made, until the block ends."""
    certificate = office.extensions["site"].store.run_folder(run.split("/")[-1]) / "certificate.json"
    kept = certificate.read_bytes()
    certificate.write_bytes(kept + b" ")
    try:
        yield
    finally:
        certificate.write_bytes(kept)


def test_nobody_signs_a_run_whose_files_changed(office, run):
    """Between its making and the signature; it stays a draft."""
    with touched(office, run):
        answer = Browser(office, "assurer").post(f"{run}/assure")
    assert answer.status_code == 422 and "not those it was made with" in answer.text
    assert "Assured" not in Browser(office, "viewer").get(f"{run.rpartition('/')[0]}").text


def test_a_script_signs_off_under_the_same_rules(office, book):
    """The maker and a viewer may not; the assurer answers, then the approver, and each gets the run as it then is."""
    store, client = office.extensions["site"].store, office.test_client(use_cookies=False)
    tokens = {name: people.new_token(store, name, "script", "test") for name in ROLES}

    def ask(person: str, method: str, address: str, **form):
        headers = {"Authorization": f"Bearer {tokens[person]}", "X-Haibun": "x"}
        return client.open(address, method=method, data=form, headers=headers)

    saved = ask("planner", "POST", f"/api/v1{book}/scenarios", name="by a script", set="budget_factor=0.95")
    assert saved.status_code == 200
    run = f"/api/v1{book}/runs/{ask('planner', 'GET', f'/api/v1{book}/runs').json['runs'][0]['id']}"
    for name in ("planner", "viewer", "approver"):
        assert ask(name, "POST", f"{run}/assure").status_code == 403
    assert ask("approver", "POST", f"{run}/approve").status_code == 422
    assert ask("assurer", "POST", f"{run}/assure").json["state"] == "assured"
    approved = ask("approver", "POST", f"{run}/approve").json
    assert approved["state"] == "approved"
    assert {sign["person"] for sign in approved["sign_offs"]} == {"assurer", "approver"}


def test_whoever_uploaded_the_numbers_signs_off_no_run_of_them(office, book, run):
    """Another who brought the very same workbook into its place is as little a second pair of eyes as its planner."""
    store, ident = office.extensions["site"].store, run.split("/")[-1]
    with store.session() as session:
        kept = session.get_one(Run, ident)
        journal.note(session, "kato", "uploaded", kept.book_id, sha256=kept.book_sha256, filename="book.xlsx")
    with pytest.raises(WrongUsage, match="their own work"):
        evidence.sign_off(store, ident, "assured", "kato")


def test_a_decision_file_verifies_on_another_machine(approved, tmp_path):
    """From itself alone: the run, its proof, its signatures."""
    path = tmp_path / "decision.zip"
    path.write_bytes(approved)
    done = haibun("verify", path)
    assert done.exit_code == 0, done.output
    assert "assured assurer" in done.output and "approved approver" in done.output
    with zipfile.ZipFile(path) as package:
        assert {"model.lp", "journal.json", "decision.json", "run/book.xlsx"} <= set(package.namelist())
        assert json.loads(package.read("decision.json"))["state"] == "approved"


def pages_of(name: str, data: bytes) -> list[str]:
    """What every page of a report says of its state: of the page on a screen, each sheet, each sheet of paper."""
    if name == "report.html":
        return [re.search('<p class="state".*?</p>', data.decode(), re.DOTALL)[0]]
    if name == "report.xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
        return [text for sheet in sheets for text in (sheet["A2"].value, sheet.oddFooter.right.text)]
    return texts_of(data)


@pytest.mark.parametrize("name", ["report.html", "report.xlsx", "report.pdf"])
def test_every_page_of_a_report_says_who_answers_for_the_run(office, book, run, approved, name):
    """The run's own page, the setting's, the scenario's, in both languages; the files of the run stay as they were."""
    viewer, store = Browser(office, "viewer"), office.extensions["site"].store
    with store.session() as session:
        scenario = session.scalar(select(Scenario).where(Scenario.run_id == run.split("/")[-1]))
    addresses = [f"{run}/{name}?", f"{book}/report/{name}?set=budget_factor=0.9&"]
    if name != "report.pdf":
        addresses.append(f"{book}/scenarios/{scenario.id}/{name}?")
    for address in addresses:
        for language, state in (("en", "Approved"), ("ja", "承認済み")):
            answer = viewer.get(f"{address}lang={language}")
            assert answer.status_code == 200, answer.text
            pages = pages_of(name, answer.data)
            assert all(state in page for page in pages), pages
    with zipfile.ZipFile(io.BytesIO(approved)) as package:
        kept = store.run_folder(run.split("/")[-1])
        assert all(package.read(f"run/{path.name}") == path.read_bytes() for path in kept.iterdir())
        assert all("Approved" in page for page in pages_of(name, package.read(f"signed/{name}")))


def test_a_report_names_those_who_signed(office, run, approved):
    """In the order in which they did."""
    page = Browser(office, "viewer").get(f"{run}/report.html?view").text
    signed = re.search('<p class="signed">(.*?)</p>', page, re.DOTALL)[1]
    assert re.findall(r"</span> (\w+) \(", signed) == ["planner", "assurer", "approver"]


def test_a_setting_that_nobody_saved_is_a_draft(office, book, approved):
    """Whatever was approved beside it."""
    viewer = Browser(office, "viewer")
    page = viewer.get(f"{book}/report?set=budget_factor=0.91").text
    assert "nobody has signed it" in page and "Approved</strong>" not in page
    assert "Draft" in pages_of("report.html", viewer.get(f"{book}/report/report.html?set=budget_factor=0.91").data)[0]
    assert "Approved</strong>" in viewer.get(f"{book}/report?set=budget_factor=0.9").text


def test_a_report_of_files_that_were_touched_is_not_signed(office, run, approved):
    """422 and the reason, instead of names under other numbers."""
    with touched(office, run):
        answer = Browser(office, "viewer").get(f"{run}/report.html")
    assert answer.status_code == 422 and "not those it was made with" in answer.text


def changed(data: bytes, name: str, change, with_manifest: bool = False) -> bytes:
    """The file with one part changed, its hash in the manifest too where the forger thought of it."""
    import hashlib

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        files = {each: package.read(each) for each in package.namelist()}
    files[name] = change(files[name])
    if with_manifest:
        manifest = json.loads(files["manifest.json"])
        manifest[name] = hashlib.sha256(files[name]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for each, content in files.items():
            package.writestr(each, content)
    return out.getvalue()


@pytest.mark.parametrize("with_manifest", [False, True])
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("run/allocation.csv", b"\r\n", b"\r\n\r\n"),
        ("run/certificate.json", b"{", b" {"),
        ("decision.json", b'"approver"', b'"suzuki"'),
        ("decision.json", b'"made_by": "planner"', b'"made_by": "assurer"'),
        ("journal.json", b'"planner"', b'"suzuki"'),
        ("decision.json", b'"state": "approved"', b'"state": "assured"'),
        ("decision.json", b'"scenario": "base"', b'"scenario": "other"'),
        ("decision.json", b"budget_factor=0.9", b"budget_factor=1.9"),
        ("decision.json", b'"book_sha256": "', b'"book_sha256": "0'),
    ],
)
def test_a_decision_file_that_was_changed_does_not_verify(approved, tmp_path, name, old, new, with_manifest):
    """Exit code 5, and what was changed; a forger who corrects the list of hashes fails at the next one."""
    path = tmp_path / "decision.zip"
    path.write_bytes(changed(approved, name, lambda content: content.replace(old, new, 1), with_manifest))
    assert haibun("verify", path).exit_code == 5


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip"])
def test_what_is_no_decision_file_is_told(tmp_path, data):
    """In a sentence."""
    path = tmp_path / "decision.zip"
    path.write_bytes(data)
    done = haibun("verify", path)
    assert done.exit_code == 5 and "no whole decision file" in done.output


def test_a_run_is_reproduced_from_the_bytes_it_kept(office, run):
    """Every amount and the score."""
    folder = office.extensions["site"].store.run_folder(run.split("/")[-1])
    done = haibun("reproduce", folder)
    assert done.exit_code == 0, done.output
    assert "The same" in done.output


def test_saving_anew_begins_again_as_a_draft(office, book, approved):
    """What was approved stays what it was; the page shows both."""
    planner = Browser(office, "planner")
    form = {"name": "案", "set": "budget_factor=0.8", "seen": "1"}
    assert planner.client.post(f"/api/v1{book}/scenarios", data=form, headers={"X-Haibun": "x"}).status_code == 200
    page = planner.get(f"{book}/runs").text
    assert "Draft" in page and "Approved: approver" in page
    assert ">Draft</a>" in planner.get(f"{book}/report").text


def test_an_audit_finds_a_run_whose_files_were_touched(office, run, approved):
    """A digit in a table; put back, the audit passes again."""
    folder = office.extensions["site"].store.run_folder(run.split("/")[-1])
    kept = (folder / "allocation.csv").read_bytes()
    assert haibun("audit", "--folder", folder.parents[1]).exit_code == 0
    (folder / "allocation.csv").write_bytes(kept + b"x")
    done = haibun("audit", "--folder", folder.parents[1])
    (folder / "allocation.csv").write_bytes(kept)
    assert done.exit_code == 5 and folder.name in done.output
    assert haibun("audit", "--folder", folder.parents[1]).exit_code == 0


def test_an_audit_finds_a_journal_that_was_written_anew(office, run, approved, tmp_path):
    """Whoever rewrites every line, hashes and all, cannot keep the mark that an earlier audit gave."""
    folder = office.extensions["site"].store.folder
    mark = json.loads(haibun("audit", "--folder", folder, "--json").stdout)["mark"]
    assert haibun("audit", "--folder", folder, "--mark", mark).exit_code == 0
    number, _, known = mark.partition(":")
    for other in (f"{number}:{'0' * 64}", f"{int(number) + 1}:{known}", "x", f"-1:{known}"):
        done = haibun("audit", "--folder", folder, "--mark", other)
        assert done.exit_code == 5 and "written down" in done.output


@pytest.mark.parametrize("kind", ["sqlite", "sqlite elsewhere", "postgres"])
def test_a_backup_taken_while_books_come_in_is_restored_whole(tmp_path, request, kind):
    """Every book that the copied database names has its bytes; a folder that holds something is refused."""
    urls = [None, None]
    if kind != "sqlite":
        files = [f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("first", "second")]
        urls = files if "sqlite" in kind else [fresh(request.getfixturevalue("postgres")) for _ in files]
    store, stop = Store(tmp_path / "office", urls[0]), threading.Event()

    def upload() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            digest = store.keep(f"book {number}".encode())
            with store.session() as session:
                session.add(Book(filename=str(number), sha256=digest, errors=0, warnings=0, summary={}))

    writer = threading.Thread(target=upload)
    writer.start()
    try:
        backup(store, tmp_path / "copy.zip")
    finally:
        stop.set()
        writer.join()
    store.close()
    restore(tmp_path / "copy.zip", tmp_path / "again", urls[1])
    again = Store(tmp_path / "again", urls[1])
    books = again.books()
    assert all(again.path_of(each.sha256).read_bytes() == f"book {each.filename}".encode() for each in books)
    again.close()
    for used in ("again", "elsewhere") if urls[1] else ("again",):  # a full folder, a full database
        with pytest.raises(WrongUsage, match="not empty"):
            restore(tmp_path / "copy.zip", tmp_path / used, urls[1])
    assert not (tmp_path / "elsewhere").exists()
    assert not list(Path(tmp_path).glob(".copy*"))
