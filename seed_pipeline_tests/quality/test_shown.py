"""Queries for people: what the judge runs is what a reviewer can paste into `duckdb`."""

from pathlib import Path

import duckdb
import pytest

from seed_pipeline.pipeline.asking import ask
from seed_pipeline.pipeline.making import generate
from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.scope import of_frames
from seed_pipeline.quality.shown import queries_of, script
from seed_pipeline.quality.sql import read
from seed_pipeline.settings import SettingsError
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.relations import relations
from seed_pipeline_tests.quality.datasets import settings, tables


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """The default world as Parquet, in a folder whose name means something to DuckDB."""
    return generate(settings(), tmp_path_factory.mktemp("it's [a] folder?"))


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_every_script_runs_in_a_bare_duckdb(artifacts: Artifacts, step: int):
    """The statement's queries after the views that they read, over the Parquet parts; a fifth of them every time."""
    there = relations(artifacts, artifacts.assets())
    for name in list(settings().targets.statements)[::step]:
        connection = duckdb.connect()
        for statement in duckdb.extract_statements(script(name, settings(), there)):
            found = connection.execute(statement)
        assert {column[0] for column in found.description or ()} & {"label", "n"}, name


def test_a_statement_that_there_is_not_is_refused():
    """With the names of those that there are."""
    with pytest.raises(SettingsError, match=r"no such statement.*O1_completed"):
        queries_of(NAME, settings())


@pytest.mark.parametrize("query", ["DROP TABLE users", "SELECT 1; SELECT 2", "COPY users TO 'users.csv'", "SELEC 1"])
def test_what_is_no_query_is_refused(query: str):
    """One SELECT at a time, and nothing that writes."""
    with of_frames([tables()], settings()) as scope, pytest.raises(StoreError):
        ask(scope, query)
    assert not Path("users.csv").exists()


def test_facts_and_settings_are_there_to_be_asked():
    """Facts by session, personas with their numbers, any setting by its path."""
    with of_frames([tables()], settings()) as scope:
        assert ask(scope, "SELECT count(*) AS n FROM session_fact").rows == [(150,)]
        assert ask(scope, "SELECT count FROM persona WHERE name = 'star'").rows == [(2,)]
        assert ask(scope, "SELECT value FROM setting WHERE path = 'main.days'").rows == [("30",)]


def test_a_statement_is_one_select_and_one_block(monkeypatch: pytest.MonkeyPatch):
    """A file of queries/ and its block: judged, counted and named like the others."""
    short = "actual_duration < {main.days} AS wrong, actual_duration"
    text = f"-- Short lessons.\nSELECT id AS offender, '' AS label, {short} FROM session_fact"
    monkeypatch.setattr("seed_pipeline.quality.sql.read", lambda name: text if name == "statuses" else read(name))
    mine = (
        "targets.statements={M1_short: {title: No short lesson, entity: sessions, measure: statuses,"
        " setting: probabilities.time.durations, hint: run sessions again}}"
    )
    [verdict] = judge([tables()], settings(mine))
    assert verdict.failed
    assert (verdict.n, len(verdict.offenders)) == (150, verdict.value)
    assert all(int(row["actual_duration"] or 30) < 30 for row in verdict.evidence)
