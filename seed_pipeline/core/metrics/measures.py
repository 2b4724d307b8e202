"""What was measured in each completed session: causes, rules, reactions, score, rebooking (A, T, S, R, N1, N8).

Causes (what the tutor and student did) are drawn from the personas. Reactions start from solved baselines, then the
rules act on them and are journalled. The score follows from the reactions, then its own rules act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core import view
from seed_pipeline.core.columns import Table, Tables
from seed_pipeline.core.metrics.causes import causes
from seed_pipeline.core.metrics.derived import derived
from seed_pipeline.core.metrics.rebooking import follow_ups
from seed_pipeline.core.plan.pairs import cohort_means
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.baselines import solve
from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sampling.randomness import bell, between
from seed_pipeline.schema import columns_made_by
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import METRIC_TABLES, REACTIONS, SCORE
from seed_pipeline.settings.rules import Rule

Columns = dict[str, np.ndarray]
ENGAGEMENT = "student_engagement_score"
NEAR_TOP, TOP = 8.8, 9.94  # points of engagement


@dataclass(frozen=True)
class Measured:
    """What a set of rules comes to: stored values, and of each metric its values before rules and its steps."""

    values: Columns
    before: Columns
    steps: dict[str, list[engine.Step]]
    level: np.ndarray
    """Of each session's cell: what engagement before rules has beside its own deviation."""

    def journals(self, key: np.ndarray) -> list[Table]:
        """The journal of each metric; `key` has one key per completed session."""
        return [engine.journal(key, m, self.before[m], self.steps[m]) for m in (*REACTIONS, SCORE)]


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """The three metrics tables, `sessions` with score and follow-up, and working tables.

    These are the journal, off days, and the values as they would be with every rule on.
    """
    work = upstream["sessions"]["work_sessions"]
    at = work.number("completed")
    done = work.take(at)
    draws = Draws(world, done)
    facts = {**view.booked_facts(done), **causes(settings, draws)}
    off_day = facts.pop("off_day")
    before = _baselines(settings, draws, facts)
    every = settings.correlations.rules
    full = live = _measured(settings, draws, cohorts, facts, before, every, None)
    enabled = [r for r in every if r.enabled]
    if len(enabled) < len(every):
        live = _measured(settings, draws, cohorts, facts, before, enabled, full)
    booked, odds, chain = follow_ups(settings, draws, full.values, live.values)
    end = upstream["sessions"]["sessions"].number("completed_at")[at]
    kept = {"key": done["key"], "off_day": off_day, "full_score": full.values[SCORE]}
    # What follows from the reactions differs from the stored values only while a rule is off.
    followed = REACTIONS if live is full else tuple(m for m in full.values if m not in facts and m != SCORE)
    return {
        **_tables(done, live.values, end),
        "sessions": _outcomes(work, live.values[SCORE], booked),
        "work_effects": engine.journals(
            [*live.journals(draws.key), engine.journal(draws.key, "follow_up_probability", odds, chain)]
        ),
        "work_metrics": Table(kept | {f"full_{m}": full.values[m] for m in followed}),
    }


def _baselines(settings: Settings, draws: Draws, facts: Columns) -> Columns:
    """Values of the reactions before rules act; engagement is solved cell by cell (T3 and S1 at once)."""
    events, personas = settings.probabilities.events, settings.personas.students
    before = {
        "student_initiated_questions": _questions(settings, draws, facts),
        "student_confusion_count": between(
            draws.spread("confusion", draws.by_student), *draws.ranges(personas, "confusion")
        ),
        "student_frustration_count": _frustration(settings, draws, facts),
    }
    noise = events.engagement_spread * bell(draws.spread("engagement", draws.by_cell))
    own = events.student_spread * bell(draws.of_student("engagement"))
    before[ENGAGEMENT] = noise + own + 0.3 * draws.trend
    return before


def _questions(settings: Settings, draws: Draws, facts: Columns) -> np.ndarray:
    """Questions before rules: inside the persona's range, shifted in it where rules would carry the mean out (S3)."""
    metric = "student_initiated_questions"
    low, high = draws.ranges(settings.personas.students, "questions")
    even = between(draws.spread("questions", draws.by_student), low, high)
    chain = engine.steps(settings.correlations.rules, metric, facts, np.ones(len(draws), dtype=bool))
    codes = np.unique(draws.by_student, return_inverse=True)[1]

    def stored(shift: np.ndarray) -> np.ndarray:
        return engine.SCALES[metric].stored(engine.applied(np.clip(even + shift, low, high), chain))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=values) / np.bincount(codes)

    room = 0.08 * (mean(high) - mean(low))
    usual = mean(stored(np.zeros(len(draws))))
    wanted = np.clip(usual, mean(low) + room, mean(high) - room)
    shift = np.where(wanted == usual, 0.0, solve(stored, codes, wanted, -50.0, 50.0))
    return np.clip(even + shift[codes], low, high)


def _frustration(settings: Settings, draws: Draws, facts: Columns) -> np.ndarray:
    """Frustration events before rules: exact shares of sessions with any (S4), talkative tutors' come last (S7)."""
    counts = settings.probabilities.events.frustration_counts
    any_at_all = draws.chosen(
        "frustration",
        draws.student(settings.personas.students, "frustration"),
        draws.student_persona,
        facts["tutor_talk_ratio"] > 0.65,
    )
    size = draws.pick("frustration_count", any_at_all * 1, np.array(list(counts.values())))
    return np.where(any_at_all, np.array(list(counts), dtype=np.float64)[size], 0.0)


def _measured(
    settings: Settings,
    draws: Draws,
    cohorts: range,
    facts: Columns,
    before: Columns,
    rules: Sequence[Rule],
    full: Measured | None,
) -> Measured:
    """Everything measured under a set of rules.

    `full` is what all rules come to, from which baselines and means are kept when a rule is switched off (R11).
    """
    values, starts, steps = dict(facts), dict(before), {}
    level = full.level if full else np.zeros(len(draws))
    for metric in (m for m in engine.order(settings.correlations.rules) if m in (*REACTIONS, SCORE)):
        if metric == SCORE:
            values |= derived(settings, draws, values)
            starts[metric] = _score_before(settings, draws, values, full.values if full else values)
        elif metric == ENGAGEMENT:
            if full is None:
                level = _engagement_level(settings, draws, cohorts, values, before[metric])
                chain = engine.steps(settings.correlations.rules, metric, values, np.ones(len(draws), dtype=bool))
                level = _below_the_top(before[metric] + level, chain) - before[metric]
            starts[metric] = before[metric] + level
            level = starts[metric] - before[metric]  # as rounding leaves it
        steps[metric] = engine.steps(rules, metric, values, np.ones(len(draws), dtype=bool))
        values[metric] = engine.SCALES[metric].stored(engine.applied(starts[metric], steps[metric]))
    return Measured(values, starts, steps, level)


def _engagement_level(
    settings: Settings, draws: Draws, cohorts: range, facts: Columns, deviation: np.ndarray
) -> np.ndarray:
    """The level of each session's cell, so that the cell's stored mean is what personas.yaml declares."""
    metric = ENGAGEMENT
    chain = engine.steps(settings.correlations.rules, metric, facts, np.ones(len(draws), dtype=bool))
    scale = engine.SCALES[metric]
    cells, codes = np.unique(draws.by_cell, return_inverse=True)
    shape = (len(cohorts), len(draws.world.tutor_personas), len(draws.world.student_personas))
    place = cells - cohorts.start * shape[1] * shape[2]
    size = np.zeros(np.prod(shape))
    size[place] = np.bincount(codes)
    # A cell of few sessions would always hit its mean exactly; it is let go a little.
    leeway = np.zeros(np.prod(shape))
    spread = settings.probabilities.events.student_spread * 1.4
    leeway[place] = spread * bell(draws.of_cell("engagement", cells)) / np.sqrt(size[place])
    target = cohort_means(draws.world, size.reshape(shape), leeway.reshape(shape)).ravel()[place]
    level = solve(
        lambda x: scale.stored(engine.applied(_below_the_top(x + deviation, chain), chain)), codes, target, -10.0, 40.0
    )
    return level[codes]


def _below_the_top(before: np.ndarray, chain: list[engine.Step]) -> np.ndarray:
    """Engagement before rules, lowered where the rules would carry it to the top of its scale: it spreads below.

    Nobody is more than fully engaged; beyond NEAR_TOP what is left to the top shrinks, and never to nothing.
    """
    after = engine.applied(before, chain)
    gained = engine.applied(before + 1, chain) - after
    room = TOP - NEAR_TOP
    beyond = np.maximum(after - NEAR_TOP, 0) / room
    wanted = NEAR_TOP + room * beyond / (1 + beyond)
    return np.where((after > NEAR_TOP) & (gained > 0), before - (after - wanted) / np.maximum(gained, 1e-9), before)


def _score_before(settings: Settings, draws: Draws, live: Columns, full: Columns) -> np.ndarray:
    """The score before its rules: the pair of personas' level, what the reactions owe it, the pair's trend, the day."""
    events = settings.probabilities.events
    spread = draws.tutor(settings.personas.tutors, "score_spread") * bell(draws.spread("score", draws.by_cell))
    engagement = live[ENGAGEMENT] - draws.cell_mean(full[ENGAGEMENT])
    frustration = live["student_frustration_count"] - draws.cell_mean(full["student_frustration_count"])
    owed = events.score_per_engagement * engagement + events.score_per_frustration * frustration
    table = settings.personas.pairs.score
    level = np.array([[table[t][s] for s in draws.world.student_personas] for t in draws.world.tutor_personas])
    faded = settings.probabilities.fading.score * draws.done.number("fades")
    return draws.of_personas(level) + owed + draws.trend + _course(settings, draws) + faded + spread


def _course(settings: Settings, draws: Draws) -> np.ndarray:
    """Points of score by which a tutor's own course moves each session: a straight line over the window (P9)."""
    place, tutor = draws.done.number("place"), draws.done.number("tutor")
    counts = [p.count for p in settings.personas.tutors.values()]
    result = np.zeros(len(draws))
    for course in settings.probabilities.stories.courses:
        persona = draws.world.tutor_personas.index(course.tutors)
        slot = sum(counts[:persona]) + course.tutor - 1
        result += np.where(tutor == slot, course.change * (2 * place - 1), 0.0)
    return result


def _outcomes(work: Table, score: np.ndarray, booked: np.ndarray) -> Table:
    """The `sessions` columns that are known after the session, for every session."""
    done = work.number("completed")
    scores, follow_up = np.full(work.rows, np.nan), np.zeros(work.rows, dtype=bool)
    scores[done], follow_up[done] = score, booked
    return Table({"id": work["session_id"], "follow_up_booked": follow_up, "overall_session_score": scores})


def _tables(done: Table, values: Columns, end: np.ndarray) -> Tables:
    """The platform's three tables of metrics; rows exist as the session's flags say (A5)."""
    tables = {}
    for table, flag in zip(METRIC_TABLES, (None, "has_video", "has_screen"), strict=True):
        at = slice(None) if flag is None else done.number(flag)
        measured = (name for name in columns_made_by("metrics", table) if name in values)
        columns = {name: values[name][at] for name in measured}
        tables[table] = Table({"session_id": done["session_id"][at], **columns, "created_at": end[at]})
    return tables
