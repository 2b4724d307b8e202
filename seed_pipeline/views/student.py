"""Why a student stayed or left: what happened to them, first sessions twice, and the odds of it (S6, R9, N2-N4)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.settings.probabilities import Match
from seed_pipeline.views.explanation import (
    Explanation,
    alert_lines,
    columns,
    counted,
    day,
    figure,
    laid_out,
    moment,
    percent,
)
from seed_pipeline.views.lookup import Found

_SPELLED = {
    "lost": "lost: leaves before anybody else (N3)",
    "safe": "safe: stays (N2)",
    "free": "free: the odds decide",
}


def of_student(found: Found) -> Explanation:
    """Why this student stayed or left."""
    facts = _facts(found)
    return Explanation("student", found.id, _text(found, facts), facts)


def _facts(found: Found) -> dict[str, Any]:
    own, truth = found.row("students", "user_id", found.id), found.row("truth_churn", "student_id", found.id)
    persona = found.student_persona(found.id)
    assert own is not None
    facts: dict[str, Any] = {
        "name": found.name(found.id),
        "persona": found.persona(found.id),
        "persona_churn_rate": None if persona is None else persona.churn,
        "status": str(own["status"]),
        "sessions": {str(k): int(n) for k, n in found.about.sessions["status"].astype(str).value_counts().items()},
        "tutors": _tutors(found),
        "taught": _taught(found),
        **_weighted(found),
        **_end(found),
        "tutor_no_shows": int((found.about["status"] == "no_show_tutor").sum()),
        "churn_probability": None if truth is None else float(truth["churn_probability"]),
        "weighted_session_score": None if truth is None else float(truth["weighted_session_score"]),
        "churned_date": own["churned_date"],
        "reasons": _reasons(found),
        "survey": own["churn_survey_response"],
    }
    facts["odds"] = _odds(found, facts)
    return facts | {"alerts": [a for a in found.alerts("student_id", found.id) if not a["session_id"]]}


def _tutors(found: Found) -> list[dict[str, Any]]:
    """The tutors met, most sessions first."""
    met = found.about.sessions.groupby("tutor_id", sort=True).size().sort_values(ascending=False, kind="stable")
    return [
        {"id": t, "name": found.name(t), "persona": found.persona(t), "sessions": int(n)}
        for t, n in zip(met.index.astype(str), met, strict=True)
    ]


def _taught(found: Found) -> str:
    """lost, safe or free: whether a story settles that the student leaves or stays."""
    churn = found.settings.probabilities.churn
    return "lost" if _mostly(found, churn.lost) else "safe" if _mostly(found, churn.safe) else "free"


def _mostly(found: Found, match: Match) -> bool:
    theirs = np.isin(found.about["tutor_persona"].astype(str), match.tutors)
    return bool(found.persona(found.id) == match.persona and theirs.mean() > 0.5)


def _weighted(found: Found) -> dict[str, Any]:
    """The completed sessions with score and weight, and the weighted mean worked out from them (R9)."""
    done = found.about.sessions[found.about.completed]
    journal = found.about.effects[found.about.effects["metric"] == "churn_weight"].sort_values("seq")
    weight = journal.groupby("session_id")["after"].last()
    weights = done["id"].map(weight).fillna(1.0).to_numpy(float)
    scores = done["overall_session_score"].to_numpy(float)
    listed = done[["id", "scheduled_start", "tutor_id", "session_number"]].to_dict("records")
    for one, score, w in zip(listed, scores, weights, strict=True):
        one |= {
            "scheduled_start": found.at(one["scheduled_start"]),
            "tutor": found.name(one["tutor_id"]),
            "score": float(score),
            "weight": float(w),
        }
    mean = float(weights @ scores / weights.sum()) if weights.sum() else None
    return {"scores": listed, "weighted_mean": mean}


def _end(found: Found) -> dict[str, Any]:
    """The last session, how long before everybody's last it was, and whether the last completed one was followed up."""
    sessions = found.about.sessions
    last, newest = (found.at(frame["scheduled_start"].max()) for frame in (sessions, found.tables["sessions"]))
    done = sessions[found.about.completed]
    return {
        "last_session": last,
        "days_before_the_newest_session": (newest.date() - last.date()).days,
        "last_follow_up_booked": bool(done["follow_up_booked"].iloc[-1]) if len(done) else None,
    }


def _reasons(found: Found) -> list[dict[str, Any]]:
    given = found.rows("student_churn_reasons", "student_id", found.id)["reason"].astype(str)
    known = found.settings.text.churn.reasons
    return [{"reason": r, "possible_when": [str(c) for c in known[r].when] if r in known else []} for r in given]


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


def _text(found: Found, facts: Mapping[str, Any]) -> str:
    left = facts["status"] == "churned"
    verb = f"left on {day(facts['churned_date'])}" if left else "stayed"
    return laid_out(
        f"Student {found.id}: {facts['name']}, {facts['persona']}, {verb}",
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
    last = f"last session {moment(facts['last_session'])}, {before} before anybody's newest"
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
    return lines + ([] if chance is None or pd.isna(chance) else [f"probability of leaving {percent(chance)}"])


def _goodbye(facts: Mapping[str, Any]) -> list[str]:
    if facts["status"] != "churned":
        return []
    reasons = [
        f"{r['reason']} (possible when {' and '.join(r['possible_when'])})" if r["possible_when"] else r["reason"]
        for r in facts["reasons"]
    ]
    survey = [f"“{facts['survey']}”"] if isinstance(facts["survey"], str) else []
    return [*reasons, *survey]
