"""The stories of the contract, told of the first cast by name, each with the rows that prove it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seed_pipeline.quality.sql import Raw
from seed_pipeline.views.cast import Cast, Row
from seed_pipeline.views.words import cell, counted, word

SHOWN = 8
"""Rows of a table that only gives examples."""
CLEAR = 0.5
"""Points of score between the older and the newer half of a pair's sessions from which a course can be seen."""
_COURSE = """SELECT "when", session_number AS "no.", outcome, score, engagement, stars, id AS session
FROM seen WHERE tutor_id = {tutor_id} AND student_id = {student_id} {which} ORDER BY scheduled_start, id"""


@dataclass(frozen=True)
class Table:
    """Rows that prove something: plain values by column, the same columns in each row."""

    caption: str
    rows: list[Row]


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
    told = [*(known if cast.knows_why else []), _first_impressions, _forgiving, *([_rules] if cast.knows_why else [])]
    return [story for tell in told for story in tell(cast) if any(table.rows for table in story.tables)]


def _examples(caption: str, rows: list[Row]) -> Table:
    """The first rows, which the caption counts."""
    return Table(caption if len(rows) <= SHOWN else f"{caption}: the first {SHOWN} of {len(rows)}", rows[:SHOWN])


def _cascades(cast: Cast) -> Iterable[Story]:
    """N4: a tutor who does not come, poor sessions after it, and the student is gone."""
    pairs = cast.rows("""SELECT tutor_id, student_id, tutor, student, any_value(tutor_persona) AS tutor_persona,
            any_value(student_persona) AS student_persona, count(*) FILTER (WHERE status = 'no_show_tutor') AS missed,
            coalesce(string_agg(left("when", 14), ', ' ORDER BY scheduled_start)
                FILTER (WHERE status = 'no_show_tutor'), 'never') AS missed_on,
            count(*) FILTER (WHERE done) AS done, favg(score) AS score, status_now, churned_date, survey, reasons
        FROM seen JOIN (SELECT user_id, students.status AS status_now, churned_date, churn_survey_response AS survey,
            (SELECT string_agg(replace(reason, '_', ' '), ', ' ORDER BY reason) FROM student_churn_reasons
             WHERE student_churn_reasons.student_id = user_id) AS reasons FROM students) ON user_id = student_id
        GROUP BY ALL HAVING bool_or(story = 'at_risk_cascade') ORDER BY tutor_id, student_id""")
    for place, pair in enumerate(pairs, start=1):
        who, whom = pair["student"], pair["tutor"]
        happened = (
            f"{who} ({word(pair['student_persona'])}) booked {whom} ({word(pair['tutor_persona'])}). No-shows of the "
            f"tutor: {pair['missed']} ({pair['missed_on']}). {counted(pair['done'], 'session')} took place, with a "
            f"mean score of {cell(pair['score'])}."
        )
        rows = cast.rows(_COURSE, tutor_id=pair["tutor_id"], student_id=pair["student_id"], which=Raw(""))
        title = f"No-show, poor sessions, then gone: {who} and {whom}"
        every = Table(f"Every session of {who} with {whom}", rows)
        yield Story(f"cascade-{place}", "N4", title, [happened, _ending(pair)], [every])


def _ending(pair: Row) -> str:
    if pair["status_now"] != "churned":
        return f"{pair['student']} is still here."
    why = f" Reasons given: {pair['reasons']}." if pair["reasons"] else ""
    quote = f" In the survey: “{pair['survey']}”" if pair["survey"] else ""
    return f"{pair['student']} left on {pair['churned_date']}.{why}{quote}"


def _off_days(cast: Cast) -> Iterable[Story]:
    """T6: a good tutor's bad session, beside what is usual."""
    rows = cast.rows("""SELECT "when", tutor, replace(tutor_persona, '_', ' ') AS persona, student,
            tutor_talk_ratio AS talk, usual_talk AS "usual talk", tutor_checks_understanding_count AS checks,
            usual_checks AS "usual checks", score, usual_score AS "usual score", id AS session
        FROM seen JOIN (SELECT tutor_id, avg(tutor_talk_ratio) AS usual_talk, favg(score) AS usual_score,
                avg(tutor_checks_understanding_count) AS usual_checks
            FROM seen WHERE done AND NOT off_day GROUP BY tutor_id) USING (tutor_id)
        WHERE done AND off_day ORDER BY scheduled_start, id""")
    text = (
        "Talk and understanding checks leave the persona's range for one session; the tutor's month stays what it is."
    )
    yield Story(
        "off-days", "T6", "Good tutors have off days", [text], [Table("Off days beside the tutor's usual", rows)]
    )


def _courses(cast: Cast) -> Iterable[Story]:
    """A pair that gets better, and one that gets worse: the clearest of each, where one is clear."""
    for story, title, sign in (("getting_better", "Getting better", 1), ("getting_worse", "Getting worse", -1)):
        pairs = cast.rows("""SELECT tutor_id, student_id, tutor, student, count(*) AS n,
                round(favg(score) FILTER (WHERE newer) - favg(score) FILTER (WHERE NOT newer), 6) AS change
            FROM (SELECT *, ntile(2) OVER (PARTITION BY tutor_id, student_id ORDER BY scheduled_start, id) = 2 AS newer
                FROM seen WHERE done)
            GROUP BY ALL HAVING bool_or(story = {story}) AND n > 1
            ORDER BY {sign} * change DESC, tutor_id, student_id""", story=story, sign=sign)  # fmt: skip
        if not pairs:
            continue
        best, clear = pairs[0], sign * pairs[0]["change"] >= CLEAR
        who = f"{best['student']} with {best['tutor']}"
        first = f"{counted(len(pairs), 'pair')} of this cast {'was' if len(pairs) == 1 else 'were'} made so."
        halves = f"{best['change']:+.1f} points of score from the older to the newer half of their {best['n']} sessions"
        rest = "Rules, technical trouble and the day still act on every session."
        text = f"Clearest: {who}, {halves}. {rest}" if clear else f"In none is it clear: {who} show {halves}. {rest}"
        rows = cast.rows(_COURSE, tutor_id=best["tutor_id"], student_id=best["student_id"], which=Raw("AND done"))
        heading = f"{title}: {best['student']} and {best['tutor']}" if clear else f"{title}, where the day lets it show"
        yield Story(
            story.replace("_", "-"),
            "answer key",
            heading,
            [f"{first} {text}"],
            [Table(f"Completed sessions of {who}", rows)],
        )


def _stay_or_leave(cast: Cast) -> Iterable[Story]:
    """N2, N3: whom good company keeps, and whom bad company loses."""
    tables, text, churn = [], [], cast.settings.probabilities.churn
    for which, match, say in (("safe", churn.safe, "stay"), ("lost", churn.lost, "leave")):
        rows = cast.rows(
            """SELECT u.name AS student,
                (SELECT string_agg(n || ' ' || replace(persona, '_', ' '), ', ' ORDER BY persona)
                    FROM (SELECT tutor_persona AS persona, count(*) AS n FROM seen
                        WHERE done AND student_id = user_id GROUP BY tutor_persona)) AS "sessions with",
                (SELECT favg(score) FROM seen WHERE done AND student_id = user_id) AS "mean score",
                churn_probability AS "chance of leaving", if(churned, 'left', status) AS now,
                coalesce(churned_date::VARCHAR, '') AS "left on", user_id AS id
            FROM student_fact JOIN users AS u ON u.id = user_id
            WHERE list_contains({students}, user_id) AND if({which} = 'safe', safe, lost) ORDER BY user_id""",
            which=which,
        )
        tutors = " or ".join(map(word, match.tutors))
        whom = f"{word(match.persona).capitalize()} students mostly taught by {tutors} tutors"
        left = sum(row["now"] == "left" for row in rows)
        text.append(f"{whom} are made to {say}: {left} of {len(rows)} left.")
        tables.append(Table(whom, rows))
    yield Story("stay-or-leave", "N2, N3", "Who teaches whom decides who stays", text, tables)


def _first_impressions(cast: Cast) -> Iterable[Story]:
    """N1: after a good first session the student books again."""
    told = cast.settings.probabilities.stories
    rows = cast.rows(
        """SELECT if(good, 'above ', 'up to ') || {limit} AS "score of the first session", count(*) AS "first sessions",
            count(*) FILTER (WHERE follow_up_booked) AS "booked again", avg(follow_up_booked::INTEGER) AS share
        FROM (SELECT *, score > {limit} AS good FROM seen WHERE done AND session_number = 1)
        GROUP BY good ORDER BY good DESC""",
        limit=float(told.high_score),
    )
    share, limit = told.high_score_rebooking, told.high_score
    text = f"Of first sessions with a score above {limit:g}, {share:.0%} are to be followed by another booking."
    table = Table("First sessions and what came of them", rows)
    yield Story("first-impressions", "N1", "First impressions", [text], [table])


def _forgiving(cast: Cast) -> Iterable[Story]:
    """N7: poor sessions that were kindly rated."""
    poor = cast.settings.probabilities.stories.poor_score
    rows = cast.rows(
        """SELECT "when", student, tutor, score, stars, coalesce(comment, '') AS comment, id AS session
        FROM seen WHERE done AND score < {poor} AND stars IS NOT NULL ORDER BY scheduled_start, id""",
        poor=poor,
    )
    kind = [row for row in rows if row["stars"] >= 4]
    text = (
        f"{len(kind)} of {counted(len(rows), 'rating')} of sessions with a score below {poor:g} are four stars or more."
    )
    table = _examples("Kind ratings of poor sessions", kind)
    yield Story("forgiving", "N7", "Not every poor session gets a poor rating", [text], [table])


def _rules(cast: Cast) -> Iterable[Story]:
    """R: what rules did to single sessions' scores and ratings."""
    rows = cast.rows("""SELECT replace(rule, '_', ' ') AS rule, replace(metric, '_', ' ') AS "acted on", before, after,
            if(metric = 'overall_session_score', score, stars) AS stored, tutor, student, id AS session
        FROM truth_effects JOIN seen ON seen.id = truth_effects.session_id
        WHERE metric IN ('overall_session_score', 'student_satisfaction_rating')
        QUALIFY row_number() OVER (PARTITION BY rule ORDER BY abs(after - before) DESC, id) <= 2
        ORDER BY rule, abs(after - before) DESC, id""")
    text = "Two of the strongest effects of each rule on a score or a rating; later rules may act on the same value."
    table = Table("Rules at work on sessions", rows)
    yield Story("rules-at-work", "R", "Causes, session by session", [text], [table])
