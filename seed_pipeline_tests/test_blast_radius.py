"""Each materialization says what it changed, and a change of the settings changes what it may and nothing else (X3)."""

import re
from copy import deepcopy
from functools import cache

import numpy as np
import pandas as pd
import pytest
import yaml

from seed_pipeline.blast_radius import Change, Version, blast_radius, kept, markdown, records
from seed_pipeline.settings import SECTIONS, SHIPPED, Settings
from seed_pipeline.settings.files import apply_overrides, read_section
from seed_pipeline.settings.text import Text
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.core.conftest import TODAY, Made, make_all


def reasons(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Rows of student_churn_reasons: a table with a key of two columns."""
    student, reason, added = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {"student_id": student, "reason": reason, "added_at": pd.to_datetime(list(added)).astype("datetime64[s]")}
    )


A = ("anna", "other", "2026-01-01")
B = ("ben", "other", "2026-01-02")
C = ("ben", "no_progress", "2026-01-03")
LATER = ("ben", "no_progress", "2026-01-09")


def compared(before: list[pd.DataFrame], after: list[pd.DataFrame]) -> dict[str, Change]:
    versions = [Version.in_memory([{"student_churn_reasons": f} for f in frames]) for frames in (before, after)]
    return {c.column: c for c in blast_radius(*versions)}


def test_rows_are_told_apart_by_their_whole_key() -> None:
    """A row with another reason is another row; one with the same key and another value is a changed one."""
    found = compared([reasons(A, B)], [reasons(B, LATER)])
    assert found[""] == ("student_churn_reasons", "", 1, 1, 0, 1)
    found = compared([reasons(A, B, C)], [reasons(LATER, B, A)])
    assert found[""] == ("student_churn_reasons", "", 0, 0, 1, 2)
    assert found["added_at"] == ("student_churn_reasons", "added_at", 0, 0, 1, 2)


def test_order_and_chunks_are_no_change() -> None:
    """The same rows in another order, cut otherwise, are unchanged."""
    assert not any(c.touched for c in compared([reasons(A, B, C)], [reasons(C), reasons(A, B)]).values())


def test_a_first_version_is_all_new_and_an_emptied_one_all_gone() -> None:
    """Nothing before: every row is new. Nothing after: every row is gone."""
    version = Version.in_memory([{"student_churn_reasons": reasons(A, B)}])
    assert blast_radius(None, version)[0] == ("student_churn_reasons", "", 2, 0, 0, 0)
    assert compared([reasons(A, B)], [reasons()])[""] == ("student_churn_reasons", "", 0, 2, 0, 0)


def test_a_row_that_is_there_twice_is_new_once() -> None:
    """A doubled key is seen, although keys should be unique."""
    assert compared([reasons(A)], [reasons(A, A)])[""] == ("student_churn_reasons", "", 1, 0, 0, 1)


def test_missing_values_and_zeros_are_themselves() -> None:
    """A missing value stays missing, minus zero is zero, and a value that appears is a change."""
    ids = ["a", "b", "c"]
    score = {"before": [np.nan, 0.0, np.nan], "after": [np.nan, -0.0, 1.0]}
    versions = [
        Version.in_memory([{"sessions": pd.DataFrame({"id": ids, "overall_session_score": s})}]) for s in score.values()
    ]
    assert blast_radius(*versions)[1] == ("sessions", "overall_session_score", 0, 0, 1, 2)


def test_artifacts_are_compared_while_they_are_replaced(tmp_path) -> None:
    """The version before is kept as long as it is needed, and leaves nothing behind."""
    artifacts = Artifacts(tmp_path)
    with kept(artifacts, "churn") as before:
        artifacts.write("churn", [{"student_churn_reasons": reasons(A, B, C)}])
        assert before is None
    with kept(artifacts, "churn") as before:
        artifacts.write("churn", [{"student_churn_reasons": reasons(A, B)}, {"student_churn_reasons": reasons(LATER)}])
        changes = blast_radius(before, Version.of(artifacts, "churn"))
    assert records(changes)[1] == {
        "table": "student_churn_reasons",
        "column": "added_at",
        "new": 0,
        "gone": 0,
        "changed": 1,
        "unchanged": 2,
    }
    assert [p.name for p in tmp_path.iterdir()] == ["churn"]


def test_columns_whose_digests_agree_are_not_read(tmp_path, monkeypatch) -> None:
    """Nothing is read of a version that is the same (the manifests say so)."""
    artifacts = Artifacts(tmp_path)
    artifacts.write("churn", [{"student_churn_reasons": reasons(A, B)}])
    version = Version.of(artifacts, "churn")
    monkeypatch.setattr(Artifacts, "read", lambda *_: pytest.fail("read"))
    assert blast_radius(version, version)[0] == ("student_churn_reasons", "", 0, 0, 0, 2)


def test_the_table_for_people_names_what_changed_and_what_did_not() -> None:
    """Changed columns with their counts; tables that are as they were in one line."""
    changes = [Change("sessions", "", 0, 0, 3, 1_200), Change("sessions", "status", 0, 0, 3, 1_200)]
    changes += [Change("sessions", "subject_id", 0, 0, 0, 1_203), Change("users", "", 0, 0, 0, 27)]
    text = markdown(changes)
    assert "| sessions | status | 0 | 0 | 3 | 1,200 |" in text
    assert "subject_id" not in text
    assert "As it was: users (27 rows)." in text


# X3: what a change of each section may reach. `table` allows the whole table, `table.column` the column alone.
TIMES = (
    "users.created_at subjects.created_at churn_algorithm_weights.created_at churn_algorithm_weights.effective_from "
    "tutors.member_since students.enrolled_since students.churned_date student_churn_reasons.added_at "
    "sessions.scheduled_start sessions.actual_start sessions.completed_at sessions.created_at "
    "session_audio_metrics.created_at session_video_metrics.created_at session_screen_metrics.created_at "
    "session_feedback.submitted_at"
)
SERVICES = "truth_alerts truth_dashboard"
FEEDBACK = f"session_feedback session_feedback_tags truth_effects {SERVICES}"
CHURN = (
    "students.status students.churned_date students.churn_survey_response "
    "student_churn_reasons truth_churn truth_alerts"
)
PEOPLE = "subjects tutors tutor_subjects students student_subjects"
WORDS = "sessions.ai_summary session_transcript_highlights"
OUTCOMES = f"sessions.follow_up_booked sessions.overall_session_score {WORDS} {FEEDBACK} {CHURN}"
MEASURED = f"session_audio_metrics session_video_metrics session_screen_metrics {OUTCOMES}"
FOLLOWED_UP = (
    "sessions.follow_up_booked sessions.ai_summary session_feedback.feedback_text truth_effects truth_dashboard "
    f"{CHURN}"
)
BOOKED = f"sessions truth_sessions {MEASURED}"

TWEAKS = {
    "main.admin_email=root@example.org": "users.email",
    "main.as_of=2026-02-20": f"{TIMES} truth_alerts",  # the platform's windows are days before as_of
    "main.chunk_cohorts=1": "",
    "main.target=sqlite:///elsewhere.db": "",
    "probabilities.outcomes.rescheduled_by_tutor=0.9": f"sessions.rescheduled_by {SERVICES}",
    "probabilities.availability.feedback=0.42": FEEDBACK,
    "probabilities.availability.highlights=4": "session_transcript_highlights",
    "probabilities.time.hours.16=30": f"{TIMES} truth_alerts",
    "probabilities.booking.drifting.until=0.6": BOOKED,
    "probabilities.fading.load=0.9": BOOKED,
    "probabilities.second_tutor=0.3": BOOKED,
    "probabilities.stories.at_risk_cascade=null": BOOKED,
    "probabilities.stories.high_score_rebooking=0.95": FOLLOWED_UP,
    "probabilities.stories.poor_score=6.0": FEEDBACK,
    "probabilities.events.engagement_spread=0.8": MEASURED,
    "probabilities.rating.spread=0.9": FEEDBACK,
    "probabilities.churn.per_score=-0.3": CHURN,
    "probabilities.churn.weights={a: {weight: 0.5, notes: x}, b: {weight: 0.5, notes: y}}": "churn_algorithm_weights",
    "personas.tutors.star.hourly_rate=[60, 95]": "tutors.hourly_rate",
    "personas.tutors.star.rating=[4.3, 4.7]": FEEDBACK,
    "personas.tutors.star.enthusiasm=[6, 7]": MEASURED,
    "personas.students.average.churn=0.4": CHURN,
    "correlations.rules.high_frustration.when=student_frustration_count > 0": FEEDBACK,
    "correlations.rules.technical_issues.effects=[{metric: overall_session_score, add: -1.2}]": OUTCOMES,
    "alerts.alerts.high_talk_ratio.severities={warning: tutor_talk_ratio > 0.5}": "truth_alerts",
    "targets.small_at=160": "",
    "defects.inject=valid": f"users {PEOPLE} sessions {MEASURED} students truth_defects",
    "text.feedback.tags.patient.weight=0.9": "session_feedback.feedback_text session_feedback_tags",
    "text.highlights.types.concern.weight=9": "session_transcript_highlights",
    "text.sessions.technical_issue=[Nothing worked.]": "sessions.technical_issues_description",
    "text.sessions.summary.outcome=[They stopped.]": "sessions.ai_summary",
    "text.sessions.two_topics_share=0": "sessions.ai_summary session_transcript_highlights.text",
    "text.people.tutors.bio=[I teach.]": "tutors.bio",
    "text.churn.reasons.price_concerns.weight=20": "students.churn_survey_response student_churn_reasons",
    "text.subjects.subjects.Chemistry.name=Alchemy": f"{PEOPLE} {MEASURED} sessions.subject_id "
    "sessions.technical_issues_description",
}  # fmt: skip
NOTHING = ("main.chunk_cohorts", "main.target", "targets.")


@cache
def sections() -> dict:
    """The shipped files, read once."""
    found = {name: read_section(SHIPPED, name) for name in (*SECTIONS, "text")}
    found["main"]["as_of"] = TODAY
    return found


@cache
def made(*overrides: str) -> Made:
    """The data of the shipped settings with overrides."""
    tweaked = deepcopy(sections())
    apply_overrides(tweaked, overrides)
    return make_all(Settings.model_validate(tweaked))


def reached(before: Made, after: Made) -> set[str]:
    """`table.column` of whatever changed, `table` where rows came or went."""
    changes = []
    for asset in before:
        other = [t for t in before[asset] if not before[asset][t].equals(after[asset][t])]
        versions = [Version.in_memory([{t: made[asset][t] for t in other}]) for made in (before, after)]
        changes += blast_radius(*versions)
    rows = {c.table for c in changes if not c.column and (c.new or c.gone)}
    return rows | {f"{c.table}.{c.column}" for c in changes if c.column and c.changed}


@pytest.mark.parametrize("tweak", TWEAKS)
def test_a_tweak_reaches_what_it_may_and_nothing_else(tweak) -> None:
    """A draw depends on its own keys alone: what is not downstream of a setting stays as it was (X3)."""
    allowed, found = set(TWEAKS[tweak].split()), reached(made(), made.__wrapped__(tweak))
    assert {f for f in found if f not in allowed and f.split(".")[0] not in allowed} == set()
    assert bool(found) is not tweak.startswith(NOTHING), "the tweak should show"


def test_every_section_is_tweaked() -> None:
    """Every file of the configuration, and every part of probabilities.yaml, has a tweak above."""
    tweaked = {re.match(r"text\.[a-z]+|[a-z]+", tweak)[0] for tweak in TWEAKS}  # type: ignore[index]
    assert tweaked == {*SECTIONS, *(f"text.{name}" for name in Text.model_fields)}
    parts = yaml.safe_load((SHIPPED / "probabilities.yaml").read_text(encoding="utf-8"))
    assert {re.split("[.=]", t)[1] for t in TWEAKS if t.startswith("probabilities.")} == set(parts)
