"""What the command `sql` prints: the answer to one query, or to those typed at a prompt."""

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from seed_pipeline.cli.output import print_json
from seed_pipeline.pipeline.asking import Answer, ask, scope
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.scope import Scope
from seed_pipeline.store.errors import StoreError

_SHOWN = 40
"""Rows that the prompt prints; --json and --csv print all."""


def answer(asked: Wishes, artifacts: Path | None, query: str | None, form: str) -> None:
    """Print the rows of a query as `json`, `csv` or a table; without one ask for queries, or read one from a pipe."""
    prompting = query is None and sys.stdin.isatty()
    with scope(asked, artifacts) as there:
        if prompting:
            return _prompt(there)
        found = ask(there, query if query is not None else sys.stdin.read())
    if form == "json":
        rows = [dict(zip(found.columns, map(_plain, row), strict=True)) for row in found.rows]
        return print_json({"columns": list(found.columns), "rows": rows})
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(found.columns)
        return writer.writerows(found.rows)
    _print(found, len(found.rows))


def _prompt(there: Scope) -> None:
    """Answers queries, each up to its semicolon, until the input ends; of one that cannot be it says why."""
    typer.echo("One SELECT up to a semicolon; FROM duckdb_tables(); lists what there is; Ctrl-D ends.")
    for query in _typed():
        try:
            _print(ask(there, query), _SHOWN)
        except StoreError as error:
            typer.echo(error.why, err=True)


def _typed() -> Iterator[str]:
    lines: list[str] = []
    while True:
        try:
            lines.append(input("... " if lines else "sql> "))
        except EOFError:
            return typer.echo()
        if lines[-1].rstrip().endswith(";"):
            yield "\n".join(lines)
            lines = []


def _print(answer: Answer, most: int) -> None:
    """The rows in columns; the first `most` of them."""
    cells = [answer.columns, *([_word(value) for value in row] for row in answer.rows[:most])]
    widths = [max(len(row[i]) for row in cells) for i in range(len(answer.columns))]
    for row in cells:
        typer.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    more = f", the first {most} of them" if len(answer.rows) > most else ""
    typer.echo(f"({len(answer.rows):,} rows{more})")


def _word(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """A value of JSON: times as text, a number that is none as null."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
