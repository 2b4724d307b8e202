"""`seed-pipeline export`: whole tables as Parquet, and who can read them."""

import os
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

READERS = {
    "polars": "import polars; found = polars.scan_parquet(where).select(polars.len()).collect().item()",
    "chdb": "import chdb; found = chdb.query(f\"SELECT count() FROM file('{where}')\")",
}
S3 = """
import os, subprocess, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(port=0)
server.start()
os.environ["AWS_ENDPOINT_URL"] = url = "http://%s:%s" % server.get_host_and_port()
import pandas, s3fs
s3fs.S3FileSystem(endpoint_url=url).mkdir("bucket")
command = "from seed_pipeline.cli import main; main()"
asked = ["export", "--artifacts", os.environ["ARTIFACTS"], "--out", "s3://bucket/seed"]
assert subprocess.run([sys.executable, "-c", command, *asked]).returncode == 0
assert len(pandas.read_parquet("s3://bucket/seed/sessions")) == 150
assert subprocess.run([sys.executable, "-c", command, *asked]).returncode == 2
asked[-1] = "s3://no-such-bucket/seed"
server.stop()
assert subprocess.run([sys.executable, "-c", command, *asked]).returncode == 2
"""


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


@pytest.mark.slow
def test_s3(seeded: Path, tmp_path: Path) -> None:
    """A server that speaks S3 (moto's, fetched into a folder of its own) holds the tables, and pandas reads them."""
    packages = ["moto[server]", "s3fs"]
    fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path / "own"), *packages]
    if subprocess.run(fetch, capture_output=True).returncode:
        pytest.skip("moto and s3fs cannot be fetched from PyPI")
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = os.environ | keys | {"PYTHONPATH": str(tmp_path / "own"), "ARTIFACTS": str(seeded / "artifacts")}
    subprocess.run([sys.executable, "-c", S3], env=environment, check=True, timeout=300)


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
