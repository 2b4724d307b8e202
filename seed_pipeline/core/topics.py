"""What each session is about: one topic of its subject, or two (Q8). A topic is a code over all subjects' topics."""

from functools import cache

import numpy as np
import pandas as pd

from seed_pipeline.core.randomness import uniform
from seed_pipeline.core.world import World
from seed_pipeline.settings.text import Subject

TURN = 0.6  # the part of a session with two topics after which it is about the second


def drawn(world: World, purpose: str, subject: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """A topic (code) of each row's subject (index)."""
    first, count = _places(world.settings.text.subjects.subjects)
    return first[subject] + np.floor(uniform(world.seed, purpose, *keys) * count[subject]).astype(np.int64)


def of_sessions(world: World, sessions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second topic (codes) of each session; the same one twice where there is one only.

    A pair walks through its subject's topics from a place of its own, so that what a session began next is what the
    following one is about.
    """
    subject, pair = sessions["subject"].to_numpy(), sessions["pair"].to_numpy()
    first, count = (a[subject] for a in _places(world.settings.text.subjects.subjects))
    place = np.floor(uniform(world.seed, "pair/topic", pair) * count).astype(np.int64) + sessions["number"].to_numpy()
    share = world.settings.text.sessions.two_topics_share
    second = uniform(world.seed, "session/second_topic", sessions["key"].to_numpy()) < share
    return first + place % count, first + (place + second) % count


def slots(world: World, codes: np.ndarray) -> dict[str, np.ndarray]:
    """The words for each row's topic: its name, a step of it, an example."""
    return {name: words[codes] for name, words in _words(world.settings.text.subjects.subjects).items()}


@cache
def _places(subjects: tuple[Subject, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The code of each subject's first topic, and how many it has."""
    count = np.array([len(s.topics) for s in subjects])
    return np.cumsum(count) - count, count


@cache
def _words(subjects: tuple[Subject, ...]) -> dict[str, np.ndarray]:
    return {
        name: np.array([getattr(t, name) for s in subjects for t in s.topics], dtype=object)
        for name in ("topic", "step", "example")
    }
