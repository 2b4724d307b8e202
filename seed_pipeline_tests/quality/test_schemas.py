"""Pandera schemas, derived from the one table definition."""

import numpy as np
import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.quality.schemas import COLUMNS, schema, schema_failures, validate
from seed_pipeline.schema import FILLED, metadata
from seed_pipeline_tests.quality.datasets import Data, tables


@pytest.mark.parametrize("entity", ENTITIES)
def test_generated_tables_are_lawful(entity: str):
    """Nothing to complain of, in the columns of any entity."""
    assert schema_failures(entity, tables()).empty


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
    key = "/".join(str(frame[c.name].iloc[2]) for c in metadata.tables[table].primary_key)
    assert set(found["key"]) == {key}


def test_two_rows_with_one_key_are_found():
    """Primary keys of one or more columns, and unique columns."""
    data = Data()
    data.add("session_feedback_tags")
    assert "session_id + tag unique" in set(validate("session_feedback_tags", data["session_feedback_tags"])["check"])
    data["users"].loc[1, "email"] = data["users"].loc[0, "email"]
    assert set(validate("users", data["users"])["check"]) == {"email unique"}


def test_a_missing_column_is_found():
    """Also when an entity was to fill it."""
    found = schema_failures("highlights", {**tables(), "sessions": tables()["sessions"].drop(columns="ai_summary")})
    assert not found.empty


def test_only_the_entitys_own_columns_are_looked_at():
    """A bad summary is the highlights' fault, not the sessions'."""
    data = Data()
    data["sessions"].loc[0, "ai_summary"] = ""
    assert schema_failures("sessions", data.tables).empty
    assert set(schema_failures("highlights", data.tables)["column"]) == {"ai_summary"}
