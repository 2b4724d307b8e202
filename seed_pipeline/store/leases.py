"""One writer to artifacts at a URL: an object that only one can create, that its holder renews, and that dies with him.

There is no lock that death frees. Who waits watches the word in the object: one that stands still for DEAD seconds is
of somebody who was killed, and is removed. Who was only held up finds that his word is gone before he publishes.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from uuid import uuid4

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.locking import me
from seed_pipeline.store.places import filesystem, put, spoken

RENEWED, DEAD = 5.0, 30.0
"""Seconds after which a holder renews his word, and after which one that stands still is a dead man's."""
_HELD: ContextVar[Mapping[str, str]] = ContextVar("held", default=MappingProxyType({}))
"""The locks that we hold, with what their word begins with."""


@contextmanager
def leased(lock: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the lock; who holds it already, further out, is not waited for. Raises StoreError, with `retry`."""
    if str(lock) in _HELD.get():
        yield
        return
    token = uuid4().hex
    _wait_for(lock, token, wait_seconds)
    before, over = _HELD.set({**_HELD.get(), str(lock): token}), Event()
    keeper = Thread(target=_renew, args=(lock, token, over), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        _HELD.reset(before)
        with suppress(FileNotFoundError, StoreError), spoken(lock):
            if _word(lock).startswith(token):
                lock.unlink()


def must_be_ours(lock: Path) -> None:
    """Raise StoreError where somebody took the lock over, while this process was held up."""
    if not _word(lock).startswith(_HELD.get()[str(lock)]):
        why = f"{_holder(_word(lock))} took over, since nothing was heard of this run for {DEAD:.0f} seconds"
        raise StoreError(str(lock.parent), None, why, "wait for it to end, or name another place", retry=True)


def _wait_for(lock: Path, token: str, wait_seconds: float) -> None:
    until, word, since = time.monotonic() + wait_seconds, "", time.monotonic()
    while not _created(lock, token):
        now = _word(lock)
        if now != word:
            word, since = now, time.monotonic()
        if time.monotonic() - since >= DEAD:
            with suppress(FileNotFoundError), spoken(lock):
                lock.unlink()
        elif time.monotonic() >= until:
            why = f"{_holder(now)} is writing here, or was killed less than {DEAD:.0f} seconds ago"
            raise StoreError(str(lock.parent), None, why, "wait for it to end, or name another place", retry=True)
        else:
            time.sleep(min(0.5, RENEWED / 5))


def _created(lock: Path, token: str) -> bool:
    """Whether the lock is ours now. Filesystems that cannot create alone are asked first (and two may be told yes)."""
    content = f"{token} 0 {me()}".encode()
    try:
        with spoken(lock):
            try:
                filesystem(lock).pipe_file(str(lock), content, mode="create")
            except (NotImplementedError, TypeError, ValueError):
                if lock.exists():
                    return False
                lock.write_bytes(content)
    except FileExistsError:
        return False
    return True


def _renew(lock: Path, token: str, over: Event) -> None:
    for beat in count(1):
        if over.wait(RENEWED):
            return
        with suppress(StoreError):
            if not _word(lock).startswith(token):
                return
            put(lock, f"{token} {beat} {me()}".encode())


def _word(lock: Path) -> str:
    """What the lock says; nothing where there is none."""
    with suppress(FileNotFoundError), spoken(lock):
        return lock.read_text(encoding="utf-8")
    return ""


def _holder(word: str) -> str:
    return word.split(" ", 2)[2] if word.count(" ") >= 2 else "another process"
