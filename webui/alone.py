"""One office server a folder: a second one would take the first one's running questions for interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optimizer import WrongUsage, say


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends. Raises ``WrongUsage``."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(handle)
        except OSError:
            words = say("Another server works on {folder}. End it first, or choose another --folder.", folder=folder)
            raise WrongUsage(words) from None
        yield
    finally:
        os.close(handle)


if os.name == "nt":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
