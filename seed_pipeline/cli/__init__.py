"""The command line: the same engine as the Dagster assets, for people and scripts without a browser.

Exit codes: 0 done, 1 a verdict failed (nothing was loaded), 2 something was asked that cannot be (nothing was written),
3 loaded, but something after the load failed.
"""

import gc
import signal
import sys
import threading
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code. What a user can mend is one message on stderr, never a traceback.

    With --json the message is also an object on stdout. A fault of printing does not change the exit code.
    """
    from seed_pipeline.cli.output import forgiving

    # Little of what a command makes is garbage before it ends; looking for some takes a tenth of a short one's time.
    gc.set_threshold(50_000)

    # Whoever ends the process by a signal gets temporary folders removed and transactions rolled back.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # nohup has it ignored
                signal.signal(number, lambda number, _: sys.exit(128 + number))
    arguments = list(sys.argv[1:] if argv is None else argv)
    with forgiving():
        code = _run(arguments)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from typer import Abort
    from typer._click.exceptions import NoArgsIsHelpError, UsageError

    from seed_pipeline.cli.looking import app
    from seed_pipeline.cli.output import refusal
    from seed_pipeline.cli.problems import exit_code_of, told

    try:
        return app(args=arguments, prog_name="seed-pipeline", standalone_mode=False) or 0
    except NoArgsIsHelpError as error:
        error.show()
        return 2
    except Abort:
        return 130
    except UsageError as error:
        asked = f"{error.ctx.command_path} --help" if error.ctx else "seed-pipeline --help"
        from seed_pipeline.settings.secret import redacted

        said = redacted(error.format_message())
        short = said if len(said) < 600 else f"{said[:300]} ... {said[-200:]}"
        refusal(f"{short} ({asked} lists what there is)", 2, "--json" in arguments)
        return 2
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        refusal(told(error), code, "--json" in arguments)
        return code
