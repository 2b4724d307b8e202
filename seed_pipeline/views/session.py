"""Why a session came out as it did: personas, the day, rule by rule, what followed (contract T, S, R, N)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from seed_pipeline.settings.facts import PROBABILITY_METRICS
from seed_pipeline.settings.personas import StudentPersona, TutorPersona
from seed_pipeline.views.bases import base_words
from seed_pipeline.views.explanation import Explanation, alert_lines, columns, figure, laid_out, moment, percent, span
from seed_pipeline.views.lookup import Found
from seed_pipeline.views.rules import idle, measures

_OF_TUTOR = {
    "tutor_talk_ratio": "talk_ratio",
    "tutor_checks_understanding_count": "understanding_checks",
    "tutor_enthusiasm_score": "enthusiasm",
    "tutor_positive_reinforcement_count": "reinforcement",
    "open_ended_questions": "open_questions",
    "closed_ended_questions": "closed_questions",
    "rhetorical_questions": "rhetorical_questions",
}
_OF_STUDENT = {"avg_student_response_delay": "response_delay"}
STORIES: Mapping[str, str] = {
    "at_risk_cascade": "the pair of the at-risk cascade: the tutor's no-show, poor sessions, then churn (N4)",
    "off_day": "an off day: a good tutor's talk and checks leave the persona's range (T6)",
    "getting_better": "the pair's sessions get better each time",
    "getting_worse": "the pair's sessions get worse each time",
}
_MISSED = {
    "no_show_tutor": "the tutor did not come: {tutor} tutors miss {no_show} of their sessions (O6)",
    "no_show_student": "the student did not come: what completion and tutor no-shows leave is shared out (O2), "
    "and {student} students weigh {absence} in it",
    "rescheduled": "moved by the {by}: what completion and no-shows leave (O4)",
}


def of_session(found: Found) -> Explanation:
    """Why this session came out as it did."""
    place = found.about.place(found.id)
    row = found.about.sessions.iloc[place]
    facts = _who(found, place, row)
    if facts["status"] == "completed":
        facts |= _what_happened(found, place, row)
    else:
        facts["why_not_completed"] = _missed(found, row)
    facts["alerts"] = found.alerts("session_id", found.id)
    return Explanation("session", found.id, _text(found, facts), facts)


def _who(found: Found, place: int, row: pd.Series) -> dict[str, Any]:
    subject = found.row("subjects", "id", row["subject_id"])
    story = found.about["story"][place]
    return {
        "status": str(row["status"]),
        "scheduled_start": found.at(row["scheduled_start"]),
        "scheduled_duration": int(row["scheduled_duration"]),
        "session_number": int(row["session_number"]),
        "sessions_of_the_pair": len(found.about.sessions),
        "subject": None if subject is None else str(subject["name"]),
        "tutor": _person(found, row["tutor_id"]),
        "student": _person(found, row["student_id"]),
        "off_day": bool(found.about["off_day"][place]),
        "story": story if isinstance(story, str) else None,
    }


def _person(found: Found, user_id: str) -> dict[str, str]:
    return {"id": user_id, "name": found.name(user_id), "persona": found.persona(user_id)}


def _what_happened(found: Found, place: int, row: pd.Series) -> dict[str, Any]:
    rules = found.settings.correlations.rules
    tutor, student = found.tutor_persona(row["tutor_id"]), found.student_persona(row["student_id"])
    feedback = found.row("session_feedback", "session_id", found.id)
    tags = found.rows("session_feedback_tags", "session_id", found.id)["tag"].astype(str).tolist()
    every = measures(found.about, place, rules)
    if feedback is None:
        every = [m for m in every if m["stored"] is not None or m["steps"]]
    words = base_words(found, row)
    return {
        "conduct": _conduct(found, place, tutor, student),
        "technical_issues": row["technical_issues_description"] if row["technical_issues"] else None,
        "metrics": [{**m, "about": words[m["metric"]]} for m in every],
        "rules_that_did_not_act": idle(found.about, place, rules),
        "follow_up_booked": bool(row["follow_up_booked"]),
        "pair_met_again": row["session_number"] < len(found.about.sessions),
        "feedback": None
        if feedback is None
        else {
            "rating": int(feedback["student_satisfaction_rating"]),
            "comment": feedback["feedback_text"],
            "tags": tags,
        },
    }


def _conduct(found: Found, place: int, tutor: TutorPersona | None, student: StudentPersona | None) -> list[dict]:
    """Each thing the tutor or the student did, against the persona's range; on off days against the off day's."""
    rows: list[dict[str, Any]] = []
    off = tutor.off_days if tutor and found.about["off_day"][place] else None
    for metrics, persona, whose in ((_OF_TUTOR, tutor, "tutor"), (_OF_STUDENT, student, "student")):
        for metric, setting in metrics.items():
            special = getattr(off, setting, None) if whose == "tutor" else None
            limits = special or (getattr(persona, setting) if persona else None)
            value = float(found.about[metric][place])
            inside = None if limits is None else bool(limits[0] <= value <= limits[1])
            rows.append({"metric": metric, "value": value, "range": limits, "inside": inside, "off_day": bool(special)})
    return rows


def _missed(found: Found, row: pd.Series) -> str:
    tutor, student = found.tutor_persona(row["tutor_id"]), found.student_persona(row["student_id"])
    return _MISSED.get(str(row["status"]), "no outcome that the generator makes").format(
        tutor=found.persona(row["tutor_id"]),
        student=found.persona(row["student_id"]),
        no_show=percent(tutor.no_show) if tutor else "?",
        absence=figure(student.absence) if student else "?",
        by=row["rescheduled_by"],
    )


def _text(found: Found, facts: Mapping[str, Any]) -> str:
    title = f"Session {found.id}: {facts['status']}"
    if "why_not_completed" in facts:
        return laid_out(title, [("Who and when", _who_lines(facts)), ("Why", [facts["why_not_completed"]])])
    metrics = [line for m in facts["metrics"] if m["metric"] not in PROBABILITY_METRICS for line in metric_lines(m)]
    return laid_out(
        title,
        [
            ("Who and when", _who_lines(facts)),
            ("What they did", _conduct_lines(facts)),
            ("What came of it, rule by rule", metrics),
            ("Chances and weights", _chance_lines(facts)),
            ("Rules that did not act", columns([(r["rule"], r["because"]) for r in facts["rules_that_did_not_act"]])),
            ("Feedback", _feedback_lines(facts)),
            ("Alerts that a correct service raises", alert_lines(facts["alerts"])),
        ],
    )


def _who_lines(facts: Mapping[str, Any]) -> list[str]:
    people = [
        (role, f"{facts[role]['name']}, {facts[role]['persona']}", facts[role]["id"]) for role in ("tutor", "student")
    ]
    when = f"{moment(facts['scheduled_start'])}, {facts['scheduled_duration']} minutes of {facts['subject']}"
    lines = [*columns(people), when, f"session {facts['session_number']} of the pair's {facts['sessions_of_the_pair']}"]
    return lines + ([f"story: {STORIES.get(facts['story'], facts['story'])}"] if facts["story"] else [])


def _conduct_lines(facts: Mapping[str, Any]) -> list[str]:
    rows = []
    for row in facts["conduct"]:
        whose = "student" if row["metric"] in _OF_STUDENT else "tutor"
        kind = f"{facts[whose]['persona']} {whose}s'{' off-day' if row['off_day'] else ''} range"
        where = "no range in personas.yaml" if row["range"] is None else f"{kind} {span(row['range'])}"
        rows.append((row["metric"], figure(row["value"]), f"{where}{', outside' if row['inside'] is False else ''}"))
    issues = [f"technical issues: {facts['technical_issues']}"] if facts["technical_issues"] else []
    return columns(rows) + issues


def metric_lines(measure: Mapping[str, Any]) -> list[str]:
    """One metric: where it started, each rule's step, what is stored."""
    stored = "" if measure["stored"] is None else f" = {figure(measure['stored'])}"
    lines = [f"{measure['metric']}{stored}"]
    if not measure["steps"]:
        return [*lines, f"    no rule acted; {measure['about']}"]
    lines.append(f"    starts at {figure(measure['base'])}: {measure['about']}")
    steps = [
        (s["rule"], s["effect"] or "?", f"{figure(s['before'])} → {figure(s['after'])}", _why(s))
        for s in measure["steps"]
    ]
    lines += [f"    {line}" for line in columns(steps)]
    if measure["limit"] is not None:
        lines.append(f"    limited to {figure(measure['limit'])}, the end of the column's domain")
    if measure["stored"] is not None:
        lines.append(f"    stored as {figure(measure['stored'])}")
    return lines


def _why(step: Mapping[str, Any]) -> str:
    because = f"because {' and '.join(step['because'])}" if step["because"] else "no such rule in correlations.yaml"
    return because if step["as_configured"] else f"{because}; the settings say otherwise now"


def _chance_lines(facts: Mapping[str, Any]) -> list[str]:
    lines = [line for m in facts["metrics"] if m["metric"] in PROBABILITY_METRICS for line in metric_lines(m)]
    again = ": the pair met again, so it was" if facts["pair_met_again"] and facts["follow_up_booked"] else ""
    return [*lines, f"follow-up booked: {'yes' if facts['follow_up_booked'] else 'no'}{again}"]


def _feedback_lines(facts: Mapping[str, Any]) -> list[str]:
    given = facts["feedback"]
    if given is None:
        return ["none was left"]
    comment = [f"“{given['comment']}”"] if isinstance(given["comment"], str) else ["no words"]
    return [f"{given['rating']} stars", *comment, *([f"tags: {', '.join(given['tags'])}"] if given["tags"] else [])]
