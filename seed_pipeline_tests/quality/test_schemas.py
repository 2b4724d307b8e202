"""Pandera schemas, derived from the one table definition."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandera.errors import SchemaErrors

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.quality.conformity import conformity
from seed_pipeline.quality.fits import fits
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.schemas import COLUMNS, schema, sessions_schema, validate
from seed_pipeline.schema import FILLED, columns_made_by, metadata
from seed_pipeline.store.frames import to_arrow
from seed_pipeline_tests.quality.datasets import Data, tables


def wrong(entity: str, whole: Mapping[str, pd.DataFrame]) -> set[str]:
    """Columns that an entity filled with what is not lawful."""
    made = {name: frame for name, frame in whole.items() if columns_made_by(entity, name)}
    return {str(row["column"]) for row in conformity(entity, [made]).evidence}


@pytest.mark.parametrize("entity", ENTITIES)
def test_generated_tables_are_lawful(entity: str):
    """Nothing to complain of, in the columns of any entity, and that is seen at a glance."""
    assert not wrong(entity, tables())
    made = {name: columns for name in FILLED if (columns := columns_made_by(entity, name))}
    assert all(fits(name, to_arrow(name, tables()[name]), columns) for name, columns in made.items())


@pytest.mark.parametrize("table", FILLED)
def test_every_table_has_a_schema_with_every_column(table: str):
    """One definition: a column added there is checked here."""
    assert list(schema(table).columns) == [c.name for c in metadata.tables[table].columns]
    assert schema(table) is schema(table)


@pytest.mark.parametrize(
    ("table", "column", "value", "check"),
    [
        ("sessions", "status", "lost", "enumeration session_status"),
        ("sessions", "subject_id", None, "not_nullable"),
        ("sessions", "overall_session_score", 10.1, "between 0.0 and 10.0"),
        ("sessions", "scheduled_start", pd.Timestamp("2026-11-01 10:00:00.5"), "whole seconds"),
        ("session_audio_metrics", "tutor_talk_ratio", 0.12345, "3 decimals"),
        ("session_audio_metrics", "student_confusion_count", -1, "between 0 and 200"),
        ("session_feedback", "student_satisfaction_rating", 6, "between 1 and 5"),
        ("session_transcript_highlights", "text", "", "a text"),
        ("tutors", "member_since", pd.Timestamp("2026-01-01 10:00"), "a date"),
        ("tutors", "hourly_rate", np.inf, "2 decimals"),
        ("users", "email", "x" * 256, "1 to 255"),
        ("truth_churn", "churn_probability", 1.5, "between"),
    ],
)  # fmt: skip
def test_one_bad_value_is_found(table: str, column: str, value: object, check: str):
    """With table, column, check, value and the row's key."""
    data = Data()
    frame = data[table].astype({column: object})
    frame.loc[2, column] = value
    found = validate(table, frame)
    assert list(found.columns) == list(COLUMNS)
    assert set(found["column"]) == {column}
    assert any(check in text for text in found["check"])
    assert not fits(table, pa.Table.from_pandas(frame, preserve_index=False), [column])
    key = "/".join(str(frame[c.name].iloc[2]) for c in metadata.tables[table].primary_key)
    assert set(found["key"]) == {key}


def test_a_missing_column_is_found():
    """Also when an entity was to fill it."""
    assert wrong("highlights", {**tables(), "sessions": tables()["sessions"].drop(columns="ai_summary")})


def test_only_the_entitys_own_columns_are_looked_at():
    """A bad summary is the highlights' fault, not the sessions'."""
    data = Data()
    data["sessions"].loc[0, "ai_summary"] = ""
    assert not wrong("sessions", data.tables)
    assert wrong("highlights", data.tables) == {"ai_summary"}


def test_the_schema_of_sessions_has_their_distributions():
    """Shares of outcomes and no-show rates by persona, each by its statement's query."""
    data = Data()
    whole = sessions_schema(data.settings, data["truth_personas"])
    whole.validate(data["sessions"], lazy=True)
    missed = data.sessions("status == 'completed' and tutor == 'star'", 6)
    data.put("sessions", missed, "status", "no_show_tutor")
    with pytest.raises(SchemaErrors) as error:
        whole.validate(data["sessions"], lazy=True)
    found = set(error.value.failure_cases["check"])
    assert {check for check in found if "O6" in check or "tutor no-show rate" in check.lower()}
    assert len(found) == 3


def test_the_schema_check_shows_missed_distributions_and_leaves_their_failure_to_them():
    """One cause is one failure: that of the statement, whose outcome is a row of the schema check."""
    data = Data()
    data.put("sessions", data.sessions("status == 'completed'", 20), "status", "rescheduled")
    verdicts = judge([data.tables], data.settings, ["sessions"])
    found = conformity("sessions", [{"sessions": data["sessions"]}], verdicts)
    assert {row["group"] for row in found.rows if not row["passed"]} == {"O1_completed", "O4_rescheduled"}
    assert "O1_completed, O4_rescheduled missed" in found.finding
    assert found.passed
