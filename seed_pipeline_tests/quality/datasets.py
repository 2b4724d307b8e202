"""Generated data for the judge's tests: made once per process, handed out as copies that may be broken."""

from collections.abc import Sequence
from datetime import date
from functools import cache

import pandas as pd

from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings
from seed_pipeline_tests.contract import complete_chunks
from seed_pipeline_tests.quality.compare import joined

TODAY = date(2026, 11, 22)
LARGE = ("main.total_sessions=3000", "targets.large_from=3000", "main.seed=3")
"""A large world as the judge sees it: the size from which large tolerances count is lowered to it, for speed.

So little data is noisy; if the generator's draws change, another seed may have to be chosen."""


@cache
def settings(*overrides: str) -> Settings:
    """Shipped settings with overrides."""
    return Wishes(overrides=overrides).settings(TODAY)


@cache
def chunks(*overrides: str) -> tuple[dict[str, pd.DataFrame], ...]:
    """The released tables of every chunk. Not to be changed; see `Data`."""
    return tuple(complete_chunks(settings(*overrides)))


@cache
def tables(*overrides: str) -> dict[str, pd.DataFrame]:
    """The released tables of all chunks in one."""
    return joined(chunks(*overrides))


@cache
def facts(*overrides: str) -> pd.DataFrame:
    """One row per session: what identifies it, its personas and metrics."""
    made = tables(*overrides)
    frame = _plain(made["sessions"])
    people = made["truth_personas"].astype(object).set_index("user_id")["persona"]
    frame["tutor"], frame["student"] = frame["tutor_id"].map(people), frame["student_id"].map(people)
    for table in (
        "session_audio_metrics",
        "session_video_metrics",
        "session_screen_metrics",
        "session_feedback",
        "truth_sessions",
    ):
        other = made[table].set_index("session_id")
        frame = frame.join(other.drop(columns=[c for c in other if c in frame or c == "created_at"]), on="id")
    return frame


class Data:
    """Generated tables to break, copied when first touched, with ways to find the rows that matter."""

    def __init__(self, overrides: Sequence[str] = ()) -> None:
        self.overrides = tuple(overrides)
        self.tables = dict(tables(*overrides))
        self._mine: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._mine:
            self.tables[name] = _plain(self.tables[name])
            self._mine.add(name)
        return self.tables[name]

    @property
    def settings(self) -> Settings:
        """The settings the data were made with."""
        return settings(*self.overrides)

    @property
    def facts(self) -> pd.DataFrame:
        """One row per session, as it was before any harm."""
        return facts(*self.overrides)

    def sessions(self, query: str, n: int | None = None) -> pd.Index:
        """IDs of sessions that a query on the facts finds, the first n of them; AssertionError when there are fewer."""
        found = self.facts.query(query)["id"]
        assert len(found) >= (n or 1), f"{len(found)} sessions with {query}"
        return pd.Index(found[:n])

    def put(self, table: str, ids: Sequence[str] | pd.Index, column: str, value: object) -> None:
        """Set a column of the rows of some sessions (or people)."""
        frame = self[table]
        key = next(k for k in ("session_id", "id", "user_id", "student_id", "tutor_id") if k in frame)
        frame.loc[frame[key].isin(ids), column] = value

    def drop(self, table: str, ids: Sequence[str] | pd.Index, key: str = "session_id") -> None:
        """Remove the rows of some sessions (or of some other key)."""
        ids = list(ids)
        self.tables[table] = self[table].loc[~self[table][key].isin(ids)].reset_index(drop=True)

    def add(self, table: str, row: int = 0, **values: object) -> None:
        """Append a copy of a row with some values changed."""
        more = self[table].iloc[[row]].assign(**values)
        self.tables[table] = pd.concat([self[table], more], ignore_index=True)

    def swap(self, table: str, column: str, a: str, b: str) -> None:
        """Exchange two values of a column."""
        self[table][column] = self[table][column].replace({a: b, b: a})


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy in which any word can be written."""
    words = [c for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype | pd.StringDtype)]
    return frame.astype(dict.fromkeys(words, object))
