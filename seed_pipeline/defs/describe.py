"""Schema, counts and contents as Dagster's metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from seed_pipeline import schema
from seed_pipeline.blast_radius import Change, markdown
from seed_pipeline.core.dataset import ENTITIES, READS
from seed_pipeline.defs.columns import column_lineage, column_schema, released_lineage
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.defs.stories import DOCS
from seed_pipeline.pipeline.judging import statements
from seed_pipeline.pipeline.ledger import verdicts_of
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.quality.verdict import counted
from seed_pipeline.schema import makes_rows
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.plan import Plan
from seed_pipeline.store.target import redact


def tables_of(asset: str) -> list[str]:
    """The schema's tables in which the asset has a part, its own first."""
    parts = [name for name in schema.metadata.tables if schema.columns_made_by(asset, name)]
    return sorted(parts, key=lambda name: schema.metadata.tables[name].info["asset"] != asset)


def asset_metadata(asset: str) -> dict[str, Any]:
    """What is known of an asset before it is made: its tables and columns, what they are made from, what is judged."""
    tables = tables_of(asset)
    return {
        "dagster/table_name": tables[0],
        "dagster/column_schema": column_schema(asset),
        "tables": ", ".join(tables),
        "statements": table(
            [
                {"id": s.id, "statement": s.title, "blocking": s.blocking, "set by": s.setting}
                for s in statements(shipped(), asset).values()
            ]
        ),
        "reads": dg.MetadataValue.md("\n".join(f"- `{key}`" for key in READS[asset])),
        **docs(),
    }


def folder(artifacts: Artifacts) -> str:
    """The folder as evaluations name it, so that one can be told from another."""
    return str(artifacts.root.resolve())


def docs() -> dict[str, dg.MetadataValue]:
    """Where to read on, as paths in the repository."""
    return {Path(path).stem.replace("_", " "): dg.MetadataValue.path(path) for path in DOCS}


def made_metadata(manifest: Manifest, prefix: Sequence[str]) -> dict[str, Any]:
    """What came out: rows per table, fingerprint, the world it was made for."""
    rows = {name: count for name, count in manifest.rows.items() if makes_rows(manifest.asset, name)}
    world = {key: str(value) for key, value in manifest.metadata.get("world", {}).items()}
    return {
        "dagster/row_count": sum(rows.values()),
        "rows": table([{"table": name, "rows": count} for name, count in rows.items()]),
        **{f"rows of {name}": count for name, count in rows.items()},
        "fingerprint": manifest.fingerprint,
        "dagster/column_lineage": column_lineage(manifest.asset, prefix),
        "world": dg.MetadataValue.json(world),
    }


def changed_metadata(changes: Sequence[Change]) -> dict[str, Any]:
    """The blast radius: what is not as it was in the version before, per table and column."""
    rows = [change for change in changes if not change.column]
    totals = {what: sum(getattr(change, what) for change in rows) for what in ("new", "gone", "changed", "unchanged")}
    counts = {f"rows {what}": count for what, count in totals.items()}
    return {"what changed": dg.MetadataValue.md(markdown(changes)), **counts}


def loaded_metadata(candidate: Candidate, plan: Plan, prefix: Sequence[str]) -> dict[str, Any]:
    """What was loaded where by which plan, what it meant for rows of others, and how near the data came to failing."""
    effects = {"rows of others": table([{"effect": effect.line} for effect in plan.effects])} if plan.effects else {}
    verdicts = verdicts_of(ENTITIES, candidate.artifacts)
    return {
        "dagster/column_lineage": released_lineage(prefix),
        "dagster/row_count": sum(count for what, count in plan.totals().items() if what != "delete"),
        "worst deviation": round(max((v.deviation for v in verdicts if v.passed), default=0.0), 4),
        **{f"checks {state}": n for state, n in counted(verdicts).items() if state != "failed"},
        "target": redact(candidate.settings.main.target),
        "fingerprint": candidate.artifacts.fingerprint(ENTITIES),
        "release": plan.release,
        **{f"rows: {what}": count for what, count in plan.totals().items()},
        "plan": table(plan.records()),
        **effects,
    }


def table(records: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Records as a table of the UI: plain values only, floats to four decimals."""
    plain = [{key: _cell(value) for key, value in record.items()} for record in records]
    names = dict.fromkeys(key for record in plain for key in record)
    columns = [dg.TableColumn(name, _type([record.get(name) for record in plain])) for name in names]
    return dg.MetadataValue.table([dg.TableRecord(record) for record in plain], schema=dg.TableSchema(columns=columns))


def _type(values: Sequence[Any]) -> str:
    found = {type(value) for value in values if value is not None}
    return (
        "string" if str in found or not found else "float" if float in found else "bool" if found == {bool} else "int"
    )


def _cell(value: Any) -> str | int | float | bool | None:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if pd.isna(value) else round(value, 4)
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
