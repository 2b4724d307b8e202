"""What judging promises: one pass, any chunks in any order, any part of the assets; nothing to judge passes."""

import json

import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.statements import statements
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.schema import ANSWER_KEY, FILLED, columns_made_by, metadata
from seed_pipeline_tests.quality.datasets import Data, chunks, settings, tables

THREE = ("main.total_sessions=450",)
THREE_CHUNKS = (*THREE, "main.chunk_cohorts=1")


def ancestors(entity: str) -> set[str]:
    """The entity and all that it needs."""
    return {entity}.union(*(ancestors(upstream) for upstream in UPSTREAM[entity]))


def as_of(entity: str, whole: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as they are when an entity has just been made."""
    made = ancestors(entity)
    found = {}
    for name, frame in whole.items():
        columns = [c for e in ENTITIES if e in made for c in columns_made_by(e, name)]
        if metadata.tables[name].info["asset"] in made:
            found[name] = frame[list(dict.fromkeys(columns))]
    roles = ["admin", *(r for r in ("tutor", "student") if f"{r}s" in made)]
    found["users"] = found["users"].loc[found["users"]["role"].isin(roles)].reset_index(drop=True)
    return found


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_statement_is_judged_at_the_first_asset_that_has_all_it_reads(entity: str):
    """The same verdict on the tables of the entity's ancestors as on the whole dataset."""
    here = judge([as_of(entity, tables())], settings(), [entity])
    there = judge([tables()], settings(), [entity])
    assert here
    for a, b in zip(here, there, strict=True):
        assert (a.name, a.passed, a.value, a.deviation) == (
            b.name,
            b.passed,
            pytest.approx(b.value, nan_ok=True),
            b.deviation,
        )
        assert a.n == b.n or a.id == "Q1"  # users are fewer as long as nobody was added


def test_chunks_change_no_verdict():
    """X6: three chunks, in any order, are judged as one."""
    parts, whole = chunks(*THREE_CHUNKS), judge([tables(*THREE)], settings(*THREE))
    assert len(parts) == 3
    for a, b in zip(judge([parts[i] for i in (2, 0, 1)], settings(*THREE)), whole, strict=True):
        assert (a.name, a.passed, a.n, a.offenders) == (b.name, b.passed, b.n, b.offenders)
        assert a.value == pytest.approx(b.value, nan_ok=True)


@pytest.mark.parametrize("table", ["users", "sessions", "session_transcript_highlights"])
def test_a_key_used_in_two_chunks_is_noticed(table: str):
    """Uniqueness holds over the whole, though no chunk sees it."""
    parts = [dict(chunk) for chunk in chunks(*THREE_CHUNKS)]
    taken = parts[0][table]["id"].iloc[-1]
    parts[1][table] = parts[1][table].assign(id=lambda f: f["id"].astype(object).where(f.index > 0, taken))
    entity = {"users": "sessions"}.get(table, metadata.tables[table].info["asset"])
    assert f"Q1_{entity}" in [v.name for v in judge(parts, settings(*THREE), [entity]) if v.failed]


def test_a_subject_of_no_chunk_is_noticed_and_one_of_another_chunk_is_not():
    """Subjects come with the first chunk; references to them are answered by the whole."""
    parts = [dict(chunk) for chunk in chunks(*THREE_CHUNKS)]
    assert not any(v.failed for v in judge(parts, settings(*THREE), ["tutors"]))
    parts[0]["subjects"] = parts[0]["subjects"].iloc[:0]
    assert [v.name for v in judge(parts, settings(*THREE), ["tutors"]) if v.failed] == ["Q1_tutors"]


def test_without_the_answer_key_its_statements_are_not_judged():
    """No verdict is no failure; the rest is judged as ever."""
    rest = {name: frame for name, frame in tables().items() if name not in ANSWER_KEY}
    found = {v.name: v for v in judge([rest], settings())}
    assert {v.passed for v in found.values() if v.entity == "answer_key"} == {None}
    assert not [v.name for v in found.values() if v.failed]
    assert "answer key" in found["T1_talk"].note


def test_nothing_to_judge_is_not_judged():
    """A share of no sessions says so and neither passes nor fails; what must be there is missed."""
    none = {name: tables()[name].iloc[:0] for name in FILLED}
    found = {v.name: v for v in judge([none], settings())}
    assert found["T5_first_session_success"].state == "not judged"
    assert found["T5_first_session_success"].note == "nothing to judge"
    assert found["C1_cast"].failed
    assert found["C3_sessions"].failed


def test_a_verdict_says_what_was_seen_and_what_to_do():
    """Observed, interval, n, the worst offenders and the governing setting."""
    data = Data()
    loud = data.sessions("tutor == 'star' and status == 'completed' and not off_day", 2)
    data.put("session_audio_metrics", loud, "tutor_talk_ratio", 0.6)
    found = {v.name: v for v in judge([data.tables], data.settings)}
    talk, engagement = found["T1_talk"], found["T3_engagement"]
    assert talk.offenders == tuple(sorted(loud))
    assert talk.observed == "star: 2"
    assert talk.deviation > 1
    assert talk.setting == "personas.yaml, tutors.*.talk_ratio"
    assert [row["group"] for row in talk.rows] == ["star", "solid", "struggling", "at_risk"]
    assert engagement.passed
    assert engagement.deviation <= 1
    assert engagement.low < engagement.value < engagement.high


def test_verdicts_survive_json():
    """Plain values, also where there is no number."""
    for verdict in judge([tables()], settings()):
        again = Verdict.from_json(json.loads(json.dumps(verdict.to_json(), allow_nan=False)))
        assert again.to_json() == verdict.to_json()


def test_statements_are_known_without_data():
    """Names, entities and settings for lists and asset checks."""
    found = statements(settings())
    assert [s.name for s in found] == [v.name for v in judge([tables()], settings())]
    assert {s.entity for s in found} == set(ENTITIES)


def test_every_identifier_of_the_contract_is_there():
    """C1-C5, O1-O7, A1-A5, T1-T6, S1-S7, D1-D4, R1-R10, N1-N8, Q1-Q10; the rest compares two datasets."""
    last = {"C": 5, "O": 7, "A": 5, "T": 6, "S": 7, "D": 4, "R": 10, "N": 8, "Q": 10}
    wanted = {f"{letter}{number}" for letter, most in last.items() for number in range(1, most + 1)}
    assert wanted <= {s.id for s in statements(settings())}


def test_a_rule_that_is_off_has_no_rows_and_nothing_else_to_judge():
    """Its statements say so."""
    off = ("correlations.rules.gaming_detected.enabled=false",)
    found = {v.name: v for v in judge([tables(*off)], settings(*off))}
    assert found["R6_gaming_detected"].state == "not judged"
    assert found["R6_score_set"].note.endswith("nothing to judge")
    assert not {v.name: v for v in judge([tables()], settings(*off))}["R13_journal_closes"].failed


def test_a_rule_of_the_user_is_judged_like_the_others():
    """A further rule in the settings journals alike, and its absence in the data is noticed."""
    more = [r.model_dump(mode="json", exclude_none=True) for r in settings().correlations.rules]
    more.insert(
        0,
        {
            "name": "phones_down",
            "when": "messaging_app_detected == true",
            "effects": [{"metric": "overall_session_score", "add": -0.2}],
        },
    )
    mine = (f"correlations.rules={json.dumps(more)}",)
    assert not [v.line for v in judge([tables(*mine)], settings(*mine)) if v.id in ("R12", "R13") and v.failed]
    assert "R12_further_rules" in [v.name for v in judge([tables()], settings(*mine)) if v.failed]
