"""Which exceptions are a user's to mend, and what the process says of them when it ends."""

import errno
import sys

REFUSED, WRONG = 1, 2
_THEIRS = {
    ("seed_pipeline.settings.files", "SettingsError"): WRONG,
    ("seed_pipeline.store.errors", "StoreError"): WRONG,
    ("seed_pipeline.views.why.lookup", "ExplainError"): WRONG,
    ("seed_pipeline.defs.launch", "LaunchError"): WRONG,
    ("seed_pipeline.pipeline.ledger", "RefusedError"): REFUSED,
    ("duckdb", "OutOfMemoryException"): WRONG,
    ("builtins", "MemoryError"): WRONG,
}
_PLACE = {
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or name another place",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "name a place that can be read and written, or have its rights changed",
    errno.EPERM: "name a place that can be read and written, or have its rights changed",
    errno.EIO: "look at the disk, or name another place",
}
"""What to do about a system that refuses, by its word."""


def exit_code_of(error: Exception) -> int | None:
    """The exit code for an error that a user can mend; None for a fault of ours, which deserves its traceback."""
    for (module, name), code in _THEIRS.items():
        # An exception can only be of a class whose module is loaded; loading it here would slow every command down.
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return code
    mendable = isinstance(error, OSError) and (error.filename or error.errno in _PLACE or _is_gone(error))
    return WRONG if mendable else None


def told(error: Exception) -> str:
    """The error for the person who can mend it: where, why, what to do; no secret is in it."""
    from seed_pipeline.settings.secret import redacted  # All of the settings come with it.

    if isinstance(error, OSError) and not _is_gone(error):
        remedy = _PLACE.get(error.errno or 0, "name another place")
        where = f"{redacted(str(error.filename))}: " if error.filename else ""
        return f"{where}{error.strerror}. What to do: {remedy}."
    if isinstance(error, OSError):
        return "the folder in which the command was started is gone. What to do: change to another one."
    if type(error).__name__ in ("OutOfMemoryException", "MemoryError"):
        return "there is not enough memory. What to do: lower main.chunk_cohorts or main.processes, or ask for less."
    return str(error) if hasattr(error, "remedy") else redacted(str(error))


def _is_gone(error: OSError) -> bool:
    """What the system says when it is asked where we are, and the place was removed."""
    return isinstance(error, FileNotFoundError) and not error.filename
