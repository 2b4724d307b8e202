"""Who meets whom, how often, and in which order: the sessions of a cohort before they have a time (C3, C5, O7).

A session's key is (cohort, tutor slot, student slot, number): its own and nobody else's (X3). Its place in time is
decided here as an order, without a calendar, so that another as_of moves timestamps only (D5).
"""

import numpy as np

from seed_pipeline.core.columns import Table, stacked
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import between, in_order, ranks, rounded, uniform

_NUMBERS = 4096


def book(world: World, cohorts: range) -> Table:
    """One row per session, sorted by key: cohort, tutor, student (slots), number, pair_size, key, pair, place.

    `place` in (0, 1) says how far through the window the session lies, before the calendar's densities; a pair's
    numbers increase with it (Q2).
    """
    wanted = world.bookings(np.arange(cohorts.start, cohorts.stop))
    booked = stacked([_of_group(world, cohorts, code, wanted[:, code]) for code in range(len(world.groups))])
    cohort, student = booked.number("cohort"), booked.number("student")
    tutor = _keep_busy(world, cohort, booked.number("tutor"))
    pair = (cohort * world.slots + tutor) * world.slots + student
    place, size = ranks(pair, np.arange(len(pair)))
    rows = in_order(pair, place)
    table = booked.with_columns(
        tutor=tutor, number=place + 1, pair_size=size, key=pair * _NUMBERS + place + 1, pair=pair
    ).take(rows)
    table = table.with_columns(fades=_fades(world, *(table.number(c) for c in ("cohort", "group", "student"))))
    jitter = uniform(world.seed, "session/place", table.number("key"))
    number, size = table.number("number"), table.number("pair_size")
    return table.with_columns(place=(number - 1 + jitter) / size * _until(world, table))


def _keep_busy(world: World, cohort: np.ndarray, tutor: np.ndarray) -> np.ndarray:
    """The tutors, those below the minimum with sessions of the busiest tutor of the same persona and cohort (O7).

    Only small cohorts need it, so the loop runs over the few tutors concerned.
    """
    minimum = world.settings.main.minimum_sessions.tutor
    counts = [p.count for p in world.settings.personas.tutors.values()]
    slots = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    tutor, first = tutor.copy(), cohort.min()
    held = np.bincount((cohort - first) * sum(counts) + tutor, minlength=(cohort.max() - first + 1) * sum(counts))
    held = held.reshape(-1, sum(counts))
    for row, slot in zip(*np.nonzero(held < minimum), strict=True):
        peers = next(s for s in slots if slot in s)
        while held[row, slot] < minimum and held[row, (busiest := peers[held[row, peers].argmax()])] > minimum:
            moved = np.flatnonzero((cohort == row + first) & (tutor == busiest))[-1]
            tutor[moved] = slot
            held[row, slot], held[row, busiest] = held[row, slot] + 1, held[row, busiest] - 1
    return tutor


def _fades(world: World, cohort: np.ndarray, code: np.ndarray, student: np.ndarray) -> np.ndarray:
    """Which students (slots) lose heart: a share of each group, even from cohort to cohort."""
    # A student fades where the running share, from a draw of the group's, passes a whole.
    share = np.array([g.fade for g in world.groups])[code]
    turn = student + uniform(world.seed, "group/fading", cohort, code) / np.maximum(share, 1e-9)
    return np.floor((turn + 1) * share) > np.floor(turn * share)


def _until(world: World, table: Table) -> np.ndarray:
    """The share of the window after which each session's student books nothing more: the group's, or earlier."""
    cohort, student, group = (table.number(c) for c in ("cohort", "student", "group"))
    early = between(
        uniform(world.seed, "student/until", cohort * world.slots + student), *world.settings.probabilities.fading.until
    )
    return np.array([g.until for g in world.groups])[group] * np.where(table.number("fades"), early, 1.0)


def _of_group(world: World, cohorts: range, code: int, cells: np.ndarray) -> Table:
    """The sessions of one group of students; `cells` counts them by cohort and tutor persona."""
    counts = cells.ravel()
    local = np.repeat(np.arange(len(cohorts)), cells.sum(axis=1))
    persona = np.repeat(np.tile(np.arange(cells.shape[1]), len(cells)), counts)
    within = np.arange(len(local)) - np.repeat(np.cumsum(counts) - counts, counts)
    # The personas are dealt evenly along the group's students, so that each student gets the group's mixture.
    turn, _ = ranks(local, (within + 0.5) / np.repeat(counts, counts), persona)
    student = _dealt(world, cohorts, code, cells.sum(axis=1), local, turn)
    cohort, group = local + cohorts.start, np.full(len(local), code)
    tutor = _tutor_slots(world, cohort, student, persona, group)
    return Table({"cohort": cohort, "student": student, "tutor_persona": persona, "group": group, "tutor": tutor})


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


def _tutor_slots(
    world: World, cohort: np.ndarray, slot: np.ndarray, persona: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """A tutor of the wanted persona: mostly the student's own, sometimes another of the persona (second_tutor).

    Whoever books tutors of several personas keeps to one of each: students have few tutors (P5).
    """
    counts = np.array([p.count for p in world.settings.personas.tutors.values()])
    first = np.cumsum(counts) - counts
    student = cohort * world.slots + slot
    count = counts[persona]
    turn = np.floor(uniform(world.seed, "cohort/tutor_turn", cohort, persona) * count).astype(np.int64)
    own = (slot + turn) % count
    place, _ = ranks(student * len(counts) + persona, np.arange(len(slot)))
    alone = (world.booking_shares > 0).sum(axis=1) == 1
    share = world.settings.probabilities.second_tutor * alone[group]
    offset = uniform(world.seed, "student/second_tutor", student, persona)
    second = np.floor((place + 1) * share + offset) > np.floor(place * share + offset)
    step = 1 + np.floor(
        uniform(world.seed, "student/which_second", student, persona) * np.maximum(count - 1, 1)
    ).astype(np.int64)
    return first[persona] + np.where(second & (count > 1), (own + step) % count, own)
