"""A tutor's month against the ranges of the persona (T1-T6, O6)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from seed_pipeline.quality.sql import literal
from seed_pipeline.views.traits import TRAITS, Observed, Trait, observed, seen
from seed_pipeline.views.why.lookup import Explanation, Found, alert_lines
from seed_pipeline.views.words import columns, figure, laid_out, percent, span


def of_tutor(found: Found) -> Explanation:
    """How this tutor did, beside what the persona declares."""
    who = found.row("""SELECT name, tutor_persona AS persona FROM tutor_fact JOIN users ON id = user_id
        WHERE user_id = {me}""")
    assert who is not None
    shown = found.rows("""SELECT metric, value FROM truth_dashboard
        WHERE scope = 'tutor' AND id = {me} AND period = 'current' ORDER BY metric""")
    alerts = found.alerts()
    facts: dict[str, Any] = {
        **who,
        "sessions": dict(Counter(session["status"] for session in found.sessions).most_common()),
        "students": len({session["student_id"] for session in found.sessions}),
        "off_days": sum(bool(session["off_day"]) for session in found.sessions),
        "against_the_persona": _compared(found, who["persona"]),
        "students_who_left": found.rows("""SELECT DISTINCT user_id AS id, name, student_persona AS persona
            FROM student_fact JOIN users ON users.id = user_id
            WHERE churned AND user_id IN (SELECT student_id FROM sessions WHERE tutor_id = {me}) ORDER BY user_id"""),
        "platform_shows": {row["metric"]: row["value"] for row in shown},
        "alerts": [a for a in alerts if a["source"] == "platform"],
        "finer_alerts": dict(Counter(a["alert_type"] for a in alerts if a["source"] != "platform")),
    }
    return Explanation("tutor", found.id, _text(found.id, facts), facts)


def _compared(found: Found, name: str) -> list[dict[str, Any]]:
    """Each trait of tutors beside what the persona declares; means are declared for all its tutors together."""
    persona = found.settings.personas.tutors.get(name)
    if persona is None:
        return []
    traits = [trait for trait in TRAITS if trait.role == "tutor"]
    known = seen(found.scope, traits, f"tutor_id = {literal(found.id)}")
    return [_row(trait, observed(trait, persona, known.get((trait.id, name)))) for trait in traits]


def _row(trait: Trait, found: Observed) -> dict[str, Any]:
    limits, inside = found.declared, None
    value: Any = (found.low, found.high) if trait.each and found.n else found.mean
    if found.n and not trait.share:
        low, high = value if trait.each else (value, value)
        inside = bool(limits[0] <= low and high <= limits[1])
    declared = (limits or 0.0) if trait.share else limits
    what = f"mean {trait.label.lower()}" if not (trait.share or trait.each) else trait.label.lower()
    row = {"contract": trait.id, "what": what, "observed": value, "declared": declared, "n": found.n, "inside": inside}
    return row


def _text(id_: str, facts: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{n} {status}" for status, n in facts["sessions"].items())
    table = [("", "", "observed", "declared", "n", ""), *(_cells(row) for row in facts["against_the_persona"])]
    note = "Single values are each inside; means and shares are declared for all tutors of the persona together."
    known = facts["against_the_persona"]
    return laid_out(
        f"Tutor {id_}: {facts['name']}, {facts['persona']}",
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
