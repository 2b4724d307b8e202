"""Making data: `generate` at several sizes, beside the floors, and with one process and several."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import floor, machine, work
from benchmarks.figure import Figure
from seed_pipeline import schema

TITLE = "Making: `generate`, answer key included"
PACKAGES = ("numpy", "pyarrow", "pandas")


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """`generate` at each size; at the second largest or largest up to 150,000 also its floors and processes."""
    with tempfile.TemporaryDirectory() as folder:
        before: Figure | None = None
        for size in sizes:
            made = generated(size, Path(folder, str(size)))
            yield made if before is None else _grown(made, before)
            before = made
        size = max([s for s in sizes if s <= 150_000], default=min(sizes))
        alone = generated(size, Path(folder, "alone"), 1)
        yield from _beside_floors(alone, Path(folder, "alone"))
        yield from _processes(alone, Path(folder))
        yield Figure(
            "making 150 sessions, imports aside", work.step("making_warm", 150).seconds, 150, wanted="≤ 0.25 s"
        )


def generated(sessions: int, out: Path, processes: int | None = None, workers: int = 0) -> Figure:
    """One `generate`, from the start of its process to the end of it; with workers, its memory is that of all."""
    asked = [] if processes is None else ["--set", f"main.processes={processes}"]
    asked += ["--workers", str(workers)] if workers else []
    took = work.pipeline("generate", "--out", out, *asked, sessions=sessions)
    rows: dict[str, int] = took.said["rows"]
    cells = sum(count * len(schema.metadata.tables[name].columns) for name, count in rows.items())
    name = "generate" if processes is None else f"generate, {processes} process{'es' * (processes > 1)}"
    wanted = "≥ 500,000 rows/s" if sessions == 150_000 and processes is None else "≤ 700 MiB"
    megabytes = took.in_all if workers else took.megabytes
    return Figure(name, took.seconds, sessions, sum(rows.values()), cells, megabytes, wanted=wanted, cpu=took.cpu)


def _grown(made: Figure, before: Figure) -> Figure:
    times = made.seconds / before.seconds
    wanted = "≤ 10.5 × and ≤ 700 MiB" if before.sessions == 150_000 and made.sessions == 1_500_000 else made.wanted
    return replace(made, ratio=times, to=f"the time of {before.sessions:,}", wanted=wanted)


def _beside_floors(alone: Figure, out: Path) -> Iterator[Figure]:
    draws = _draws(alone.sessions or 0)
    floors = {"the same tables to Parquet": floor.writing(out), f"{draws:,} keyed draws": floor.drawing(draws)}
    for name, (seconds, cpu) in floors.items():
        row = Figure(f"floor: {name}", seconds, alone.sessions, alone.rows, alone.cells, cpu=cpu)
        wanted = "≥ 0.3 ×" if "Parquet" in name else ""
        yield replace(row, ratio=cpu / (alone.cpu or 1), to="its pace (CPU): generate on one core", wanted=wanted)


def _draws(sessions: int) -> int:
    """Draws for so many sessions, counted at a tenth of them at most: they grow by cohorts."""
    from seed_pipeline.pipeline.making import generate

    sample = min(sessions, 1_500)
    with tempfile.TemporaryDirectory() as folder:
        counted = floor.draws_of(lambda: generate(work.settings(sample, "main.processes=1"), Path(folder)))
    return counted * sessions // sample


def _processes(alone: Figure, folder: Path) -> Iterator[Figure]:
    yield alone
    for processes in range(2, min(machine.cores(), 4) + 1):
        made = generated(alone.sessions or 0, folder / f"by_{processes}", processes)
        wanted = "≥ 1.8 ×" if processes == 2 else ""
        yield Figure(
            **{**made.__dict__, "ratio": made.pace / alone.pace, "to": "the pace of one process", "wanted": wanted}
        )
