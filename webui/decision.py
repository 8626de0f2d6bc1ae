"""A decision as one file: the run, its model, who made, assured and approved it, and a list of hashes over all of it.

It verifies on another machine without the office's database. What it cannot show there is that the journal holds no
other lines: that is ``haibun audit`` at the office.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import or_, select

from optimizer import CheckFailed, HaibunError, Words, json_bytes, say
from optimizer import verify as verify_run
from webui import evidence, journal
from webui.evidence import CERTIFICATE
from webui.rows import Entry, Run
from webui.store import Store

MANIFEST, DECISION, JOURNAL, MODEL, RUN = "manifest.json", "decision.json", "journal.json", "model.lp", "run"
SIGNED = "signed"
LARGEST = 300_000_000
MADE = ("scenario", "set", "score")
"""What the journal's line of a run tells of it, beside its hash and the workbook's."""


def decision_file(store: Store, run: Run, model: bytes, reports: Mapping[str, bytes]) -> bytes:
    """The zip of a run; ``model`` is its LP file, ``reports`` show who signed it (those of the run, nobody yet)."""
    with store.session() as session:
        wanted = select(Entry).where(or_(Entry.subject == run.id, Entry.subject == run.book_id)).order_by(Entry.number)
        lines = [journal.as_dict(entry) for entry in session.scalars(wanted)]
    folder = store.run_folder(run.id)
    files = {f"{RUN}/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    files |= {f"{SIGNED}/{name}": content for name, content in reports.items()}
    files |= {MODEL: model, JOURNAL: json_bytes(lines), DECISION: json_bytes(_facts(run))}
    files[MANIFEST] = json_bytes({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def _facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "sha256": run.sha256,
        "book_sha256": run.book_sha256,
        "name": run.name,
        "scenario": run.origin,
        "set": run.sets,
        "score": run.score,
        "state": run.state,
        "made_by": run.made_by,
        "made": run.made,
        "signed_off": [{"kind": s.kind, "person": s.person, "at": s.at, "sha256": s.run_sha256} for s in run.sign_offs],
    }


def verify(path: Path) -> list[Words]:
    """Check a decision file from itself alone; returns what was proved. Raises ``CheckFailed``."""
    try:
        files = _files_of(path)
        decision = json.loads(files[DECISION])
        lines = [Entry(**line) for line in json.loads(files[JOURNAL])]
        listed = json.loads(files[MANIFEST])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise CheckFailed(say("{file} is no whole decision file ({error}).", file=path.name, error=error)) from None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != MANIFEST}
    if found != listed:
        changed = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
        raise CheckFailed(say("{file} was changed after the decision.", file=", ".join(changed)))
    _agree(decision, lines, found)
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            if name.startswith(f"{RUN}/"):
                Path(folder, PurePosixPath(name).name).write_bytes(content)
        proved = verify_run(Path(folder))
    signed = ", ".join(f"{sign['kind']} {sign['person']}" for sign in decision["signed_off"]) or "–"
    state = say("The run was made by {person}; signed off: {signed}.", person=decision["made_by"], signed=signed)
    return [*proved, state]


def _files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        if sum(info.file_size for info in package.infolist()) > LARGEST:
            raise HaibunError(say("The file unpacks to more than {megabytes} MB.", megabytes=LARGEST // 1_000_000))
        if len(set(package.namelist())) != len(package.namelist()):
            raise ValueError("a name twice")
        return {name: package.read(name) for name in package.namelist()}


def _agree(decision: Mapping[str, Any], lines: list[Entry], hashes: Mapping[str, str]) -> None:
    """The run is the one that was signed off, by others than its maker, as the journal's lines say."""
    run, digest, signed = decision["run"], decision["sha256"], decision["signed_off"]
    of_run = [line for line in lines if line.subject == run and line.detail.get("sha256") == digest]
    told = {(line.what, line.person) for line in of_run}
    said = {("run made", decision["made_by"]), *((sign["kind"], sign["person"]) for sign in signed)}
    made = {"sha256": digest, "book": decision["book_sha256"], **{key: decision[key] for key in MADE}}
    uploaders = {line.person for line in lines if line.what == "uploaded" and line.detail.get("sha256") == made["book"]}
    signers = [sign["person"] for sign in signed]
    faults = (
        (
            say("The run is not the one that was signed off."),
            hashes[f"{RUN}/{CERTIFICATE}"] != digest
            or hashes[f"{RUN}/book.xlsx"] != made["book"]
            or any(sign["sha256"] != digest for sign in signed)
            or not any(line.what == "run made" and line.detail == made for line in of_run),
        ),
        (
            say("A line of the journal was changed."),
            any(journal.hash_of(line) != line.hash for line in lines)
            or any(
                second.number <= first.number or (second.number == first.number + 1 and second.before != first.hash)
                for first, second in pairwise(lines)
            ),
        ),
        (say("The journal does not tell of every signature."), not said <= told),
        (
            say("The state is not the one that the signatures give."),
            {sign["kind"] for sign in signed} != set(evidence.SIGNATURES[: len(signed)])
            or decision["state"] != ("draft", *evidence.SIGNATURES)[len(signed)],
        ),
        (
            say("Somebody signed off their own work."),
            len(set(signers)) != len(signers) or bool({decision["made_by"], *uploaders} & set(signers)),
        ),
    )
    for words, is_so in faults:
        if is_so:
            raise CheckFailed(words)
