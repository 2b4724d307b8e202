"""Whether what an asset made is what the schema says: one verdict for each asset, by Pandera, chunk by chunk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from seed_pipeline.quality.fits import fits
from seed_pipeline.quality.verdict import Record, Verdict, number
from seed_pipeline.schema import columns_made_by, makes_rows, metadata

NAME = "schema"
TITLE = "Types, nulls, domains and enumerations are those of the platform's schema (Q1)."
SETTING = "seed_pipeline/schema.py"
REMEDY = "The asset's code made values that the platform does not take; mend it, or the column's definition."
SHOWN = 20
DISTRIBUTIONS = (
    "O1_completed", "O2_student_no_shows", "O3_tutor_no_shows", "O4_rescheduled", "O5_technical_issues",
    "O6_tutor_no_show_rates",
)  # fmt: skip
"""Statements that the schema of `sessions` says, too: shares of outcomes, and no-show rates by persona."""


class Looked(NamedTuple):
    """What was found in some chunks: wrong values, rows, and the first of what is wrong."""

    wrong: int
    rows: int
    shown: list[dict[str, str]]


def conformity(asset: str, chunks: Iterable[Mapping[str, Any]], judged: Sequence[Verdict] = ()) -> Verdict:
    """The verdict `schema` on one asset: every value in its tables that the platform's schema would not take.

    Verdicts already `judged` on distributions, which the schema of `sessions` asks for, too, are shown as rows and not
    counted again: one cause is one failure, that of the statement.
    """
    return concluded(asset, [looked(asset, chunks)], judged)


def looked(asset: str, chunks: Iterable[Mapping[str, Any]]) -> Looked:
    """What is wrong: frames are held against the Pandera schemas; Arrow only where a glance does not settle it."""
    wrong, rows = 0, 0
    shown: list[dict[str, str]] = []
    for tables in chunks:
        for name, columns in _looked_at(asset, tables):
            rows += len(tables[name])
            failures = _failures(name, tables[name], columns)
            wrong += len(failures)
            shown += failures[: SHOWN - len(shown)]
    return Looked(wrong, rows, shown)


def concluded(asset: str, found: Sequence[Looked], judged: Sequence[Verdict] = ()) -> Verdict:
    """The verdict from what was found in all chunks, by whoever looked."""
    wrong, rows = sum(part.wrong for part in found), sum(part.rows for part in found)
    shown = [record for part in found for record in part.shown][:SHOWN]
    shares = [v for v in judged if v.name in DISTRIBUTIONS and v.passed is not None]
    missed = ", ".join(v.name for v in shares if v.failed)
    return Verdict(
        id="Q1",
        name=NAME,
        title=TITLE,
        entity=asset,
        observed=f"{wrong} wrong values" + (f" ({missed} missed, which is a failure of its own)" if missed else ""),
        expected="none",
        value=float(wrong),
        low=0.0,
        high=0.0,
        n=rows,
        passed=wrong == 0,
        blocking=True,
        deviation=float(wrong),
        rows=tuple(_row(v) for v in shares),
        offenders=tuple(dict.fromkeys(record["key"] for record in shown)),
        evidence=tuple(shown),
        setting=SETTING,
        hint=REMEDY,
    )


def _row(v: Verdict) -> Record:
    limits = {"low": number(v.low), "high": number(v.high)}
    return {"group": v.name, "observed": number(v.value), "expected": None, **limits, "n": v.n, "passed": v.passed}


def _failures(name: str, data: Any, columns: tuple[str, ...] | None) -> list[dict[str, str]]:
    if isinstance(data, pa.Table):
        if fits(name, data, columns):
            return []
        data = data.to_pandas(strings_to_categorical=False)
    # Pandera and pandas take their time to import, and only this needs them.
    from seed_pipeline.quality.schemas import validate

    return [{str(k): str(v) for k, v in record.items()} for record in validate(name, data, columns).to_dict("records")]


def _looked_at(asset: str, tables: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The tables that an asset has a part in, and the columns of each that it fills; all of them where it adds rows."""
    for name in tables:
        columns = columns_made_by(asset, name) if name in metadata.tables else []
        if columns or makes_rows(asset, name):
            yield name, tuple(columns) or None
