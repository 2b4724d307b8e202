"""A tutor's month against the ranges of the persona (T1-T6, O6)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from seed_pipeline.settings.personas import TutorPersona
from seed_pipeline.views.explanation import Explanation, alert_lines, columns, figure, laid_out, percent, span
from seed_pipeline.views.lookup import Found


def of_tutor(found: Found) -> Explanation:
    """How this tutor did, beside what the persona declares."""
    about, persona = found.about, found.tutor_persona(found.id)
    status = about.sessions["status"].astype(str)
    alerts = found.alerts("tutor_id", found.id)
    facts: dict[str, Any] = {
        "name": found.name(found.id),
        "persona": found.persona(found.id),
        "sessions": {str(k): int(n) for k, n in status.value_counts().items()},
        "students": int(about.sessions["student_id"].nunique()),
        "off_days": int((about["off_day"] == 1).sum()),
        "against_the_persona": [] if persona is None else _compared(found, persona),
        "students_who_left": _left(found),
        "platform_shows": _shown(found),
        "alerts": [a for a in alerts if a["source"] == "platform"],
        "finer_alerts": dict(Counter(a["alert_type"] for a in alerts if a["source"] != "platform")),
    }
    return Explanation("tutor", found.id, _text(found, facts), facts)


def _shown(found: Found) -> dict[str, float]:
    """What the platform's pages show of the last period (truth_dashboard)."""
    rows = found.rows("truth_dashboard", "id", found.id)
    rows = rows[rows["period"] == "current"]
    return {str(metric): float(value) for metric, value in zip(rows["metric"], rows["value"], strict=True)}


def _compared(found: Found, persona: TutorPersona) -> list[dict[str, Any]]:
    about = found.about
    done, first = about.completed, about.completed & (about["session_number"] == 1)
    usual = done & (about["off_day"] != 1)
    missed, booked = about["status"] == "no_show_tutor", about["follow_up_booked"] == 1
    return [
        _each("T1", "talk, off days aside", about["tutor_talk_ratio"][usual], persona.talk_ratio),
        _each(
            "T2",
            "checks, off days aside",
            about["tutor_checks_understanding_count"][usual],
            persona.understanding_checks,
        ),
        _mean("T3", "mean engagement", about["student_engagement_score"][done], persona.engagement),
        _mean("T4", "mean rating", about["student_satisfaction_rating"][done], persona.rating),
        _share("T5", "first sessions followed up", booked[first], persona.first_session_success),
        _share("T6", "off days", about["off_day"][done] == 1, persona.off_days.share if persona.off_days else 0.0),
        _share("O6", "tutor no-shows", missed, persona.no_show),
    ]


def _row(contract: str, what: str, observed: Any, declared: Any, n: int, kept: bool | None) -> dict[str, Any]:
    return {"contract": contract, "what": what, "observed": observed, "declared": declared, "n": int(n), "inside": kept}


def _each(contract: str, what: str, values: np.ndarray, limits: tuple[float, float]) -> dict[str, Any]:
    """The lowest and highest value; every one lies inside the range."""
    if not len(values):
        return _row(contract, what, None, limits, 0, None)
    low, high = float(values.min()), float(values.max())
    return _row(contract, what, (low, high), limits, len(values), limits[0] <= low and high <= limits[1])


def _mean(contract: str, what: str, values: np.ndarray, limits: tuple[float, float]) -> dict[str, Any]:
    """The mean; that of all tutors of the persona lies inside the range."""
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else None
    return _row(contract, what, mean, limits, len(values), None if mean is None else limits[0] <= mean <= limits[1])


def _share(contract: str, what: str, which: np.ndarray, rate: float) -> dict[str, Any]:
    """A share; that of all tutors of the persona comes to the rate."""
    return _row(contract, what, float(which.mean()) if len(which) else None, rate, len(which), None)


def _left(found: Found) -> list[dict[str, str]]:
    students = found.tables["students"]
    met = students[students["user_id"].isin(found.about.sessions["student_id"]) & (students["status"] == "churned")]
    return [{"id": s, "name": found.name(s), "persona": found.persona(s)} for s in met["user_id"]]


def _text(found: Found, facts: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{n} {status}" for status, n in facts["sessions"].items())
    table = [("", "", "observed", "declared", "n", ""), *(_cells(row) for row in facts["against_the_persona"])]
    note = "Single values are each inside; means and shares are declared for all tutors of the persona together."
    known = facts["against_the_persona"]
    return laid_out(
        f"Tutor {found.id}: {facts['name']}, {facts['persona']}",
        [
            ("What happened", [counts, f"{facts['students']} students, {facts['off_days']} off days"]),
            ("Against the persona", [*columns(table), note] if known else ["the persona is not in personas.yaml now"]),
            (
                "Students met who left",
                columns([(s["name"], s["persona"], s["id"]) for s in facts["students_who_left"]]),
            ),
            ("What the platform shows", columns([(k, figure(v)) for k, v in facts["platform_shows"].items()])),
            ("Alerts that a correct service raises", alert_lines(facts["alerts"])),
            ("Alerts by finer rules", columns([(k, str(n)) for k, n in facts["finer_alerts"].items()])),
        ],
    )


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    observed, declared = row["observed"], row["declared"]
    shares = isinstance(declared, float)
    shown = "none" if observed is None else span(observed) if isinstance(observed, tuple) else _one(observed, shares)
    verdict = {True: "inside", False: "outside", None: ""}[row["inside"]]
    return row["contract"], row["what"], shown, percent(declared) if shares else span(declared), str(row["n"]), verdict


def _one(value: float, share: bool) -> str:
    return percent(value) if share else figure(value)
