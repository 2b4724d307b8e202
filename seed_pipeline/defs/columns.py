"""Every column an asset makes, with its remark and constraints, and the upstream columns that it is made from.

The remarks come from `schema`. What a column is made from is declared in lineage.json, which an experiment writes:
`python -m seed_pipeline_tests.defs.lineage` changes upstream columns one by one and sees what comes out otherwise.
Columns are written `table.column`, as an asset may fill several tables; `work_` tables hold working figures.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from seed_pipeline import schema

DECLARED = Path(__file__).with_name("lineage.json")

SHOWN = 6
"""How many columns of one upstream asset are named in a column's description; the lineage has all."""


@cache
def declared() -> dict[str, dict[str, list[str]]]:
    """Asset → `table.column` → `asset.table.column` of all that it is made from."""
    found: dict[str, dict[str, list[str]]] = json.loads(DECLARED.read_text(encoding="utf-8"))
    return found


def column_schema(asset: str) -> dg.TableSchema:
    """The columns that the asset fills; its working tables' are in the lineage alone."""
    filled = {
        name: deps for name, deps in declared()[asset].items() if name.partition(".")[0] in schema.metadata.tables
    }
    return dg.TableSchema(columns=[_described(name, _origin(deps)) for name, deps in filled.items()])


def column_lineage(asset: str, prefix: Sequence[str] = ()) -> dg.TableColumnLineage:
    """The upstream columns that each of the asset's columns is made from, in the place with this prefix."""
    return dg.TableColumnLineage({name: [_dep(d, prefix) for d in deps] for name, deps in declared()[asset].items()})


def released_schema() -> dg.TableSchema:
    """The columns of every table of the release."""
    return dg.TableSchema(columns=[_described(f"{table}.{c.name}") for table in schema.FILLED for c in _columns(table)])


def released_lineage(prefix: Sequence[str] = ()) -> dg.TableColumnLineage:
    """Each released column and the asset's column that is loaded into it; everybody's `users` are made by three."""
    makers: dict[str, list[dg.TableColumnDep]] = {f"{t}.{c.name}": [] for t in schema.FILLED for c in _columns(t)}
    for asset, columns in declared().items():
        for name in columns:
            table, _, column = name.partition(".")
            if name in makers and _fills(asset, table, column):
                makers[name].append(_dep(f"{asset}.{name}", prefix))
    return dg.TableColumnLineage(makers)


def _fills(asset: str, table: str, column: str) -> bool:
    """Whether the asset's column is the released one, and not the key by which a later column is joined."""
    owner = schema.metadata.tables[table].info["asset"]
    filled = schema.metadata.tables[table].columns[column].info.get("asset", owner)
    return asset == filled or (table == "users" and asset != owner)


def _dep(name: str, prefix: Sequence[str]) -> dg.TableColumnDep:
    asset, _, column = name.partition(".")
    return dg.TableColumnDep(dg.AssetKey([*prefix, asset]), column)


def _columns(table: str) -> list[sa.Column]:
    return list(schema.metadata.tables[table].columns)


def _origin(deps: list[str]) -> str:
    """What a column is made from, in words: the UI shows no graph of columns, but it shows a column's description."""
    by_asset: dict[str, list[str]] = {}
    for dep in deps:
        asset, _, column = dep.split(".")
        by_asset.setdefault(asset, []).append(column)
    said = [f"{asset} ({', '.join(names[:SHOWN])}{_more(names)})" for asset, names in by_asset.items()]
    return f" Made from {'; '.join(said)}." if said else ""


def _more(names: list[str]) -> str:
    return f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""


def _described(name: str, origin: str = "") -> dg.TableColumn:
    table, _, column = name.partition(".")
    definition = schema.metadata.tables[table].columns[column]
    said = f"{definition.comment}{origin}"
    return dg.TableColumn(name, str(definition.type.compile()), said, constraints=_limits(definition))


def _limits(column: sa.Column) -> dg.TableColumnConstraints:
    other = [f"references {key.target_fullname}" for key in column.foreign_keys]
    other += ["primary key"] if column.primary_key else []
    other += [f"{column.info['domain'][0]} to {column.info['domain'][1]}"] if "domain" in column.info else []
    alone = len(column.table.primary_key.columns) == 1
    return dg.TableColumnConstraints(
        nullable=bool(column.nullable), unique=bool(column.primary_key) and alone, other=other
    )
