"""Artifacts at a URL: the same parts as in a folder, whole or not there, one writer; judged and resumed there.

`memory://` stands for every filesystem of fsspec's here; `make cluster` asks a server that speaks S3.
"""

import json
import time
from collections.abc import Iterator
from contextvars import Context
from uuid import uuid4

import fsspec
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.checking import check_artifacts
from seed_pipeline.pipeline.making import generate
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SettingsError, load
from seed_pipeline.store import leases
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import place
from seed_pipeline_tests.pipeline.test_engine import DAY
from seed_pipeline_tests.pipeline.test_interrupted import interrupt

SETTINGS = load(overrides=["main.total_sessions=450", "main.chunk_cohorts=1"], today=DAY)
"""Three chunks. Processes are left open: what is in memory is made by one all the same."""


@pytest.fixture(scope="module")
def there() -> str:
    """Artifacts in memory."""
    url = f"memory://{uuid4().hex}/artifacts"
    generate(SETTINGS, place(url))
    return url


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """The same in a folder."""
    return generate(SETTINGS, tmp_path_factory.mktemp("here"))


@pytest.fixture
def empty() -> Iterator[str]:
    """A URL at which nothing is."""
    name = uuid4().hex
    yield f"memory://{name}/artifacts"
    memory = fsspec.filesystem("memory")
    if memory.exists(f"/{name}"):
        memory.rm(f"/{name}", recursive=True)


def test_the_same_bytes(there: str, here: Artifacts) -> None:
    """Every manifest, and with it the SHA-256 of every part; nothing else is left there."""
    found = Artifacts(there)
    assert found.assets() == here.assets()
    assert all(found.manifest(asset) == here.manifest(asset) for asset in ENTITIES)
    names = {path.name for path in place(there).iterdir()}
    assert names == {*ENTITIES}


def test_read_and_judged_there(there: str, here: Artifacts) -> None:
    """Chunks, the release and the verdicts; these are recorded beside the artifacts."""
    assert Artifacts(there).stream().contents == here.stream().contents
    verdicts = check_artifacts(Wishes(), place(there))
    assert not [v.name for v in verdicts if v.failed and v.blocking]
    assert json.loads(place(there).joinpath("verdicts.json").read_text()).keys() == {*ENTITIES}


def test_another_world_takes_the_place_of_the_first(there: str, here: Artifacts) -> None:
    """One word puts the other side in front; the side before is removed."""
    other = load(overrides=["main.total_sessions=150"], today=DAY)
    generate(other, place(there))
    sides = {path.parent.name for asset in ENTITIES for path in place(there).glob(f"{asset}/*/manifest.json")}
    assert sides == {"b"}
    assert Artifacts(there).manifest("sessions").rows["sessions"] == 150
    generate(SETTINGS, place(there))
    assert Artifacts(there).fingerprint() == here.fingerprint()


def test_it_goes_on_there(empty: str, here: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was interrupted: what it wrote is taken in, the rest is made, a damaged part and all after it anew."""
    interrupt(SETTINGS, place(empty), KeyboardInterrupt)
    assert Artifacts(empty).assets() == ()
    (place(empty) / "feedback/a/session_feedback/part-00001.parquet").write_bytes(b"half")
    written = place(empty) / "sessions/a/sessions/part-00000.parquet"
    before = written.stat().st_mtime
    generate(SETTINGS, place(empty))
    assert Artifacts(empty).fingerprint() == here.fingerprint()
    assert written.stat().st_mtime == before


def test_nothing_of_others_is_written_over(empty: str) -> None:
    """What lies there and is not ours, at the root or among an asset's parts."""
    for name in ("notes.md", "sessions/a/notes.md"):
        (place(empty) / name).write_bytes(b"mine")
        with pytest.raises(StoreError, match="this pipeline did not write it"):
            generate(SETTINGS, place(empty))
        assert (place(empty) / name).read_bytes() == b"mine"
        (place(empty) / name).unlink()


def test_one_writer_at_a_time(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one waits, and is told who writes; a lock that nobody renews is a dead man's, and taken over."""
    monkeypatch.setattr(leases, "RENEWED", 0.05)
    lock = place(empty) / ".lock"
    with Artifacts(empty).writing(["sessions"]), pytest.raises(StoreError, match=r"pid \d+ on .* is writing here"):
        Context().run(lambda: Artifacts(empty).writing(["feedback"], 0.3).__enter__())  # as in another process
    assert not lock.exists()
    monkeypatch.setattr(leases, "DEAD", 0.2)
    lock.write_bytes(b"dead 7 generate (pid 17 on desk, since 10:00:00 UTC)")
    began = time.monotonic()
    with Artifacts(empty).writing(["sessions"]):
        assert time.monotonic() - began >= 0.2
    lock.write_bytes(b"x")


def test_who_lost_the_lock_publishes_nothing(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was held up for so long that another took over ends with that, and what is there stays."""

    def watch(entity: str, done: int, total: int) -> None:
        if done == 2:
            (place(empty) / ".lock").write_bytes(b"other 1 run (pid 18 on desk, since 10:00:00 UTC)")

    with pytest.raises(StoreError, match=r"run .pid 18 on desk.* took over"):
        generate(SETTINGS, place(empty), watch)
    assert Artifacts(empty).assets() == ()


def test_memory_is_not_shared(empty: str) -> None:
    """Workers would write into memory of their own: refused before any is started."""
    with pytest.raises(SettingsError, match="seen by no worker"):
        generate(load(overrides=["main.workers=1"], today=DAY), place(empty))
