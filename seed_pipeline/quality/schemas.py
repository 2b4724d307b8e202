"""Pandera schemas of the tables, derived from `schema.metadata`: types, nulls, domains, scales, enumerations.

They judge one chunk of one table at a time; keys and references are judged by queries (Q1). The schema of `sessions`
has its distributions, too, for who holds all sessions in one frame.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Enum, Integer, Numeric

from seed_pipeline.quality.conformity import DISTRIBUTIONS
from seed_pipeline.quality.judgement import judge
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.told import told

COLUMNS = ("table", "column", "check", "value", "key")


@cache
def schema(table: str, columns: tuple[str, ...] | None = None) -> pa.DataFrameSchema:
    """The schema of a table, or of some of its columns; columns it does not name are ignored."""
    definition = metadata.tables[table]
    names = columns or tuple(c.name for c in definition.columns)
    return pa.DataFrameSchema(
        {name: _column(definition.columns[name]) for name in names},
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


def sessions_schema(settings: Settings, truth_personas: pd.DataFrame) -> pa.DataFrameSchema:
    """The schema of `sessions` with its distributions: each a check on the frame, by the statement's own query."""
    known = [name for name in DISTRIBUTIONS if name in settings.targets.statements]
    checks = [_distribution(name, settings, truth_personas) for name in known]
    return pa.DataFrameSchema(schema("sessions").columns, checks=checks, name="sessions")


def _distribution(name: str, settings: Settings, personas: pd.DataFrame) -> pa.Check:
    targets = settings.targets.model_copy(update={"statements": {name: settings.targets.statements[name]}})
    alone = settings.model_copy(update={"targets": targets})

    def holds(frame: pd.DataFrame) -> bool:
        [verdict] = judge([{"sessions": frame, "truth_personas": personas}], alone)
        return not verdict.failed

    return pa.Check(holds, name=name, error=told(settings.targets.statements[name], settings).title)


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
