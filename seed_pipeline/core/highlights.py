"""Telling moments of the transcripts and the sessions' summaries (C4, Q8)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from seed_pipeline.core import topics, view
from seed_pipeline.core.apart import Keyed, choose_apart
from seed_pipeline.core.randomness import dealt, uniform, uuids
from seed_pipeline.core.wording import compose, fitting, say, spoken
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import all_hold
from seed_pipeline.settings.text import HighlightType
from seed_pipeline.settings.text_lines import Line

EARLIEST, LATEST = 45, 60  # seconds after the start, before the end


class _Told(NamedTuple):
    """What each highlight is told of under a set of rules: its session's facts, and its group of lines (code)."""

    facts: dict[str, np.ndarray]
    group: np.ndarray


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`session_transcript_highlights`, and `sessions` with the AI summary."""
    done, facts = view.completed(upstream), view.facts(world, upstream)
    session = np.repeat(np.arange(len(done)), _counts(settings, world, cohorts, done))
    number = np.arange(len(session)) - np.searchsorted(session, session)
    of = np.bincount(session, minlength=len(done))[session]
    key, cohort = done["key"].to_numpy()[session], done["cohort"].to_numpy()[session]
    live = full = _told(settings, world, key, number, {name: values[session] for name, values in facts.items()})
    if not all(rule.enabled for rule in settings.correlations.rules):
        every = view.with_every_rule(facts, upstream)
        full = _told(settings, world, key, number, {name: values[session] for name, values in every.items()})
    groups = _groups(settings)
    kinds, speakers = ([group[i] for group in groups] for i in (0, 1))
    about = _about(world, upstream, done, session, number / of)
    highlights = pd.DataFrame(
        {
            "id": uuids(world.seed, "highlight/id", key, number),
            "session_id": done["session_id"].to_numpy(object)[session],
            "timestamp_seconds": _moments(world, key, number, of, live.facts["actual_duration"]),
            "speaker": np.array(speakers, dtype=object)[live.group],
            "text": _lines(settings, world, (key, number), cohort, live, full, about),
            "highlight_type": np.array(kinds, dtype=object)[live.group],
        }
    )
    return {"session_transcript_highlights": highlights, "sessions": _summaries(settings, world, upstream, done, facts)}


def _groups(settings: Settings) -> list[tuple[str, str, tuple[Line, ...]]]:
    """Type, speaker and lines of each group, types in order, the tutor first."""
    types = settings.text.highlights.types
    return [(name, who, entry.lines.get(who, ())) for name, entry in types.items() for who in ("tutor", "student")]


def _told(settings: Settings, world: World, key: np.ndarray, number: np.ndarray, facts: dict) -> _Told:
    kind = _kinds(settings, world, key, number, facts)
    tutor_share = np.array([t.speakers.get("tutor", 0.0) for t in settings.text.highlights.types.values()])
    student = uniform(world.seed, "highlight/speaker", key, number) >= tutor_share[kind]
    return _Told(facts, kind * 2 + student)


def _about(world: World, upstream: Mapping, done: pd.DataFrame, session: np.ndarray, place: np.ndarray) -> dict:
    """Words for each highlight; `place` in [0, 1) says how far through its session it is."""
    first, second = (codes[session] for codes in topics.of_sessions(world, done))
    late = place >= topics.TURN
    words = {name: values[session] for name, values in view.slots(world, upstream, done).items()}
    other = topics.slots(world, np.where(late, first, second))["topic"]
    return words | topics.slots(world, np.where(late, second, first)) | {"other": other}


def _counts(settings: Settings, world: World, cohorts: range, done: pd.DataFrame) -> np.ndarray:
    """Highlights of each completed session: an exact total per cohort (C4), longer sessions have more."""
    local = done["cohort"].to_numpy() - cohorts.start
    total = world.of_completed(np.arange(cohorts.start, cohorts.stop), settings.probabilities.availability.highlights)
    weight = np.sqrt(done["actual_duration"].to_numpy()) * (
        0.5 + uniform(world.seed, "session/highlights", done["key"].to_numpy())
    )
    return dealt(weight, local, total)


def _kinds(settings: Settings, world: World, key: np.ndarray, number: np.ndarray, facts: Mapping) -> np.ndarray:
    """The type (code) of each highlight: by weights that the session's facts raise or lower."""
    weights = np.stack([_weight(t, facts, len(key)) for t in settings.text.highlights.types.values()], axis=1)
    edges = np.cumsum(weights, axis=1)
    u = uniform(world.seed, "highlight/type", key, number) * edges[:, -1]
    return np.minimum((edges <= u[:, None]).sum(axis=1), weights.shape[1] - 1)


def _weight(kind: HighlightType, facts: Mapping, n: int) -> np.ndarray:
    weight = np.full(n, float(kind.weight))
    for boost in kind.boosts:
        weight = np.where(all_hold(boost.when, facts, n), weight * boost.times, weight)
    return weight


def _lines(
    settings: Settings,
    world: World,
    keys: tuple[np.ndarray, np.ndarray],
    cohort: np.ndarray,
    live: _Told,
    full: _Told,
    about: Mapping,
) -> np.ndarray:
    """The words of each highlight, apart from those of its cohort.

    They are shared out under all rules; where a rule that is off leaves a session other numbers, its lines that no
    longer fit are drawn again, and no other session notices (R11).
    """
    said, kept = np.full(len(cohort), "", dtype=object), np.zeros(len(cohort), dtype=bool)
    for code, (_, _, lines) in enumerate(_groups(settings)):
        at = np.flatnonzero(full.group == code)
        if not len(at):
            continue
        draw = Keyed(world.seed, "highlight/line", tuple(key[at] for key in keys))
        index = choose_apart(lines, _at(full.facts, at), draw, cohort[at], filled_twice=True)
        said[at] = spoken(lines, index, _at(about, at))
        kept[at] = live.group[at] == code
        if live is not full:
            kept[at] &= fitting(lines, _at(live.facts, at), len(at))[index, np.arange(len(at))]
    for code, (name, who, lines) in enumerate(_groups(settings)):
        at = np.flatnonzero((live.group == code) & ~kept)
        if len(at):
            u = uniform(world.seed, "highlight/line/alone", *(key[at] for key in keys))
            said[at] = say(lines, _at(live.facts, at), u, _at(about, at), f"{name}.{who}").to_numpy(object)
    return said


def _at(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in columns.items()}


def _moments(world: World, key, number, of, minutes: np.ndarray) -> np.ndarray:
    """Seconds from the start, inside the session, in order."""
    place = (number + 0.1 + 0.8 * uniform(world.seed, "highlight/moment", key, number)) / of
    return np.floor(EARLIEST + place * (minutes * 60 - EARLIEST - LATEST)).astype(np.int32)


def _summaries(settings: Settings, world: World, upstream: Mapping, done: pd.DataFrame, facts: Mapping) -> pd.DataFrame:
    """An AI summary for each completed session."""
    work = upstream["sessions"]["work_sessions"]
    groups = settings.text.sessions.summary.groups()
    u = np.stack([uniform(world.seed, f"summary/{name}", done["key"].to_numpy()) for name in groups], axis=1)
    text = np.full(len(work), None, dtype=object)
    text[work["completed"].to_numpy()] = compose(groups, facts, u, view.slots(world, upstream, done)).to_numpy(object)
    return pd.DataFrame({"id": work["session_id"], "ai_summary": text})
