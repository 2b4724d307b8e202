"""The whole contract on many seeds, sizes and dates: `python -m seed_pipeline_tests.contract --seeds 1000`.

Every dataset is made in memory, chunk by chunk, and judged by the code that judges releases.
"""

import argparse
import multiprocessing
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import NamedTuple

from seed_pipeline.core import dataset
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.judgement import judge
from seed_pipeline.settings import Settings
from seed_pipeline.store.assembly import whole

TODAY = date(2026, 3, 1)


class Failure(NamedTuple):
    """A statement that does not hold on a dataset."""

    overrides: tuple[str, ...]
    statement: str
    observed: str
    expected: str


def complete_chunks(settings: Settings) -> Iterator[dataset.Tables]:
    """The complete tables of each chunk, as they would be released."""
    upstream: deque[dict[str, dataset.Tables]] = deque()
    for key in dataset.closed("answer_key", settings, _answer_keys(settings, upstream)):
        yield whole(upstream.popleft() | {"answer_key": key})


def _answer_keys(settings: Settings, upstream: deque[dict[str, dataset.Tables]]) -> Iterator[dataset.Tables]:
    """Each chunk's answer key; what it was made from goes to `upstream`."""
    reference = dataset.make("reference", settings, range(0, 1), {})
    for cohorts in dataset.chunks(settings):
        made = {"reference": reference}
        for entity in dataset.ENTITIES[1:]:
            made[entity] = dataset.make(entity, settings, cohorts, made)
        if cohorts.start:
            made["reference"] = {name: frame.iloc[:0] for name, frame in reference.items()}
        upstream.append(made)
        yield made["answer_key"]


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
