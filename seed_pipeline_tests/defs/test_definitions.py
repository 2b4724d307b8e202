"""What the UI shows: the graph, its checks, jobs and sensors, as a snapshot that a change has to renew on purpose."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from seed_pipeline.core.dataset import ENTITIES, READS, UPSTREAM, Arrow, again
from seed_pipeline.definitions import defs
from seed_pipeline.defs import versions
from seed_pipeline.defs.last_good import SOME_DAY, shipped
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.statements import statements
from seed_pipeline.settings import load
from seed_pipeline.settings.demo import read
from seed_pipeline.store.frames import as_frames
from seed_pipeline.views.scenes import named
from seed_pipeline_tests.core.reads import recorded
from seed_pipeline_tests.defs.snapshot import SNAPSHOT, taken

ROOT = Path(__file__).parents[2]
GRAPH = defs.resolve_asset_graph()


def test_the_graph_is_the_one_in_the_snapshot() -> None:
    """Renew it with `python -m seed_pipeline_tests.defs.snapshot` and look at the difference."""
    assert taken() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_an_asset_reads_what_its_entity_reads() -> None:
    """The edges of the graph are the generator's own."""
    for entity, upstream in UPSTREAM.items():
        assert {key.to_user_string() for key in GRAPH.get(dg.AssetKey(entity)).parent_keys} == set(upstream)


def test_every_statement_is_a_check_of_its_asset() -> None:
    """Each statement of the contract is one asset check, blocking if the statement is; so are types and keys.

    The scenes of the demo script look at the loaded database, too late to block anything.
    """
    expected = {(s.entity, s.name): s.blocking for s in statements(shipped())}
    expected |= {(entity, "schema"): True for entity in ENTITIES}
    expected |= {("database", name): False for name, _ in named(read(shipped()))}
    keys = GRAPH.asset_check_keys
    for prefix in ([], ["staging"], ["load_test"]):
        here = [key for key in keys if key.asset_key.path[:-1] == prefix]
        assert {(key.asset_key.path[-1], key.name): GRAPH.get(key).blocking for key in here} == expected


def test_every_asset_tells_its_story() -> None:
    """Description, group, owner, kinds and, for entities, the table's columns with a remark each."""
    for key in GRAPH.materializable_asset_keys:
        node = GRAPH.get(key)
        assert len(node.description or "") > 80
        assert node.group_name != "default"
        assert node.owners
        assert node.kinds
        paths = [value.path for value in node.metadata.values() if isinstance(value, dg.PathMetadataValue)]
        assert "docs/contract.md" in paths
        assert all((ROOT / str(path)).exists() for path in paths)
    for entity in ENTITIES:
        schema = GRAPH.get(dg.AssetKey(entity)).metadata["dagster/column_schema"]
        assert all(column.description for column in schema.columns)


def test_definitions_load_quickly_and_without_a_warning() -> None:
    """Under two seconds on a free core; the bound leaves room for a busy one. No warning, no banner."""
    code = "import time, seed_pipeline.definitions; print(time.process_time())"
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert float(found.stdout) < 6


def test_the_workspace_names_the_definitions() -> None:
    """`make ui` loads what `make seed` runs."""
    text = (ROOT / "workspace.yaml").read_text(encoding="utf-8")
    assert "module_name: seed_pipeline.definitions" in text


EDITS = {
    "text.people.admin.name=Robin Vale": {"reference"},
    "alerts.alerts.high_talk_ratio.severities={warning: tutor_talk_ratio > 0.6}": {"answer_key"},
    "personas.tutors.star.hourly_rate=[60, 90]": {"tutors"},
    "correlations.rules.high_talk_ratio.effects.0.multiply=0.6": {"metrics"},
    "probabilities.availability.video=0.4": {"sessions"},
    "probabilities.availability.feedback=0.45": {"feedback"},
    "text.feedback.no_comment_share=0.3": {"feedback"},
}
"""An edit of each section, and what it certainly changes in the data."""
ALONE = ("admin", "severities", "hourly_rate", "video", "availability.feedback", "no_comment")
"""Edits that mark nothing else."""


@pytest.mark.parametrize(("edit", "certain"), EDITS.items())
def test_what_an_edit_changes_in_the_data_it_changes_in_the_version(edit: str, certain: set[str]) -> None:
    """Made anew from the same upstream tables, whatever comes out otherwise has another version, so it is unsynced."""
    before, after = (load(today=SOME_DAY, overrides=o) for o in ([], [edit]))
    upstream: dict[str, Arrow] = {}
    moved = set()
    for entity in ENTITIES:
        upstream[entity] = again(entity, before, range(1), upstream)
        anew = as_frames(again(entity, after, range(1), upstream))
        moved |= {entity for name, frame in as_frames(upstream[entity]).items() if not frame.equals(anew[name])}
    marked = {e for e in ENTITIES if versions.version_of(e, before) != versions.version_of(e, after)}
    assert certain <= moved <= marked < set(ENTITIES)
    assert marked == certain or not any(name in edit for name in ALONE)


def test_what_is_declared_is_what_is_read() -> None:
    """Every key of every entity, as found by recording: `python -m seed_pipeline_tests.core.reads` renews them."""
    assert recorded() == READS


def test_where_the_data_goes_is_no_part_of_a_version() -> None:
    """Another target, chunk size or process count makes the same data (X1): nothing becomes unsynced."""
    other = Wishes(
        target="sqlite:///elsewhere.db", overrides=("main.processes=3", "main.chunk_cohorts=7"), answer_key=False
    )
    for entity in ENTITIES:
        assert versions.version_of(entity, other.settings(SOME_DAY)) == versions.code_version(entity)
