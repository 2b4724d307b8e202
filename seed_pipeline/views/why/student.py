"""Why a student stayed or left: what happened to them, first sessions twice, and the odds of it (S6, R9, N2-N4)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from seed_pipeline.views.cast import Row
from seed_pipeline.views.why.lookup import Explanation, Found, alert_lines
from seed_pipeline.views.words import columns, counted, day, figure, laid_out, moment, percent

_WHO = """SELECT u.name, student_persona AS persona, students.status, students.churned_date,
    churn_survey_response AS survey, churn_probability, weighted_session_score, safe, lost
FROM student_fact JOIN students USING (user_id) JOIN users AS u ON u.id = user_id WHERE user_id = {me}"""
_WEIGHTS = """SELECT id, weight FROM session_fact JOIN (SELECT session_id AS id, arg_max(after, seq) AS weight
    FROM truth_effects WHERE metric = 'churn_weight' GROUP BY session_id) USING (id) WHERE student_id = {me}"""
_SPELLED = {
    "lost": "lost: leaves before anybody else (N3)",
    "safe": "safe: stays (N2)",
    "free": "free: the odds decide",
}


def of_student(found: Found) -> Explanation:
    """Why this student stayed or left."""
    facts = _facts(found)
    return Explanation("student", found.id, _text(found.id, facts), facts)


def _facts(found: Found) -> dict[str, Any]:
    own = found.row(_WHO)
    assert own is not None
    persona = found.settings.personas.students.get(own["persona"])
    facts: dict[str, Any] = {
        **{name: own[name] for name in ("name", "persona", "status", "churned_date", "survey", "churn_probability")},
        "weighted_session_score": own["weighted_session_score"],
        "persona_churn_rate": None if persona is None else persona.churn,
        "sessions": dict(Counter(session["status"] for session in found.sessions).most_common()),
        "tutors": _tutors(found),
        "taught": "lost" if own["lost"] else "safe" if own["safe"] else "free",
        **_weighted(found),
        **_end(found),
        "tutor_no_shows": sum(session["status"] == "no_show_tutor" for session in found.sessions),
        "reasons": _reasons(found),
    }
    facts["odds"] = _odds(found, facts)
    return facts | {"alerts": [a for a in found.alerts() if not a["session_id"]]}


def _tutors(found: Found) -> list[dict[str, Any]]:
    """The tutors met, most sessions first."""
    return found.rows("""SELECT tutor_id AS id, u.name, tutor_persona AS persona, count(*) AS sessions
        FROM session_fact JOIN users AS u ON u.id = tutor_id WHERE student_id = {me}
        GROUP BY ALL ORDER BY sessions DESC, tutor_id""")


def _weighted(found: Found) -> dict[str, Any]:
    """The completed sessions with score and weight, and the weighted mean worked out from them (R9)."""
    weights = {row["id"]: row["weight"] for row in found.rows(_WEIGHTS)}
    scores = [
        {
            **{name: session[name] for name in ("id", "tutor_id", "tutor", "session_number")},
            "scheduled_start": found.at(session["scheduled_start"]),
            "score": session["overall_session_score"],
            "weight": weights.get(session["id"], 1.0),
        }
        for session in found.completed
    ]
    total = sum(one["weight"] for one in scores)
    mean = sum(one["weight"] * one["score"] for one in scores) / total if total else None
    return {"scores": scores, "weighted_mean": mean}


def _end(found: Found) -> dict[str, Any]:
    """The last session, how long before everybody's last it was, and whether the last completed one was followed up."""
    newest = found.row("SELECT max(scheduled_start) AS newest FROM sessions")
    last = found.sessions[-1]["scheduled_start"] if found.sessions else None
    done: list[Row] = found.completed
    return {
        "last_session": last and found.at(last),
        "days_before_the_newest_session": (found.at(newest["newest"]).date() - found.at(last).date()).days
        if newest and last
        else found.settings.main.days,
        "last_follow_up_booked": bool(done[-1]["follow_up_booked"]) if done else None,
    }


def _reasons(found: Found) -> list[dict[str, Any]]:
    given = found.rows("SELECT reason FROM student_churn_reasons WHERE student_id = {me} ORDER BY reason")
    known = found.settings.text.churn.reasons
    return [
        {
            "reason": r["reason"],
            "possible_when": [str(c) for c in known[r["reason"]].when] if r["reason"] in known else [],
        }
        for r in given
    ]


def _odds(found: Found, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each fact adds to the log-odds of leaving. Silence is by the calendar here, by order in the making."""
    churn, days = found.settings.probabilities.churn, found.settings.main.days
    score = facts["weighted_mean"]
    silence = facts["days_before_the_newest_session"] / days
    parts = [
        ("weighted score", score, churn.per_score),
        ("tutor no-shows met", facts["tutor_no_shows"], churn.per_tutor_no_show),
        ("share of the window since the last session, about", silence, churn.per_silence),
        ("last session not followed up", float(not facts["last_follow_up_booked"]), churn.no_follow_up),
    ]
    return [{"fact": f, "value": v, "per": per, "log_odds": v * per} for f, v, per in parts if v is not None]


def _text(id_: str, facts: Mapping[str, Any]) -> str:
    left = facts["status"] == "churned"
    verb = f"left on {day(facts['churned_date'])}" if left else "stayed"
    return laid_out(
        f"Student {id_}: {facts['name']}, {facts['persona']}, {verb}",
        [
            ("What happened", _story(facts)),
            ("Scores, first sessions twice", _score_lines(facts)),
            ("What it did to the odds of leaving", _odds_lines(facts)),
            ("Why they left, in their words" if left else "", _goodbye(facts)),
            ("Alerts that a correct service raises", alert_lines(facts["alerts"])),
        ],
    )


def _story(facts: Mapping[str, Any]) -> list[str]:
    counts = ", ".join(f"{n} {status}" for status, n in facts["sessions"].items())
    tutors = [(t["name"], t["persona"], counted(t["sessions"], "session"), t["id"]) for t in facts["tutors"]]
    before = counted(facts["days_before_the_newest_session"], "day")
    ended = moment(facts["last_session"]) if facts["last_session"] else "none"
    last = f"last session {ended}, {before} before anybody's newest"
    follow = {True: "followed up", False: "not followed up", None: "none was completed"}[facts["last_follow_up_booked"]]
    return [
        counts,
        *columns(tutors),
        f"{counted(facts['tutor_no_shows'], 'tutor no-show')} met",
        f"{last}; last completed one {follow}",
    ]


def _score_lines(facts: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            moment(s["scheduled_start"]),
            s["tutor"],
            f"no. {s['session_number']}",
            figure(s["score"]),
            f"× {figure(s['weight'])}",
        )
        for s in facts["scores"]
    ]
    if facts["weighted_mean"] is None:
        return ["no completed session, so no score"]
    stored = facts["weighted_session_score"]
    note = (
        "" if stored is None or abs(stored - facts["weighted_mean"]) < 0.01 else f"; truth_churn says {figure(stored)}"
    )
    return [*columns(rows), f"weighted mean {figure(facts['weighted_mean'])} (R9){note}"]


def _odds_lines(facts: Mapping[str, Any]) -> list[str]:
    rows = [(p["fact"], figure(p["value"]), f"× {figure(p['per'])}", f"{p['log_odds']:+.3g}") for p in facts["odds"]]
    rate, chance = facts["persona_churn_rate"], facts["churn_probability"]
    lines = [
        *columns(rows),
        "beside a level that is solved for the persona, cohort and story (S6)",
        f"{_SPELLED[facts['taught']]}",
    ]
    if rate is not None:
        lines.append(
            f"{percent(rate)} of {facts['persona']} students leave, in each cohort those for whom odds and chance speak"
        )
    return lines + ([] if chance is None else [f"probability of leaving {percent(chance)}"])


def _goodbye(facts: Mapping[str, Any]) -> list[str]:
    if facts["status"] != "churned":
        return []
    reasons = [
        f"{r['reason']} (possible when {' and '.join(r['possible_when'])})" if r["possible_when"] else r["reason"]
        for r in facts["reasons"]
    ]
    survey = [f"“{facts['survey']}”"] if isinstance(facts["survey"], str) else []
    return [*reasons, *survey]
