"""A run that has nothing to do says so at once, and never when there is something to do."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from seed_pipeline.pipeline import opening
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.cli.conftest import AS_OF, Command

RUN = ("run", *AS_OF, "--target", "sqlite:///seed.db")
FLIPPED = "UPDATE session_feedback SET student_satisfaction_rating = 6 - student_satisfaction_rating"


@pytest.fixture
def database(command: Command, seeded: Path, tmp_path: Path) -> Path:
    """The seeded database as seed.db in the test's folder."""
    return Path(shutil.copy(seeded / "data" / "seed.db", tmp_path / "seed.db"))


def test_the_same_run_again_has_nothing_to_do(
    command: Command, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made, judged or written, and the rows are told all the same."""
    before = database.read_bytes()
    monkeypatch.setattr("seed_pipeline.pipeline.running.run", None)
    answer = command(*RUN)
    assert (answer.code, answer.err) == (0, "")
    assert "Nothing to do" in answer.out
    assert "2,036 rows as they were" in answer.out
    found = json.loads(command(*RUN, "--json").out)
    assert found["nothing_to_do"] is True
    assert (found["loaded"]["unchanged"], found["rows"]["session_feedback"]) == (2036, 53)
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("edit", "done"),
    [
        (FLIPPED, "changed"),
        ("DELETE FROM truth_effects WHERE seq = 2", "rows new"),
        ("DROP TABLE alerts", "0 rows new, 0 changed"),
    ],
)
def test_whatever_somebody_did_is_found(command: Command, database: Path, edit: str, done: str) -> None:
    """A row edited, a row of the answer key gone, a table dropped: the run does its work, and only then has none."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(edit)
    answer = command(*RUN)
    assert "Nothing to do" not in answer.out
    assert done in answer.out
    assert "Nothing to do" in command(*RUN).out


def test_other_settings_code_or_wishes_are_something_to_do(
    database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is judged, by which code, and for whom counts as much as what is made."""
    monkeypatch.chdir(tmp_path)
    asked = {"as_of": AS_OF[1], "target": "sqlite:///seed.db"}

    def is_held(**more: object) -> bool:
        return opening.held(Wishes(**{**asked, **more}).settings(date(2026, 3, 1))) is not None

    assert is_held()
    assert is_held(overrides=("main.processes=2",))
    assert not is_held(seed=7)
    assert not is_held(overrides=("targets.statements.O1_completed.blocking=false",))
    assert not is_held(answer_key=False)
    assert not is_held(empty_foreign_data=True)
    assert not is_held(target="sqlite:///other.db")
    monkeypatch.setattr(opening, "version", lambda: "0.1.0+other")
    assert not is_held()


def test_whoever_keeps_artifacts_has_them(
    command: Command, database: Path, seeded: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a folder lacks, or has damaged or without verdicts, is made again, whatever the database holds."""
    kept = tmp_path / "kept"
    shutil.copytree(seeded / "artifacts", kept)
    part = next((kept / "feedback").rglob("*.parquet"))
    whole = part.read_bytes()
    there = opening.held(Wishes(as_of=AS_OF[1], target=f"sqlite:///{database}").settings())
    assert there is not None
    assert "Nothing to do" in command(*RUN, "--artifacts", str(kept)).out
    assert not opening.is_kept(there, Artifacts(tmp_path / "nothing"))
    part.write_bytes(whole[:-1] + b"?")
    assert not opening.is_kept(there, Artifacts(kept))
    part.write_bytes(whole)
    (kept / "verdicts.json").unlink()
    assert not opening.is_kept(there, Artifacts(kept))


def test_make_seed_looks_for_a_history_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without one there would be nothing to see in the UI, whatever the database holds."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert not opening.has_history()
    (tmp_path / "history").mkdir()
    assert opening.has_history()
