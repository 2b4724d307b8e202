"""The whole contract on many seeds, sizes and dates: `python -m seed_pipeline_tests.contract --seeds 1000`.

Every dataset is made in memory, chunk by chunk, and judged by the code that judges releases.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import NamedTuple

from seed_pipeline.core import dataset
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.judgement import judge
from seed_pipeline.settings import Settings
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.frames import Tables, as_frames

TODAY = date(2026, 3, 1)


class Failure(NamedTuple):
    """A statement that does not hold on a dataset."""

    overrides: tuple[str, ...]
    statement: str
    observed: str
    expected: str


def complete_chunks(settings: Settings) -> Iterator[Tables]:
    """The complete tables of each chunk, as they would be released."""
    ranges, closing = dataset.chunks(settings), dataset.Closing(settings)
    for number, cohorts in enumerate(ranges):
        made = dict(dataset.chunk(settings, cohorts))
        rows = closing.add(made["answer_key"]["truth_dashboard"], number + 1 == len(ranges))
        made["answer_key"]["truth_dashboard"] = rows
        yield whole({entity: as_frames(tables) for entity, tables in made.items()})


def failures(overrides: tuple[str, ...]) -> list[Failure]:
    """The statements that do not hold on the dataset of these settings."""
    settings = Wishes(overrides=overrides).settings(TODAY)
    found = judge(complete_chunks(settings), settings)
    return [Failure(overrides, v.name, str(v.observed), str(v.expected)) for v in found if v.failed]


def judge_all(cases: Sequence[tuple[str, ...]], processes: int = 2) -> list[Failure]:
    """The failures of all cases, judged side by side."""
    together = max(1, min(4, len(cases) // processes))
    # Not multiprocessing.Pool: it ends its processes by SIGTERM, which whoever started this may have had ignored.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [failure for found in pool.map(failures, cases, chunksize=together) for failure in found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge seeds 0, 1, 2 … at a size; 1 when a statement fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds, from 0 on")
    parser.add_argument("--sessions", type=int, default=150)
    parser.add_argument("--set", action="append", default=[], help="further settings, section.key=value")
    options = parser.parse_args(arguments)
    common = (f"main.total_sessions={options.sessions}", *options.set)
    found = judge_all([(f"main.seed={seed}", *common) for seed in range(options.seeds)])
    for failure in found:
        print(f"{failure.overrides[0]}: {failure.statement}: {failure.observed}; expected {failure.expected}")
    print(f"{options.seeds} seeds at {options.sessions} sessions: {len(found)} statements failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
