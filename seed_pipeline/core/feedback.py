"""Who leaves feedback, how many stars, which tags, in which words (A4, T4, S5, R1-R4, N7, Q8, Q10)."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core import view
from seed_pipeline.core.columns import Table, Tables, Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.baselines import solve
from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sampling.randomness import GOLDEN_SHARE, bell, nested, reconsidered, to_total, uniform
from seed_pipeline.core.text.wording import Script, choose
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import RATING
from seed_pipeline.settings.ranges import middle
from seed_pipeline.settings.text_lines import Line

CHANCE = "feedback_probability"
KIND, UNKIND = 4.3, 3.3  # stars before rounding of kind and of other feedback on poor sessions (N7)
LIKED, BEARS_ONE = 4.0, 3.5  # highest mean rating of a tutor persona from which all, or one of two, may be kind
MOST_TAGS = 4
_ALMOST_ONE = 0.999  # the first cohort's offset: any share of anything makes one
FEW = 12  # completed sessions of a tutor persona in a cohort, below which chance might leave it without feedback
LONGEST_WAIT = 36 * 60  # minutes until feedback is submitted


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`session_feedback`, `session_feedback_tags`, and the journal of ratings and chances, `work_effects`."""
    done = view.completed(upstream)
    facts = view.facts(world, upstream, done)
    draws, full = Draws(world, done), view.with_every_rule(facts, upstream)
    poor = full["overall_session_score"] < settings.probabilities.stories.poor_score
    given, chances = _given(settings, draws, facts, full, poor, cohorts)
    rows = np.flatnonzero(given["live"])
    before = _before(settings, draws, full, given["full"], poor)
    chain = engine.steps([r for r in settings.correlations.rules if r.enabled], RATING, facts, given["live"])
    stars = engine.SCALES[RATING].stored(engine.applied(before, chain))

    said, rated = done.take(rows), facts.take(rows, **{RATING: stars[rows]})
    tags = _tags(settings, world, said, rated)
    ends = upstream["sessions"]["sessions"]["completed_at"][upstream["sessions"]["work_sessions"]["completed"]]
    feedback = Table(
        {
            "session_id": said["session_id"],
            RATING: stars[rows].astype(np.int32),
            "feedback_text": _comments(settings, world, said, rated, view.slots(world, upstream, said), tags),
            "submitted_at": _submitted(world, said, ends[rows]),
        }
    )
    return {
        "session_feedback": feedback,
        "session_feedback_tags": _tag_rows(settings, said, tags),
        "work_effects": engine.journals([chances, engine.journal(draws.key, RATING, before, chain)]),
    }


def _given(
    settings: Settings, draws: Draws, facts: Facts, full: Facts, poor: np.ndarray, cohorts: range
) -> tuple[dict[str, np.ndarray], Table]:
    """Which sessions have feedback, under all rules and as configured; and the journal of the chances."""
    rules, everybody = settings.correlations.rules, np.ones(len(draws), dtype=bool)
    base = draws.student(settings.personas.students, "feedback")
    with_all = engine.applied(base, engine.steps(rules, CHANCE, full, everybody))
    chain = engine.steps([r for r in rules if r.enabled], CHANCE, facts, everybody)
    certain = _certain(settings, draws, full, poor, with_all)
    total = draws.world.of_completed(
        np.arange(cohorts.start, cohorts.stop), settings.probabilities.availability.feedback
    )
    chance = _chances(draws, base, with_all, draws.cohort - cohorts.start, total)
    first = draws.done["number"] == 1
    strata = (draws.student_persona, first, draws.tutor_persona)
    given = draws.chosen("feedback", chance, 0, *strata, sampler=partial(nested, ahead=certain))
    live = reconsidered(given, with_all, engine.applied(base, chain), draws.uniform("feedback_without_rule"))
    return {"full": given, "live": live}, engine.journal(draws.key, CHANCE, base, chain)


def _forgivable(settings: Settings, draws: Draws, full: Facts, poor: np.ndarray) -> np.ndarray:
    """Poor sessions that may be rated kindly (N7): no rule forbids it, and the persona's mean rating bears it (T4).

    That of a well-liked persona bears any number, that of others one.
    """
    able = poor & ~_capped(settings, draws, full)
    best = draws.tutor(settings.personas.tutors, "rating")[:, 1]
    one, _ = draws.first_of("forgiven", draws.by_tutor, able)
    return able & ((best >= LIKED) | ((best >= BEARS_ONE) & (one < 1)))


def _capped(settings: Settings, draws: Draws, full: Facts) -> np.ndarray:
    """Sessions whose rating a rule limits."""
    capped = np.zeros(len(draws), dtype=bool)
    for step in engine.steps(settings.correlations.rules, RATING, full, ~capped):
        capped |= step.acts & (step.operation in ("cap", "set"))
    return capped


def _certain(settings: Settings, draws: Draws, full: Facts, poor: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Sessions that surely have feedback: one that can be forgiven (N7), two of a tutor persona with few (T4).

    Two whose ratings a rule caps would say nothing of their tutor, so these come last.
    """
    forgivable = _forgivable(settings, draws, full, poor)
    place, _ = draws.first_of("forgiving", draws.cohort, forgivable, chance**2)
    certain = forgivable & (place < 1)
    free = np.where(_capped(settings, draws, full), 1e-6, 1.0)
    place, size = draws.first_of("heard", draws.by_tutor, np.ones(len(draws), dtype=bool), free * chance**2)
    return certain | ((size < FEW) & (place < np.where(size < 3, 1, 2)))


def _chances(draws: Draws, rate: np.ndarray, chance: np.ndarray, local: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The chances, in proportion, so that student personas miss their rates alike (S5) and the total is exact (A4)."""
    sessions = np.bincount(local, minlength=len(total))
    codes, some = np.unique(draws.by_student, return_inverse=True)[1], 1e-6  # where nobody would say anything

    def moved(level: np.ndarray) -> np.ndarray:
        return np.clip(rate + level, some, 1.0)

    level = solve(moved, local, np.minimum(total, sessions) / np.maximum(sessions, 1), -2.0, 2.0)
    own = to_total(np.maximum(chance, some), codes, np.bincount(codes, weights=moved(level[local])))
    return to_total(own, local, total)


def _before(settings: Settings, draws: Draws, full: Facts, given: np.ndarray, poor: np.ndarray) -> np.ndarray:
    """Stars before rules, unrounded: tutor personas' mean ratings come out as declared (T4), kindness as told (N7)."""
    personas = settings.personas.tutors
    chain = engine.steps(settings.correlations.rules, RATING, full, given)
    deviation = _mood(settings, draws, full["overall_session_score"], given)
    kind = _kind(settings, draws, full, given, poor)
    # Kind and unkind are said of the rating as stored, so what the rules will add is taken off before.
    added = engine.applied(np.zeros(len(draws)), [s for s in chain if s.operation == "add"])

    def before(level: np.ndarray) -> np.ndarray:
        value = level + deviation
        value = np.where(poor & ~kind, np.minimum(value, UNKIND - added), value)
        return np.where(kind, np.maximum(value, KIND - added), value)

    at = np.flatnonzero(given)
    steps = [s.of(at) for s in chain]
    place = np.unique(draws.by_tutor[at], return_inverse=True)[1]
    declared = np.array([middle(p.rating) for p in personas.values()])[draws.tutor_persona[at]]
    target = np.bincount(place, weights=declared) / np.bincount(place)

    def stored(level: np.ndarray) -> np.ndarray:
        whole = np.zeros(len(draws))
        whole[at] = level
        return engine.SCALES[RATING].stored(engine.applied(before(whole)[at], steps))

    level = np.zeros(len(draws))
    level[at] = solve(stored, place, target, -4.0, 12.0)[place]
    return before(level)


def _mood(settings: Settings, draws: Draws, score: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Stars by which each rating leaves the tutor persona's level: what the score says, and chance."""
    mood, groups = settings.probabilities.rating, draws.by_tutor * 2 + given
    codes = np.unique(groups, return_inverse=True)[1]
    usual = (np.bincount(codes, weights=score) / np.bincount(codes))[codes]
    return mood.per_score * (score - usual) + mood.spread * bell(draws.spread("rating", groups))


def _kind(settings: Settings, draws: Draws, full: Facts, given: np.ndarray, poor: np.ndarray) -> np.ndarray:
    """Feedback on poor sessions that is kind all the same: the stated share, at least one in the first cohort (N7)."""
    able = given & _forgivable(settings, draws, full, poor)
    codes = np.unique(draws.cohort, return_inverse=True)[1]
    heard = np.bincount(codes, weights=given & poor)[codes]
    offset = (_ALMOST_ONE + draws.cohort * GOLDEN_SHARE) % 1.0
    place, _ = draws.first_of("kind", draws.cohort, able)
    return able & (place < np.floor(settings.probabilities.stories.forgiving * heard + offset))


def _tags(settings: Settings, world: World, said: Table, facts: Facts) -> np.ndarray:
    """One column per tag: given or not; at most MOST_TAGS (Q10)."""
    tags, key = settings.text.feedback.tags, said["key"]
    u = np.stack([uniform(world.seed, f"feedback/tag/{name}", key) for name in tags], axis=1)
    allowed = np.stack([facts.all_hold(tag.when) for tag in tags.values()], axis=1)
    weight = np.array([tag.weight for tag in tags.values()])
    ratio = np.where(allowed & (u < weight), u / np.maximum(weight, 1e-12), 2.0)
    return (ratio <= 1) & (ratio.argsort(axis=1).argsort(axis=1) < MOST_TAGS)


def _tag_rows(settings: Settings, said: Table, tags: np.ndarray) -> Table:
    row, column = np.nonzero(tags)
    return Table({"session_id": said["session_id"][row], "tag": Words(list(settings.text.feedback.tags), column)})


def _comments(
    settings: Settings, world: World, said: Table, facts: Facts, about: Mapping[str, Words], tags: np.ndarray
) -> Words:
    """An opening, a detail about one of the tags given, a closing; some leave no words."""
    words, key, script = settings.text.feedback, said["key"], Script(about)
    u = {
        part: uniform(world.seed, f"feedback/{part}", key) for part in ("opening", "detail", "closing", "which", "none")
    }
    comment = {"opening": words.comment.opening, "closing": words.comment.closing}
    opening, closing = (script.say(lines, choose(lines, facts, u[part], part)) for part, lines in comment.items())
    detail = _details(settings, script, facts, u["detail"], _spoken_of(tags, u["which"]))
    text = Words(script.written(opening, detail, closing))
    return text.where((u["none"] >= words.no_comment_share) & text.not_empty())


def _spoken_of(tags: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The tag (column) of which each comment tells, one of those given; -1 where none was."""
    place = np.cumsum(tags, axis=1)
    chosen = 1 + np.floor(u * np.maximum(place[:, -1], 1)).astype(int)
    which = tags & (place == chosen[:, None])
    return np.where(which.any(axis=1), which.argmax(axis=1), -1)


def _details(settings: Settings, script: Script, facts: Facts, u: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The pieces of the details, none where no tag is told of."""
    comment = settings.text.feedback.comment
    index = np.full(len(which), -1)
    lines: list[Line] = []
    for column, name in enumerate(settings.text.feedback.tags):
        at = np.flatnonzero(which == column)
        if len(at):
            index[at] = len(lines) + choose(comment.detail[name], facts.take(at), u[at], f"detail.{name}")
        lines += comment.detail[name]
    return script.say(lines, index)


def _submitted(world: World, said: Table, end: np.ndarray) -> np.ndarray:
    """Minutes to a day and a half after the session, before the window closes."""
    u = uniform(world.seed, "feedback/wait", said["key"])
    wait = (3 + LONGEST_WAIT * u**3) * 60
    latest = world.window[1] - np.timedelta64(1, "s")
    return np.maximum(np.minimum(end + wait.astype(np.int64).astype("timedelta64[s]"), latest), end)
