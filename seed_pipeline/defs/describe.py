"""Schema, counts and contents as Dagster's metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.blast_radius import Change, markdown
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.making import makes_rows
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.store.artifacts import Manifest
from seed_pipeline.store.plan import Plan
from seed_pipeline.store.target import redact


def tables_of(asset: str) -> list[str]:
    """The schema's tables in which the asset has a part, its own first."""
    parts = [name for name in schema.metadata.tables if schema.columns_made_by(asset, name)]
    return sorted(parts, key=lambda name: schema.metadata.tables[name].info["asset"] != asset)


def column_schema(asset: str, table: str) -> dg.TableSchema:
    """The columns that the asset fills in the table, with type, remark and constraints."""
    definition = schema.metadata.tables[table]
    names = schema.columns_made_by(asset, table)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(c.name, str(c.type.compile()), c.comment, constraints=_constraints(c))
            for c in definition.columns
            if c.name in names
        ]
    )


def _constraints(column: sa.Column) -> dg.TableColumnConstraints:
    other = [f"references {key.target_fullname}" for key in column.foreign_keys]
    other += ["primary key"] if column.primary_key else []
    other += [f"{column.info['domain'][0]} to {column.info['domain'][1]}"] if "domain" in column.info else []
    return dg.TableColumnConstraints(
        nullable=bool(column.nullable), unique=column.primary_key and _alone(column), other=other
    )


def _alone(column: sa.Column) -> bool:
    return len(column.table.primary_key.columns) == 1


def asset_metadata(asset: str) -> dict[str, Any]:
    """What is known of an asset before it is made: its tables and their columns."""
    tables = tables_of(asset)
    found: dict[str, Any] = {f"columns of {name}": column_schema(asset, name) for name in tables[1:]}
    return {"dagster/table_name": tables[0], "dagster/column_schema": column_schema(asset, tables[0]), **found}


def made_metadata(manifest: Manifest) -> dict[str, Any]:
    """What came out: rows per table, fingerprint, the world it was made for."""
    rows = {name: count for name, count in manifest.rows.items() if makes_rows(manifest.asset, name)}
    world = {key: str(value) for key, value in manifest.metadata.get("world", {}).items()}
    return {
        "dagster/row_count": sum(rows.values()),
        "rows": table([{"table": name, "rows": count} for name, count in rows.items()]),
        **{f"rows of {name}": count for name, count in rows.items()},
        "fingerprint": manifest.fingerprint,
        "world": dg.MetadataValue.json(world),
    }


def changed_metadata(changes: Sequence[Change]) -> dict[str, Any]:
    """The blast radius: what is not as it was in the version before, per table and column."""
    rows = [change for change in changes if not change.column]
    totals = {what: sum(getattr(change, what) for change in rows) for what in ("new", "gone", "changed", "unchanged")}
    counts = {f"rows {what}": count for what, count in totals.items()}
    return {"what changed": dg.MetadataValue.md(markdown(changes)), **counts}


def loaded_metadata(candidate: Candidate, plan: Plan) -> dict[str, Any]:
    """What was loaded where: the plan that was applied, table by table, and what it meant for rows of others."""
    effects = {"rows of others": table([{"effect": effect.line} for effect in plan.effects])} if plan.effects else {}
    return {
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
