"""What a failed check says to do, done to the letter: afterwards it holds."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seed_pipeline.pipeline.remedies import INJECTED, SAME, TOUCHED
from seed_pipeline.quality.statements import statements
from seed_pipeline.settings import load
from seed_pipeline.settings.remedies import AGAIN, governed, origin, remedy
from seed_pipeline.settings.targets import look_up
from seed_pipeline_tests.cli.conftest import AS_OF, Answer, Command
from seed_pipeline_tests.pipeline.test_engine import DAY

PLACE = ("--target", "sqlite:///seed.db")


@pytest.fixture
def database(command: Command, seeded: Path, tmp_path: Path) -> Path:
    """The seeded database as seed.db in the test's folder."""
    return Path(shutil.copy(seeded / "data" / "seed.db", tmp_path / "seed.db"))


def failed(answer: Answer) -> dict[str, Any]:
    return {v["name"]: v for v in json.loads(answer.out)["verdicts"] if v["state"] == "failed"}


def test_every_remedy_names_what_is_there() -> None:
    """File and key of what is expected exist, and nobody is told to make the same data again for a change."""
    settings = load(today=DAY)
    for name, target in settings.targets.statements.items():
        for place in (origin(name, target), governed(target)):
            file, _, key = place.partition(".yaml, ")
            look_up(settings, ".".join([file.replace("/", "."), *([key] if key else [])]).removesuffix(".yaml"))
        assert not re.search(r"\brun \w+", remedy(name, target).replace(AGAIN, "")), name
    assert all(s.remedy for s in statements(settings))


def test_an_expectation_that_was_changed_is_named(command: Command, database: Path) -> None:
    """The key in targets.yaml; made again the data would be the same; changed back, it holds."""
    found = failed(command("check", *PLACE, "--set", "targets.statements.O1_completed.expected=0.5", "--json"))
    assert "expected by targets.yaml, statements.O1_completed.expected" in found["O1_completed"]["hint"]
    assert found["O1_completed"]["hint"].endswith((SAME, AGAIN))
    assert command("check", *PLACE).code == 0


def test_data_made_with_other_settings_is_made_with_these(command: Command, database: Path) -> None:
    """The assets that were made with others are named; run with these settings, and it holds."""
    tweak = ("--set", "probabilities.availability.video=0.3")
    found = failed(command("check", *PLACE, *tweak, "--json"))
    assert "sessions: made with other settings than these" in found["A2_video"]["hint"]
    assert command("run", *AS_OF, *PLACE, *tweak).code == 0
    assert command("check", *PLACE, *tweak).code == 0


def test_rows_that_were_changed_are_written_as_they_were(command: Command, database: Path) -> None:
    """The release had passed; run does what the remedy says it does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM session_audio_metrics WHERE rowid < 4")
    assert {v["hint"] for v in failed(command("check", *PLACE, "--json")).values()} == {TOUCHED}
    assert command("run", *AS_OF, *PLACE).code == 0
    assert command("check", *PLACE).code == 0


def test_injected_edge_cases_are_called_so(command: Command, database: Path) -> None:
    """Nobody mends what is there on purpose; without them it holds."""
    world = ("run", *AS_OF, *PLACE, "--preset", "edge_cases", "--json")
    assert {v["hint"] for v in failed(command(*world)).values()} == {INJECTED}
    assert command(*world, "--set", "defects.inject=valid").code == 0
