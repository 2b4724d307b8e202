"""Why a server did not let us in, as SQLSTATE: libpq keeps nothing of such a refusal but its words.

These are in the server's language. So the server is asked once more, and what it answers is read in libpq's trace.
"""

import os
import re
import select
from contextlib import suppress

import psycopg
from psycopg import pq

_REFUSAL = re.compile(rb'\tErrorResponse\t.*? C "([0-9A-Z]{5})"')
_SECONDS = 10


def sqlstate(error: psycopg.Error) -> str | None:
    """The SQLSTATE of an error, that of a failed attempt to connect too; None where no server said one.

    Of a failed attempt it is None as well where libpq cannot trace: before version 18, and elsewhere than on Linux.
    """
    if error.sqlstate or error.pgconn is None or not hasattr(os, "memfd_create"):
        return error.sqlstate
    given = {o.keyword.decode(): o.val.decode() for o in error.pgconn.info if o.val}
    with suppress(psycopg.Error, OSError), os.fdopen(os.memfd_create("answers"), "rb") as trace:
        asked = pq.PGconn.connect_start(psycopg.conninfo.make_conninfo(**given).encode())
        asked.trace(trace.fileno())
        _wait(asked)
        asked.untrace()
        asked.finish()
        found = _REFUSAL.findall(os.pread(trace.fileno(), 1_000_000, 0))
        return found[-1].decode() if found else None
    return None


def _wait(asked: pq.abc.PGconn) -> None:
    while (status := asked.connect_poll()) not in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
        reading = status == pq.PollingStatus.READING
        ready = select.select([asked.socket] if reading else [], [] if reading else [asked.socket], [], _SECONDS)
        if not any(ready):
            return
