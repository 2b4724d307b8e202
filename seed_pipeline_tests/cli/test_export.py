"""`seed-pipeline export`: whole tables as Parquet, and who can read them."""

import subprocess
import sys
from pathlib import Path

import duckdb
import fsspec
import pandas as pd
import pytest

from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.frames import conform
from seed_pipeline_tests.cli.conftest import Command
from seed_pipeline_tests.store.s3 import pipeline, served

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


def test_it_goes_wherever_fsspec_does(command: Command, seeded: Path) -> None:
    """A URL: the same files there. One that cannot be written is named with what to do."""
    where = ("--artifacts", str(seeded / "artifacts"))
    assert command("export", *where, "--out", "memory://seed/parquet", "--json").code == 0
    with fsspec.open("memory://seed/parquet/sessions/part-0.parquet") as file:
        assert len(pd.read_parquet(file)) == 150
    assert command("export", *where, "--out", "memory://seed/parquet").code == 2
    answer = command("export", *where, "--out", "nowhere://seed")
    assert answer.code == 2
    assert answer.err.startswith("Error: nowhere://seed: it cannot be read or written")


def test_every_command_takes_a_url(command: Command) -> None:
    """run keeps them there, sql and plan read them there; a URL that nothing opens is named, and nothing is loaded."""
    url = "memory://commands/artifacts"
    assert command("run", "--sessions", "150", "--artifacts", url).code == 0
    assert command("sql", "SELECT count(*) AS n FROM sessions", "--artifacts", url, "--csv").out == "n\n150\n"
    assert command("plan", "--artifacts", url).code == 0
    assert f"read_parquet(['{url}/" in command("check", "--artifacts", url, "--sql", "C3_sessions").out
    answer = command("generate", "--out", "nowhere://seed")
    assert answer.code == 2
    assert "nowhere://seed: it cannot be read or written" in answer.err
    assert not Path("nowhere:").exists()


@pytest.mark.slow
def test_s3(seeded: Path, tmp_path: Path) -> None:
    """A server that speaks S3 holds the tables, and pandas reads them; what is there stays, a bucket has to be."""
    asked = ("export", "--artifacts", str(seeded / "artifacts"), "--out")
    read = "import pandas; assert len(pandas.read_parquet('s3://bucket/seed/sessions')) == 150"
    with served(tmp_path) as environment:
        assert pipeline(environment, *asked, "s3://bucket/seed").returncode == 0
        subprocess.run([sys.executable, "-c", read], env=environment, check=True)
        assert pipeline(environment, *asked, "s3://bucket/seed").returncode == 2
        assert pipeline(environment, *asked, "s3://no-such-bucket/seed").returncode == 2


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
