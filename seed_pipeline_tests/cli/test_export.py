"""`seed-pipeline export`: whole tables as Parquet, and who can read them."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.frames import conform
from seed_pipeline_tests.cli.conftest import Command

READERS = {
    "polars": "import polars; found = polars.scan_parquet(where).select(polars.len()).collect().item()",
    "chdb": "import chdb; found = chdb.query(f\"SELECT count() FROM file('{where}')\")",
}


def test_whole_tables_come_out(command: Command, seeded: Path) -> None:
    """Every table that holds rows, with all its columns and the values of the release; pandas reads a folder."""
    answer = command("export", "--artifacts", str(seeded / "artifacts"), "--out", "parquet")
    assert (answer.code, answer.err) == (0, "")
    (whole,) = Artifacts(seeded / "artifacts").release()
    assert {path.name for path in Path("parquet").iterdir()} == {name for name, frame in whole.items() if len(frame)}
    for name in ("users", "students", "sessions", "session_feedback_tags", "truth_effects"):
        assert rows(conform(name, pd.read_parquet(Path("parquet", name)))) == rows(whole[name]), name


def rows(frame: pd.DataFrame) -> list[tuple]:
    """The rows, whatever their order."""
    return sorted(frame.astype(object).where(frame.notna(), None).astype(str).itertuples(index=False, name=None))


def test_the_answer_key_can_stay(command: Command, seeded: Path) -> None:
    """--no-answer-key: the platform's tables alone; DuckDB reads them by a pattern."""
    where = ("--artifacts", str(seeded / "artifacts"))
    assert command("export", *where, "--out", "parquet", "--no-answer-key", "--json").code == 0
    assert not [path for path in Path("parquet").iterdir() if path.name.startswith("truth_")]
    assert duckdb.sql("SELECT count(*) FROM 'parquet/sessions/*.parquet'").fetchall() == [(150,)]


def test_nothing_is_written_over(command: Command, seeded: Path) -> None:
    """A folder that holds something: exit code 2, what to do, and it stays as it is."""
    Path("mine").mkdir()
    Path("mine/notes.txt").touch()
    answer = command("export", "--artifacts", str(seeded / "artifacts"), "--out", "mine")
    assert answer.code == 2
    assert "name a folder that is new or empty" in answer.err
    assert [path.name for path in Path.cwd().rglob("*")] == ["mine", "notes.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("package", READERS)
def test_others_read_it(package: str, command: Command, seeded: Path, tmp_path: Path) -> None:
    """Polars and ClickHouse (chDB) count the sessions; each is fetched into an environment of its own."""
    assert command("export", "--artifacts", str(seeded / "artifacts"), "--out", "parquet").code == 0
    subprocess.run([sys.executable, "-m", "venv", "own"], check=True)
    fetched = subprocess.run(["own/bin/python", "-m", "pip", "install", "--quiet", package], capture_output=True)
    if fetched.returncode:
        pytest.skip(f"{package} cannot be fetched from PyPI")
    code = (
        f"where = {str(tmp_path / 'parquet/sessions/*.parquet')!r}\n{READERS[package]}\nassert int(str(found)) == 150"
    )
    subprocess.run(["own/bin/python", "-c", code], check=True)
