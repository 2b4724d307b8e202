"""When sessions happen: densities over days and hours turned into times without conflict (D1-D4, Q4, P10).

Each half of the window is cut into blocks of seven days, counted back from its end (its oldest takes what is left). A
session's block follows from its order and the recency trend, its day there and its hour from its pair's habits: the
halves hold what the trend says on any as_of (D4), and another as_of moves timestamps only (D5) while every pair keeps
its order (Q2). Days and quarter hours are the zone's; what its clocks skip or the window leaves out is taken.
"""

import numpy as np

from seed_pipeline.core.cast.people import window_start
from seed_pipeline.core.columns import Table
from seed_pipeline.core.plan.world import PERIOD, World
from seed_pipeline.core.sampling.randomness import in_order, pick, ranks, spread, uniform
from seed_pipeline.settings.contradictions import ContradictionError, Way
from seed_pipeline.settings.probabilities import WEEKDAYS

QUARTERS = 96  # quarter hours of a day
BUFFER = 1  # quarter hours kept free after a session: nobody starts late into the next one
_QUARTER_WEIGHTS = (5, 1, 3, 1)  # sessions start at the full and half hour mostly
_FOLLOW_UP_STEP = 0.38  # a pair's second session in a week: this far on through the week's density


def durations(world: World, sessions: Table) -> np.ndarray:
    """Scheduled minutes of each session: a pair has one usual length (D3)."""
    shares = world.settings.probabilities.time.durations
    return np.array(list(shares))[pick(_pair_quantile(world, sessions, "duration"), np.array(list(shares.values())))]


def schedule(world: World, cohorts: range, sessions: Table, minutes: np.ndarray) -> np.ndarray:
    """Scheduled starts (datetime64[s], UTC) of each session; nobody is double-booked.

    Raises SettingsError when a cohort has more sessions than its days hold.
    """
    block = _blocks(world, sessions)
    day, quarter = _wishes(world, sessions, block)
    placed = _placed(world, cohorts, sessions, day, quarter, minutes // 15 + BUFFER)
    placed = _in_pair_order(sessions.number("pair"), placed)
    return world.zone.utc(window_start(world) + _minutes(placed * 15))


def _minutes(count: np.ndarray) -> np.ndarray:
    return count.astype("timedelta64[m]").astype("timedelta64[s]")


def _open(world: World) -> np.ndarray:
    """Which quarter hours of which days sessions may fill: shape (days, QUARTERS)."""
    days, (opens, closes) = world.settings.main.days, world.window
    local = window_start(world) + _minutes(15 * np.arange(days * QUARTERS))
    utc = world.zone.utc(local)
    inside = (utc >= opens) & (utc + np.timedelta64(15, "m") <= closes)
    return (inside & world.zone.shows(local)).reshape(days, QUARTERS)


def trend_ratio(world: World) -> float:
    """Sessions in the newer half of the window for each in the older half (D4)."""
    trend, half = _trend(world), world.settings.main.days // 2
    return float(trend[-half:].sum() / trend[:half].sum())


def _trend(world: World) -> np.ndarray:
    """How busy each day of the window is: a straight line from the oldest to the newest (D4)."""
    return np.linspace(1, world.settings.probabilities.time.recency, world.settings.main.days)


def _block_starts(days: int) -> np.ndarray:
    """First day of each block, the oldest block first; the middle day of an odd window is a block of its own."""
    half = days // 2
    starts = np.r_[0, np.arange(half % 7 + 7, half, 7)]
    return np.r_[starts, [half] * (days % 2), starts + days - half].astype(np.int64)


def periods(world: World, sessions: Table) -> np.ndarray:
    """The platform's period that each session lies in, 0 the oldest; a block on an edge counts as the older."""
    days = world.settings.main.days
    return world.periods - 1 - (days - 1 - _block_starts(days)[_blocks(world, sessions)]) // PERIOD


def _blocks(world: World, sessions: Table) -> np.ndarray:
    """Which block each session falls into: exact shares by the recency trend along the sessions' order (D4)."""
    starts = _block_starts(world.settings.main.days)
    shares = np.add.reduceat(_trend(world), starts) * (np.add.reduceat(_day_weights(world), starts) > 0)
    order, size = ranks(sessions.number("cohort"), sessions.number("place"))
    return pick((order + 0.5) / size, shares)


def _pair_quantile(world: World, sessions: Table, purpose: str) -> np.ndarray:
    """A quantile per pair, spread over the cohort in proportion to the pairs' sessions: shares hold for every seed."""
    cohort, pair = sessions.number("cohort"), sessions.number("pair")
    place, size = ranks(cohort, uniform(world.seed, f"pair/{purpose}", pair), sessions.number("number"))
    return (place - sessions.number("number") + 0.5 + sessions.number("pair_size") / 2) / size


def _wishes(world: World, sessions: Table, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The day of the window and the quarter of the day that each session would like."""
    time, seed = world.settings.probabilities.time, world.seed
    key, pair, cohort = (sessions.number(c) for c in ("key", "pair", "cohort"))
    usual = uniform(seed, "session/usual", key) < time.familiar
    jitter = uniform(seed, "session/wish", key)
    again, _ = ranks(pair * 1024 + block, sessions.number("number"))
    week = np.where(
        usual,
        (_pair_quantile(world, sessions, "weekday") + again * _FOLLOW_UP_STEP) % 1.0,
        spread(cohort * 2 + usual, uniform(seed, "session/weekday", key), jitter),
    )
    hour = np.where(
        usual,
        _pair_quantile(world, sessions, "hour"),
        spread(cohort * 2 + usual, uniform(seed, "session/hour", key), jitter),
    )
    hours = sorted(time.hours)
    quarter = 4 * np.array(hours)[pick(hour, np.array([time.hours[h] for h in hours]))]
    quarter += pick(uniform(seed, "pair/quarter", pair), np.array(_QUARTER_WEIGHTS))
    return _day_in_block(world, block, week), quarter


def _weekdays(world: World) -> np.ndarray:
    """The weekday (Monday 0) of each day of the window."""
    first = window_start(world).astype("datetime64[D]").astype(np.int64)
    return (first + 3 + np.arange(world.settings.main.days)) % 7  # 1970-01-01 was a Thursday


def _day_weights(world: World) -> np.ndarray:
    """The weight of each day's weekday (D2), less what the day lacks of the usual hours."""
    time = world.settings.probabilities.time
    hours = np.repeat([time.hours.get(h, 0.0) for h in range(24)], 4)
    share = (_open(world) * hours).sum(axis=1) / hours.sum()
    return np.array([time.weekdays[d] for d in WEEKDAYS])[_weekdays(world)] * share


def _day_in_block(world: World, block: np.ndarray, quantile: np.ndarray) -> np.ndarray:
    """The day at a quantile of the block's days; Mondays come first, so that a quantile means much the same weekday."""
    days = world.settings.main.days
    starts = _block_starts(days)
    of_day = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, days]))
    order = in_order(of_day, _weekdays(world))
    weight = (_day_weights(world) * _trend(world))[order]
    total = np.add.reduceat(weight, starts)[of_day]
    width = np.divide(weight, total, out=np.ones(days), where=total > 0)  # a closed middle day: no session is there
    return order[pick((block + quantile) / len(starts), width)]


def _placed(
    world: World, cohorts: range, sessions: Table, day: np.ndarray, quarter: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """Quarter hours since the window's start for each session: the free start nearest to the wish.

    All cohorts of the chunk place their next session at once, in the order of their places in time.
    """
    local = sessions.number("cohort") - cohorts.start
    order, _ = ranks(local, sessions.number("place"))
    people = _Occupancy(world, len(cohorts))
    result = np.empty(sessions.rows, dtype=np.int64)
    by_order = np.argsort(order, kind="stable")
    for rows in np.split(by_order, np.flatnonzero(np.diff(order[by_order])) + 1):
        result[rows] = people.place(
            local[rows],
            sessions.number("tutor")[rows],
            sessions.number("student")[rows],
            day[rows],
            quarter[rows],
            length[rows],
        )
    return result


class _Occupancy:
    """Which quarter hours of which days are taken, for each tutor and student of the chunk's cohorts."""

    def __init__(self, world: World, cohorts: int) -> None:
        personas, days = world.settings.personas, world.settings.main.days
        self.world, self.days = world, days
        self.tutors = np.tile(~_open(world), (cohorts, sum(p.count for p in personas.tutors.values()), 1, 1))
        self.students = np.zeros(
            (cohorts, sum(p.count for p in personas.students.values()), days, QUARTERS), dtype=bool
        )
        hours = world.settings.probabilities.time.hours
        self.open = np.repeat([hours.get(h, 0) > 0 for h in range(24)], 4)
        self.day_open = _day_weights(world) > 0

    def place(self, cohort, tutor, student, day, quarter, length) -> np.ndarray:
        """Take the best start for one session of each given cohort: on the wished day, or else on the nearest."""
        busy = self.tutors[cohort, tutor, day] | self.students[cohort, student, day]
        cost = self._cost(busy, quarter, length)
        start = cost.argmin(axis=1)
        found = np.take_along_axis(cost, start[:, None], axis=1)[:, 0] < QUARTERS
        chosen_day = day.copy()
        if not found.all():
            rows = np.flatnonzero(~found)
            chosen_day[rows], start[rows] = self._elsewhere(
                cohort[rows], tutor[rows], student[rows], day[rows], quarter[rows], length[rows]
            )
        span = np.arange(QUARTERS)
        taken = (span >= start[:, None]) & (span < (start + length)[:, None])
        self.tutors[cohort, tutor, chosen_day] |= taken
        self.students[cohort, student, chosen_day] |= taken
        return chosen_day * QUARTERS + start

    def _cost(self, busy: np.ndarray, quarter: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Distance of every start from the wish, in quarter hours; QUARTERS and more where it cannot be."""
        used = np.concatenate([np.zeros((len(busy), 1), np.int16), np.cumsum(busy, axis=1, dtype=np.int16)], axis=1)
        start = np.arange(QUARTERS)
        end = np.minimum(start + length[:, None], QUARTERS)
        clash = np.take_along_axis(used, end, axis=1) > used[:, :-1]
        late = start + length[:, None] > QUARTERS
        return np.abs(start - quarter[:, None]) + QUARTERS * (clash | late | ~self.open)

    def _elsewhere(self, cohort, tutor, student, day, quarter, length) -> tuple[np.ndarray, np.ndarray]:
        """The best start on the nearest other day."""
        busy = (self.tutors[cohort, tutor] | self.students[cohort, student]).reshape(-1, QUARTERS)
        cost = self._cost(busy, np.repeat(quarter, self.days), np.repeat(length, self.days)).reshape(
            len(cohort), self.days, QUARTERS
        )
        away = np.abs(np.arange(self.days) - day[:, None])[:, :, None]
        cost = np.where((cost < QUARTERS) & self.day_open[:, None], cost + QUARTERS * away, np.iinfo(np.int32).max)
        flat = cost.reshape(len(cohort), -1)
        best = flat.argmin(axis=1)
        if (np.take_along_axis(flat, best[:, None], axis=1) == np.iinfo(np.int32).max).any():
            raise crowded(self.world)
        return best // QUARTERS, best % QUARTERS


def capacity(world: World) -> int:
    """Sessions that a cohort surely holds without double-booking (Q4), by its busiest tutors in the busiest week.

    However the sessions of a day lie, one more of length L fits while the day's open time is not cut into pieces
    shorter than L: each session placed spoils at most its own length and L before it.
    """
    settings = world.settings
    time = settings.probabilities.time
    longest = max(m for m, share in time.durations.items() if share) + 15 * BUFFER
    open_minutes = 60 * sum(1 for w in time.hours.values() if w)
    a_day = max(1, int((open_minutes + longest - 15) // (2 * longest - 15)))
    weeks, more = divmod(int(_open(world).all(axis=1).sum()), 7)
    closed = sum(1 for w in time.weekdays.values() if not w)
    days = (7 - closed) * weeks + max(0, more - closed)
    counts = np.array([p.count for p in settings.personas.tutors.values()])
    busiest = float((world.booking_shares.sum(axis=0) / counts).max())
    return int(a_day * days / busiest)


def crowded(world: World) -> ContradictionError:
    """The contradiction of more sessions than a cohort holds; names the maximum (C5)."""
    main, most = world.settings.main, capacity(world)
    wanted = int(world.sessions(np.arange(min(world.cohorts, 2))).max())
    days = -(-wanted * main.days // (max(most, 1) * 7)) * 7
    ways: list[Way] = [] if main.cohort.count == "auto" else [{"main.cohort.count": "auto"}]
    ways += [{"main.total_sessions": most * world.cohorts}, {"main.cohort.sessions": most}, {"main.days": days}]
    return ContradictionError(
        "main.yaml, total_sessions", main.total_sessions,
        f"a cohort would have up to {wanted} sessions, but surely holds only {most} without double-booking a tutor "
        "or a student (C5, Q4)", ways, "open more hours under time.hours in probabilities.yaml",
    )  # fmt: skip


def _in_pair_order(pair: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """The times of each pair, dealt to its numbers in order (rows are sorted by pair and number; Q2)."""
    return placed[in_order(pair, placed)]
