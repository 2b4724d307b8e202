"""The traits of the personas, once: what configs/personas.yaml declares, where data show it, and how it is drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seed_pipeline.quality.scope import Scope
from seed_pipeline.quality.verdict import Verdict

COMPLETED = "status = 'completed'"
FEW = 5
"""Below so many sessions or people a mean says little, which is said beside it."""


@dataclass(frozen=True)
class Trait:
    """A value that a persona declares: an SQL expression over facts, and of which rows.

    `id` is the contract's; `each`: every value lies inside, not the mean; `axis`: the values that a picture spans.
    """

    role: str
    id: str
    label: str
    setting: str
    value: str
    where: str = COMPLETED
    axis: tuple[float, float] = (0, 1)
    share: bool = False
    each: bool = False
    of: str = "session_fact"

    def declared(self, persona: Any) -> Any:
        """What a persona of the settings declares: a range, a share, or nothing."""
        for key in self.setting.split("."):
            persona = getattr(persona, key, None)
        return persona


_USUAL = f"{COMPLETED} AND off_day IS NOT TRUE"
_FIRST = f"{COMPLETED} AND session_number = 1"
_ENGAGEMENT = "student_engagement_score"
TRAITS = (
    Trait("tutor", "T1", "Talk ratio, off days aside", "talk_ratio", "tutor_talk_ratio", _USUAL, each=True),
    Trait("tutor", "T2", "Understanding checks, off days aside", "understanding_checks",
          "tutor_checks_understanding_count", _USUAL, (0, 16), each=True),
    Trait("tutor", "T3", "Student engagement", "engagement", _ENGAGEMENT, axis=(0, 10)),
    Trait("tutor", "T4", "Rating in stars", "rating", "student_satisfaction_rating", axis=(1, 5)),
    Trait("tutor", "T5", "First sessions followed up", "first_session_success", "follow_up_booked", _FIRST, share=True),
    Trait("tutor", "T6", "Off days", "off_days.share", "coalesce(off_day, false)", axis=(0, 0.5), share=True),
    Trait("tutor", "O6", "Tutor no-shows", "no_show", "(status = 'no_show_tutor')", "true", (0, 0.5), share=True),
    Trait("student", "S1", "Engagement", "engagement", _ENGAGEMENT, axis=(0, 10)),
    Trait("student", "S2", "Response delay in seconds", "response_delay", "avg_student_response_delay", axis=(0, 10)),
    Trait("student", "S3", "Questions asked", "questions", "student_initiated_questions", axis=(0, 12)),
    Trait("student", "S4", "Sessions with frustration, before rules", "frustration", "(frustration_before_rules > 0)",
          share=True),
    Trait("student", "S5", "Sessions with feedback", "feedback", "has_feedback", share=True),
    Trait("student", "S6", "Students who left", "churn", "churned", "true", share=True, of="student_fact"),
)  # fmt: skip


@dataclass(frozen=True)
class Observed:
    """One trait of one persona; `holds` is what the statement's verdict says, None where there is none."""

    trait: Trait
    declared: Any
    mean: float | None
    low: float | None
    high: float | None
    n: int
    holds: bool | None

    @property
    def few(self) -> bool:
        """Whether so little was looked at that the verdict says little."""
        return self.holds is not None and self.n < FEW


@dataclass(frozen=True)
class Portrait:
    """A persona of a role, with all its traits."""

    role: str
    persona: str
    people: int
    traits: tuple[Observed, ...]


def seen(scope: Scope, traits: Iterable[Trait], which: str = "true") -> dict[tuple[str, str], Mapping[str, Any]]:
    """(trait ID, persona) → n, mean, low, high over the rows that `which`, an SQL condition, admits."""
    rows = scope.rows("\nUNION ALL\n".join(_query(trait, which) for trait in traits), edge_cases=False)
    return {(row["id"], row["persona"]): row for row in rows}


def _query(trait: Trait, which: str) -> str:
    value = f"{trait.value}::DOUBLE"
    return (
        f"SELECT '{trait.id}' AS id, {trait.role}_persona AS persona, count({value}) AS n,\n"
        f"    round(avg({value}), 9) AS mean, min({value}) AS low, max({value}) AS high\n"
        f"FROM {trait.of} WHERE ({trait.where}) AND {which} GROUP BY persona"
    )


def portraits(scope: Scope, verdicts: Sequence[Verdict]) -> list[Portrait]:
    """A portrait of each persona that anybody was made from, in the settings' order."""
    known, personas = seen(scope, TRAITS), scope.settings.personas
    people = {(row["role"], row["persona"]): row["n"] for row in scope.rows(
        "SELECT role, persona, count(*) AS n FROM truth_personas GROUP BY ALL", edge_cases=False)}  # fmt: skip
    return [
        Portrait(role, name, people[role, name], tuple(
            observed(trait, persona, known.get((trait.id, name)), _holds(trait.id, name, verdicts))
            for trait in TRAITS if trait.role == role))
        for role in ("tutor", "student")
        for name, persona in getattr(personas, f"{role}s").items()
        if people.get((role, name))
    ]  # fmt: skip


def observed(trait: Trait, persona: Any, row: Mapping[str, Any] | None, holds: bool | None = None) -> Observed:
    """What was seen of a trait, beside what the persona declares."""
    mean, low, high, n = (row[name] for name in ("mean", "low", "high", "n")) if row else (None, None, None, 0)
    return Observed(trait, trait.declared(persona), mean, low, high, n, holds)


def _holds(id_: str, persona: str, verdicts: Sequence[Verdict]) -> bool | None:
    rows = [row["passed"] for v in verdicts if v.id == id_ for row in v.rows if row["group"] == persona]
    judged = [bool(passed) for passed in rows if passed is not None]
    return all(judged) if judged else None
