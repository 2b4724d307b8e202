"""A judged dataset in a cache: made by whoever needs it first, the same for everybody after.

What it takes to find a dataset again is cheap on purpose: no settings are read and no pandas is imported.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seed_pipeline import CONFIGS
from seed_pipeline.testing import SeedError

if TYPE_CHECKING:
    import pandas as pd
    import sqlalchemy as sa

    from seed_pipeline.settings import Settings

AS_OF = date(2026, 1, 1)
"""What `today` in the settings stands for here: tests want the same dataset tomorrow."""

CODE = Path(__file__).parents[1]


@dataclass(frozen=True)
class SeedDataset:
    """One dataset in the cache. Frames are the caller's own: changing one changes nobody else's."""

    folder: Path
    wishes: Mapping[str, Any]

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """Table → its rows, dtypes as in `seed_pipeline.store.frames`; not the answer key's."""
        return {name: frame.copy(deep=False) for name, frame in self._frames.items() if not name.startswith("truth_")}

    @property
    def answer_key(self) -> "dict[str, pd.DataFrame]":
        """The `truth_*` tables in the same form, whether or not the databases have them."""
        return {name: frame.copy(deep=False) for name, frame in self._frames.items() if name.startswith("truth_")}

    @cached_property
    def settings(self) -> "Settings":
        """The settings it was made with."""
        return _settings(self.wishes)

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over every value of the dataset."""
        from seed_pipeline.store.artifacts import Artifacts

        return Artifacts(self.artifacts).fingerprint()

    @property
    def artifacts(self) -> Path:
        """The folder of Parquet files that it was loaded from."""
        return self.folder / "artifacts"

    def sqlite(self, path: Path) -> Path:
        """Put a SQLite file with the dataset at `path`, which is returned."""
        shutil.copyfile(self.folder / "seed.db", path)
        return path

    def admit(self, target: str) -> None:
        """Raise SeedError if the target smells of production, unless the wishes say `allow_production`."""
        with _explained():
            from seed_pipeline.store import guard

            guard.check(target, ["*"], allow_production=self.settings.main.allow_production)

    def load(self, target: str) -> None:
        """Load into a new database, given by its URL, if the data is still what was judged. Raises SeedError."""
        with _explained():
            from seed_pipeline.pipeline.releasing import Candidate
            from seed_pipeline.store.artifacts import Artifacts

            Candidate(Artifacts(self.artifacts), _aimed(_settings(self.wishes), target)).load()

    @cached_property
    def _frames(self) -> "dict[str, pd.DataFrame]":
        import pandas as pd

        from seed_pipeline.store.artifacts import Artifacts

        chunks = list(Artifacts(self.artifacts).release())
        return {name: pd.concat([tables[name] for tables in chunks], ignore_index=True) for name in chunks[0]}


@dataclass(frozen=True)
class SeededDatabase:
    """A filled database of the caller's own. `url` may hold a password and is therefore not shown."""

    url: str = field(repr=False)

    @property
    def path(self) -> Path | None:
        """The file; None on PostgreSQL."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None

    @cached_property
    def engine(self) -> "sa.Engine":
        """A SQLAlchemy engine (foreign keys on in SQLite, too), disposed of at the end."""
        from seed_pipeline.store import database

        return database.connect(self.url)

    def close(self) -> None:
        """Dispose of the engine, if anybody asked for it."""
        if "engine" in vars(self):
            self.engine.dispose()


def obtain(wishes: Mapping[str, Any], root: Path, today: date) -> SeedDataset:
    """The dataset of these wishes from the cache `root`, made, judged and loaded first where it is missing.

    `today` stands in for an explicit wish `as_of: today`. Several processes may ask at once. Raises SeedError.
    """
    wishes = {**wishes, "as_of": today.isoformat()} if wishes.get("as_of") == "today" else dict(wishes)
    folder = root / key_of(wishes)
    if not folder.exists():
        with _alone(root):
            if not folder.exists():
                _make(wishes, folder)
    return SeedDataset(folder, wishes)


def key_of(wishes: Mapping[str, Any]) -> str:
    """24 hexadecimal digits over all that a dataset depends on: the wishes, the settings' files and the code."""
    config = Path(wishes.get("config") or CONFIGS)
    said = json.dumps({**wishes, "config": None}, sort_keys=True, default=str)
    return hashlib.sha256("\n".join([said, _digest(config, "*.yaml"), _code()]).encode()).hexdigest()[:24]


@cache
def _code() -> str:
    return _digest(CODE, "*.py")


def _digest(folder: Path, pattern: str) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        found.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the cache's lock, which ends with the process: a SQLite file, as every platform can lock one."""
    with closing(sqlite3.connect(root / "lock", timeout=3600, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def _make(wishes: Mapping[str, Any], folder: Path) -> None:
    """Make the dataset beside its place and move it there in one step, once every blocking check has passed."""
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with _explained():
            from seed_pipeline.pipeline.ledger import RefusedError
            from seed_pipeline.pipeline.running import run

            settings = _aimed(_settings(wishes), f"sqlite:///{draft / 'seed.db'}", allow_production=True)
            outcome = run(settings, draft / "artifacts")
            if outcome.loaded is None:
                raise RefusedError(outcome.refusals)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the pipeline says to its users into a SeedError."""
    from seed_pipeline.pipeline.ledger import RefusedError
    from seed_pipeline.settings import SettingsError
    from seed_pipeline.store.errors import StoreError

    try:
        yield
    except (SettingsError, StoreError, RefusedError) as error:
        raise SeedError(str(error)) from None


def _settings(wishes: Mapping[str, Any]) -> "Settings":
    from seed_pipeline.pipeline.wishes import Wishes

    known = [f.name for f in fields(Wishes) if f.name != "target"]
    unknown = next((name for name in wishes if name not in known), None)
    if unknown is not None:
        raise SeedError(f"seed_wishes: there is no wish {unknown!r}. What to do: use {', '.join(known)}.")
    return Wishes(**wishes).settings(AS_OF)


def _aimed(settings: "Settings", target: str, **guard: bool) -> "Settings":
    """The settings with a target of our own making, which `allowed_targets` does not have to know."""
    update = {"target": target, "allowed_targets": ["*"], **guard}
    return settings.model_copy(update={"main": settings.main.model_copy(update=update)})
