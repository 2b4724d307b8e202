"""Playing the script: find each scene's subject, ask the database, compare with what answer key and settings say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seed_pipeline.demo.script import Expectation, SceneText, Script, read
from seed_pipeline.demo.words import Words, figure, plain
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import holds_back, in_force
from seed_pipeline.store.failures import explained

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
    def line(self) -> str:
        """What came out, in one line."""
        found = "; ".join(f"{f.column} {f.actual}, expected {f.expected}" for f in self.facts)
        return "; ".join(part for part in (self.note, found) if part)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "facts": [asdict(fact) for fact in self.facts]}


def play(engine: sa.Engine, settings: Settings, folder: Path | None = None) -> list[Scene]:
    """Every scene of the script on a loaded database, read only. Raises SettingsError, StoreError.

    `settings`: those the data were made with; `folder`: where demo.yaml is looked for first.
    """
    script = named(read(settings, folder))
    words = Words(settings)
    with explained(engine), engine.connect() as connection:
        key = sa.inspect(connection).has_table("truth_personas")
        return [_scene(connection, name, scene, words, key) for name, scene in script]


def named(script: Script) -> list[tuple[str, SceneText]]:
    """The scenes in order, by the names of their checks: `demo_01_…`."""
    return [(f"demo_{number:02d}_{name}", text) for number, (name, text) in enumerate(script.scenes.items(), start=1)]


def _scene(connection: sa.Connection, name: str, text: SceneText, words: Words, key: bool) -> Scene:
    target = words.settings.targets.statements[text.statement]
    subject: dict[str, list[Any]] = {}
    target = target.model_copy(update={"rule": text.rule or target.rule})
    if not in_force(target, words.settings):
        return _told(name, text, words, subject, None, f"the rule {target.rule} is off")
    if text.pick is not None:
        if not key:
            return _told(name, text, words, subject, None, NO_KEY)
        subject = _columns(connection, words.sql(text.pick, {}))
        if not any(subject.values()):
            return _told(name, text, words, subject, *_missing(words))
    query = words.sql(text.query, subject)
    rows = _columns(connection, query)
    row = {column: values[0] for column, values in rows.items() if values}
    if not row:
        return _told(name, text, words, subject, *_missing(words), query=query)
    facts = tuple(_fact(e, row, subject, words) for e in text.expect)
    holds: bool | None = all(fact.holds for fact in facts)
    note = ""
    if not holds and target.blocking and not holds_back(target, words.settings):
        holds, note = None, "a rule is off, and this level was made with its help"
    return _told(name, text, words, subject, holds, note, query=query, row=row, facts=facts)


def _missing(words: Words) -> tuple[bool | None, str]:
    """A world too small for every story may lack one; the others may not."""
    small = words.settings.targets.small_at
    if words.cast["sessions"] < small:
        return None, f"{_NOT_THERE}; it is promised from {small} sessions on"
    return False, _NOT_THERE


def _told(name, text, words, subject, holds, note, *, query="", row=None, facts=()) -> Scene:
    said = {column: ", ".join(figure(value) for value in values) for column, values in subject.items()}
    shown = {column: plain(value) for column, value in (row or {}).items()}
    title = words.prose(text.title, {})
    show = words.prose(text.show, subject) if any(subject.values()) or text.pick is None else ""
    return Scene(name, text.statement, title, text.why, show, said, query.strip(), shown, facts, holds, note)


def _columns(connection: sa.Connection, sql: str) -> dict[str, list[Any]]:
    """A query's columns; no row is no value."""
    found = connection.exec_driver_sql(sql.replace("%", "%%") if connection.dialect.name == "postgresql" else sql)
    names, rows = list(found.keys()), found.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _fact(e: Expectation, row: Mapping[str, Any], subject: Mapping[str, Sequence[Any]], words: Words) -> Fact:
    actual = row.get(e.column)
    wanted = words.value(getattr(e, e.comparison), subject)
    give = e.give / max(float(row[e.of]), 1.0) if e.of else e.give
    expected, holds = _compared(e.comparison, actual, wanted, give)
    return Fact(e.column, expected, figure(actual), actual is not None and holds)


def _compared(comparison: str, actual: Any, wanted: Any, give: float) -> tuple[str, bool]:
    """What is expected in words, and whether it is so."""
    if comparison == "inside":
        low, high = map(float, wanted)
        return f"{figure(low)} to {figure(high)}", actual is not None and low - 1e-9 <= float(actual) <= high + 1e-9
    if comparison == "at_least":
        return f"at least {figure(wanted)}", actual is not None and float(actual) >= float(wanted) - 1e-9
    if comparison == "at_most":
        return f"at most {figure(wanted)}", actual is not None and float(actual) <= float(wanted) + 1e-9
    if isinstance(wanted, str):
        return wanted, str(actual) == wanted
    about = f" ± {figure(give)}" if give else ""
    return figure(wanted) + about, actual is not None and abs(float(actual) - float(wanted)) <= give + 1e-9
