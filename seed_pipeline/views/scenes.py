"""Playing the script: find each scene's subject, ask the database, compare with what answer key and settings say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf, nan
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seed_pipeline.quality.scope import Scope
from seed_pipeline.settings import Settings, SettingsError
from seed_pipeline.settings.demo import Expectation, SceneText, Script, read
from seed_pipeline.settings.files import known
from seed_pipeline.settings.targets import out_of_force
from seed_pipeline.store.failures import explained
from seed_pipeline.views.cast import knows_why
from seed_pipeline.views.vocabulary import Words
from seed_pipeline.views.words import figure, plain

NO_KEY = "needs the answer key, which this database does not have"
_NOT_THERE = "this is not in the data"


@dataclass(frozen=True)
class Fact:
    """One column of the query's row against what is expected of it."""

    column: str
    expected: str
    actual: str
    holds: bool


@dataclass(frozen=True)
class Scene:
    """One thing to show. `holds` is None where it was not judged, and `note` then says why.

    `subject`: IDs, names and figures of the answer key; `row`: what `query` found, as it can be pasted into psql,
    sqlite3 or the platform's studio.
    """

    name: str
    statement: str
    title: str
    why: str
    show: str
    subject: Mapping[str, str]
    query: str
    row: Mapping[str, Any]
    facts: tuple[Fact, ...]
    holds: bool | None
    note: str = ""

    @property
    def failed(self) -> bool:
        """Judged and not as promised."""
        return self.holds is False

    @property
    def beside(self) -> list[str]:
        """Columns that are shown and about which nothing is promised."""
        promised = {fact.column for fact in self.facts}
        return [column for column in self.row if column not in promised]

    @property
    def said(self) -> str:
        """The note, which says so where the scene was not judged."""
        return f"not judged: {self.note}" if self.holds is None else self.note

    @property
    def line(self) -> str:
        """What came out, in one line."""
        found = "; ".join(f"{f.column} {f.actual}, expected {f.expected}" for f in self.facts)
        return "; ".join(part for part in (self.note, found) if part)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "facts": [asdict(fact) for fact in self.facts]}


Ask = Callable[[str], tuple[Sequence[str], Sequence[Sequence[Any]]]]
"""Answers a query with the names of its columns and its rows."""


def play(engine: sa.Engine, settings: Settings, folder: Path | None = None) -> list[Scene]:
    """Every scene of the script on a loaded database, read only. Raises SettingsError, StoreError.

    `settings`: those the data were made with; `folder`: where demo.yaml is looked for first.
    """
    with explained(engine, writing=False), engine.connect() as connection:

        def ask(sql: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
            found = connection.exec_driver_sql(sql.replace("%", "%%") if engine.dialect.name == "postgresql" else sql)
            return list(found.keys()), found.fetchall()

        return _played(ask, settings, folder, sa.inspect(connection).has_table("truth_personas"))


def rehearsed(scope: Scope) -> list[Scene]:
    """Every scene as a database with this data would show it."""

    def ask(sql: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        found = scope.run(sql)
        return [column[0] for column in found.description or ()], found.fetchall()

    return _played(ask, scope.settings, None, knows_why(scope))


def _played(ask: Ask, settings: Settings, folder: Path | None, key: bool) -> list[Scene]:
    words = Words(settings)
    return [_scene(ask, name, scene, words, key) for name, scene in named(read(settings, folder))]


def named(script: Script) -> list[tuple[str, SceneText]]:
    """The scenes in order, by the names of their checks: `demo_01_…`."""
    return [(f"demo_{number:02d}_{name}", text) for number, (name, text) in enumerate(script.scenes.items(), start=1)]


def _scene(ask: Ask, name: str, text: SceneText, words: Words, key: bool) -> Scene:
    target = words.settings.targets.statements[text.statement]
    subject: dict[str, list[Any]] = {}
    target = target.model_copy(update={"rule": text.rule or target.rule})
    if why := out_of_force(target, words.settings) or _not_promised(text, words):
        return _told(name, text, words, subject, None, why)
    if text.pick is not None:
        if not key:
            return _told(name, text, words, subject, None, NO_KEY)
        subject = _columns(ask, words.sql(text.pick, {}))
        if not any(subject.values()):
            return _told(name, text, words, subject, *_missing(words))
    query = words.sql(text.query, subject)
    rows = _columns(ask, query)
    row = {column: values[0] for column, values in rows.items() if values}
    if not row:
        return _told(name, text, words, subject, *_missing(words), query=query)
    where = f"demo.yaml, scenes.{name.split('_', 2)[2]}"
    facts = tuple(_fact(e, row, subject, words, where) for e in text.expect)
    holds: bool | None = all(fact.holds for fact in facts)
    note = ""
    if not holds and any(not rule.enabled for rule in words.settings.correlations.rules):
        holds, note = None, "a rule is off, and what is promised was made with its help"
    return _told(name, text, words, subject, holds, note, query=query, row=row, facts=facts)


def _not_promised(text: SceneText, words: Words) -> str:
    """Which of the things that the scene needs the settings do not promise; empty where they promise all."""
    missing = [what for what in text.needs if not words.promised(what)]
    return f"these settings promise no tutor's {' or '.join(missing)}; the preset demo does" if missing else ""


def _missing(words: Words) -> tuple[bool | None, str]:
    """A world too small for every story may lack one; the others may not."""
    small = words.settings.targets.small_at
    if words.sessions < small:
        return None, f"{_NOT_THERE}; it is promised from {small} sessions on"
    return False, _NOT_THERE


def _told(name, text, words, subject, holds, note, *, query="", row=None, facts=()) -> Scene:
    said = {column: ", ".join(figure(value) for value in values) for column, values in subject.items()}
    shown = {column: plain(value, " ") for column, value in (row or {}).items()}
    title = words.prose(text.title, {})
    show = words.prose(text.show, subject) if any(subject.values()) or text.pick is None else ""
    return Scene(name, text.statement, title, text.why, show, said, query.strip(), shown, facts, holds, note)


def _columns(ask: Ask, sql: str) -> dict[str, list[Any]]:
    """A query's columns; no row is no value."""
    names, rows = ask(sql)
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _fact(
    e: Expectation, row: Mapping[str, Any], subject: Mapping[str, Sequence[Any]], words: Words, where: str
) -> Fact:
    for column in (e.column, *([e.of] if e.of else [])):
        known(f"{where}.expect", column, row, "column of the query's row")
    actual, wanted = plain(row[e.column], " "), words.value(getattr(e, e.comparison), subject)
    if e.comparison == "equals" and isinstance(wanted, str):
        return Fact(e.column, wanted, figure(actual), str(actual) == wanted)
    if wanted is None:
        return Fact(e.column, "nothing", figure(actual), actual is None)
    ends = wanted if e.comparison == "inside" else (wanted, wanted)
    if not isinstance(ends, Sequence) or len(ends) != 2:
        raise SettingsError(f"{where}.expect.{e.column}", wanted, "inside needs a range", "name a setting [low, high]")
    low, high = (_number(end, f"{where}.expect.{e.column}", "what is expected") for end in ends)
    found, expected = _number(actual, f"{where}.query, {e.column}", "the query's value"), figure(wanted)
    give = e.give / max(_number(row[e.of], f"{where}.query, {e.of}", "the divisor"), 1.0) if e.of else e.give
    if e.comparison == "inside":
        expected = f"{figure(low)} to {figure(high)}"
    elif e.comparison in ("equals", "about"):
        low, high, expected = low - give, high + give, expected + (f" ± {figure(give)}" if give else "")
    else:
        expected = f"{e.comparison.replace('_', ' ')} {expected}"
        low, high = (low, inf) if e.comparison == "at_least" else (-inf, high)
    return Fact(e.column, expected, figure(actual), low - 1e-9 <= found <= high + 1e-9)


def _number(value: Any, where: str, what: str) -> float:
    """The value as a number, and none at all where the database has nothing. SettingsError for text."""
    if value is None:
        return nan
    try:
        return float(value)
    except (TypeError, ValueError):
        remedy = "let the query give a number, or compare with `is` and a 'word' in quotes"
        raise SettingsError(where, value, f"{what} is text, where numbers are compared", remedy) from None
