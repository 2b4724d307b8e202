"""Whether what an asset made is what the schema says: one verdict for each asset, by Pandera, chunk by chunk."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.schema import columns_made_by, makes_rows, metadata

NAME = "schema"
TITLE = "Types, nulls, domains and enumerations are those of the platform's schema (Q1)."
SETTING = "seed_pipeline/schema.py"
REMEDY = "The asset's code made values that the platform does not take; mend it, or the column's definition."
SHOWN = 20


def conformity(asset: str, chunks: Iterable[Mapping[str, Any]]) -> Verdict:
    """The verdict `schema` on one asset: every value in its tables that the platform's schema would not take."""
    wrong, rows = 0, 0
    shown: list[dict[str, str]] = []
    for tables in chunks:
        for name, columns in _looked_at(asset, tables):
            # Pandera takes its time to import, and only this check needs it.
            from seed_pipeline.quality.schemas import validate

            rows += len(tables[name])
            failures = validate(name, tables[name], columns)
            wrong += len(failures)
            listed = failures.head(SHOWN - len(shown)).to_dict("records") if len(shown) < SHOWN else []
            shown += [{str(key): str(value) for key, value in record.items()} for record in listed]
    return Verdict(
        id="Q1",
        name=NAME,
        title=TITLE,
        entity=asset,
        observed=f"{wrong} wrong values",
        expected="none",
        value=float(wrong),
        low=0.0,
        high=0.0,
        n=rows,
        passed=wrong == 0,
        blocking=True,
        deviation=float(wrong),
        offenders=tuple(dict.fromkeys(record["key"] for record in shown)),
        evidence=tuple(shown),
        setting=SETTING,
        hint=REMEDY,
    )


def _looked_at(asset: str, tables: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The tables that an asset has a part in, and the columns of each that it fills; all of them where it adds rows."""
    for name in tables:
        columns = columns_made_by(asset, name) if name in metadata.tables else []
        if columns or makes_rows(asset, name):
            yield name, tuple(columns) or None
