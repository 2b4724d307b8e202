"""The platform's own tool reads a released database: `make drizzle` (needs Node.js and the npm registry)."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from seed_pipeline import schema
from seed_pipeline.pipeline.running import run
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.store import ownership
from seed_pipeline_tests.store import servers
from seed_pipeline_tests.store.conftest import Target

pytestmark = [pytest.mark.slow, pytest.mark.drizzle]
HERE = Path(__file__).with_name("drizzle")
DAY = date(2026, 1, 1)
TABLES = (*schema.metadata.sorted_tables, *ownership.metadata.sorted_tables)


def node(folder: Path, *command: str) -> str:
    """Run a command of Node's in the folder; its output. A failure shows all that was said."""
    if shutil.which(command[0]) is None:
        pytest.fail(f"{command[0]} is missing: install Node.js 20 or newer, with npm, and run make drizzle again")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def introspected(postgres: Target, tmp_path: Path) -> Path:
    """A folder in which drizzle-kit has introspected a database that holds a release."""
    url = servers.raw(postgres.url)
    wishes = Wishes(presets=["ci"], answer_key=True, target=url, overrides=["main.allowed_targets=['*']"])
    assert run(wishes.settings(DAY)).loaded is not None
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    config = {"dialect": "postgresql", "out": "./out", "dbCredentials": {"url": url}}
    (tmp_path / "drizzle.config.json").write_text(json.dumps(config))
    node(tmp_path, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    said = node(tmp_path, "npx", "--no-install", "drizzle-kit", "introspect")
    assert not [line for line in said.splitlines() if "rror" in line or "arning" in line]
    return tmp_path


def test_drizzle_kit_introspects_a_release(introspected: Path) -> None:
    """Without a complaint, and its generated schema has our tables, columns, keys, references and enumerations."""
    written = (introspected / "out" / "schema.ts").read_text(encoding="utf-8")
    assert [line for line in written.splitlines() if "TODO" in line or "failed" in line] == []
    found = json.loads(node(introspected, "npx", "--no-install", "tsx", "facts.ts"))
    enums = {c.type.name: c.type.enums for t in TABLES for c in t.columns if isinstance(c.type, sa.Enum)}
    assert found["enums"] == enums
    assert set(found["tables"]) == {table.name for table in TABLES}
    for table in TABLES:
        assert of(found["tables"][table.name]) == expected(table), table.name


def of(found: dict[str, Any]) -> dict[str, Any]:
    """What drizzle says of a table; the order of keys is of no account."""
    return {
        "columns": {name: tuple(facts) for name, facts in found["columns"].items()},
        "key": set(found["key"]),
        "unique": sorted(found["unique"]),
        "references": sorted(found["references"]),
    }


def expected(table: sa.Table) -> dict[str, Any]:
    """The same of our own definition."""
    unique = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    return {
        "columns": {c.name: (type_of(c), not c.nullable) for c in table.columns},
        "key": {c.name for c in table.primary_key},
        "unique": sorted([c.name for c in constraint.columns] for constraint in unique),
        "references": sorted(
            [[k.parent.name], k.column.table.name, [k.column.name], (k.ondelete or "no action").lower()]
            for k in table.foreign_keys
        ),
    }


def type_of(column: sa.Column) -> str:
    if isinstance(column.type, sa.Enum):
        return str(column.type.name)
    compiled = column.type.compile(dialect=postgresql.dialect()).lower()
    return compiled.replace(" without time zone", "")
