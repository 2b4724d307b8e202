"""Which upstream columns each column is made from, by experiment; run as a module, it renews defs/lineage.json.

Each column that an entity could read is changed, alone and in several ways; the columns that then come out otherwise
depend on it. A change that leaves a row's key as it was is seen in the row's values; one that makes or drops rows is
seen in the keys.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from seed_pipeline import schema
from seed_pipeline.core import dataset
from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.defs.columns import DECLARED
from seed_pipeline.settings import Settings, load
from seed_pipeline.store.frames import Tables, as_frames, to_arrow

COHORTS = range(6)
WORKING_KEYS = ("key", "metric", "seq", "user_id")


@cache
def settings() -> Settings:
    return load(overrides=["main.total_sessions=900"], today=date(2026, 3, 1))


@cache
def sound() -> dict[str, Tables]:
    """Every entity's tables."""
    made: dict[str, Tables] = {}
    for entity in ENTITIES:
        made[entity] = _make(entity, made)
    return made


def _make(entity: str, made: Mapping[str, Tables]) -> Tables:
    upstream = {name: {t: to_arrow(t, frame) for t, frame in made[name].items()} for name in UPSTREAM[entity]}
    return as_frames(dataset.again(entity, settings(), COHORTS, upstream))


def measured(entity: str) -> dict[str, list[str]]:
    """`table.column` of the entity → `asset.table.column` of everything that it was seen to depend on."""
    found: dict[str, list[str]] = {f"{t}.{c}": [] for t, frame in sound()[entity].items() for c in frame}
    for asset in UPSTREAM[entity]:
        for table, frame in sound()[asset].items():
            for column in frame:
                for changed in sorted(_moved_by(entity, asset, table, column), key=list(found).index):
                    found[changed].append(f"{asset}.{table}.{column}")
    return found


def _moved_by(entity: str, asset: str, table: str, column: str) -> set[str]:
    """What differs for any change of the column.

    A column that is read, and that nothing fits if it alone is changed, says which rows there are: keys depend on it.
    """
    if _not_read(entity, asset, table, column):
        return set()
    before = sound()
    frame, worlds = before[asset][table], []
    for values in _changes(frame[column]):
        changed = {**before[asset], table: frame.assign(**{column: values})}
        # An index that no longer fits makes an impossible world; another change of the column makes a possible one.
        with suppress(KeyError, ValueError, IndexError, TypeError), np.errstate(all="ignore"):
            worlds.append(_make(entity, {**before, asset: changed}))
    if not worlds:
        return {f"{name}.{key}" for name, made in before[entity].items() for key in _key(name, made)}
    return set().union(*(_differences(before[entity], world) for world in worlds))


def _not_read(entity: str, asset: str, table: str, column: str) -> bool:
    """Without the column everything is as before."""
    before = sound()
    without = {**before[asset], table: before[asset][table].drop(columns=column)}
    try:
        return not _differences(before[entity], _make(entity, {**before, asset: without}))
    except (KeyError, ValueError, IndexError, AttributeError):
        return False


def _changes(column: pd.Series) -> Iterator[pd.Series]:
    """The column with other values of its kind."""
    if pd.api.types.is_bool_dtype(column):
        yield ~column
        yield from _swapped(column)
    elif pd.api.types.is_datetime64_dtype(column):
        yield column + pd.Timedelta(days=1)
    elif pd.api.types.is_numeric_dtype(column):
        if column.is_unique:
            yield column + 1_000_003
        yield from (column * 1.25, column + 1) if pd.api.types.is_float_dtype(column) else (column + 1, column * 2)
    elif column.is_unique:
        yield column + "x"
        return
    for step in (1, 7):
        yield pd.Series(np.roll(column.array.to_numpy(copy=True), step), index=column.index, dtype=column.dtype)


def _swapped(flags: pd.Series) -> Iterator[pd.Series]:
    """A true and a false one exchanged, in several places: as many are true as before."""
    true, false = np.flatnonzero(flags), np.flatnonzero(~flags)
    for share in np.linspace(0, 1, 9) if len(true) and len(false) else ():
        swapped = flags.copy()
        swapped.iloc[true[int(share * (len(true) - 1))]] = False
        swapped.iloc[false[int(share * (len(false) - 1))]] = True
        yield swapped


def _differences(before: Tables, after: Tables) -> set[str]:
    """`table.column` of what is not as it was."""
    return {f"{t}.{c}" for t in before for c in _different(t, before[t], after[t])}


def _different(table: str, before: pd.DataFrame, after: pd.DataFrame) -> Sequence[str]:
    key = _key(table, before)
    old, new = (frame.drop_duplicates(key).set_index(key) for frame in (before, after))
    both = old.index.intersection(new.index)
    columns = [c for c in old if not _same(old.loc[both, c], new.loc[both, c])]
    return columns if len(both) == len(old) == len(new) else [*key, *columns]


def _same(old: pd.Series, new: pd.Series) -> bool:
    return bool(((old == new) | (old.isna() & new.isna())).all())


def _key(table: str, frame: pd.DataFrame) -> list[str]:
    if table in schema.metadata.tables:
        return [c.name for c in schema.metadata.tables[table].primary_key]
    return [name for name in WORKING_KEYS if name in frame]


def written(found: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """As JSON with a line for each column, so that a difference is easy to read."""
    assets = [
        f'"{asset}": {{\n' + ",\n".join(f" {json.dumps(c)}: {json.dumps(d)}" for c, d in columns.items()) + "\n}"
        for asset, columns in found.items()
    ]
    return "{\n" + ",\n".join(assets) + "\n}\n"


if __name__ == "__main__":
    DECLARED.write_text(written({entity: measured(entity) for entity in ENTITIES}), encoding="utf-8")
