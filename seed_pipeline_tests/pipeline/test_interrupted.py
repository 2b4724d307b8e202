"""A run that was killed goes on where it stood, and ends with the same bytes; nothing half-written is trusted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seed_pipeline.pipeline.making import generate
from seed_pipeline.pipeline.work import Work
from seed_pipeline.settings import Settings, load
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.pipeline.test_engine import DAY

CHUNKS = ("main.total_sessions=450", "main.chunk_cohorts=1", "main.processes=1")
JOURNAL = ".making.jsonl"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(overrides=CHUNKS, today=DAY)


@pytest.fixture(scope="module")
def whole(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    """Every file of a run that nobody interrupted."""
    return files(generate(settings, tmp_path_factory.mktemp("whole")))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the chunks that are made."""
    numbers: list[int] = []
    monkeypatch.setattr(Work, "do", lambda work, do=Work.do: (numbers.append(work.number), do(work))[1])
    return numbers


def files(artifacts: Artifacts) -> dict[Path, bytes]:
    return {p.relative_to(artifacts.root): p.read_bytes() for p in artifacts.root.rglob("*") if p.is_file()}


def interrupt(settings: Settings, out: Path, error: type[BaseException]) -> None:
    """Run until two of the three chunks are whole."""

    def watch(entity: str, done: int, total: int) -> None:
        if done == 2:
            raise error

    with pytest.raises(error):
        generate(settings, out, watch)


def nothing(out: Path) -> None:
    """Leave all as it is."""


def damage(out: Path) -> None:
    """A part of the second chunk loses its end."""
    part = out / ".sessions.new/sessions/part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-9])


def lose(out: Path) -> None:
    """A part of the second chunk is not there."""
    (out / ".feedback.new/session_feedback/part-00001.parquet").unlink()


def tear(out: Path) -> None:
    """The journal's last line was not written to its end."""
    journal = out / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-9])


def litter(out: Path) -> None:
    """A process of the killed run left something behind."""
    (out / ".reference.new/7.parcel").touch()
    (out / ".reference.new/users/.part-00001.parquet.17").touch()


@pytest.mark.parametrize(
    ("happens", "anew"),
    [(nothing, [2]), (damage, [1, 2]), (lose, [1, 2]), (tear, [1, 2]), (litter, [2])],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_it_goes_on_at_the_first_missing_chunk(
    happens: Callable[[Path], None],
    anew: list[int],
    settings: Settings,
    whole: dict[Path, bytes],
    made: list[int],
    tmp_path: Path,
) -> None:
    """Chunks that are whole are not made again, all others are; every file is that of a run without interruption."""
    interrupt(settings, tmp_path, KeyboardInterrupt)
    happens(tmp_path)
    made.clear()
    assert files(generate(settings, tmp_path)) == whole
    assert made == anew


@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_a_full_disk_is_an_interruption(
    error: type[Exception], settings: Settings, made: list[int], tmp_path: Path
) -> None:
    """Where the machine had no more room, the same command goes on once there is some."""
    interrupt(settings, tmp_path, error)
    made.clear()
    generate(settings, tmp_path)
    assert made == [2]


def test_a_fault_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    """What would go wrong again is not kept."""
    interrupt(settings, tmp_path, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_another_world_begins_anew(settings: Settings, made: list[int], tmp_path: Path) -> None:
    """Other settings, or other code, find nothing to go on from."""
    interrupt(settings, tmp_path, KeyboardInterrupt)
    made.clear()
    generate(load(overrides=[*CHUNKS, "probabilities.rating.spread=0.6"], today=DAY), tmp_path)
    assert made == [0, 1, 2]
