"""The presets of edge cases, from the command to the database: invalid rows never load, valid ones load as they are."""

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline import running
from seed_pipeline.pipeline.asking import scope
from seed_pipeline.pipeline.checking import check_artifacts, check_target, opened_target
from seed_pipeline.pipeline.judging import audit
from seed_pipeline.pipeline.making import Opened, generate, made
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SettingsError
from seed_pipeline.store import database
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.views.why.explain import explain
from seed_pipeline_tests.cli.conftest import AS_OF, command  # noqa: F401
from seed_pipeline_tests.quality.test_injected import found, wanted
from seed_pipeline_tests.store.conftest import postgres, server, sqlite, target  # noqa: F401

DAY = date(2026, 3, 1)


def asked(preset: str, **more: object) -> Wishes:
    return Wishes(as_of=DAY.isoformat(), presets=(preset,), **more)  # type: ignore[arg-type]


def labels(artifacts: Artifacts):
    return next(artifacts.release())["truth_defects"]


def test_invalid_edge_cases_end_the_run_and_are_named(command, tmp_path: Path):  # noqa: F811
    """Exit code 1, no database, and the failed verdicts name exactly the invalid rows, Pandera's too."""
    answer = command("run", "--preset", "edge_cases", *AS_OF, "--artifacts", "artifacts", "--json")
    said = json.loads(answer.out)
    assert answer.code == 1
    assert said["loaded"] is None
    assert not (tmp_path / "data").exists()
    named = {(v["id"], row) for v in said["verdicts"] if not v["passed"] for row in v["offenders"]}
    assert named == wanted(labels(Artifacts(tmp_path / "artifacts")))
    assert {v["name"] for v in said["verdicts"] if not v["passed"]} >= {"schema", "Q4_no_overlaps"}


def test_each_assets_own_checks_find_the_same(tmp_path: Path):
    """Judged asset by asset, as Dagster does, long before the answer key exists."""
    settings = asked("edge_cases").settings(DAY)
    artifacts = generate(settings, tmp_path)
    sheets = [audit(asset, settings, artifacts) for asset in ENTITIES]
    assert found([v for sheet in sheets for v in sheet.verdicts]) == wanted(labels(artifacts))
    assert not sheets[-1].failures


def test_valid_edge_cases_load_as_they_are(target, tmp_path: Path):  # noqa: F811
    """Both databases give back every text and name byte for byte, and the checks and explanations know them again."""
    url = target.url.render_as_string(hide_password=False)
    wishes = asked("edge_cases_valid", target=url)
    settings = wishes.settings(DAY)
    outcome = running.run(settings, tmp_path / "artifacts")
    assert outcome.refusals == []
    _texts_are_there(target, settings.defects)
    plain = Wishes(target=url)
    assert found(check_target(plain)) == set()
    assert found(check_artifacts(Wishes(), tmp_path / "artifacts")) == set()
    again = running.run(settings)
    assert again.loaded is not None
    assert (again.loaded["insert"], again.loaded["update"], again.loaded["delete"]) == (0, 0, 0)
    _explained(plain)


def _texts_are_there(target, defects) -> None:  # noqa: F811
    words = {extreme.words for extreme in defects.texts.values()}
    of = "row_key FROM truth_defects WHERE defect = '{}' AND table_name = '{}'"
    sessions = f"(SELECT {of.format('extreme_text', 'session_feedback')})"
    for column, table, key in (
        ("feedback_text", "session_feedback", "session_id"),
        ("ai_summary", "sessions", "id"),
        ("text", "session_transcript_highlights", "session_id"),
    ):
        rows = target.rows(f"SELECT {column} FROM {table} WHERE CAST({key} AS text) IN {sessions}")
        assert {row[0] for row in rows} == words, table
    names = target.rows(f"SELECT name FROM users WHERE id IN (SELECT {of.format('extreme_name', 'users')})")
    assert {row[0] for row in names} == set(defects.names.values())


def _explained(wishes: Wishes) -> None:
    query = """SELECT DISTINCT ON (table_name, defect) row_key, defect, because FROM truth_defects
        WHERE table_name IN ('sessions', 'students', 'tutors') ORDER BY row_key"""
    with scope(wishes, None) as there:
        for label in there.rows(query):
            said = explain(there, label["row_key"])
            assert f"an injected edge case, {label['defect']}" in said.text
            assert said.to_json()["because"] == label["because"]


def test_an_invalid_row_is_explained_with_the_statement_that_finds_it(tmp_path: Path):
    """What is wrong, and who must find it."""
    artifacts = generate(asked("edge_cases").settings(DAY), tmp_path)
    told = labels(artifacts).astype(object)
    row = told[~told["valid"].astype(bool) & (told["defect"] == "flag_without_row")]["row_key"].iloc[0]
    with scope(Wishes(), tmp_path) as there:
        said = explain(there, row)
    assert "its row in sessions is invalid  A5 must find it" in said.text
    assert said.to_json()["invalid"] == [{"table": "sessions", "found_by": "A5"}]


def test_two_worlds_do_not_mix(tmp_path: Path):
    """An asset is not made from upstream tables with other edge cases: it would mistake rows."""
    with_edges, without = asked("edge_cases_valid").settings(DAY), Wishes(as_of=DAY.isoformat()).settings(DAY)
    generate(with_edges, tmp_path)
    upstream = {name: Opened(tmp_path, name) for name in ("tutors", "students", "sessions", "metrics")}
    with pytest.raises(SettingsError, match=r"defects.yaml, inject.*inject valid"):
        made("feedback", without, upstream)
    other = asked("edge_cases_valid", overrides=("defects.scenarios.extreme_name=2",)).settings(DAY)
    with pytest.raises(SettingsError, match=r"defects.yaml, scenes"):
        made("feedback", other, upstream)


@pytest.mark.slow
def test_edge_cases_that_are_kept_belong_to_no_later_release(target):  # noqa: F811
    """Where earlier rows stay, an ordinary release is read and judged without the edge cases before it."""
    url = target.url.render_as_string(hide_password=False)
    running.run(asked("edge_cases_valid", target=url).settings(DAY))
    keeping = ("main.clear_existing_data=false",)
    assert running.run(Wishes(as_of=DAY.isoformat(), target=url, overrides=keeping).settings(DAY)).loaded is not None
    with opened_target(Wishes(target=url)) as (scope, _):
        rows = [scope.tables[name].rows for name in ("truth_defects", "sessions")]
        assert (rows, scope.settings.defects.inject) == ([0, 150], "none")
    assert found(check_target(Wishes(target=url))) == set()


@pytest.mark.slow
def test_edge_cases_go_when_they_are_no_longer_asked_for(target, tmp_path: Path):  # noqa: F811
    """An ordinary release over one with edge cases removes exactly these; its own rows stay."""
    url = target.url.render_as_string(hide_password=False)
    injected = running.run(asked("edge_cases_valid", target=url).settings(DAY)).rows["truth_defects"]
    ordinary = running.run(Wishes(as_of=DAY.isoformat(), target=url).settings(DAY))
    assert ordinary.loaded is not None
    assert ordinary.loaded["insert"] == 0
    assert ordinary.loaded["update"] <= 9  # the dashboard's figures are about everybody
    assert ordinary.loaded["delete"] >= 2 * injected  # the rows and their labels, and alerts about them
    with database.connect(target.url).connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM truth_defects")).scalar() == 0
