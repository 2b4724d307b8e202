"""Telling moments of the transcripts and the sessions' summaries (C4, Q8)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import view
from seed_pipeline.core.cast import topic_of
from seed_pipeline.core.randomness import dealt, uniform, uuids
from seed_pipeline.core.wording import compose, say
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import all_hold
from seed_pipeline.settings.text import HighlightType

EARLIEST, LATEST = 45, 60  # seconds after the start, before the end


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`session_transcript_highlights`, and `sessions` with the AI summary."""
    done, facts = view.completed(upstream), view.facts(world, upstream)
    session = np.repeat(np.arange(len(done)), _counts(settings, world, cohorts, done))
    number = np.arange(len(session)) - np.searchsorted(session, session)
    key = done["key"].to_numpy()[session]
    about = {name: values[session] for name, values in view.slots(world, upstream, done).items()}
    about["topic"] = topic_of(world, "highlight/topic", done["subject"].to_numpy()[session], key, number)
    here = {name: values[session] for name, values in facts.items()}
    kind = _kinds(settings, world, key, number, here)
    speaker = _speakers(settings, world, key, number, kind)
    highlights = pd.DataFrame(
        {
            "id": uuids(world.seed, "highlight/id", key, number),
            "session_id": done["session_id"].to_numpy(object)[session],
            "timestamp_seconds": _moments(
                world, key, number, np.bincount(session, minlength=len(done))[session], here["actual_duration"]
            ),
            "speaker": speaker,
            "text": _lines(settings, world, key, number, kind, speaker, here, about),
            "highlight_type": np.array(list(settings.text.highlights.types), dtype=object)[kind],
        }
    )
    return {"session_transcript_highlights": highlights, "sessions": _summaries(settings, world, upstream, done, facts)}


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


def _speakers(settings: Settings, world: World, key: np.ndarray, number: np.ndarray, kind: np.ndarray) -> np.ndarray:
    tutor_share = np.array([t.speakers.get("tutor", 0.0) for t in settings.text.highlights.types.values()])
    return np.where(
        uniform(world.seed, "highlight/speaker", key, number) < tutor_share[kind], "tutor", "student"
    ).astype(object)


def _lines(settings: Settings, world: World, key, number, kind, speaker, facts: Mapping, about: Mapping) -> np.ndarray:
    """The words of each highlight."""
    u = uniform(world.seed, "highlight/line", key, number)
    result = np.full(len(key), "", dtype=object)
    for code, (name, entry) in enumerate(settings.text.highlights.types.items()):
        for who, lines in entry.lines.items():
            at = np.flatnonzero((kind == code) & (speaker == who))
            if len(at):
                here, words = ({n: v[at] for n, v in columns.items()} for columns in (facts, about))
                result[at] = say(lines, here, u[at], words, f"{name}.{who}").to_numpy(object)
    return result


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
