"""The platform's database as its own migrations make it: DDL written from the facts, not from our definition."""

from pathlib import Path
from typing import Any

import yaml

from seed_pipeline_tests.store.conftest import Target

FACTS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("platform_schema.yaml").read_text(encoding="utf-8"))


def migrate(target: Target, facts: dict[str, Any] = FACTS) -> None:
    """Create the platform's tables, as PostgreSQL writes them."""
    for name, values in facts["enums"].items():
        target.run(f"CREATE TYPE {name} AS ENUM ({', '.join(repr(v) for v in values)})")
    for name, table in facts["tables"].items():
        parts = [f'"{column}" {definition}' for column, definition in table["columns"].items()]
        parts.append(f"CONSTRAINT {name}_pk PRIMARY KEY ({', '.join(table['primary_key'])})")
        parts += [f"CONSTRAINT {name}_{column}_uq UNIQUE ({column})" for column in table.get("unique", ())]
        parts += [f"CHECK {check}" for check in table.get("checks", ())]
        keys = table.get("foreign_keys", {}).items()
        parts += [f"CONSTRAINT {name}_{c}_fk FOREIGN KEY ({c}) REFERENCES {parent}" for c, parent in keys]
        target.run(f"CREATE TABLE {name} ({', '.join(parts)})")
