"""Tweak and re-run, as a user does it: edit configs/, reload definitions, launch what is unsynced. Takes minutes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seed_pipeline.core.dataset import ENTITIES, READS, UPSTREAM
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.defs.server import ROOT, Server, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose configs/ may be edited."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("configs", "seed_pipeline"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "workspace.yaml", copy)
    return copy


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[Server]:
    """The UI of the copy, everything materialized."""
    with running(project, project) as found:
        assert found.launch(as_of="2026-03-01") == "SUCCESS"
        assert not found.stale(*ENTITIES, "database")
        yield found


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "configs" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def fingerprints(project: Path) -> dict[str, str]:
    artifacts = Artifacts(project / "data" / "artifacts")
    return {asset: artifacts.manifest(asset).fingerprint for asset in ENTITIES}


def test_an_edited_key_marks_exactly_the_assets_that_read_it(server: Server, project: Path) -> None:
    """After reloading definitions; taken back and reloaded, nothing is marked."""
    path = project / "configs" / "probabilities.yaml"
    before = path.read_text(encoding="utf-8")
    edit(project, "probabilities.yaml", "high_score_rebooking: 0.85", "high_score_rebooking: 0.86")
    server.reload()
    key = "probabilities.stories.high_score_rebooking"
    assert server.edited(*ENTITIES, "database") == {entity for entity in ENTITIES if key in READS[entity]}
    path.write_text(before, encoding="utf-8")
    server.reload()
    assert not server.stale(*ENTITIES, "database")


def test_an_edited_target_marks_nothing(server: Server, project: Path) -> None:
    """What is expected is no part of what is made."""
    edit(project, "targets.yaml", "small_at: 150", "small_at: 140")
    server.reload()
    assert not server.edited(*ENTITIES, "database")
    edit(project, "targets.yaml", "small_at: 140", "small_at: 150")
    server.reload()


def test_tweak_feedback_and_run_it_again(server: Server, project: Path) -> None:
    """`key:"feedback"+` makes feedback and what builds on it, and loads it; fingerprints prove that no more changed."""
    before = fingerprints(project)
    edit(project, "text/feedback.yaml", "Not too fast and not too slow.", "Neither too fast nor too slow.")
    server.reload()
    below = {"feedback", *(entity for entity in ENTITIES if "feedback" in UPSTREAM[entity])}
    assert server.launch(*sorted(below), "database", as_of="2026-03-01") == "SUCCESS"
    after = fingerprints(project)
    assert {asset for asset in ENTITIES if after[asset] != before[asset]} == {"feedback"}
    assert not server.stale("feedback", "answer_key", "database")
    assert not server.edited(*ENTITIES)
