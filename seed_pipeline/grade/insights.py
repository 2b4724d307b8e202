"""The insights that are active in the application's table against those that its rules derive from this data (P8)."""

from dataclasses import dataclass

from seed_pipeline.grade.alerts import cast
from seed_pipeline.grade.matching import Item, Match, lines_of, matched
from seed_pipeline.grade.reading import Reader

CATEGORIES = (
    "strength high_engagement",
    "strength balanced_talk_ratio",
    "strength frequent_understanding_checks",
    "strength strong_questioning",
    "strength high_visual_aids",
    "strength positive_reinforcement",
    "strength first_session_expert",
    "growth_area low_engagement",
    "growth_area high_talk_ratio",
    "growth_area infrequent_understanding_checks",
    "growth_area low_visual_aids",
)
"""Type and category of what the platform's rules can derive, whether or not they do here."""

TYPES = ("strength", "growth_area")


@dataclass(frozen=True)
class Insights:
    """Every category's match. `unjudged`: achievements, and insights about tutors who are not of this dataset."""

    table: str
    matches: tuple[Match, ...]
    unjudged: int

    @property
    def empty(self) -> bool:
        """Nothing is active."""
        return not self.matches[-1].raised

    @property
    def text(self) -> str:
        """Precision and recall for each category, for people."""
        lines = [f"Insights ({self.table})", *lines_of(self.matches)]
        if self.unjudged:
            lines.append(f"  {self.unjudged} not judged: achievements, or about nobody of this dataset")
        return "\n".join(lines)


def grade(reader: Reader, table: str) -> Insights:
    """Match by tutor, type and category. Raises StoreError."""
    there = reader.columns(table, "--insights")
    active = ["is_active"] if "is_active" in there else []
    rows = reader.rows(table, ["tutor_id", "insight_type", "category", *active], "--insights")
    rows = [row for row in rows if all(row[3:])]
    tutors = cast(reader)
    raised = [Item(f"{row[1]} {row[2]}", (row[0],)) for row in rows if row[0] in tutors and row[1] in TYPES]
    return Insights(table, tuple(matched(_expected(reader), raised, CATEGORIES)), len(rows) - len(raised))


def kind_of(metric: str) -> str | None:
    """`strength_high_engagement`, as truth_dashboard has it, as type and category; None for other figures."""
    for kind in TYPES:
        if metric.startswith(f"{kind}_"):
            return f"{kind} {metric.removeprefix(kind)[1:]}"
    return None


def _expected(reader: Reader) -> list[Item]:
    found = []
    for scope, tutor, metric, value in reader.rows("truth_dashboard", ["scope", "id", "metric", "value"]):
        kind = kind_of(metric)
        if scope == "tutor" and kind and value is not None:
            found.append(Item(kind, (tutor,), None, f"{value:.3g}"))
    return found
