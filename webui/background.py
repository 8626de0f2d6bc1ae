"""Questions that take a while: one after the other, each in a process of its own that can be ended.

Whoever asks many waits for them alone: the next question is that of the person who was not served for longest.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from optimizer import LANGUAGES, Words, say
from webui import tasks
from webui.limits import Limits, Watch
from webui.rows import Question, now
from webui.sharing import FairLine
from webui.store import AWAY, Store

log = logging.getLogger(__name__)
LOOK_EVERY, WAIT_FOR_DATABASE = 0.2, 1.0
SECONDS_TO_END = 5
OPEN = ("waiting", "running")


class Background:
    """Asks questions one at a time; what the store says of each is always what has become of it."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store, self.limits = store, limits
        self._line = FairLine()
        self._asker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="question")
        self._running: tuple[str, Watch] | None = None
        self._lock = threading.Lock()
        self._is_closing = False
        self._mark_interrupted()

    def ask(self, person: str, question_id: str, path: Path, kind: str, asked: tasks.Question) -> None:
        """Put a person's question, already in the store, into the line."""
        self._line.put(person, (question_id, path, kind, asked))
        self._asker.submit(lambda: self._answer(*self._line.take()))

    def open_of(self, person: str) -> int:
        """How many questions of a person's wait or run."""
        with self.store.session() as session:
            wanted = select(func.count()).where(Question.asked_by == person, Question.state.in_(OPEN))
            return session.scalar(wanted) or 0

    def cancel(self, question_id: str) -> None:
        """Cancel a question that waits or runs; its process ends at once."""
        if self._becomes(question_id, "cancelled", {}):
            self._end(question_id)

    def close(self) -> None:
        """Stop; what runs or waits is marked as interrupted."""
        self._is_closing = True
        self._asker.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            running = self._running[0] if self._running else ""
        self._end(running)
        self._asker.shutdown(wait=True)
        with suppress(*AWAY):  # without a database the next start says so
            self._mark_interrupted()

    def _mark_interrupted(self) -> None:
        with self.store.session() as session:
            session.execute(update(Question).where(Question.state.in_(OPEN)).values(state="interrupted", ended=now()))

    def _answer(self, question_id: str, path: Path, kind: str, asked: tasks.Question) -> None:
        context = get_context("spawn")
        folder = self.store.answer_folder(question_id)
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=tasks.ask, args=(theirs, self.limits, path, folder, kind, asked))
        with self._lock:  # whoever cancels from now on waits until there is a process to end
            if not self._patiently(question_id, "running", {}):
                return
            process.start()
            watch = Watch(self.limits, process.pid or 0)
            self._running = (question_id, watch)
        theirs.close()
        try:
            self._follow(question_id, ours, watch)
        except (EOFError, OSError):
            process.join(timeout=SECONDS_TO_END)
            without = say("The question ended without an answer.")
            self._failed(question_id, self.limits.why_it_ended(process.exitcode) or without)
        except Exception:
            log.exception("question %s", question_id)
            self._failed(question_id, say("The question ended without an answer."))
        finally:
            self._end(question_id)
            with self._lock:
                self._running = None
            ours.close()
            process.join()
            process.close()

    def _follow(self, question_id: str, connection: Connection, watch: Watch) -> None:
        while True:
            if connection.poll(LOOK_EVERY):
                kind, content = connection.recv()
                if kind == "progress":
                    self._progress(question_id, *content)
                    continue
                if kind == "done":
                    self._patiently(question_id, "done", {"files": content})
                elif kind == "error":
                    self._failed(question_id, content.message)
                else:
                    log.error("question %s: %s", question_id, content)
                    self._failed(question_id, say("The question ended without an answer."))
                return
            if reason := watch.exceeded():
                self._failed(question_id, reason)
                return

    def _failed(self, question_id: str, words: Words) -> None:
        self._patiently(question_id, "failed", {language: words.into(language) for language in LANGUAGES})

    def _progress(self, question_id: str, done: int, total: int) -> None:
        with suppress(*AWAY), self.store.session() as session:  # the next step says as much
            session.execute(update(Question).where(Question.id == question_id).values(done=done, total=total))

    def _patiently(self, question_id: str, state: str, message: dict[str, Any]) -> bool:
        """Move an open question on, as soon as the database answers; False where it had ended, or the server ends."""
        while not self._is_closing:
            try:
                return self._becomes(question_id, state, message)
            except AWAY:
                log.warning("question %s waits for the database", question_id)
                time.sleep(WAIT_FOR_DATABASE)
        return False

    def _becomes(self, question_id: str, state: str, message: dict[str, Any]) -> bool:
        """Move an open question on; False where it had already ended."""
        values: dict[str, Any] = {"state": state, "message": message, "ended": "" if state == "running" else now()}
        if state == "running":
            values["begun"] = time.time()
        with self.store.session() as session:
            changed = session.execute(
                update(Question).where(Question.id == question_id, Question.state.in_(OPEN)).values(**values)
            )
            return bool(changed.rowcount)  # type: ignore[attr-defined]

    def _end(self, question_id: str) -> None:
        """End the process of a question and all that it started."""
        with self._lock:
            if self._running is None or self._running[0] != question_id:
                return
            self._running[1].end()
