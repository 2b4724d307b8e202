"""One writer to artifacts at a time: a lock that says who holds it, is waited for, and is freed by death."""

import logging
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from seed_pipeline.store.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two writers apart there
    fcntl = None  # type: ignore[assignment]

_LOG = logging.getLogger(__name__)
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextmanager
def held(paths: Iterable[Path], wait_seconds: float) -> Iterator[None]:
    """Hold all these locks, files of a folder of their own; who holds one already, further out, is not waited for.

    Raises StoreError, with `retry`, where somebody else still holds one after so long; a waiting is logged.
    """
    until = time.monotonic() + wait_seconds
    wanted = sorted({path.absolute() for path in paths} - _HELD.get())
    with ExitStack() as stack:
        for path in wanted:
            stack.enter_context(_locked(path, until))
        token = _HELD.set(_HELD.get() | set(wanted))
        try:
            yield
        finally:
            _HELD.reset(token)


@contextmanager
def _locked(path: Path, until: float) -> Iterator[None]:
    said = False
    while (file := _taken(path)) is None:
        where, holder = str(path.parent.parent), _said(path)
        if time.monotonic() >= until:
            remedy = "wait for it to end, or name another folder"
            raise StoreError(where, None, f"{holder} is writing here", remedy, retry=True)
        if not said:
            _LOG.warning("%s: waiting for %s", where, holder)
        said = True
        time.sleep(0.1)
    with file:
        file.truncate(0)
        file.write(me())
        file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def _taken(path: Path) -> IO[str] | None:
    """The file, locked and still the one of this name: whoever held it before has removed his."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError), ExitStack() as stack:
        file = stack.enter_context(path.open("a+", encoding="utf-8"))
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return None
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            stack.pop_all()
            return file
    return None


def _said(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8") or "another process"
    return "another process"


def me() -> str:
    """Who we are; of the command line no more than its first word, as a password may be in the rest."""
    words = [Path(sys.argv[0]).name, *(word for word in sys.argv[1:2] if word.isalpha())]
    return f"{' '.join(words)} (pid {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%H:%M:%S} UTC)"


def synced(folder: Path, *, deep: bool = True) -> None:
    """Bring a folder and, `deep`, all that is in it to the disk."""
    for path in (*(folder.rglob("*") if deep else ()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
