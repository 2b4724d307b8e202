"""Time zones, read from the pinned package `tzdata`: what a machine knows of them plays no part (X1, P10).

A zone is handed to the generator as a table of its changes, so that whole columns are converted at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np

_YEARS_BEFORE = 12
"""How far before as_of a zone's changes are looked up: everybody joined later."""


@cache
def names() -> frozenset[str]:
    """Every zone there is, aliases included."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def known_zone(name: str) -> str:
    """The name itself. Raises ValueError, with what may have been meant, for a zone that does not exist."""
    if name in names():
        return name
    by_word = {zone.lower(): zone for zone in names()} | {zone.split("/")[-1].lower(): zone for zone in names()}
    wanted = name.strip().lower().replace(" ", "_")
    close = get_close_matches(wanted, by_word, n=1, cutoff=0.75)
    meant = f"{by_word[close[0]]} may be meant" if close else "UTC, Europe/Berlin or America/New_York are such"
    raise ValueError(f"there is no such time zone; write a name of the IANA database ({meant})")


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone as Python knows zones, for whoever converts one time after the other."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@dataclass(frozen=True, eq=False)
class Zone:
    """Times of a zone: `changes` (datetime64[s], UTC) and what its clocks are ahead of UTC before and after each."""

    changes: np.ndarray
    ahead: np.ndarray

    def local(self, utc: np.ndarray) -> np.ndarray:
        """What the clocks show (datetime64[s]); NaT stays."""
        return utc + self.ahead[np.searchsorted(self.changes, utc, side="right")]

    def utc(self, local: np.ndarray) -> np.ndarray:
        """The time at which the clocks show this: the first of two; where they skip it, as if they had not."""
        shown = self.changes + np.maximum(self.ahead[:-1], self.ahead[1:])
        return local - self.ahead[np.searchsorted(shown, local, side="right")]

    def shows(self, local: np.ndarray) -> np.ndarray:
        """Whether the clocks ever show this: they skip an hour where summer time begins."""
        return self.local(self.utc(local)) == local


@cache
def zone(name: str, year: int) -> Zone:
    """The zone's table for the years that end with the one after `year`."""
    info = zone_info(name)
    first = datetime(max(year - _YEARS_BEFORE, 2), 1, 1, tzinfo=UTC)
    days = (datetime(min(year + 2, 9999), 1, 1, tzinfo=UTC) - first).days
    ahead, changes = [_ahead(info, first)], []
    for day in range(days):
        since, until = first + timedelta(day), first + timedelta(day + 1)
        if _ahead(info, until) != ahead[-1]:
            changes.append(_change(info, since, until))
            ahead.append(_ahead(info, until))
    return Zone(
        np.array([c.replace(tzinfo=None) for c in changes], dtype="datetime64[s]"),
        np.array([int(a.total_seconds()) for a in ahead], dtype="timedelta64[s]"),
    )


def _ahead(info: ZoneInfo, utc: datetime) -> timedelta:
    found = utc.astimezone(info).utcoffset()
    assert found is not None
    return found


def _change(info: ZoneInfo, since: datetime, until: datetime) -> datetime:
    """The second of the day at which the clocks change."""
    before, low, high = _ahead(info, since), 0, int((until - since).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _ahead(info, since + timedelta(seconds=middle)) == before else (low, middle)
    return since + timedelta(seconds=high)
