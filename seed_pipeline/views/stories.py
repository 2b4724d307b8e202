"""The stories of the contract, told of the first cast by name, each with the rows that prove it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from seed_pipeline.views.cast import Cast, mean
from seed_pipeline.views.observation import Chunk

SHOWN = 8
"""Rows of a table that only gives examples."""


@dataclass(frozen=True)
class Table:
    """Rows that prove something: plain values by column, the same columns in each row."""

    caption: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Story:
    """What happened, in words, with its rows. `id` is the contract's statement; `anchor` names it on the page."""

    anchor: str
    id: str
    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def stories(cast: Cast) -> list[Story]:
    """The stories there are; without the answer key only those that the platform's own tables tell."""
    known: list[Callable[[Cast], Iterable[Story]]] = [_cascades, _off_days, _courses, _stay_or_leave]
    plain: list[Callable[[Cast], Iterable[Story]]] = [_first_impressions, _forgiving]
    told = [*(known if cast.knows_why else []), *plain, *([_rules_at_work] if cast.knows_why else [])]
    return [story for tell in told for story in tell(cast) if any(table.rows for table in story.tables)]


def _course(pair: pd.DataFrame) -> list[dict[str, Any]]:
    """A pair's sessions in order of time."""
    return [
        {
            "when": f"{row['scheduled_start']:%a %Y-%m-%d %H:%M}",
            "no.": int(row["session_number"]),
            "outcome": str(row["status"]).replace("_", " "),
            "score": number(row["overall_session_score"]),
            "engagement": number(row["student_engagement_score"]),
            "stars": _whole(row["student_satisfaction_rating"]),
            "session": row["id"],
        }
        for _, row in pair.iterrows()
    ]


def number(value: Any) -> float | None:
    """A plain number; None for what is missing."""
    return None if pd.isna(value) else float(value)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _pairs(frame: pd.DataFrame) -> Iterable[tuple[dict[str, Any], pd.DataFrame]]:
    for _, pair in frame.groupby(["tutor_id", "student_id"], sort=True):
        yield {str(k): v for k, v in pair.iloc[0].items()}, pair


def _cascades(cast: Cast) -> Iterable[Story]:
    """N4: a tutor who does not come, poor sessions after it, and the student is gone."""
    marked = cast.sessions[cast.sessions["story"] == "at_risk_cascade"]
    reasons = cast.tables.get("student_churn_reasons", pd.DataFrame(columns=["student_id", "reason"]))
    for place, (who, _) in enumerate(_pairs(marked), start=1):
        every = cast.sessions
        pair = every[(every["tutor_id"] == who["tutor_id"]) & (every["student_id"] == who["student_id"])]
        missed, done = pair[pair["status"] == "no_show_tutor"], pair[pair["status"] == "completed"]
        student = cast.students.loc[who["student_id"]]
        because = reasons[reasons["student_id"] == who["student_id"]]["reason"].astype(str).str.replace("_", " ")
        text = [
            f"{who['student']} ({_word(who['student_persona'])}) booked {who['tutor']} "
            f"({_word(who['tutor_persona'])}). No-shows of the tutor: {len(missed)}{_dates(missed)}. "
            f"Sessions that took place: {len(done)}, with a mean score of {_one(mean(done['overall_session_score']))}.",
            _ending(student, sorted(because)),
        ]
        yield Story(
            f"cascade-{place}",
            "N4",
            f"No-show, poor sessions, then gone: {who['student']} and {who['tutor']}",
            text,
            [Table(f"Every session of {who['student']} with {who['tutor']}", _course(pair))],
        )


def _dates(frame: pd.DataFrame) -> str:
    return f" (on {', '.join(f'{day:%Y-%m-%d}' for day in frame['scheduled_start'])})" if len(frame) else ""


def _ending(student: pd.Series, reasons: list[str]) -> str:
    if student["status"] != "churned":
        return f"{student['name']} is still here."
    said = student["churn_survey_response"]
    quote = f" In the survey: “{said}”" if isinstance(said, str) and said else ""
    why = f" Reason given: {', '.join(reasons)}." if reasons else ""
    return f"{student['name']} left on {student['churned_date']:%Y-%m-%d}.{why}{quote}"


def _off_days(cast: Cast) -> Iterable[Story]:
    """T6: a good tutor's bad session, beside what is usual."""
    rows = []
    for _, day in cast.completed[cast.completed["off_day"]].iterrows():
        others = cast.completed[(cast.completed["tutor_id"] == day["tutor_id"]) & ~cast.completed["off_day"]]
        rows.append(
            {
                "when": f"{day['scheduled_start']:%a %Y-%m-%d %H:%M}",
                "tutor": day["tutor"],
                "persona": _word(day["tutor_persona"]),
                "student": day["student"],
                "talk": number(day["tutor_talk_ratio"]),
                "usual talk": mean(others["tutor_talk_ratio"]),
                "checks": _whole(day["tutor_checks_understanding_count"]),
                "usual checks": mean(others["tutor_checks_understanding_count"]),
                "score": number(day["overall_session_score"]),
                "usual score": mean(others["overall_session_score"]),
                "session": day["id"],
            }
        )
    text = [
        "Talk and understanding checks leave the persona's range for one session; the tutor's month stays what it is."
    ]
    yield Story("off-days", "T6", "Good tutors have off days", text, [Table("Off days beside the tutor's usual", rows)])


def _courses(cast: Cast) -> Iterable[Story]:
    """A pair that gets better, and one that gets worse: the clearest of each."""
    for story, title, sign in (("getting_better", "Getting better", 1), ("getting_worse", "Getting worse", -1)):
        marked = cast.completed[cast.completed["story"] == story]
        pairs = [(sign * _change(pair), who, pair) for who, pair in _pairs(marked) if len(pair) > 1]
        if not pairs:
            continue
        change, who, pair = max(pairs, key=lambda found: found[0])
        text = [
            f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of this cast. Clearest: {who['student']} with "
            f"{who['tutor']}: {sign * change:+.1f} points of score from the first to the last of {len(pair)} completed "
            "sessions. Rules, technical trouble and the day still act on every session."
        ]
        caption = f"Completed sessions of {who['student']} with {who['tutor']}"
        heading = f"{title}: {who['student']} and {who['tutor']}"
        yield Story(story.replace("_", "-"), "answer key", heading, text, [Table(caption, _course(pair))])


def _change(pair: pd.DataFrame) -> float:
    return float(pair["overall_session_score"].iloc[-1] - pair["overall_session_score"].iloc[0])


def _stay_or_leave(cast: Cast) -> Iterable[Story]:
    """N2, N3: whom good company keeps, and whom bad company loses."""
    chunk = Chunk(cast.tables, cast.settings)
    facts, churn = chunk.students, cast.settings.probabilities.churn
    tables, text = [], []
    for name, match, say in (("safe", churn.safe, "stay"), ("lost", churn.lost, "leave")):
        ids = sorted(str(i) for i in facts.ids[facts[name] == 1])
        taught = " or ".join(_word(t) for t in match.tutors)
        left = sum(cast.students.loc[i, "status"] == "churned" for i in ids)
        text.append(
            f"{_word(match.persona).capitalize()} students mostly taught by {taught} tutors are made to {say}: "
            f"{left} of {len(ids)} left."
        )
        tables.append(
            Table(
                f"{_word(match.persona).capitalize()} students mostly taught by {taught} tutors",
                [_fate(cast, i, chance) for i, chance in zip(ids, _chances(cast, ids), strict=True)],
            )
        )
    yield Story("stay-or-leave", "N2, N3", "Who teaches whom decides who stays", text, tables)


def _chances(cast: Cast, ids: list[str]) -> list[float | None]:
    known = cast.tables["truth_churn"].astype({"student_id": object}).set_index("student_id")["churn_probability"]
    return [number(known.get(i)) for i in ids]


def _fate(cast: Cast, id_: str, chance: float | None) -> dict[str, Any]:
    own, student = cast.completed[cast.completed["student_id"] == id_], cast.students.loc[id_]
    left = student["churned_date"]
    tutors = own["tutor_persona"].map(_word).value_counts()
    return {
        "student": student["name"],
        "sessions with": ", ".join(f"{count} {name}" for name, count in sorted(tutors.items())),
        "mean score": mean(own["overall_session_score"]),
        "chance of leaving": chance,
        "now": "left" if student["status"] == "churned" else str(student["status"]),
        "left on": "" if pd.isna(left) else f"{left:%Y-%m-%d}",
        "id": id_,
    }


def _first_impressions(cast: Cast) -> Iterable[Story]:
    """N1: after a good first session the student books again."""
    limit, share = (getattr(cast.settings.probabilities.stories, n) for n in ("high_score", "high_score_rebooking"))
    first = cast.completed[cast.completed["session_number"] == 1]
    rows = []
    for words, which in (
        (f"above {limit:g}", first["overall_session_score"] > limit),
        (f"{limit:g} or below", first["overall_session_score"] <= limit),
    ):
        booked = first[which]["follow_up_booked"].astype(bool)
        rows.append(
            {
                "score of the first session": words,
                "first sessions": len(booked),
                "booked again": int(booked.sum()),
                "share": float(booked.mean()) if len(booked) else None,
            }
        )
    text = [f"Of first sessions with a score above {limit:g}, {share:.0%} are to be followed by another booking."]
    yield Story(
        "first-impressions", "N1", "First impressions", text, [Table("First sessions and what came of them", rows)]
    )


def _forgiving(cast: Cast) -> Iterable[Story]:
    """N7: poor sessions that were kindly rated."""
    poor = cast.settings.probabilities.stories.poor_score
    found = cast.completed[
        (cast.completed["overall_session_score"] < poor) & (cast.completed["student_satisfaction_rating"] >= 4)
    ]
    rated = cast.completed[cast.completed["overall_session_score"] < poor]["student_satisfaction_rating"].notna().sum()
    rows = [
        {
            "when": f"{row['scheduled_start']:%a %Y-%m-%d %H:%M}",
            "student": row["student"],
            "tutor": row["tutor"],
            "score": number(row["overall_session_score"]),
            "stars": _whole(row["student_satisfaction_rating"]),
            "comment": row["feedback_text"] if isinstance(row["feedback_text"], str) else "",
            "session": row["id"],
        }
        for _, row in found.head(SHOWN).iterrows()
    ]
    text = [f"{len(found)} of {rated} ratings of sessions with a score below {poor:g} are four stars or more."]
    yield Story(
        "forgiving",
        "N7",
        "Not every poor session gets a poor rating",
        text,
        [Table("Kind ratings of poor sessions", rows)],
    )


def _rules_at_work(cast: Cast) -> Iterable[Story]:
    """R: what rules did to single sessions' scores and ratings."""
    effects = cast.tables["truth_effects"].astype({"session_id": object, "metric": object, "rule": object})
    shown = effects[effects["metric"].isin(["overall_session_score", "student_satisfaction_rating"])]
    about = cast.sessions.set_index("id")
    rows = []
    for rule, of_rule in sorted(shown.groupby("rule"), key=lambda found: str(found[0])):
        steepest = of_rule.assign(change=(of_rule["after"] - of_rule["before"]).abs())
        for _, effect in steepest.sort_values(["change", "session_id"], ascending=[False, True]).head(2).iterrows():
            session = about.loc[effect["session_id"]]
            rows.append(
                {
                    "rule": _word(rule),
                    "acted on": _word(effect["metric"]),
                    "before": float(effect["before"]),
                    "after": float(effect["after"]),
                    "stored": number(session[effect["metric"]]),
                    "tutor": session["tutor"],
                    "student": session["student"],
                    "session": effect["session_id"],
                }
            )
    text = ["Two of the strongest effects of each rule on a score or a rating; later rules may act on the same value."]
    yield Story("rules-at-work", "R", "Causes, session by session", text, [Table("Rules at work on sessions", rows)])


def _word(name: Any) -> str:
    return str(name).replace("_", " ") if isinstance(name, str) else "unknown persona"


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
