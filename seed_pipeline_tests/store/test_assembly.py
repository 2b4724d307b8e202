"""Assembly: what several assets know about the same row becomes one row."""

import pandas as pd
import pytest

from seed_pipeline import schema
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store import synthetic


@pytest.fixture
def parts() -> dict[str, Tables]:
    return synthetic.parts(1, range(2), sessions=30)


def test_every_filled_table_is_complete(parts: dict[str, Tables]) -> None:
    """All filled tables are there, with all columns in schema order."""
    tables = whole(parts)
    assert tuple(tables) == schema.FILLED
    for name, frame in tables.items():
        assert list(frame.columns) == [c.name for c in schema.metadata.tables[name].columns]


def test_people_of_three_assets_are_the_users(parts: dict[str, Tables]) -> None:
    """Admin, tutors and students follow each other in `users`."""
    users = whole(parts)["users"]
    assert users["role"].astype(str).drop_duplicates().tolist() == ["admin", "tutor", "student"]
    assert len(users) == 1 + 2 * (synthetic.TUTORS + synthetic.STUDENTS)


def test_later_columns_stand_beside_their_rows(parts: dict[str, Tables]) -> None:
    """A session's score (metrics) and summary (highlights), a student's churn: joined to the right row."""
    tables = whole(parts)
    assert tables["sessions"]["overall_session_score"].equals(
        parts["metrics"]["sessions"]["overall_session_score"].astype("float64")
    )
    assert tables["sessions"]["ai_summary"].tolist()[1] == parts["highlights"]["sessions"]["ai_summary"].tolist()[1]
    assert tables["students"]["status"].astype(str).tolist() == parts["churn"]["students"]["status"].tolist()


@pytest.mark.parametrize("change", ["order", "length"])
def test_rows_that_do_not_correspond_are_refused(parts: dict[str, Tables], change: str) -> None:
    """Columns are joined by position only after the keys were found equal."""
    frame = parts["metrics"]["sessions"]
    parts["metrics"]["sessions"] = frame.iloc[::-1] if change == "order" else frame.iloc[1:]
    with pytest.raises(StoreError, match=r"sessions\.id: rows of the asset metrics are not the table's rows"):
        whole(parts)


def test_a_missing_asset_is_named(parts: dict[str, Tables]) -> None:
    """Without `churn` no student's status is known, and the message says whom to ask."""
    del parts["churn"]
    with pytest.raises(StoreError, match=r"students: status, churned_date.*asset churn.*materialize churn"):
        whole(parts)


def test_the_answer_key_may_be_off(parts: dict[str, Tables]) -> None:
    """Without its asset the `truth_` tables are absent and nothing else changes."""
    complete = whole(parts)
    del parts["answer_key"]
    without = whole(parts)
    assert set(complete) - set(without) == set(schema.ANSWER_KEY)
    pd.testing.assert_frame_equal(without["sessions"], complete["sessions"])


def test_a_table_without_rows_is_there(parts: dict[str, Tables]) -> None:
    """Later chunks have no subjects: an empty frame with the right types, so that nobody has to ask."""
    tables = whole(synthetic.parts(1, range(1, 2), sessions=30))
    assert len(tables["subjects"]) == 0
    assert tables["subjects"].dtypes.equals(whole(parts)["subjects"].dtypes)
