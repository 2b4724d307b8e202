"""Pandera schemas of the tables, derived from `schema.metadata`: types, nulls, domains, scales, keys, enumerations.

They judge one chunk of one table at a time. What only the whole can tell (a key used in two chunks) is Q1's business.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Enum, Integer, Numeric, UniqueConstraint

from seed_pipeline.schema import columns_made_by, metadata

COLUMNS = ("table", "column", "check", "value", "key")


@cache
def schema(table: str, columns: tuple[str, ...] | None = None) -> pa.DataFrameSchema:
    """The schema of a table, or of some of its columns; columns it does not name are ignored."""
    definition = metadata.tables[table]
    names = columns or tuple(c.name for c in definition.columns)
    keys = [[c.name for c in definition.primary_key]]
    keys += [[c.name for c in u.columns] for u in definition.constraints if isinstance(u, UniqueConstraint)]
    return pa.DataFrameSchema(
        {name: _column(definition.columns[name]) for name in names},
        checks=[_distinct(key) for key in keys if set(key) <= set(names)],
        name=table,
        description=definition.comment,
    )


def _column(column: Column) -> pa.Column:
    return pa.Column(
        None,
        list(_checks(column)),
        nullable=bool(column.nullable),
        required=True,
        description=column.comment,
        name=column.name,
    )


def _checks(column: Column) -> Iterable[pa.Check]:
    """Checks of the stored values; nulls are left to `nullable`."""
    kind = column.type
    if isinstance(kind, Enum):
        yield pa.Check(_one_of(tuple(kind.enums)), name=f"one of the enumeration {kind.name}")
    elif isinstance(kind, Boolean):
        yield pa.Check(_boolean, name="true or false")
    elif isinstance(kind, Date | DateTime):
        day = isinstance(kind, Date)
        yield pa.Check(_moment(day), name="a date" if day else "a time in whole seconds")
    elif isinstance(kind, Integer | Numeric | Double):
        places = 0 if isinstance(kind, Integer) else getattr(kind, "scale", None)
        yield pa.Check(
            _number(places),
            name="a whole number" if places == 0 else f"a number with {places} decimals" if places else "a number",
        )
        if "domain" in column.info:
            yield pa.Check(_within(*column.info["domain"]), name="between {} and {}".format(*column.info["domain"]))
    else:
        longest = getattr(kind, "length", None)
        yield pa.Check(_text(longest), name=f"a text of 1 to {longest} characters" if longest else "a text")


def _one_of(words: tuple[str, ...]):
    return lambda values: values.isin(words)


def _boolean(values: pd.Series) -> pd.Series:
    return values.isin([True, False])


def _moment(day: bool):
    def check(values: pd.Series) -> pd.Series:
        times = pd.to_datetime(values, errors="coerce")
        return times.notna() & (times == times.dt.floor("D" if day else "s"))

    return check


def _number(places: int | None):
    def check(values: pd.Series) -> pd.Series:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        fine = np.isfinite(numbers)
        if places is not None:
            with np.errstate(invalid="ignore"):
                fine &= np.abs(numbers - np.round(numbers, places)) < 1e-9
        return pd.Series(fine, index=values.index)

    return check


def _within(low: float, high: float):
    return lambda values: pd.Series(pd.to_numeric(values, errors="coerce")).astype("float64").between(low, high)


def _text(longest: int | None):
    def check(values: pd.Series) -> pd.Series:
        words = values.astype("object").map(lambda v: len(v) if isinstance(v, str) else -1)
        return words.between(1, longest or np.inf)

    return check


def _distinct(key: list[str]) -> pa.Check:
    return pa.Check(lambda frame: ~frame.duplicated(key, keep="first"), name=f"{' + '.join(key)} unique")


def validate(table: str, frame: pd.DataFrame, columns: tuple[str, ...] | None = None) -> pd.DataFrame:
    """What is wrong with a frame: table, column, check, value and the row's key; empty when all is well."""
    try:
        schema(table, columns).validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        return _listed(table, frame, error.failure_cases)
    return pd.DataFrame(columns=list(COLUMNS), dtype=object)


def _listed(table: str, frame: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    keys = [c.name for c in metadata.tables[table].primary_key if c.name in frame]
    rows = pd.to_numeric(cases["index"], errors="coerce")
    found = pd.DataFrame(
        {
            "table": table,
            "column": cases["column"].where(cases["schema_context"] == "Column", "").astype(object),
            "check": cases["check"].astype(str),
            "value": cases["failure_case"].astype(str),
            "key": ["/".join(str(frame[k].iloc[int(row)]) for k in keys) if row == row else "" for row in rows],
        }
    )
    whole_row = found["column"] == ""
    found.loc[whole_row, "value"] = found.loc[whole_row, "key"]
    return found.drop_duplicates(ignore_index=True)


def schema_failures(asset: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What is wrong with one chunk of what an asset made: the columns that it fills, in the tables that are there."""
    found = []
    for name in metadata.tables:
        columns = tuple(columns_made_by(asset, name)) if metadata.tables[name].info["asset"] else ()
        if columns and name in tables:
            found.append(validate(name, tables[name], columns))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS), dtype=object)
