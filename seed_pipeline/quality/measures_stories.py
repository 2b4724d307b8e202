"""N, T6, R9: off days, consistency, the at-risk cascade, and what drives churn."""

from math import inf, nan, sqrt

import numpy as np

from seed_pipeline.quality.intervals import rounded, row
from seed_pipeline.quality.journal import effect_on
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.sums import Faults, Part, Sums, by_label
from seed_pipeline.quality.verdict import Findings, Row
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target, look_up


def collect_off_days(chunk: Chunk, target: Target) -> Part:
    """T6: off days by tutor persona; on each, talk and checks both leave the persona's ranges."""
    facts = chunk.sessions
    done, off = facts["status"] == "completed", facts["off_day"] == 1
    persona, wrong = facts["tutor_persona"].astype(str), off & ~done
    for name, p in chunk.settings.personas.tutors.items():
        inside = np.zeros(len(facts), dtype=bool)
        for metric, (low, high) in (
            ("tutor_talk_ratio", p.talk_ratio),
            ("tutor_checks_understanding_count", p.understanding_checks),
        ):
            inside |= (facts[metric] >= low) & (facts[metric] <= high)
        wrong |= off & (persona == name) & inside
    return Part(
        by_label(persona[done], off[done]),
        {"off days leave the persona's ranges": Faults.of(wrong[off], facts.ids[off])},
    )


def assess_off_days(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """A half to twice the configured share of each persona's sessions; none where none are configured."""
    a, b = target.using["times"]
    rows = []
    for name, p in settings.personas.tutors.items():
        share = p.off_days.share if p.off_days else 0.0
        n, off = part.sums.get(name, np.zeros(2))
        low, high = rounded(a * share, b * share, share, int(n))
        rows.append(row(name, off / n if n else nan, low, high, int(n), share, unit=1.0))
    return Findings(rows, part.faults)


def collect_share_inside(chunk: Chunk, target: Target) -> Part:
    """S2: completed sessions by student persona, and those whose value lies in the persona's range."""
    facts, using = chunk.sessions, target.using
    done = facts["status"] == "completed"
    value, persona = facts[using["fact"]], facts["student_persona"].astype(str)
    inside = np.zeros(len(facts), dtype=bool)
    for name, (low, high) in look_up(chunk.settings, using["range"]).items():
        inside |= (persona == name) & (value >= low - 1e-9) & (value <= high + 1e-9)
    return Part(by_label(persona[done], inside[done]))


def assess_share_inside(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The contract's share, or twice the configured outsiders where those are more; one session may be outside."""
    outside = settings.probabilities.events.reply_delay_outside
    rows = []
    for name in look_up(settings, target.using["range"]):
        n, inside = part.sums.get(name, np.zeros(2))
        low = min(float(target.using["at_least"]), 1 - 2 * outside, 1 - 1 / max(n, 1))
        rows.append(row(name, inside / n if n else nan, max(0.0, low), 1.0, int(n), 1 - outside))
    return Findings(rows)


def collect_lost(chunk: Chunk, target: Target) -> Part:
    """N3: students who match the story of the lost, by persona, and all students."""
    return Part({"": np.array([float(chunk.students["lost"].sum()), float(len(chunk.students))])})


def assess_lost(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """At least one, where a group of that persona books those tutors for most of its sessions."""
    lost = settings.probabilities.churn.lost
    groups = [g for g in settings.probabilities.booking if g.persona == lost.persona]
    if not any(sum(g.sessions.get(t, 0) for t in lost.tutors) > 0.75 * sum(g.sessions.values()) for g in groups):
        return Findings(
            note=f"no group of {lost.persona} students is mostly taught by {', '.join(lost.tutors)}: nothing to judge"
        )
    found, n = part.sums[""]
    return Findings([row("students", found, 1, inf, int(n))])


def collect_spread(chunk: Chunk, target: Target) -> Part:
    """N8: sums of the score in each cell of tutor and student persona, off days and technical issues aside."""
    facts = chunk.sessions
    which = (facts["status"] == "completed") & (facts["off_day"] == 0) & (facts["technical_issues"] == 0)
    which &= ~np.isnan(facts["overall_session_score"])
    score = facts["overall_session_score"][which]
    cells = zip(facts["tutor_persona"][which], facts["student_persona"][which], strict=True)
    return Part(by_label(np.array([f"{a}|{b}" for a, b in cells], dtype=object), score, score * score))


def assess_spread(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The persona with the smallest configured spread is observed the steadiest, by the contract's margin."""
    spreads = {name: p.score_spread for name, p in settings.personas.tutors.items()}
    steady = min(spreads, key=lambda name: spreads[name])
    found = {}
    for name in spreads:
        cells = [v for label, v in part.sums.items() if label.partition("|")[0] == name and v[0] > 1]
        freedom = sum(v[0] - 1 for v in cells)
        if freedom:
            found[name] = (sqrt(max(0.0, sum(v[2] - v[1] ** 2 / v[0] for v in cells)) / freedom), int(freedom))
    rows = [Row(name, sd, 0.0, inf, n, spreads[name]) for name, (sd, n) in found.items()]
    for name, (sd, n) in found.items():
        if name != steady and steady in found and spreads[name] > 1.2 * spreads[steady]:
            rows.append(
                row(
                    f"{steady} against {name}",
                    found[steady][0] / sd if sd else inf,
                    -inf,
                    float(target.using["at_most"]),
                    n,
                )
            )
    return Findings(rows)


def _cascade(chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
    """Completed sessions of pairs with the story's tutor persona, and those of them that follow a tutor no-show."""
    story = chunk.settings.probabilities.stories.at_risk_cascade
    facts = chunk.sessions
    pairs = facts["tutor_persona"] == (story.tutors if story else None)
    done = pairs & (facts["status"] == "completed")
    return done, done & (facts["earlier_tutor_no_shows"] >= 1)


def collect_cascade(chunk: Chunk, target: Target) -> Part:
    """N4: pairs in which a tutor no-show, poor sessions and the student's churn follow each other."""
    facts, students = chunk.sessions, chunk.students
    _, after = _cascade(chunk)
    poor = after & (facts["overall_session_score"] < chunk.settings.probabilities.stories.poor_score)
    student = chunk.position("sessions", "student_id", "students", "user_id")
    day = chunk.local("sessions", "scheduled_start").astype("datetime64[D]")
    left = np.append(chunk.column("students", "churned_date").astype("datetime64[D]"), np.datetime64("NaT", "D"))[
        student
    ]
    churned = np.append(students["churned"], 0.0)[student] == 1
    complete = poor & churned & (left >= day)
    pair = facts.pair  # type: ignore[attr-defined]
    return Part({"": np.array([len(np.unique(pair[complete])), len(np.unique(pair[after])), float(len(facts))])})


def assess_cascade(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """At least one such pair, if the story is configured."""
    if settings.probabilities.stories.at_risk_cascade is None:
        return Findings(note="no cascade is configured: nothing to judge")
    complete, begun, n = part.sums[""]
    return Findings(
        [
            row("pairs with the whole story", complete, 1, inf, int(n), nan),
            Row("pairs with a no-show and later sessions", begun, 0, inf, int(begun)),
        ]
    )


def collect_broken_trust(chunk: Chunk, target: Target) -> Part:
    """N4: scores after a tutor no-show, and in the story's pairs without any."""
    facts = chunk.sessions
    done, after = _cascade(chunk)
    pair = facts.pair  # type: ignore[attr-defined]
    missed = np.isin(pair, np.unique(pair[facts["status"] == "no_show_tutor"]))
    which = (after | (done & ~missed)) & ~np.isnan(facts["overall_session_score"])
    return Part(by_label(np.where(after, "after", "without")[which], facts["overall_session_score"][which]))


def assess_broken_trust(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """Later scores are lower by the contract's amount."""
    if {"after", "without"} - set(part.sums):
        return Findings()
    after, without = part.sums["after"], part.sums["without"]
    drop = without[1] / without[0] - after[1] / after[0]
    return Findings([row("points lower", float(drop), float(target.using["at_least"]), inf, int(after[0]))])


def collect_churn_odds(chunk: Chunk, target: Target) -> Part:
    """N4: churn of students in the story's pairs, by whether they met a tutor no-show there."""
    facts = chunk.students
    which = facts["in_cascade_pair"] == 1
    met = np.where(facts["met_cascade_no_show"] == 1, "met", "not met")
    return Part(by_label(met[which], facts["churned"][which]))


def assess_churn_odds(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The odds of churn are higher by the contract's factor (half a student added to every count)."""
    if {"met", "not met"} - set(part.sums):
        return Findings()
    odds = {label: (churned + 0.5) / (n - churned + 0.5) for label, (n, churned) in part.sums.items()}
    return Findings(
        [
            row(
                "odds ratio",
                odds["met"] / odds["not met"],
                float(target.using["at_least"]),
                inf,
                int(part.sums["met"][0]),
            )
        ]
    )


def collect_forgiving(chunk: Chunk, target: Target) -> Part:
    """N7: feedback on poor sessions, and how much of it is kind."""
    facts = chunk.sessions
    poor = (facts["overall_session_score"] < chunk.settings.probabilities.stories.poor_score) & (
        facts["has_feedback"] == 1
    )
    kind = facts["student_satisfaction_rating"][poor] >= float(target.using["kind"])
    return Part({"": np.array([float(poor.sum()), float(kind.sum()), float((facts["has_feedback"] == 1).sum())])})


def assess_forgiving(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """Small: at least one kind rating. Large: 0.3 to 1.9 times the configured share."""
    share = settings.probabilities.stories.forgiving
    poor, kind, all_feedback = part.sums[""]
    if not share:
        return Findings(note="no poor session is to be forgiven: nothing to judge")
    a, b = target.using["times"]
    if sums.sessions >= settings.targets.large_from:
        return Findings(
            [
                row(
                    "kind share of feedback on poor sessions",
                    kind / poor if poor else nan,
                    a * share,
                    b * share,
                    int(poor),
                    share,
                )
            ]
        )
    enough = sums.sessions >= settings.targets.small_at
    return Findings([row("kind ratings of poor sessions", kind, 1, inf, int(all_feedback) if enough else 0)])


def collect_weighted(chunk: Chunk, target: Target) -> Part:
    """R9: the weighted score is the mean of the student's completed sessions, weighted by the rules on churn_weight."""
    facts, students, journal = chunk.sessions, chunk.students, chunk.journal
    weight = np.ones(len(facts))
    for rule in journal.rules:
        for effect in rule.effects:
            if effect.metric == "churn_weight" and rule.enabled:
                weight = np.where(journal.triggered(rule), effect_on(effect, weight), weight)
    done = (facts["status"] == "completed") & ~np.isnan(facts["overall_session_score"])
    student = chunk.position("sessions", "student_id", "students", "user_id")
    done &= student >= 0
    total = np.bincount(student[done], weight[done], minlength=len(students))
    score = np.bincount(student[done], (weight * facts["overall_session_score"])[done], minlength=len(students))
    with np.errstate(invalid="ignore"):
        expected, stated = score / total, students["weighted_session_score"]
    wrong = (total > 0) & ~(np.abs(stated - expected) <= float(target.using["tolerance"]))
    where = chunk.position("students", "user_id", "truth_churn", "student_id")
    said = np.append(chunk.column("truth_churn", "churned"), np.nan)[where]
    return Part(
        faults={
            "weighted_session_score": Faults.of(wrong, students.ids),
            "churned agrees with students.status": Faults.of(said != students["churned"], students.ids),
        }
    )
