"""Why a session came out as it did and why a student left can be asked, and the answer agrees with the answer key."""

import json
import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import numpy as np
import pytest

from seed_pipeline.quality.scope import Scope, of_frames
from seed_pipeline.settings import Settings
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.frames import Tables
from seed_pipeline.views.why.explain import ExplainError, Explanation, explain
from seed_pipeline_tests.core.conftest import make_all, settings_with

SETTINGS = settings_with()
ANSWERS = ("truth_personas", "truth_sessions", "truth_effects", "truth_churn", "truth_alerts", "truth_dashboard")


@cache
def data(*overrides: str) -> Tables:
    return whole(make_all(settings_with(*overrides)))


_OPEN = ExitStack()


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    _OPEN.close()


@cache
def there(*overrides: str) -> Scope:
    return _OPEN.enter_context(of_frames([data(*overrides)], settings_with(*overrides)))


def asked(identifier: str) -> Explanation:
    return explain(there(), identifier)


def explained(tables: Tables, settings: Settings, identifier: str) -> Explanation:
    with of_frames([tables], settings) as scope:
        return explain(scope, identifier)


def touched_by(rule: str) -> str:
    """The first session on which a rule acted."""
    effects = data()["truth_effects"]
    return str(effects.loc[effects["rule"] == rule, "session_id"].iloc[0])


def ids(table: str, query: str) -> list[str]:
    frame = data()[table].query(query)
    return [str(i) for i in frame[frame.columns[0]]]


def test_any_session_is_explained() -> None:
    """Each session's explanation is text, is JSON, and closes on what is stored: base, rules, limit, rounding (R)."""
    for identifier in data()["sessions"]["id"][::4]:
        found = asked(identifier)
        assert found.text.startswith(f"Session {identifier}")
        said = json.loads(json.dumps(found.to_json(), allow_nan=False))
        for measure in said.get("metrics", []):
            values = [measure["base"], *(step["after"] for step in measure["steps"])]
            assert [step["before"] for step in measure["steps"]] == values[:-1]
            assert all(step["as_configured"] for step in measure["steps"])
            if measure["stored"] is not None and measure["steps"]:
                end = values[-1] if measure["limit"] is None else measure["limit"]
                assert abs(measure["stored"] - end) <= (0.05 if "score" in measure["metric"] else 0.5) + 1e-9


def test_a_rule_is_named_with_its_trigger_and_its_effect() -> None:
    """A reader sees which value triggered the rule, what it did, and from where to where."""
    identifier = touched_by("high_talk_ratio")
    talk = data()["session_audio_metrics"].set_index("session_id")["tutor_talk_ratio"][identifier]
    text = asked(identifier).text
    assert f"because tutor_talk_ratio {talk:.4g} > 0.65" in text
    assert "high_talk_ratio  × 0.7" in text
    assert "high_talk_ratio  + 2" in text


def test_a_rule_that_did_not_act_says_why() -> None:
    """The condition that did not hold is named with the session's own value."""
    facts = asked(touched_by("frequent_checks")).to_json()
    idle = {r["rule"]: r["because"] for r in facts["rules_that_did_not_act"]}
    acted = {s["rule"] for m in facts["metrics"] for s in m["steps"]}
    assert {*idle, *acted} >= {r.name for r in SETTINGS.correlations.rules} - {"frequent_checks"}
    assert idle["technical_issues"] == "technical_issues is 0, not 1"


def test_an_off_day_is_told_and_measured_by_its_own_range() -> None:
    """On an off day talk and checks leave the persona's range and lie in the off day's (T6)."""
    found = asked(ids("truth_sessions", "off_day")[0])
    conduct = {row["metric"]: row for row in found.to_json()["conduct"]}
    assert "story: an off day" in found.text
    assert conduct["tutor_talk_ratio"]["off_day"]
    assert conduct["tutor_talk_ratio"]["inside"]
    assert not conduct["tutor_enthusiasm_score"]["off_day"]


@pytest.mark.parametrize("status", ["no_show_tutor", "no_show_student", "rescheduled"])
def test_a_session_that_did_not_happen_says_what_decided_that(status) -> None:
    """No metrics are made up for a session nobody held."""
    found = asked(ids("sessions", f"status == '{status}'")[0])
    assert found.to_json()["why_not_completed"] in found.text
    assert "metrics" not in found.facts


def test_a_student_who_left_is_explained_by_what_happened() -> None:
    """Scores with first sessions twice, no-shows, probability, reasons, survey, last session (R9, N3)."""
    truth = data()["truth_churn"].set_index("student_id")
    for identifier in ids("students", "status == 'churned'"):
        found = asked(identifier)
        facts = found.to_json()
        assert abs(facts["weighted_mean"] - truth["weighted_session_score"][identifier]) < 0.01
        assert {s["weight"] for s in facts["scores"] if s["session_number"] == 1} <= {2.0}
        assert {s["weight"] for s in facts["scores"] if s["session_number"] > 1} <= {1.0}
        assert facts["churn_probability"] == truth["churn_probability"][identifier]
        assert facts["reasons"]
        assert f"“{facts['survey']}”" in found.text
        assert "left on" in found.text


def test_a_student_who_stayed_has_no_goodbye() -> None:
    """Nobody who stayed is given reasons to leave (Q6)."""
    found = asked(ids("students", "status == 'active'")[0])
    assert "stayed" in found.text
    assert "in their words" not in found.text
    assert found.to_json()["churned_date"] is None


def test_the_stories_decide_before_the_odds() -> None:
    """The lost leave, the safe stay (N2, N3)."""
    people = {i: asked(i).facts for i in data()["students"]["user_id"]}
    assert {f["status"] for f in people.values() if f["taught"] == "lost"} == {"churned"}
    assert {f["status"] for f in people.values() if f["taught"] == "safe"} == {"active"}


def test_a_tutor_is_held_against_the_persona() -> None:
    """Talk and checks of every session lie inside, off days aside (T1, T2); the rest is told with its n."""
    for identifier in data()["tutors"]["user_id"]:
        found = asked(identifier)
        rows = {row["contract"]: row for row in found.to_json()["against_the_persona"]}
        assert rows["T1"]["inside"]
        assert rows["T2"]["inside"]
        assert rows["O6"]["n"] == (data()["sessions"]["tutor_id"] == identifier).sum()


def test_the_beginning_of_an_id_is_enough() -> None:
    """A prefix that fits one ID only stands for it."""
    whole_id = data()["sessions"]["id"].iloc[0]
    assert asked(whole_id[:13]) == asked(whole_id)


@pytest.mark.parametrize(
    ("identifier", "why"), [("nobody", "no session, student or tutor"), ("a", "several IDs"), ("  ", "no ID")]
)
def test_an_id_that_names_nobody_is_refused_with_what_to_do(identifier, why) -> None:
    """The message says what is wrong and where IDs are found; it survives the way to another process."""
    with pytest.raises(ExplainError, match=why) as refusal:
        asked(identifier)
    error = pickle.loads(pickle.dumps(refusal.value))
    assert (error.where, error.value, str(error)) == ("ID", identifier, str(refusal.value))
    assert "What to do:" in str(error)


def test_without_the_answer_key_nothing_is_guessed() -> None:
    """Data loaded without answer key cannot be explained, and the message says how to get it."""
    tables = {name: frame for name, frame in data().items() if name not in ANSWERS}
    with pytest.raises(ExplainError, match="without the answer key"):
        explained(tables, SETTINGS, tables["tutors"]["user_id"].iloc[0])


def test_settings_that_changed_since_are_noticed() -> None:
    """A step that the rule would not make now is told, not passed off as configured."""
    now = settings_with("correlations.rules.high_talk_ratio.effects.0.multiply=0.6")
    text = explained(data(), now, touched_by("high_talk_ratio")).text
    assert "the settings say otherwise now" in text


def test_a_rule_that_is_off_says_so() -> None:
    """With a rule switched off, its sessions name it as switched off and carry no step of it (R11)."""
    off = "correlations.rules.high_talk_ratio.enabled=false"
    found = explained(data(off), settings_with(off), touched_by("high_talk_ratio"))
    assert "switched off in correlations.yaml" in found.text
    assert not any(s["rule"] == "high_talk_ratio" for m in found.facts["metrics"] for s in m["steps"])
    assert all(np.isfinite(m["base"]) for m in found.facts["metrics"] if m["stored"] is not None)
