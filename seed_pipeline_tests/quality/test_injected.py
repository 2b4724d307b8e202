"""The checks find exactly the invalid rows of injected edge cases: no more, no fewer, for every seed and size."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.quality.conformity import conformity
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings, load
from seed_pipeline_tests.contract import complete_chunks
from seed_pipeline_tests.quality.datasets import Data
from seed_pipeline_tests.quality.sabotage import of_asset

DAY = date(2026, 3, 1)


def judged(*overrides: str) -> tuple[pd.DataFrame, list[Verdict]]:
    """The labels, and the verdicts, on a dataset with edge cases."""
    settings = load(overrides=overrides, today=DAY)
    chunks = list(complete_chunks(settings))
    return chunks[0]["truth_defects"], every_verdict(chunks, settings)


def every_verdict(chunks: Sequence[Mapping[str, pd.DataFrame]], settings: Settings) -> list[Verdict]:
    """Those of the schemas, asset by asset, and of all statements."""
    schemas = [conformity(asset, (of_asset(asset, dict(chunk)) for chunk in chunks)) for asset in ENTITIES]
    return [*schemas, *judge(chunks, settings)]


def found(verdicts: list[Verdict]) -> set[tuple[str, str]]:
    """Statement and row of everything that failed; a failure that names nobody counts as one of its own."""
    return {(v.id, row) for v in verdicts if v.failed for row in v.offenders or (v.line,)}


def wanted(labels: pd.DataFrame) -> set[tuple[str, str]]:
    wrong = labels[~labels["valid"]]
    return set(zip(wrong["statement"], wrong["row_key"], strict=True))


@pytest.mark.parametrize(
    ("seed", "sessions"),
    [
        *((seed, 150) for seed in range(5)),
        *(pytest.param(seed, 150, marks=pytest.mark.slow) for seed in range(5, 30)),
        *((1, 300), (2, 300), (1, 75), (2, 1_500)),
    ],
)
def test_exactly_the_invalid_rows_are_found(seed: int, sessions: int):
    """Each by the statement that the label names, and every other statement holds."""
    labels, verdicts = judged("defects.inject=all", f"main.seed={seed}", f"main.total_sessions={sessions}")
    assert len(wanted(labels)) == 9
    assert found(verdicts) == wanted(labels)


@pytest.mark.parametrize("as_of", ["2025-12-31", "2028-02-29"])
def test_the_date_does_not_matter(as_of: str):
    """Nor do several scenes of a kind."""
    kinds = (
        "overlapping_booking",
        "score_out_of_range",
        "email_used_twice",
        "session_number_off_by_one",
        "extreme_text",
    )
    more = [f"defects.scenarios.{kind}=3" for kind in kinds]
    labels, verdicts = judged("defects.inject=all", f"main.as_of={as_of}", *more)
    assert len(wanted(labels)) == 17
    assert found(verdicts) == wanted(labels)


@pytest.mark.parametrize("seed", range(100, 104))
def test_valid_edge_cases_pass_everything(seed: int):
    """What data could be is no fault, whatever the seed."""
    labels, verdicts = judged("defects.inject=valid", f"main.seed={seed}")
    assert found(verdicts) == wanted(labels) == set()


def test_integrity_exempts_nobody():
    """An overlap, a comment that names an address, an orphan are found in a labelled row as in any other."""
    data = Data(("defects.inject=valid",))
    labels = data["truth_defects"]
    text = labels.query("defect == 'extreme_text' and table_name == 'session_feedback'")["row_key"].iloc[0]
    data.put("session_feedback", [text], "feedback_text", "write to somebody@somewhere.org")
    edge = labels.query("defect == 'session_across_midnight' and table_name == 'sessions'")["row_key"].iloc[0]
    data.put("sessions", [edge], "session_number", 2)
    metrics = labels.query("defect == 'metrics_at_the_limit' and table_name == 'session_audio_metrics'")["row_key"]
    data.put("session_audio_metrics", metrics[:1], "productive_silence_ratio", 0.5)
    wrong = {(name, row) for name, row in found(every_verdict([data.tables], data.settings)) if name.startswith("Q")}
    assert wrong == {("Q9", text), ("Q2", edge), ("Q7", metrics.iloc[0])}


def test_a_label_of_a_kind_that_is_not_injected_exempts_nothing():
    """Judged by settings without edge cases, labelled rows count like all others."""
    data = Data(("defects.inject=valid",))
    failed = {v.name for v in judge([data.tables], load(today=data.settings.main.as_of)) if v.failed}
    assert {"C1_cast", "C2_personas", "C3_sessions", "K2_defects"} <= failed


def test_alerts_on_edge_cases_are_in_the_answer_key():
    """A tutor who never came is what no_show_pattern is for."""
    data = Data(("defects.inject=valid",))
    alerts = data["truth_alerts"].query("alert_type == 'no_show_pattern'")["tutor_id"]
    tutor = data["truth_defects"].query("defect == 'tutor_with_only_no_shows' and table_name == 'tutors'")["row_key"]
    assert set(tutor) <= set(alerts)
