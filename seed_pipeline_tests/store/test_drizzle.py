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
from seed_pipeline_tests.store import servers
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.platform import migrate

pytestmark = [pytest.mark.slow, pytest.mark.drizzle]
HERE = Path(__file__).with_name("drizzle")
DAY = date(2026, 1, 1)
TABLES = [schema.metadata.tables[name] for name in schema.PLATFORM]


def node(folder: Path, *command: str) -> str:
    """Run a command of Node's in the folder; its output. A failure shows all that was said."""
    if shutil.which(command[0]) is None:
        pytest.fail(f"{command[0]} is missing: install Node.js 20 or newer, with npm, and run make drizzle again")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which drizzle-kit is installed."""
    folder = tmp_path_factory.mktemp("drizzle")
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    node(folder, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    return folder


def drizzle_kit(kit: Path, what: str, url: sa.URL, *options: str) -> str:
    """What one command of drizzle-kit says of a database."""
    config = {"dialect": "postgresql", "out": "./out", "schema": "./out/schema.ts"}
    written = {**config, "dbCredentials": {"url": servers.raw(url)}}
    (kit / "drizzle.config.json").write_text(json.dumps(written))
    said = node(kit, "npx", "--no-install", "drizzle-kit", what, *options)
    assert not [line for line in said.splitlines() if "rror" in line or "arning" in line], said
    return said


def release(target: Target) -> None:
    url = servers.raw(target.url)
    wishes = Wishes(presets=["ci"], answer_key=True, target=url, overrides=["main.allowed_targets=['*']"])
    assert run(wishes.settings(DAY)).loaded is not None


def test_drizzle_kit_introspects_a_release(kit: Path, postgres: Target) -> None:
    """Without a complaint, and its generated schema has our tables, columns, keys, references and enumerations."""
    release(postgres)
    drizzle_kit(kit, "introspect", postgres.url)
    written = (kit / "out" / "schema.ts").read_text(encoding="utf-8")
    assert [line for line in written.splitlines() if "TODO" in line or "failed" in line] == []
    found = json.loads(node(kit, "npx", "--no-install", "tsx", "facts.ts"))
    enums = {c.type.name: c.type.enums for t in TABLES for c in t.columns if isinstance(c.type, sa.Enum)}
    assert found["enums"] == enums
    assert set(found["tables"]) == set(schema.PLATFORM)
    for table in TABLES:
        assert of(found["tables"][table.name]) == expected(table), table.name


def everything(target: Target) -> list[tuple]:
    """Every column, constraint and index of both schemas."""
    ours = "n.nspname IN ('public', 'seed_pipeline')"
    return target.rows(
        "SELECT n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid "
        f"WHERE {ours} "
        "UNION ALL SELECT n.nspname::text, conrelid::regclass::text, conname::text, pg_get_constraintdef(c.oid) "
        f"FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace WHERE {ours} ORDER BY 1, 2, 3"
    )


@pytest.mark.parametrize("had", ["nothing", "the platform's tables"])
def test_drizzle_kit_has_nothing_to_push_onto_a_release(kit: Path, postgres: Target, server: sa.URL, had: str) -> None:
    """The platform's definition, pulled from its own database and pushed with --force, changes nothing (P11)."""
    with servers.database(server) as url:
        theirs = Target(url)
        migrate(theirs)
        drizzle_kit(kit, "introspect", theirs.url)
        theirs.engine.dispose()
    if had == "the platform's tables":
        migrate(postgres)
    release(postgres)
    before = everything(postgres), postgres.count("seed_pipeline.truth_effects"), postgres.count("sessions")
    assert "No changes detected" in drizzle_kit(kit, "push", postgres.url, "--force", "--verbose")
    after = everything(postgres), postgres.count("seed_pipeline.truth_effects"), postgres.count("sessions")
    assert (after, len(before[0]) > 300) == (before, True)


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
