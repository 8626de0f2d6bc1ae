"""The journal: who did what, when; each line holds the hash of the line before, so that none can be changed or cut out.

A line is written in the transaction of what it tells of: both are there, or neither.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webui.rows import Entry, JournalHead, now


def note(session: Session, person: str, what: str, subject: str, **detail: Any) -> Entry:
    """Add a line; whoever adds the next one waits for the end of this transaction."""
    row = update(JournalHead).where(JournalHead.id == 1).values(number=JournalHead.number + 1)
    number, before = session.execute(row.returning(JournalHead.number, JournalHead.hash)).one()
    entry = Entry(
        number=number, at=now(), person=person, what=what, subject=subject, detail=detail, before=before, hash=""
    )
    entry.hash = hash_of(entry)
    session.add(entry)
    session.execute(update(JournalHead).where(JournalHead.id == 1).values(hash=entry.hash))
    return entry


def hash_of(entry: Entry) -> str:
    """The hash that a line must carry."""
    line = [entry.number, entry.at, entry.person, entry.what, entry.subject, entry.detail, entry.before]
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mark_of(session: Session) -> str:
    """The last line's number and hash, to be written down elsewhere."""
    head = session.get_one(JournalHead, 1, populate_existing=True)
    return f"{head.number}:{head.hash}"


def has(session: Session, mark: str) -> bool:
    """Whether the line that was written down is still there, and so is every line before it."""
    number, _, known = mark.partition(":")
    entry = session.get(Entry, int(number)) if number.isdecimal() else None
    return entry is not None and entry.hash == known


def as_dict(entry: Entry) -> dict[str, Any]:
    """A line as it is handed out."""
    return {
        "number": entry.number,
        "at": entry.at,
        "person": entry.person,
        "what": entry.what,
        "subject": entry.subject,
        "detail": entry.detail,
        "before": entry.before,
        "hash": entry.hash,
    }


def faults(session: Session) -> list[str]:
    """Numbers and reasons of lines that are not as they were written; nothing where the journal is whole."""
    found, before, number = [], "", 0
    for entry in session.scalars(select(Entry).order_by(Entry.number).execution_options(yield_per=500)):
        number += 1
        if entry.number != number:
            found.append(f"{number}: missing")
            number = entry.number
        elif entry.before != before:
            found.append(f"{number}: does not follow the line before")
        if entry.hash != hash_of(entry):
            found.append(f"{entry.number}: changed")
        before = entry.hash
    head = session.get_one(JournalHead, 1, populate_existing=True)
    if (head.number, head.hash) != (number, before):
        found.append(f"{head.number}: the last line is missing")
    return found
