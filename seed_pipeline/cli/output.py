"""What a command says at its end, whoever listens: a fault of printing is no verdict."""

import io
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from seed_pipeline.pipeline.making import Progress


class _Forgiving:
    """A stream that goes on when nobody reads any more, or when the disk it goes to is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_lost = stream, False

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def _attempt(self, what: Any) -> None:
        if self._is_lost:
            return
        try:
            what()
        except OSError:
            self._is_lost = True
            # What is still buffered would fail again when the process ends, and that would be its exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def forgiving() -> Iterator[None]:
    """Characters that the terminal's encoding lacks are replaced, a reader who left is forgotten."""
    kept = sys.stdout, sys.stderr
    # Of a stream that was closed before we came (>&-) Python makes None.
    streams = [stream or io.StringIO() for stream in kept]
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = map(_Forgiving, streams)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = kept


def refusal(message: str, code: int, as_json: bool) -> None:
    """Why nothing came of it: a sentence for people, and an object where a script asked for one."""
    print(f"Error: {message}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": message, "exit_code": code}, indent=2, ensure_ascii=False))


def print_json(content: Any) -> None:
    """One JSON value on stdout."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """Plain values of JSON and YAML; a number that is none becomes null."""
    from seed_pipeline.settings.secret import redacted

    if hasattr(value, "model_dump"):
        return plain(value.model_dump(mode="json"))
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def progress(wanted: bool = True) -> Iterator["Progress"]:
    """A bar on stderr while a terminal watches, nothing otherwise."""
    from seed_pipeline.pipeline.making import silent

    if not (wanted and sys.stderr.isatty()):
        yield silent
        return
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    class Pace(bars.ProgressColumn):
        def render(self, task: bars.Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    columns = (
        bars.TextColumn("{task.description:>12}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        Pace(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, bars.TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            task = tasks.setdefault(stage, shown.add_task(stage, total=total)) if stage not in tasks else tasks[stage]
            shown.update(task, completed=done, total=total)

        yield report
