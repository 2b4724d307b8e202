"""SQL as text: values, conditions, and files of queries with their parameters filled in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from math import isinf
from typing import Any

from sqlalchemy import Boolean

from seed_pipeline.schema import metadata
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.targets import look_up

_PARAMETER = re.compile(r"\{([a-z][a-z_.*0-9]*)\}")
_OPERATORS = {"==": "=", "!=": "<>"}
FLAGS = {c.name for t in metadata.tables.values() for c in t.columns if isinstance(c.type, Boolean)} | {
    "has_audio", "has_video", "has_screen", "has_feedback", "churned", "safe", "lost", "met_tutor_no_show",
    "in_cascade_pair", "met_cascade_no_show",
}  # fmt: skip
"""Facts that are true or false."""


class Raw(str):
    """A parameter that is SQL itself, not a value."""


def literal(value: Any) -> str:
    """A value of the settings as SQL."""
    if isinstance(value, Raw):
        return value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and isinf(value):
        return f"'{value}'::DOUBLE"
    if isinstance(value, int | float):
        return f"{value!r}"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(literal, value))}]"
    return "'{}'".format(str(value).replace("'", "''"))


def values(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A SELECT of the rows as they stand; of none, no rows."""
    lines = [f"    ({', '.join(map(literal, row))})" for row in rows]
    if not lines:
        return f"SELECT {', '.join(f'NULL AS {name}' for name in columns)} WHERE false"
    return "SELECT * FROM (VALUES\n{}\n) AS listed ({})".format(",\n".join(lines), ", ".join(columns))


def words(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same for many rows of words: as one text, which is read in no time."""
    text = literal("\n".join("\t".join(row) for row in rows))
    chosen = ", ".join(f"line[{place}] AS {name}" for place, name in enumerate(columns, start=1))
    return f"SELECT {chosen}\nFROM (SELECT string_split(unnest(string_split({text}, chr(10))), chr(9)) AS line)"


def condition(wanted: Condition) -> str:
    """A condition of the settings as SQL; a missing value does not satisfy it."""
    fact, operator, value = wanted
    if fact not in FLAGS:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        return f"{fact} {_OPERATORS.get(operator, operator)} {literal(number)}"
    if operator in ("==", "!=") and value in (0.0, 1.0):
        return fact if (operator == "==") == (value == 1.0) else f"NOT {fact}"
    return f"{fact}::INTEGER {_OPERATORS.get(operator, operator)} {literal(value)}"


def all_of(conditions: Iterable[Condition]) -> str:
    """Conditions that all hold; none are always true."""
    return " AND ".join(map(condition, conditions)) or "true"


@cache
def read(name: str) -> str:
    """The text of a file below queries/, without its ending."""
    return files(__package__).joinpath("queries", f"{name}.sql").read_text(encoding="utf-8").strip()


@cache
def queries() -> dict[str, str]:
    """The queries that targets.yaml may name under `measure`: name → the sentence above it."""
    found = sorted(f.name for f in files(__package__).joinpath("queries").iterdir() if f.name.endswith(".sql"))
    return {name.removesuffix(".sql"): sentence(read(name.removesuffix(".sql"))) for name in found}


def sentence(query: str) -> str:
    """The remark at the head of a query."""
    lines = [line[3:] for line in query.splitlines()[: _head(query)]]
    return " ".join(lines)


def _head(query: str) -> int:
    return next((i for i, line in enumerate(query.splitlines()) if not line.startswith("-- ")), 0)


def filled(text: str, settings: Any, parameters: Mapping[str, Any]) -> str:
    """The query with each `{name}` replaced: by a parameter, or by the setting at that path. KeyError for neither."""

    def value(found: re.Match) -> str:
        name = found[1]
        return literal(parameters[name] if name in parameters else look_up(settings, name))

    return _PARAMETER.sub(value, text)
