"""Runs as evidence: kept as they were made, assured and approved by others than their makers, and audited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from optimizer import HaibunError, Signature, Standing, Words, WrongUsage, hash_of, say
from webui import journal
from webui.language import day_of
from webui.rows import Book, Entry, Run, SignOff
from webui.store import Store, flush_folder

STATES: Mapping[str, Words] = {"draft": say("Draft"), "assured": say("Assured"), "approved": say("Approved")}
SIGNATURES = ("assured", "approved")
TOLD = ("run made", "uploaded", *SIGNATURES)
CERTIFICATE = "certificate.json"
"""Holds the hash of run.json, which holds the hash of every other file of the run."""


def keep(session: Session, store: Store, run: Run, by: str) -> None:
    """Put a run, whose folder is written, into the store with its line in the journal."""
    folder = store.run_folder(run.id)
    flush_folder(folder)
    flush_folder(folder.parent)
    run.sha256, run.made_by = hash_of(folder), by
    session.add(run)
    journal.note(session, by, "run made", run.id, **_facts(run))


def states_of(store: Store, book_id: str) -> dict[str, Words]:
    """The state of each run of a workbook, by its id."""
    with store.session() as session:
        return {run.id: STATES[run.state] for run in session.scalars(select(Run).where(Run.book_id == book_id))}


def run_of_setting(store: Store, book: Book, origin: str, sets: Sequence[str]) -> Run | None:
    """The latest run that was saved of a setting of these bytes; of two at one moment the one with fewer signatures."""
    with store.session() as session:
        wanted = select(Run).where(Run.book_id == book.id, Run.book_sha256 == book.sha256, Run.origin == origin)
        found = [run for run in session.scalars(wanted) if run.sets == list(sets)]
    return max(found, key=lambda run: (run.made, -len(run.sign_offs)), default=None)


def standing_of(store: Store, run: Run) -> Standing:
    """Who made, assured and approved a run. Raises ``WrongUsage`` where its files are no longer what was signed."""
    if hash_of(store.run_folder(run.id)) != run.sha256:
        raise WrongUsage(say("The files of this run are not those it was made with."))
    signed = {
        sign.kind: Signature(sign.person, day_of(sign.at)) for sign in run.sign_offs if sign.run_sha256 == run.sha256
    }
    return Standing(Signature(run.made_by, day_of(run.made)), **signed)


def sign_off(store: Store, run_id: str, kind: str, by: str) -> None:
    """Assure or approve a run. Raises ``WrongUsage`` where it is one's own, out of turn, or not as it was made."""
    with store.session() as session:
        run = session.get_one(Run, run_id, with_for_update=True)
        turn = {"assured": "draft", "approved": "assured"}[kind]
        if run.state != turn:
            raise WrongUsage(
                say(
                    "State of this run: {state}. It cannot become {kind} now.",
                    state=STATES[run.state],
                    kind=STATES[kind],
                )
            )
        if by in {run.made_by, *_uploaders(session, run), *(sign.person for sign in run.sign_offs)}:
            raise WrongUsage(say("Nobody assures or approves their own work: somebody else must do it."))
        if hash_of(store.run_folder(run.id)) != run.sha256:
            raise WrongUsage(say("The files of this run are not those it was made with."))
        session.add(SignOff(run_id=run.id, kind=kind, person=by, run_sha256=run.sha256))
        journal.note(session, by, kind, run.id, sha256=run.sha256)


def _uploaders(session: Session, run: Run) -> list[str]:
    """Whose numbers a run is made of."""
    lines = session.scalars(select(Entry).where(Entry.subject == run.book_id, Entry.what == "uploaded"))
    return [line.person for line in lines if line.detail["sha256"] == run.book_sha256]


@dataclass(frozen=True)
class Seen:
    """What the database holds at one moment: what is wrong with the journal itself, and what it tells of."""

    journal: Sequence[str]
    entries: Sequence[Entry]
    runs: Mapping[str, Run]
    books: Sequence[Book]


def faults(store: Store, mark: str = "") -> list[Words]:
    """Everything in the journal, the runs, their signatures and the workbooks that is not as it was written.

    ``mark``: a line of the journal that was written down elsewhere; who rewrites all lines cannot keep it.
    """
    with store.session() as session:
        seen = seen_in(session)
        is_there = not mark or journal.has(session, mark)
    gone = say("Journal: the line {mark}, which was written down, is not there.", mark=mark)
    return faults_of(seen, store) + ([] if is_there else [gone])  # outside, so that nobody waits for it


def seen_in(session: Session) -> Seen:
    """What a transaction sees."""
    entries = session.scalars(select(Entry).where(Entry.what.in_(TOLD)).order_by(Entry.number)).all()
    runs = {run.id: run for run in session.scalars(select(Run))}
    return Seen(journal.faults(session), entries, runs, session.scalars(select(Book)).all())


def faults_of(seen: Seen, store: Store) -> list[Words]:
    """What does not belong together, in the database or in the files beside it."""
    found = [say("Journal, line {fault}.", fault=fault) for fault in seen.journal]
    told: dict[str, dict[str, Entry]] = {}
    for entry in seen.entries:
        told.setdefault(entry.subject, {})[entry.what] = entry
    for subject, lines in told.items():
        if "run made" in lines and subject not in seen.runs:
            found.append(say("Run {run} is gone.", run=subject))
    for run in seen.runs.values():
        found += _faults_of_run(store, run, told.get(run.id, {}))
    kept = {entry.detail["sha256"] for entry in seen.entries if entry.what == "uploaded"}
    for digest in sorted(kept | {book.sha256 for book in seen.books}):
        if not _is_kept(store, digest):
            found.append(say("Workbook {hash}: its bytes are not there, or not those that were uploaded.", hash=digest))
    for book in seen.books:
        line = told.get(book.id, {}).get("uploaded")
        if line is not None and line.detail["sha256"] != book.sha256:
            found.append(say("Workbook {book}: the journal tells of another one.", book=book.id))
    return found


def _faults_of_run(store: Store, run: Run, lines: Mapping[str, Entry]) -> list[Words]:
    from optimizer import read_run  # noqa: PLC0415  (slow to load)

    found = []
    made = lines.get("run made")
    if made is None or (made.person, made.detail) != (run.made_by, _facts(run)):
        found.append(say("Run {run}: the journal tells of another one.", run=run.id))
    said = {(what, line.person, line.detail.get("sha256")) for what, line in lines.items() if what in SIGNATURES}
    if said != {(sign.kind, sign.person, sign.run_sha256) for sign in run.sign_offs}:
        found.append(say("Run {run}: its signatures are not those that the journal tells of.", run=run.id))
    if any(sign.run_sha256 != run.sha256 for sign in run.sign_offs):
        found.append(say("Run {run}: what was signed off is not what is there.", run=run.id))
    try:
        if hash_of(store.run_folder(run.id)) != run.sha256:
            return [*found, say("Run {run}: its files are not those it was made with.", run=run.id)]
        read_run(store.run_folder(run.id))
    except (HaibunError, OSError) as error:
        found.append(say("Run {run}: {reason}", run=run.id, reason=str(error)))
    return found


def _facts(run: Run) -> dict[str, Any]:
    """What the journal tells of a run that is made."""
    return {
        "sha256": run.sha256,
        "book": run.book_sha256,
        "scenario": run.origin,
        "set": run.sets,
        "score": run.score,
    }


def _is_kept(store: Store, digest: str) -> bool:
    try:
        with store.path_of(digest).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False
