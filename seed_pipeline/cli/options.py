"""The options that several commands share."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

_WORLD, _PLACES, _OUTPUT = "The world", "Where from, where to", "Output"


def _as_of(value: str | None) -> str | None:
    if value is None or value == "today":
        return value
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no date; write YYYY-MM-DD, for example 2026-03-01, or today") from None


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no whole number") from None


Seed = Annotated[
    int | None,
    typer.Option(
        help="Random seed. The same seed gives the same data.", parser=_whole, metavar="INT", rich_help_panel=_WORLD
    ),
]
Sessions = Annotated[
    int | None,
    typer.Option(
        help="Number of sessions. The cast grows with it, 6 tutors and 20 students for each 150.",
        parser=_whole,
        metavar="INT",
        rich_help_panel=_WORLD,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="Date that closes the window, YYYY-MM-DD or today.",
        callback=_as_of,
        metavar="DATE",
        rich_help_panel=_WORLD,
    ),
]
Preset = Annotated[
    list[str] | None,
    typer.Option(
        help="Lay configs/presets/NAME.yaml over the settings. Repeatable.", metavar="NAME", rich_help_panel=_WORLD
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change any setting: section.key.path=value, for example personas.tutors.star.count=3. Repeatable.",
        metavar="KEY=VALUE",
        rich_help_panel=_WORLD,
    ),
]
NoAnswerKey = Annotated[
    bool,
    typer.Option(
        "--no-answer-key", help="Load the platform's tables without the truth_* tables.", rich_help_panel=_WORLD
    ),
]
DisableRule = Annotated[
    list[str] | None,
    typer.Option(
        help="Switch off a rule of configs/correlations.yaml by its name. Repeatable.",
        metavar="NAME",
        rich_help_panel=_WORLD,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(help="Folder of settings instead of the shipped configs/.", metavar="DIR", rich_help_panel=_PLACES),
]
Target = Annotated[
    str | None,
    typer.Option(
        help="Database: sqlite:///path or postgresql://user@host/name (the password comes from PGPASSWORD).",
        metavar="URL",
        rich_help_panel=_PLACES,
    ),
]
OnForeign = Annotated[
    str | None,
    typer.Option(
        help="Where one of our rows has to go and a row of others needs it, or both have the same key: refuse, "
        "keep (ours stays) or cascade (theirs goes).",
        metavar="CHOICE",
        rich_help_panel=_PLACES,
    ),
]
OnEdited = Annotated[
    str | None,
    typer.Option(
        help="Where this release would change or remove a row of ours that somebody edited: overwrite, keep (it "
        "stays as it is) or refuse.",
        metavar="CHOICE",
        rich_help_panel=_PLACES,
    ),
]
EmptyForeignData = Annotated[
    bool,
    typer.Option(
        "--empty-foreign-data",
        help="Also remove every row of the platform's tables that this pipeline did not write.",
        rich_help_panel=_PLACES,
    ),
]
AllowProduction = Annotated[
    bool,
    typer.Option(
        "--allow-production",
        help="Write to a database although its name smells of production.",
        rich_help_panel=_PLACES,
    ),
]
Artifacts = Annotated[
    Path | None,
    typer.Option(help="Folder of Parquet artifacts, instead of a database.", metavar="DIR", rich_help_panel=_PLACES),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.", rich_help_panel=_OUTPUT)]
ShownQuery = Annotated[
    str | None,
    typer.Option(
        "--sql",
        help="Print the queries of one statement instead; with --artifacts, ready to paste into duckdb.",
        metavar="NAME",
        rich_help_panel=_OUTPUT,
    ),
]
