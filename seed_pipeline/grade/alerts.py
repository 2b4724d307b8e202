"""The alerts that are open in the application's table against those that its rules raise on this data (P3)."""

from dataclasses import dataclass, replace

from seed_pipeline.grade.matching import Item, Match, lines_of, matched
from seed_pipeline.grade.reading import Reader
from seed_pipeline.store.errors import StoreError

RULES = (
    "high_talk_ratio",
    "low_understanding_checks",
    "poor_first_session",
    "no_show_pattern",
    "high_reschedule_rate",
    "declining_performance",
)
"""The types that the platform's rules can raise, whether or not this data does."""

SOURCES = ("platform", "seed", "all")

_POOR_FIRST = """
SELECT tutor_id, id FROM sessions WHERE status = 'completed' AND session_number = 1 AND overall_session_score < 6.5
"""


@dataclass(frozen=True)
class Alerts:
    """Every type's match. `unjudged`: open alerts of a type without a rule, or about nobody of this dataset."""

    table: str
    matches: tuple[Match, ...]
    unjudged: int
    as_of: str | None

    @property
    def empty(self) -> bool:
        """Nothing is open."""
        return not self.matches[-1].raised

    @property
    def text(self) -> str:
        """Precision and recall for each type, for people."""
        lines = [f"Alerts ({self.table})", *lines_of(self.matches, "severity")]
        if self.unjudged:
            lines.append(f"  {self.unjudged} not judged: of a type without a rule, or about nobody of this dataset")
        if self.empty:
            lines.append("  No alert is open there: run the alert service on this database, then grade.")
            ends = f"  This data ends on {self.as_of}: a service that looks back from today sees it if that is today."
            lines += [ends] if self.as_of else []
        return "\n".join(lines)


def grade(reader: Reader, table: str, source: str) -> Alerts:
    """Match by tutor and type, and by session where the rule names one. Raises StoreError."""
    expected = _expected(reader, source)
    kinds = RULES if source == "platform" else tuple(dict.fromkeys(item.kind for item in expected))
    named = {item.kind for item in expected if item.subject[1:]}
    tutors, rows = cast(reader), _open(reader, table)
    judged = [row for row in rows if row[0] in tutors and row[1] in kinds]
    raised = [_item(tutor, kind, session if kind in named else None, *told) for tutor, kind, session, *told in judged]
    if source == "platform":
        raised = _any_of_several(reader, expected, raised)
    matches = tuple(matched(expected, raised, kinds))
    return Alerts(table, matches, len(rows) - len(judged), _as_of(reader))


def cast(reader: Reader) -> set[str]:
    """The tutors of this dataset, by their ids."""
    told = {whose for whose, role in reader.rows("truth_personas", ["user_id", "role"]) if role == "tutor"}
    figures = {id_ for scope, id_ in reader.rows("truth_dashboard", ["scope", "id"]) if scope == "tutor"}
    return told | figures


def _item(tutor: str, kind: str, session: str | None, severity: str | None = None, because: str = "") -> Item:
    return Item(kind, (tutor, session) if session else (tutor,), severity, because)


def _expected(reader: Reader, source: str) -> list[Item]:
    wanted = ["tutor_id", "alert_type", "session_id", "severity", "because", "source"]
    rows = reader.rows("truth_alerts", wanted)
    if source not in SOURCES:
        raise StoreError("--source", source, "there is no such source of alerts", f"use {', '.join(SOURCES)}")
    return [_item(*row[:5]) for row in rows if source in (row[5], "all")]


def _open(reader: Reader, table: str) -> list[tuple]:
    """tutor, type, session and severity of the alerts that are open; what the table lacks is None."""
    there = reader.columns(table, "--alerts")
    wanted = [name for name in ("session_id", "severity", "resolved") if name in there]
    rows = []
    for tutor, kind, *told in reader.rows(table, ["tutor_id", "alert_type", *wanted], "--alerts"):
        found = dict(zip(wanted, told, strict=True))
        if not found.get("resolved"):
            rows.append((tutor, kind, found.get("session_id"), found.get("severity")))
    return rows


def _any_of_several(reader: Reader, expected: list[Item], raised: list[Item]) -> list[Item]:
    """A service that runs every day names the first of a tutor's poor first sessions, one that runs now the latest."""
    poor = set(reader.query(_POOR_FIRST))
    latest = {item.subject[0]: item.subject for item in expected if item.kind == "poor_first_session"}
    return [
        replace(item, subject=latest.get(item.subject[0], item.subject)) if item.subject in poor else item
        for item in raised
    ]


def _as_of(reader: Reader) -> str | None:
    """The moment at which the data's windows end; None in a database that keeps no account of releases."""
    if not reader.has("seed_pipeline_releases"):
        return None
    releases = [row for row in reader.rows("seed_pipeline_releases", ["release", "as_of"]) if row[1]]
    return str(max(releases)[1]) if releases else None
