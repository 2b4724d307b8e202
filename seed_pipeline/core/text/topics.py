"""What each session is about: one topic of its subject, or two (Q8). A topic is a code over all subjects' topics."""

from functools import lru_cache

import numpy as np
import pyarrow as pa

from seed_pipeline.core.arrays import text_array
from seed_pipeline.core.columns import Table, Words
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import uniform

TURN = 0.6  # the part of a session with two topics after which it is about the second


def drawn(world: World, purpose: str, subject: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """A topic (code) of each row's subject (index)."""
    first, count = _places(world)
    return first[subject] + np.floor(uniform(world.seed, purpose, *keys) * count[subject]).astype(np.int64)


def of_sessions(world: World, sessions: Table) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second topic (codes) of each session; the same one twice where there is one only.

    A pair walks through its subject's topics from a place of its own, so that what a session began next is what the
    following one is about.
    """
    subject, pair = (np.asarray(sessions[name]) for name in ("subject", "pair"))
    first, count = (a[subject] for a in _places(world))
    place = np.floor(uniform(world.seed, "pair/topic", pair) * count).astype(np.int64) + np.asarray(sessions["number"])
    share = world.settings.text.sessions.two_topics_share
    second = uniform(world.seed, "session/second_topic", np.asarray(sessions["key"])) < share
    return first + place % count, first + (place + second) % count


def slots(world: World, codes: np.ndarray) -> dict[str, Words]:
    """The words for each row's topic: its name, a step of it, an example."""
    return {name: Words(words, codes) for name, words in _words(world).items()}


def subjects(world: World, codes: np.ndarray, attribute: str) -> Words:
    """An attribute (name, category, degree) of each row's subject (code)."""
    return Words([getattr(s, attribute) for s in world.settings.text.subjects.subjects], codes)


@lru_cache(maxsize=4)
def _places(world: World) -> tuple[np.ndarray, np.ndarray]:
    """The code of each subject's first topic, and how many it has."""
    count = np.array([len(s.topics) for s in world.settings.text.subjects.subjects])
    return np.cumsum(count) - count, count


@lru_cache(maxsize=4)
def _words(world: World) -> dict[str, pa.Array]:
    return {
        name: text_array(getattr(t, name) for s in world.settings.text.subjects.subjects for t in s.topics)
        for name in ("topic", "step", "example")
    }
