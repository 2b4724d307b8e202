"""Portraits of the personas: what configs/personas.yaml declares beside what the data show, from mergeable sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.views.observation import Chunk, Facts
from seed_pipeline.views.sums import Part, by_label

Which = Callable[[Facts], np.ndarray]


@dataclass(frozen=True)
class Trait:
    """A mean or share that a persona declares. `id` is the contract's; `axis` the values that a picture spans."""

    id: str
    label: str
    setting: str
    value: Which
    which: Which
    axis: tuple[float, float]
    share: bool = False
    of: str = "sessions"


@dataclass(frozen=True)
class Observed:
    """One trait of one persona; `holds` is what the statement's verdict says, None where there is none."""

    trait: Trait
    declared: tuple[float, float] | float | None
    mean: float | None
    n: int
    holds: bool | None


@dataclass(frozen=True)
class Portrait:
    """A persona of a role, with all its traits."""

    role: str
    persona: str
    people: int
    traits: tuple[Observed, ...]


def _fact(name: str) -> Which:
    return lambda facts: np.asarray(facts[name], dtype=float)


def _done(facts: Facts) -> np.ndarray:
    return np.asarray(facts["status"] == "completed")


def _usual(facts: Facts) -> np.ndarray:
    return _done(facts) & (facts["off_day"] != 1)


def _first(facts: Facts) -> np.ndarray:
    return _done(facts) & (facts["session_number"] == 1)


def _every(facts: Facts) -> np.ndarray:
    return np.ones(len(facts), dtype=bool)


TRAITS: Mapping[str, Sequence[Trait]] = {
    "tutor": (
        Trait("T1", "Talk ratio, off days aside", "talk_ratio", _fact("tutor_talk_ratio"), _usual, (0, 1)),
        Trait(
            "T2", "Understanding checks, off days aside", "understanding_checks",
            _fact("tutor_checks_understanding_count"), _usual, (0, 16),
        ),
        Trait("T3", "Student engagement", "engagement", _fact("student_engagement_score"), _done, (0, 10)),
        Trait("T4", "Rating in stars", "rating", _fact("student_satisfaction_rating"), _done, (1, 5)),
        Trait(
            "T5", "First sessions followed up", "first_session_success", _fact("follow_up_booked"), _first, (0, 1), True
        ),
        Trait("T6", "Off days", "off_days.share", _fact("off_day"), _done, (0, 0.5), True),
        Trait("O6", "Tutor no-shows", "no_show", lambda f: f["status"] == "no_show_tutor", _every, (0, 0.5), True),
    ),
    "student": (
        Trait("S1", "Engagement", "engagement", _fact("student_engagement_score"), _done, (0, 10)),
        Trait("S2", "Response delay in seconds", "response_delay", _fact("avg_student_response_delay"), _done, (0, 10)),
        Trait("S3", "Questions asked", "questions", _fact("student_initiated_questions"), _done, (0, 12)),
        Trait(
            "S4", "Sessions with frustration, before rules", "frustration",
            lambda f: f["frustration_before_rules"] > 0, _done, (0, 1), True,
        ),
        Trait("S5", "Sessions with feedback", "feedback", _fact("has_feedback"), _done, (0, 1), True),
        Trait("S6", "Students who left", "churn", _fact("churned"), _every, (0, 1), True, "students"),
    ),
}  # fmt: skip


def counted(chunk: Chunk) -> dict[str, Part]:
    """The sums behind all portraits, of one chunk; nothing without the answer key."""
    if not chunk.rows("truth_personas"):
        return {}
    parts = {f"{role}|{trait.id}": _summed(chunk, role, trait) for role, traits in TRAITS.items() for trait in traits}
    return parts | {f"{role}|people": Part(by_label(chunk.of(f"{role}s")[f"{role}_persona"])) for role in TRAITS}


def _summed(chunk: Chunk, role: str, trait: Trait) -> Part:
    facts = chunk.of(trait.of)
    value = np.asarray(trait.value(facts), dtype=float)
    which = trait.which(facts) & ~np.isnan(value)
    return Part(by_label(facts[f"{role}_persona"][which], value[which]))


def portraits(sums: Mapping[str, Part], settings: Settings, verdicts: Sequence[Verdict]) -> list[Portrait]:
    """A portrait of each persona that anybody was made from, in the settings' order."""
    found = []
    for role, traits in TRAITS.items():
        for persona, declared in getattr(settings.personas, f"{role}s").items():
            people = int(_of(sums, f"{role}|people", persona)[0])
            if people:
                seen = tuple(
                    _observed(trait, declared, persona, _of(sums, f"{role}|{trait.id}", persona), verdicts)
                    for trait in traits
                )
                found.append(Portrait(role, persona, people, seen))
    return found


def _of(sums: Mapping[str, Part], name: str, persona: str) -> np.ndarray:
    return sums.get(name, Part()).sums.get(persona, np.zeros(2))


def _observed(trait: Trait, persona: Any, name: str, sums: np.ndarray, verdicts: Sequence[Verdict]) -> Observed:
    declared: Any = persona
    for key in trait.setting.split("."):
        declared = getattr(declared, key, None)
    n, total = sums
    mean = round(float(total / n), 9) if n else None  # rounded: the sum's last bit depends on the rows' order
    return Observed(trait, declared, mean, int(n), _holds(trait.id, name, verdicts))


def _holds(id_: str, persona: str, verdicts: Sequence[Verdict]) -> bool | None:
    rows = [row["passed"] for v in verdicts if v.id == id_ for row in v.rows if row["group"] == persona]
    judged = [bool(passed) for passed in rows if passed is not None]
    return all(judged) if judged else None
