"""Why a session came out as it did: personas, the day, rule by rule, what followed (contract T, S, R, N)."""

from collections.abc import Mapping
from typing import Any

from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import PROBABILITY_METRICS
from seed_pipeline.settings.personas import StudentPersona, TutorPersona
from seed_pipeline.settings.ranges import middle
from seed_pipeline.views.cast import Row
from seed_pipeline.views.why.lookup import Explanation, Found, alert_lines
from seed_pipeline.views.why.steps import idle, measures
from seed_pipeline.views.words import columns, figure, laid_out, moment, percent, span

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
    session = next(row for row in found.sessions if row["id"] == found.id)
    tutor = found.settings.personas.tutors.get(session["tutor_persona"])
    student = found.settings.personas.students.get(session["student_persona"])
    facts = _who(found, session)
    if facts["status"] == "completed":
        facts |= _what_happened(found, session, tutor, student)
    else:
        facts["why_not_completed"] = _missed(session, tutor, student)
    facts["alerts"] = found.alerts()
    return Explanation("session", found.id, _text(found.id, facts), facts)


def _who(found: Found, session: Row) -> dict[str, Any]:
    same = ("status", "scheduled_duration", "session_number", "subject", "story")
    people = {
        role: {"id": session[f"{role}_id"], "name": session[role], "persona": session[f"{role}_persona"]}
        for role in ("tutor", "student")
    }
    return {name: session[name] for name in same} | {
        "scheduled_start": found.at(session["scheduled_start"]),
        "sessions_of_the_pair": len(found.sessions),
        "off_day": bool(session["off_day"]),
        **people,
    }


def _what_happened(
    found: Found, session: Row, tutor: TutorPersona | None, student: StudentPersona | None
) -> dict[str, Any]:
    rules = found.settings.correlations.rules
    feedback = found.row("SELECT * FROM session_feedback WHERE session_id = {me}")
    tags = found.rows("SELECT tag FROM session_feedback_tags WHERE session_id = {me} ORDER BY tag")
    every = measures(session, found.rows("SELECT * FROM truth_effects WHERE session_id = {me} ORDER BY seq"), rules)
    if feedback is None:
        every = [m for m in every if m["stored"] is not None or m["steps"]]
    words = _bases(found.settings, session, tutor, student)
    return {
        "conduct": _conduct(session, tutor, student),
        "technical_issues": session["technical_issues_description"] if session["technical_issues"] else None,
        "metrics": [{**m, "about": words.get(m["metric"], "the persona is not in personas.yaml now")} for m in every],
        "rules_that_did_not_act": idle(session, rules),
        "follow_up_booked": bool(session["follow_up_booked"]),
        "pair_met_again": session["session_number"] < len(found.sessions),
        "feedback": feedback
        and {
            "rating": feedback["student_satisfaction_rating"],
            "comment": feedback["feedback_text"],
            "tags": [row["tag"] for row in tags],
        },
    }


def _conduct(session: Row, tutor: TutorPersona | None, student: StudentPersona | None) -> list[dict[str, Any]]:
    """Each thing the tutor or the student did, against the persona's range; on off days against the off day's."""
    rows: list[dict[str, Any]] = []
    off = tutor.off_days if tutor and session["off_day"] else None
    for metrics, persona, whose in ((_OF_TUTOR, tutor, "tutor"), (_OF_STUDENT, student, "student")):
        for metric, setting in metrics.items():
            special = getattr(off, setting, None) if whose == "tutor" else None
            limits = special or (getattr(persona, setting) if persona else None)
            value = session[metric]
            inside = None if limits is None or value is None else bool(limits[0] <= value <= limits[1])
            rows.append({"metric": metric, "value": value, "range": limits, "inside": inside, "off_day": bool(special)})
    return rows


def _missed(session: Row, tutor: TutorPersona | None, student: StudentPersona | None) -> str:
    return _MISSED.get(session["status"], "no outcome that the generator makes").format(
        tutor=session["tutor_persona"],
        student=session["student_persona"],
        no_show=percent(tutor.no_show) if tutor else "?",
        absence=figure(student.absence) if student else "?",
        by=session["rescheduled_by"],
    )


def _bases(
    settings: Settings, session: Row, one: TutorPersona | None, other: StudentPersona | None
) -> Mapping[str, str]:
    """For each metric of a completed session what its value before rules comes from."""
    if one is None or other is None:
        return {}
    tutor, student = session["tutor_persona"], session["student_persona"]
    pairs, events = settings.personas.pairs, settings.probabilities.events
    chance = "first_session_success of {} tutors (T5)" if session["session_number"] == 1 else "follow_up of {} tutors"
    return {
        "student_engagement_score": f"solved so that {tutor} tutors with {student} students come to a mean of about "
        f"{figure(pairs.engagement[tutor][student])} after all rules (T3, S1)",
        "student_initiated_questions": f"drawn from the {student} students' range {span(other.questions)} (S3)",
        "student_frustration_count": f"{percent(other.frustration)} of {student} students' sessions have any before "
        "rules (S4)",
        "student_confusion_count": f"drawn from the {student} students' range {span(other.confusion)}",
        "overall_session_score": f"level of {tutor} with {student} {figure(pairs.score[tutor][student])}, moved by "
        f"{figure(events.score_per_engagement)} a point of engagement and {figure(events.score_per_frustration)} a "
        "frustration beyond the usual, by the pair's trend and the day (N8)",
        "student_satisfaction_rating": f"solved so that {tutor} tutors' mean is {figure(middle(one.rating))} (T4), "
        "moved by the score and mood",
        "follow_up_probability": chance.format(tutor),
        "feedback_probability": f"feedback rate of {student} students (S5); all chances are then moved alike so "
        "that the overall share is exact (A4)",
        "churn_weight": "every session counts once in churn",
    }


def _text(id_: str, facts: Mapping[str, Any]) -> str:
    title = f"Session {id_}: {facts['status']}"
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
