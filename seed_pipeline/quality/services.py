"""What the platform's services compute, worked out anew from a chunk's stored values, tutor by tutor, in fractions."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk
from seed_pipeline.settings import Settings
from seed_pipeline.settings.alerts import Window
from seed_pipeline.settings.conditions import OPERATORS, Condition

_FINEST = 1000
"""Stored numbers are whole thousandths: none has more than three decimals."""


def end_of(settings: Settings) -> np.datetime64:
    """The moment, as stored, at which all windows end."""
    return np.datetime64(settings.main.as_of, "s")


def meet(figures: Mapping[str, Fraction | None], conditions: Iterable[Condition]) -> bool:
    """All conditions hold of one tutor's figures; an unknown figure meets none."""
    for condition in conditions:
        figure = figures[condition.fact]
        if figure is None or not OPERATORS[condition.operator](figure, Fraction(str(condition.value))):
            return False
    return True


class Looked:
    """One window over the sessions of a chunk."""

    def __init__(self, chunk: Chunk, window: Window) -> None:
        self.chunk, self.window, self.facts = chunk, window, chunk.sessions
        self.end, self.start = end_of(chunk.settings), chunk.column("sessions", "scheduled_start")
        self.ids, self.students, self.tutors = (
            chunk.column("sessions", f"{of}id") for of in ("", "student_", "tutor_")
        )

    def _sessions(self, until: np.datetime64) -> pd.DataFrame:
        """The window's sessions, if it ended at `until`, in order of time."""
        inside = (self.start < until) & self.facts.hold(self.window.where)
        if self.window.days:
            inside &= self.start >= until - np.timedelta64(self.window.days, "D")
        for name in self.window.measured:
            inside &= pd.notna(self.facts[name])
        at = np.flatnonzero(inside)
        frame = pd.DataFrame({"tutor": self.tutors[at], "start": self.start[at], "id": self.ids[at], "row": at})
        frame = frame.sort_values(["start", "id"])
        return frame.groupby("tutor").tail(self.window.last) if self.window.last else frame

    def latest(self) -> dict[str, tuple[str, str]]:
        """Each tutor's latest session of the window, and its student."""
        last = self._sessions(self.end).groupby("tutor")["row"].last()
        return {str(tutor): (self.ids[row], self.students[row]) for tutor, row in last.items()}

    def figures(self) -> dict[str, dict[str, Fraction | None]]:
        """The figures of every tutor with a session in the window."""
        now, form = self._measured(self.end), self.window.form
        days = self.window.days
        before = self._measured(self.end - np.timedelta64(days, "D")) if form and days else {}
        found: dict[str, dict[str, Fraction | None]] = {}
        for tutor, (n, value) in now.items():
            figures: dict[str, Fraction | None] = {"sessions": Fraction(n)}
            found[tutor] = figures | ({form: value} if form else {})
            if form and days:
                _, earlier = before.get(tutor, (0, None))
                found[tutor]["change"] = value / earlier - 1 if earlier and value is not None else None
        return found

    def _measured(self, until: np.datetime64) -> dict[str, tuple[int, Fraction | None]]:
        """For each tutor how many sessions, and what is measured on them."""
        frame, window = self._sessions(until), self.window
        rows = frame["row"].to_numpy()
        above, below = np.ones(len(rows)), np.ones(len(rows))
        if window.share:
            above = self.facts.hold(window.share)[rows].astype(float)
        elif window.mean:
            above = self.facts[window.mean][rows]
        elif window.ratio:
            above, below = self.facts[window.ratio.of][rows], sum(self.facts[name][rows] for name in window.ratio.to)
        whole = pd.DataFrame({"above": np.rint(above * _FINEST), "below": np.rint(below * _FINEST), "n": 1})
        sums = whole.astype(np.int64).groupby(frame["tutor"].to_numpy()).sum()
        return {
            str(tutor): (int(n), Fraction(int(a), int(b)) if b else None)
            for tutor, a, b, n in zip(sums.index, sums["above"], sums["below"], sums["n"], strict=True)
        }
