"""The platform's database as its own migrations make it: DDL written from the facts, not from our definition."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from seed_pipeline_tests.store.conftest import Target

FACTS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("platform_schema.yaml").read_text(encoding="utf-8"))


# As the header of platform_schema.yaml has them, by the column that each is about.
CHECKS = {
    "weight": "weight_check", "accuracy_after": "accuracy_after_check", "accuracy_before": "accuracy_before_check",
    "student_talk_ratio": "student_ratio_check", "tutor_talk_ratio": "tutor_ratio_check",
    "student_satisfaction_rating": "rating_check", "active_tab_focus_pct": "focus_check",
    "student_on_screen_attention_pct": "attention_check", "overall_session_score": "score_check",
}  # fmt: skip


def migrate(target: Target, facts: dict[str, Any] = FACTS, *, schema: str = "public") -> None:
    """Create the platform's tables and names, as PostgreSQL writes them; no index, as its schema tool makes none."""
    if schema != "public":
        target.run(f"CREATE SCHEMA {schema}")
    types = {name: f"{schema}.{name}" for name in facts["enums"]}
    for name, values in facts["enums"].items():
        target.run(f"CREATE TYPE {types[name]} AS ENUM ({', '.join(repr(v) for v in values)})")
    for name, table in facts["tables"].items():
        parts = [f'"{column}" {_qualified(d, types)}' for column, d in table["columns"].items()]
        parts += [f"CONSTRAINT {n} {definition}" for n, definition in _constraints(name, table, schema)]
        target.run(f"CREATE TABLE {schema}.{name} ({', '.join(parts)})")


def _constraints(name: str, table: dict[str, Any], schema: str) -> Iterator[tuple[str, str]]:
    keys = table["primary_key"]
    yield "_".join([name, *keys, "pk"] if len(keys) > 1 else [name, "pkey"]), f"PRIMARY KEY ({', '.join(keys)})"
    for column in table.get("unique", ()):
        yield f"{name}_{column}_unique", f"UNIQUE ({column})"
    for check in table.get("checks", ()):
        yield CHECKS[re.findall(r"\w+", check)[0]], f"CHECK {check}"
    for column, parent in table.get("foreign_keys", {}).items():
        other, key = re.findall(r"\w+", parent)[:2]
        named = f"{name}_{column}_{other}_{key}_fk"[:63]
        yield named, f"FOREIGN KEY ({column}) REFERENCES {schema}.{parent}"


def _qualified(definition: str, types: dict[str, str]) -> str:
    first, _, rest = definition.partition(" ")
    return f"{types.get(first, first)} {rest}"
