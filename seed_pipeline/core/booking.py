"""Who meets whom, how often, and in which order: the sessions of a cohort before they have a time (C3, C5, O7).

A session's key is (cohort, tutor slot, student slot, number): its own and nobody else's (X3). Its place in time is
decided here as an order, without a calendar, so that another as_of moves timestamps only (D5).
"""

import numpy as np
import pandas as pd

from seed_pipeline.core.randomness import between, ranks, rounded, uniform
from seed_pipeline.core.world import World

_NUMBERS = 4096


def book(world: World, cohorts: range) -> pd.DataFrame:
    """One row per session, sorted by key: cohort, tutor, student (slots), number, pair_size, key, pair, place.

    `place` in (0, 1) says how far through the window the session lies, before the calendar's densities; a pair's
    numbers increase with it (Q2).
    """
    wanted = world.bookings(np.arange(cohorts.start, cohorts.stop))
    parts = [_of_group(world, cohorts, code, wanted[:, code]) for code in range(len(world.groups))]
    frame = pd.concat(parts, ignore_index=True)
    _keep_busy(world, frame)
    pair = (frame["cohort"].to_numpy() * world.slots + frame["tutor"]) * world.slots + frame["student"]
    frame["number"], frame["pair_size"] = ranks(pair.to_numpy(), np.arange(len(frame)))
    frame["number"] += 1
    frame["key"] = pair * _NUMBERS + frame["number"]
    frame["pair"] = pair
    frame = frame.sort_values("key", ignore_index=True)
    frame["fades"] = _fades(world, *(frame[c].to_numpy() for c in ("cohort", "group", "student")))
    jitter = uniform(world.seed, "session/place", frame["key"].to_numpy())
    frame["place"] = (frame["number"] - 1 + jitter) / frame["pair_size"] * _until(world, frame)
    return frame


def _keep_busy(world: World, frame: pd.DataFrame) -> None:
    """Hand sessions to tutors below the minimum from the busiest tutor of the same persona and cohort (O7; in place).

    Only small cohorts need it, so the loop runs over the few tutors concerned.
    """
    minimum = world.settings.main.minimum_sessions.tutor
    counts = [p.count for p in world.settings.personas.tutors.values()]
    slots = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    cohort, tutor = frame["cohort"].to_numpy(), frame["tutor"].to_numpy().copy()
    first = cohort.min()
    held = np.bincount((cohort - first) * sum(counts) + tutor, minlength=(cohort.max() - first + 1) * sum(counts))
    held = held.reshape(-1, sum(counts))
    for row, slot in zip(*np.nonzero(held < minimum), strict=True):
        peers = next(s for s in slots if slot in s)
        while held[row, slot] < minimum and held[row, (busiest := peers[held[row, peers].argmax()])] > minimum:
            moved = np.flatnonzero((cohort == row + first) & (tutor == busiest))[-1]
            tutor[moved] = slot
            held[row, slot], held[row, busiest] = held[row, slot] + 1, held[row, busiest] - 1
    frame["tutor"] = tutor


def _fades(world: World, cohort: np.ndarray, code: np.ndarray, student: np.ndarray) -> np.ndarray:
    """Which students (slots) lose heart: a share of each group, even from cohort to cohort."""
    # A student fades where the running share, from a draw of the group's, passes a whole.
    share = np.array([g.fade for g in world.groups])[code]
    turn = student + uniform(world.seed, "group/fading", cohort, code) / np.maximum(share, 1e-9)
    return np.floor((turn + 1) * share) > np.floor(turn * share)


def _until(world: World, frame: pd.DataFrame) -> np.ndarray:
    """The share of the window after which each session's student books nothing more: the group's, or earlier."""
    cohort, student, group = (frame[c].to_numpy() for c in ("cohort", "student", "group"))
    early = between(
        uniform(world.seed, "student/until", cohort * world.slots + student), *world.settings.probabilities.fading.until
    )
    return np.array([g.until for g in world.groups])[group] * np.where(frame["fades"].to_numpy(), early, 1.0)


def _of_group(world: World, cohorts: range, code: int, cells: np.ndarray) -> pd.DataFrame:
    """The sessions of one group of students; `cells` counts them by cohort and tutor persona."""
    local = np.repeat(np.arange(len(cohorts)), cells.sum(axis=1))
    persona = np.concatenate([np.repeat(np.arange(cells.shape[1]), row) for row in cells]) if len(local) else local
    cell = local * cells.shape[1] + persona
    within, size = ranks(cell, np.arange(len(cell)))
    # The personas are dealt evenly along the group's students, so that each student gets the group's mixture.
    turn, _ = ranks(local, (within + 0.5) / size, persona)
    student = _dealt(world, cohorts, code, cells.sum(axis=1), local, turn)
    frame = pd.DataFrame({"cohort": local + cohorts.start, "student": student, "tutor_persona": persona, "group": code})
    frame["tutor"] = _tutor_slots(world, frame)
    return frame


def _dealt(
    world: World, cohorts: range, code: int, totals: np.ndarray, local: np.ndarray, turn: np.ndarray
) -> np.ndarray:
    """The student slot of each session: nearly equal loads, nobody below the minimum (O7)."""
    group = world.groups[code]
    first = _first_slot(world, code)
    slots = np.arange(group.count)
    cohort = np.arange(cohorts.start, cohorts.stop)
    person = (np.repeat(cohort, group.count), np.tile(first + slots, len(cohort)))
    load = 0.75 + 0.5 * uniform(world.seed, "student/load", person[0] * world.slots + person[1])
    fades = _fades(world, person[0], np.full(len(load), code), person[1])
    load = np.where(fades, world.settings.probabilities.fading.load, 1.0) * load
    load = load.reshape(-1, group.count)
    minimum = np.minimum(world.settings.main.minimum_sessions.student, totals // group.count)
    share = np.cumsum(load, axis=1) / load.sum(axis=1, keepdims=True)
    last = minimum[:, None] * (slots + 1) + rounded((totals - minimum * group.count)[:, None] * share)
    return first + (last[local] <= turn[:, None]).sum(axis=1)


def _first_slot(world: World, code: int) -> int:
    """The cohort slot of a group's first student: personas in order, each persona's groups in the booking's order."""
    order = [
        c for persona in world.student_personas for c, g in enumerate(world.groups) if g.persona == persona
    ]  # fmt: skip
    return sum(world.groups[c].count for c in order[: order.index(code)])


def _tutor_slots(world: World, frame: pd.DataFrame) -> np.ndarray:
    """A tutor of the wanted persona: mostly the student's own, sometimes another of the persona (second_tutor).

    Whoever books tutors of several personas keeps to one of each: students have few tutors (P5).
    """
    counts = np.array([p.count for p in world.settings.personas.tutors.values()])
    first = np.cumsum(counts) - counts
    persona, cohort = frame["tutor_persona"].to_numpy(), frame["cohort"].to_numpy()
    student = cohort * world.slots + frame["student"].to_numpy()
    count = counts[persona]
    turn = np.floor(uniform(world.seed, "cohort/tutor_turn", cohort, persona) * count).astype(np.int64)
    own = (frame["student"].to_numpy() + turn) % count
    place, _ = ranks(student * len(counts) + persona, np.arange(len(frame)))
    alone = (world.booking_shares > 0).sum(axis=1) == 1
    share = world.settings.probabilities.second_tutor * alone[frame["group"].to_numpy()]
    offset = uniform(world.seed, "student/second_tutor", student, persona)
    second = np.floor((place + 1) * share + offset) > np.floor(place * share + offset)
    step = 1 + np.floor(
        uniform(world.seed, "student/which_second", student, persona) * np.maximum(count - 1, 1)
    ).astype(np.int64)
    return first[persona] + np.where(second & (count > 1), (own + step) % count, own)
