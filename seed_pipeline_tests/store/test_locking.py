"""A folder of artifacts has one writer at a time."""

import logging
import multiprocessing
import threading
from pathlib import Path

import pytest

from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline_tests.store import synthetic

PROCESSES = multiprocessing.get_context("forkserver")


def hold(root: Path, said: "multiprocessing.synchronize.Event") -> None:
    with Artifacts(root).writing():
        said.set()
        threading.Event().wait(60)


def test_a_second_writer_waits_and_then_says_for_whom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Another process writes: we wait, say so, give up after our time and name it; killed, it holds nobody up."""
    holding = PROCESSES.Event()
    other = PROCESSES.Process(target=hold, args=(tmp_path, holding))
    other.start()
    assert holding.wait(30)
    artifacts, chunks = Artifacts(tmp_path), [synthetic.parts(1, range(1), 5)["sessions"]]
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(StoreError, match=rf"pid {other.pid} on .* is writing here.*another folder") as caught,
        artifacts.writing(wait_seconds=0.3),
    ):
        raise AssertionError("two writers")
    assert caught.value.retry
    assert f"waiting for forkserver (pid {other.pid}" in caplog.text or f"(pid {other.pid} on" in caplog.text
    other.kill()
    other.join()
    (tmp_path / ".sessions.new").mkdir()
    artifacts.write("sessions", chunks)
    assert artifacts.assets() == ("sessions",)
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".new")] == []


def test_who_writes_all_may_write_each(tmp_path: Path) -> None:
    """A run that holds the whole folder writes its assets one by one without waiting for itself."""
    artifacts = Artifacts(tmp_path / "new")
    with artifacts.writing(wait_seconds=0):
        for asset, tables in synthetic.parts(1, range(1), 5).items():
            artifacts.write(asset, [tables])
    assert len(artifacts.assets()) == 9


def test_a_folder_that_is_not_ours_gets_no_lock(tmp_path: Path) -> None:
    """Nothing is put into a folder that somebody else uses."""
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(StoreError, match="did not write it"), Artifacts(tmp_path).writing():
        raise AssertionError("somebody's folder")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.md"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that can hold no folder, as Linux has")
def test_a_place_that_can_hold_no_folder_is_not_waited_for() -> None:
    """Where the folder cannot be made, nobody holds it: we say so at once."""
    with (
        pytest.raises(FileNotFoundError, match="/proc/nobody"),
        Artifacts(Path("/proc/nobody")).writing(wait_seconds=60),
    ):
        raise AssertionError("a folder in /proc")
