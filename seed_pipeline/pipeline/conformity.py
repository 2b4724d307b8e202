"""Whether what an asset made is what the schema says: one verdict for each asset, by Pandera, chunk by chunk."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from seed_pipeline import schema
from seed_pipeline.core.dataset import Tables
from seed_pipeline.pipeline.making import makes_rows
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.store.artifacts import Artifacts

NAME = "schema"
TITLE = "Types, nulls, domains, enumerations and keys are those of the platform's schema (Q1)."
SETTING = "seed_pipeline/schema.py"
REMEDY = "The asset's code made values that the platform does not take; mend it, or the column's definition."
SHOWN = 20


def conformity(asset: str, artifacts: Artifacts) -> Verdict:
    """The verdict `schema` on one asset: every value that the platform's schema would not take."""
    wrong, rows = 0, 0
    shown: list[dict] = []
    for chunk in range(artifacts.n_chunks(asset)):
        tables = artifacts.read(asset, chunk)
        rows += sum(len(frame) for frame in tables.values())
        for failures in _failures(asset, tables):
            wrong += len(failures)
            shown += failures.head(SHOWN - len(shown)).to_dict("records") if len(shown) < SHOWN else []
    return _verdict(asset, wrong, rows, shown)


def _failures(asset: str, tables: Tables) -> Iterator[pd.DataFrame]:
    # Pandera takes its time to import, and only this check needs it.
    from seed_pipeline.quality.schemas import schema_failures, validate

    yield schema_failures(asset, tables)
    yield from (validate(name, tables[name]) for name in tables if makes_rows(asset, name) and not _owns(asset, name))


def _owns(asset: str, table: str) -> bool:
    return schema.metadata.tables[table].info["asset"] == asset


def _verdict(asset: str, wrong: int, rows: int, shown: list[dict]) -> Verdict:
    make = partial(Verdict, id="Q1", name=NAME, title=TITLE, entity=asset, setting=SETTING, hint=REMEDY, blocking=True)
    return make(
        observed=f"{wrong} wrong values",
        expected="none",
        value=float(wrong),
        low=0.0,
        high=0.0,
        n=rows,
        passed=wrong == 0,
        deviation=float(wrong),
        evidence=tuple({str(key): str(value) for key, value in record.items()} for record in shown),
        offenders=tuple(dict.fromkeys(str(record["key"]) for record in shown)),
    )
