"""The command line: the same engine as the Dagster assets, for people and scripts without a browser.

Exit codes: 0 done, 1 a verdict failed (nothing was loaded), 2 something was asked that cannot be (nothing was written).
"""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code. What a user can mend is one message on stderr, never a traceback."""
    from seed_pipeline.cli.app import app
    from seed_pipeline.cli.problems import exit_code_of

    try:
        app(args=None if argv is None else list(argv), prog_name="seed-pipeline")
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(code)
