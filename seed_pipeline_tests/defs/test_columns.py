"""Columns, what they are made from and what they answer for: declared once, and as it is."""

import json

import dagster as dg
import pytest

from seed_pipeline import schema
from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.definitions import defs
from seed_pipeline.defs.columns import (
    DECLARED,
    column_lineage,
    column_schema,
    declared,
    released_lineage,
    released_schema,
)
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.defs.stories import answers_for, story, tags
from seed_pipeline.quality.statements import statements
from seed_pipeline_tests.defs.conftest import Place
from seed_pipeline_tests.defs.lineage import measured, sound, written

QUICK = ("reference", "tutors", "students")


def test_the_declaration_has_every_column_and_no_other() -> None:
    """The columns of each asset's tables, as the entity makes them."""
    for entity in ENTITIES:
        made = [f"{table}.{column}" for table, frame in sound()[entity].items() for column in frame]
        assert list(declared()[entity]) == made


def test_columns_are_made_from_columns_that_exist() -> None:
    """Each is a column of an asset that the entity reads. (One may be read for words that no shipped line says.)"""
    for entity, columns in declared().items():
        named = {dep for deps in columns.values() for dep in deps}
        assert named <= {f"{asset}.{column}" for asset in UPSTREAM[entity] for column in declared()[asset]}
        assert bool(named) == bool(UPSTREAM[entity])


@pytest.mark.parametrize("entity", [e if e in QUICK else pytest.param(e, marks=pytest.mark.slow) for e in ENTITIES])
def test_what_a_column_is_made_from_is_found_by_experiment(entity: str) -> None:
    """Changing a declared column changes what is made from it; changing any other one does not."""
    assert measured(entity) == declared()[entity]


def test_the_experiment_sees_causes_and_no_others() -> None:
    """A session's score owes to its technical issues, its engagement does not."""
    scores, engagement = (
        declared()["metrics"][c]
        for c in ("sessions.overall_session_score", "session_audio_metrics.student_engagement_score")
    )
    assert "sessions.work_sessions.technical_issues" in scores
    assert "sessions.work_sessions.technical_issues" not in engagement


def test_the_declaration_is_written_by_the_experiment() -> None:
    """Renew it with `python -m seed_pipeline_tests.defs.lineage`."""
    text = DECLARED.read_text(encoding="utf-8")
    assert text == written(json.loads(text))


def test_every_released_column_comes_from_the_asset_that_fills_it() -> None:
    """The database has each column from one asset, and the users from the three that make people."""
    deps = released_lineage().deps_by_column
    assert set(deps) == {column.name for column in released_schema().columns}
    for name, found in deps.items():
        table, _, column = name.partition(".")
        definition = schema.metadata.tables[table]
        owner = definition.columns[column].info.get("asset", definition.info["asset"])
        expected = {"reference", "tutors", "students"} if table == "users" else {owner}
        assert {dep.asset_key.to_user_string() for dep in found} == expected


def test_a_materialization_carries_its_lineage_and_numbers_to_watch(loaded: Place) -> None:
    """Shares and means as numbers, which Dagster plots over time."""
    for asset, name, low, high in [
        ("sessions", "share completed", 0.88, 0.88),
        ("metrics", "mean engagement", 2.0, 9.5),
        ("feedback", "mean rating", 1.5, 5.0),
        ("churn", "share churned", 0.2, 0.3),
        ("database", "worst deviation", 0.0, 1.0),
    ]:
        event = loaded.instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        assert low <= metadata[name].value <= high  # type: ignore[operator]
        assert "dagster/column_lineage" in metadata
    assert metadata["dagster/row_count"].value == sum(len(f) for f in loaded.artifacts.release().__next__().values())


def test_an_asset_answers_for_what_the_schema_and_its_checks_say() -> None:
    """IDs of its columns' remarks and of the statements judged on it; nobody types a list of them."""
    assert {"T1", "T3", "R1", "Q7"} <= set(answers_for("metrics"))
    assert "Q10" in answers_for("feedback")
    for entity in ENTITIES:
        judged = {s.id for s in statements(shipped()) if s.entity == entity}
        assert judged <= set(answers_for(entity))
        assert ", ".join(answers_for(entity)) in story(entity, "")


def test_every_statement_is_answered_for() -> None:
    """No statement of configs/targets.yaml without an asset that names it."""
    answered = {id_ for entity in ENTITIES for id_ in answers_for(entity)}
    assert {s.id for s in statements(shipped())} <= answered


def test_assets_are_tagged_by_the_parts_of_the_contract() -> None:
    """The catalog can be filtered by them."""
    graph = defs.resolve_asset_graph()
    for entity in ENTITIES:
        assert tags(entity).items() <= graph.get(dg.AssetKey(entity)).tags.items()
    assert tags("feedback")["contract/Q"].split(".")[-1] == "Q10"


def test_lineage_is_given_as_dagster_knows_it() -> None:
    """Asset and column apart."""
    deps = column_lineage("churn").deps_by_column["students.status"]
    assert dg.TableColumnDep(dg.AssetKey("metrics"), "sessions.follow_up_booked") in deps


def test_a_column_says_in_words_what_it_is_made_from() -> None:
    """On the asset's page, behind the column's own remark."""
    said = {column.name: str(column.description) for column in column_schema("metrics").columns}
    assert said["session_audio_metrics.tutor_talk_ratio"].startswith("Share of the time the tutor talks")
    assert "Made from sessions (cohort, tutor_persona" in said["session_audio_metrics.tutor_talk_ratio"]
