"""Verdicts from sums: each range of chunks counted by itself, put together, comes to what all at once comes to (X6)."""

from collections.abc import Sequence
from math import nan

import pandas as pd
import pytest

from seed_pipeline.quality.judgement import counted, judged
from seed_pipeline.quality.merging import Merged
from seed_pipeline.quality.scope import of_frames
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline_tests.quality.datasets import chunks, settings
from seed_pipeline_tests.quality.saboteur import CHUNKS

REFERENCE = ("subjects", "churn_algorithm_weights")
Chunks = Sequence[dict[str, pd.DataFrame]]


def broken(made: Chunks) -> Chunks:
    """Shares, means, people, texts and alerts of the last chunk are not what they should be."""
    *others, last = made
    harmed = {
        "sessions": last["sessions"].assign(status="completed", overall_session_score=9.0, ai_summary="About nothing."),
        "truth_alerts": last["truth_alerts"].iloc[::2],
        "students": last["students"].assign(status="churned"),
    }
    return [*others, last | harmed]


def from_sums(made: Chunks) -> list[Verdict]:
    """The verdicts from the sums of the first chunk and those of the two others."""
    wanted, reference = settings(*CHUNKS), {name: made[0][name] for name in REFERENCE}
    parts = []
    for some in (made[:1], [made[1] | reference, made[2]]):
        with of_frames(some, wanted) as scope:
            parts.append(counted(scope))
    with of_frames([made[0] | {name: frame.iloc[:0] for name, frame in made[0].items() if name not in REFERENCE}],
                   wanted, of=450) as scope, of_frames(made, wanted) as whole:  # fmt: skip
        return judged(Merged(scope, parts, whole))


def rows(verdict: Verdict) -> dict[str, float]:
    """What was observed of each group."""
    return {str(row["group"]): float(row["observed"] if row["observed"] is not None else nan) for row in verdict.rows}


@pytest.mark.parametrize("harm", [list, broken], ids=["sound", "broken"])
def test_sums_of_ranges_add_up_to_the_verdicts_on_the_whole(harm):
    """Every statement: the same outcome, number and count from two halves as from everything."""
    made = harm(chunks(*CHUNKS))
    with of_frames(made, settings(*CHUNKS)) as scope:
        whole = judged(scope)
    for a, b in zip(from_sums(made), whole, strict=True):
        assert (a.name, a.passed) == (b.name, b.passed)
        assert rows(a) == pytest.approx(rows(b), nan_ok=True)
        assert a.offenders == b.offenders
        assert a.n == b.n
    assert (sum(v.failed for v in whole) > 10) == (harm is broken)
