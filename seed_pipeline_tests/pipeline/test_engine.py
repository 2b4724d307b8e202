"""Two faces, one engine: the same bytes from the command line and from Dagster, for any number of processes."""

import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from seed_pipeline import schema
from seed_pipeline.cli.app import finished
from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.defs.launch import HOME, materialize
from seed_pipeline.pipeline import running
from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.making import Opened, generate, made
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings, load
from seed_pipeline.store.errors import StoreError

DAY = date(2026, 3, 1)


def fingerprints(settings: Settings, out: Path) -> dict[str, str]:
    artifacts = generate(settings, out)
    return {asset: artifacts.manifest(asset).fingerprint for asset in ENTITIES}


def rows(database: Path, table: str) -> list[tuple]:
    keys = ", ".join(column.name for column in schema.metadata.tables[table].primary_key)
    with sqlite3.connect(database) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY {keys}").fetchall()


def test_both_faces_load_the_same_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every table, value for value, from `seed-pipeline run` and from Dagster, edge cases among them.

    A report that cannot be written is said, and by the exit code: the data is there all the same.
    """
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(HOME / "dagster.yaml", home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    by_cli, by_dagster = tmp_path / "cli.db", tmp_path / "dagster.db"
    wishes = Wishes(seed=11, as_of=DAY.isoformat(), overrides=("defects.inject=valid",))
    of_cli = running.run(Wishes(**{**vars(wishes), "target": f"sqlite:///{by_cli}"}).settings(DAY))
    asked = Wishes(**{**vars(wishes), "target": f"sqlite:///{by_dagster}"})
    (tmp_path / "report.html").write_text("somebody's own")
    of_dagster = materialize(asked, asked.settings(DAY), tmp_path / "artifacts")

    assert (of_cli.exit_code, of_dagster.exit_code) == (0, 3)
    assert [line for line in of_dagster.afterwards if line.startswith("report failed: ")] == list(of_dagster.afterwards)
    assert finished(of_dagster, False, tmp_path / "report.html") == 3
    assert "Report  " not in capsys.readouterr().out
    assert of_cli.loaded == of_dagster.loaded
    assert of_cli.fingerprint == of_dagster.fingerprint
    assert {v.name: v.passed for v in of_cli.verdicts} == {v.name: v.passed for v in of_dagster.verdicts}
    for table in schema.FILLED:
        assert rows(by_cli, table) == rows(by_dagster, table), table
        assert rows(by_cli, table)


def test_processes_and_chunks_leave_no_trace(tmp_path: Path) -> None:
    """Two processes over chunks of one cohort make what one process makes of all cohorts at once (X1)."""
    size = "main.total_sessions=450"
    several = load(overrides=[size, "main.chunk_cohorts=1", "main.processes=2"], today=DAY)
    one = load(overrides=[size], today=DAY)
    assert fingerprints(several, tmp_path / "several") == fingerprints(one, tmp_path / "one")


def test_another_seed_is_another_dataset(tmp_path: Path) -> None:
    """Every asset differs, the table of reference included: its IDs follow the seed (X2, X4)."""
    one = fingerprints(load(today=DAY), tmp_path / "a")
    other = fingerprints(load(today=DAY, overrides=["main.seed=43"]), tmp_path / "b")
    assert not set(one.values()) & set(other.values())


def test_nothing_is_loaded_when_the_target_cannot_be(tmp_path: Path) -> None:
    """A target that cannot be opened is found before the work, not after it."""
    target = tmp_path / "target.db"
    target.write_text("not a database " * 100)
    seen: list[str] = []
    settings = load(today=DAY, overrides=[f"main.target='sqlite:///{target}'"])
    with pytest.raises(Exception, match="not a SQLite database"):
        running.run(settings, progress=lambda stage, done, total: seen.append(stage))
    assert seen == []


def test_what_is_made_anew_while_it_is_loaded_is_not_loaded(tmp_path: Path) -> None:
    """Judged, then replaced between the guard and the last row: the load ends as if it had never begun."""
    settings = load(today=DAY, overrides=[f"main.target='sqlite:///{tmp_path / 'seed.db'}'"])
    artifacts = generate(settings, tmp_path / "artifacts")
    audit_all(settings, artifacts)
    other = load(today=DAY, overrides=["probabilities.rating.spread=0.6"])

    def meanwhile(stage: str, done: int, total: int) -> None:
        if done == 0:
            made("feedback", other, {a: Opened(artifacts.root, a) for a in UPSTREAM["feedback"]}).write(artifacts)

    with pytest.raises(StoreError, match="feedback: the asset was made anew while it was being loaded"):
        Candidate(artifacts, settings).load(meanwhile)
    with sqlite3.connect(tmp_path / "seed.db") as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
