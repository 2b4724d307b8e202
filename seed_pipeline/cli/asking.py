"""The command `sql`: one query, or a prompt."""

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seed_pipeline.cli.options import Artifacts, Config, Json, Preset, Set, Target

_SHOWN = 40
"""Rows that the prompt prints; --json and --csv print all."""


def sql(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(help="One SELECT; without it a prompt opens, or the query is read from a pipe.")
    ] = None,
    target: Target = None,
    artifacts: Artifacts = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
    csv_: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
) -> None:
    """Ask the dataset in SQL (DuckDB): tables, answer key, facts such as session_fact, settings. Nothing is changed.

    Example:  seed-pipeline sql "SELECT tutor_persona, avg(student_engagement_score) FROM session_fact GROUP BY 1"
    """
    from seed_pipeline.cli import work
    from seed_pipeline.pipeline.asking import ask, scope

    if target is not None and artifacts is not None:
        raise typer.BadParameter("name either --target or --artifacts, not both")
    if json and csv_:
        raise typer.BadParameter("name either --json or --csv, not both")
    prompting = query is None and sys.stdin.isatty()
    with scope(work.wishes(context.params), artifacts) as there:
        if prompting:
            return _prompt(there)
        answer = ask(there, query if query is not None else sys.stdin.read())
    if json:
        rows = [dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows]
        return work.print_json({"columns": list(answer.columns), "rows": rows})
    if csv_:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        return writer.writerows(answer.rows)
    _print(answer, len(answer.rows))


def _prompt(there: Any) -> None:
    """Answers queries, each up to its semicolon, until the input ends; of one that cannot be it says why."""
    from seed_pipeline.pipeline.asking import ask
    from seed_pipeline.store.errors import StoreError

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


def _print(answer: Any, most: int) -> None:
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


def show_query(params: dict[str, Any], artifacts: Path | None, name: str) -> None:
    """What `check --sql NAME` prints: with artifacts all that duckdb needs, otherwise the statement's queries alone."""
    from seed_pipeline.cli import work
    from seed_pipeline.pipeline.asking import at
    from seed_pipeline.quality.shown import queries_of, script

    wishes = work.wishes(params)
    if artifacts is None:
        return typer.echo(queries_of(name, wishes.settings(date.today())))
    tables, settings = at(wishes, artifacts)
    typer.echo(script(name, settings, tables))
