"""Which exceptions are a user's to mend, and what the process says of them when it ends."""

import sys

REFUSED, WRONG = 1, 2
_THEIRS = {
    ("seed_pipeline.settings.files", "SettingsError"): WRONG,
    ("seed_pipeline.store.errors", "StoreError"): WRONG,
    ("seed_pipeline.views.lookup", "ExplainError"): WRONG,
    ("seed_pipeline.defs.launch", "LaunchError"): WRONG,
    ("seed_pipeline.pipeline.ledger", "RefusedError"): REFUSED,
}


def exit_code_of(error: Exception) -> int | None:
    """The exit code for an error that a user can mend; None for a fault of ours, which deserves its traceback."""
    for (module, name), code in _THEIRS.items():
        # An exception can only be of a class whose module is loaded; loading it here would slow every command down.
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return code
    return WRONG if isinstance(error, OSError) and error.filename else None
