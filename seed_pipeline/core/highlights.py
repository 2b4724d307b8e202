"""Telling moments of the transcripts and the sessions' summaries (C4, Q8)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seed_pipeline.core import view
from seed_pipeline.core.columns import Table, Tables, Words
from seed_pipeline.core.facts import Facts, fitting
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import dealt, ids, uniform
from seed_pipeline.core.text import topics
from seed_pipeline.core.text.apart import Keyed, choose_apart
from seed_pipeline.core.text.wording import Script, choose, compose
from seed_pipeline.settings import Settings
from seed_pipeline.settings.text import HighlightType
from seed_pipeline.settings.text_lines import Line

EARLIEST, LATEST = 45, 60  # seconds after the start, before the end


class _Told(NamedTuple):
    """What each highlight is told of under a set of rules: its session's facts, and its group of lines (code)."""

    facts: Facts
    group: np.ndarray


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`session_transcript_highlights`, and `sessions` with the AI summary."""
    done = view.completed(upstream)
    facts, words = view.facts(world, upstream, done), view.slots(world, upstream, done)
    session = np.repeat(np.arange(done.rows), _counts(settings, world, cohorts, done))
    of = np.bincount(session, minlength=done.rows)
    number = np.arange(len(session)) - (np.cumsum(of) - of)[session]
    of = of[session]
    key = done["key"][session]
    live = full = _told(settings, world, key, number, facts.take(session))
    if not all(rule.enabled for rule in settings.correlations.rules):
        full = _told(settings, world, key, number, view.with_every_rule(facts, upstream).take(session))
    kinds, speakers = ([group[i] for group in _groups(settings)] for i in (0, 1))
    about = _about(world, words, done, session, number / of)
    moments = _moments(world, key, number, of, done["actual_duration"][session])
    highlights = Table(
        {
            "id": ids(world.seed, "highlight/id", key, number),
            "session_id": done.words("session_id")[session],
            "timestamp_seconds": moments,
            "speaker": Words(speakers, live.group),
            "text": _lines(settings, world, (key, number), done["cohort"][session], live, full, about),
            "highlight_type": Words(kinds, live.group),
        }
    )
    return {
        "session_transcript_highlights": highlights,
        "sessions": _summaries(settings, world, upstream, facts, words),
    }


def _groups(settings: Settings) -> list[tuple[str, str, tuple[Line, ...]]]:
    """Type, speaker and lines of each group, types in order, the tutor first."""
    types = settings.text.highlights.types
    return [(name, who, entry.lines.get(who, ())) for name, entry in types.items() for who in ("tutor", "student")]


def _told(settings: Settings, world: World, key: np.ndarray, number: np.ndarray, facts: Facts) -> _Told:
    kind = _kinds(settings, world, key, number, facts)
    tutor_share = np.array([t.speakers.get("tutor", 0.0) for t in settings.text.highlights.types.values()])
    student = uniform(world.seed, "highlight/speaker", key, number) >= tutor_share[kind]
    return _Told(facts, kind * 2 + student)


def _about(
    world: World, words: Mapping[str, Words], done: Table, session: np.ndarray, place: np.ndarray
) -> dict[str, Words]:
    """Words for each highlight; `place` in [0, 1) says how far through its session it is."""
    first, second = (codes[session] for codes in topics.of_sessions(world, done))
    late = place >= topics.TURN
    other = topics.slots(world, np.where(late, first, second))["topic"]
    spoken = {name: values[session] for name, values in words.items()}
    return spoken | topics.slots(world, np.where(late, second, first)) | {"other": other}


def _counts(settings: Settings, world: World, cohorts: range, done: Table) -> np.ndarray:
    """Highlights of each completed session: an exact total per cohort (C4), longer sessions have more."""
    total = world.of_completed(np.arange(cohorts.start, cohorts.stop), settings.probabilities.availability.highlights)
    weight = np.sqrt(done["actual_duration"]) * (0.5 + uniform(world.seed, "session/highlights", done["key"]))
    return dealt(weight, done["cohort"] - cohorts.start, total)


def _kinds(settings: Settings, world: World, key: np.ndarray, number: np.ndarray, facts: Facts) -> np.ndarray:
    """The type (code) of each highlight: by weights that the session's facts raise or lower."""
    weights = np.stack([_weight(t, facts) for t in settings.text.highlights.types.values()], axis=1)
    edges = np.cumsum(weights, axis=1)
    u = uniform(world.seed, "highlight/type", key, number) * edges[:, -1]
    return np.minimum((edges <= u[:, None]).sum(axis=1), weights.shape[1] - 1)


def _weight(kind: HighlightType, facts: Facts) -> np.ndarray:
    weight = np.full(facts.rows, float(kind.weight))
    for boost in kind.boosts:
        weight = np.where(facts.all_hold(boost.when), weight * boost.times, weight)
    return weight


def _lines(
    settings: Settings,
    world: World,
    keys: tuple[np.ndarray, np.ndarray],
    cohort: np.ndarray,
    live: _Told,
    full: _Told,
    about: Mapping[str, Words],
) -> Words:
    """The words of each highlight, apart from those of its cohort.

    They are shared out under all rules; where a rule that is off leaves a session other numbers, its lines that no
    longer fit are drawn again, and no other session notices (R11).
    """
    groups = _groups(settings)
    starts = np.cumsum([0, *(len(lines) for _, _, lines in groups)])
    said, kept = np.zeros(len(cohort), dtype=np.int64), np.zeros(len(cohort), dtype=bool)
    for code, (_, _, lines) in enumerate(groups):
        at = np.flatnonzero(full.group == code)
        if len(at):
            draw = Keyed(world.seed, "highlight/line", tuple(key[at] for key in keys))
            index = choose_apart(lines, full.facts.take(at), draw, cohort[at], filled_twice=True)
            said[at] = starts[code] + index
            kept[at] = live.group[at] == code
            if live is not full:
                kept[at] &= _still(lines, live.facts.take(at), index)
    for code, (name, who, lines) in enumerate(groups):
        at = np.flatnonzero((live.group == code) & ~kept)
        if len(at):
            u = uniform(world.seed, "highlight/line/alone", *(key[at] for key in keys))
            said[at] = starts[code] + choose(lines, live.facts.take(at), u, f"{name}.{who}")
    script = Script(about)
    return Words(script.written(script.say([line for _, _, lines in groups for line in lines], said)))


def _still(lines: tuple[Line, ...], facts: Facts, index: np.ndarray) -> np.ndarray:
    """Whether the line (index) of each row fits these facts too."""
    fits, pattern = fitting(lines, facts)
    return fits[pattern, index]


def _moments(world: World, key, number, of, minutes: np.ndarray) -> np.ndarray:
    """Seconds from the start, inside the session, in order."""
    place = (number + 0.1 + 0.8 * uniform(world.seed, "highlight/moment", key, number)) / of
    return np.floor(EARLIEST + place * (minutes * 60 - EARLIEST - LATEST)).astype(np.int32)


def _summaries(
    settings: Settings, world: World, upstream: Mapping[str, Tables], facts: Facts, words: Mapping[str, Words]
) -> Table:
    """An AI summary for each completed session."""
    work = upstream["sessions"]["work_sessions"]
    groups = settings.text.sessions.summary.groups()
    done = np.flatnonzero(work["completed"])
    u = np.stack([uniform(world.seed, f"summary/{name}", work["key"][done]) for name in groups], axis=1)
    codes = np.full(work.rows, -1)
    codes[done] = np.arange(len(done))
    return Table({"id": work["session_id"], "ai_summary": Words(compose(groups, facts, u, words).vocabulary, codes)})
