"""Edge cases are added on request, labelled, and leave everything else as it was."""

from typing import get_args

import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.settings import SettingsError
from seed_pipeline.settings.defects import KINDS, KindName, rows_of
from seed_pipeline.store.assembly import whole
from seed_pipeline_tests.core.conftest import make_all, settings_with
from seed_pipeline_tests.core.test_dataset import MOMENTS, digest, flat, untimed
from seed_pipeline_tests.quality.compare import keyed

ALL, VALID = "defects.inject=all", "defects.inject=valid"


def scenes(*overrides: str) -> pd.DataFrame:
    """The labels of a dataset with these overrides."""
    return whole(make_all(settings_with(ALL, *overrides)))["truth_defects"].astype(object)


def keys(labels: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(labels[["defect", "table_name", "row_key"]].itertuples(index=False, name=None))


def test_nothing_is_injected_unless_asked_for(made):
    """Ordinary data has an empty list of labels, and no asset but the answer key has one at all."""
    assert [e for e, tables in made().items() if "truth_defects" in tables] == ["answer_key"]
    assert not len(made()["answer_key"]["truth_defects"])
    assert flat(made()).items() <= flat(made("defects.inject=none", "defects.scenarios={}")).items()


@pytest.mark.parametrize("inject", [ALL, VALID])
def test_no_ordinary_row_changes(made, inject):
    """Behind the injected rows follows, value for value and in the same types, what is made without them (X3)."""
    for entity, tables in make_all(settings_with(inject)).items():
        for name, frame in tables.items():
            if name != "truth_defects":
                ordinary = made()[entity][name]
                rest = frame.iloc[len(frame) - len(ordinary) :].reset_index(drop=True)
                assert digest(rest) == digest(ordinary), f"{entity}/{name}"
                assert list(frame.dtypes) == list(ordinary.dtypes), f"{entity}/{name}"


def test_every_injected_row_is_labelled_and_no_other():
    """Each row of the platform's tables that the ordinary dataset lacks has one label, as often as configured."""
    ordinary, edges = (
        whole(make_all(settings_with())),
        whole(make_all(settings_with(ALL, "defects.scenarios.extreme_name=2"))),
    )
    labels = edges["truth_defects"]
    for name in ordinary:
        if not name.startswith("truth_"):
            new = set(keyed(name, edges[name]).index) - set(keyed(name, ordinary[name]).index)
            stray = set(labels.loc[labels["table_name"] == name, "row_key"])
            assert new == stray, name
            assert len(edges[name]) - len(ordinary[name]) == (labels["table_name"] == name).sum()
    counted = labels.astype(object).groupby(["defect", "table_name", "valid"]).size()
    assert counted.to_dict() == settings_with(ALL, "defects.scenarios.extreme_name=2").defects.expected()


def test_every_kind_is_on_offer():
    """The shipped settings have a scene of every kind, and each invalid kind spoils one row that it really has."""
    assert set(settings_with().defects.scenarios) == set(get_args(KindName)) == set(KINDS)
    assert {d for d, _, valid in settings_with(ALL).defects.expected() if not valid} == {
        name for name, kind in KINDS.items() if not kind.valid
    }
    for kind in (k for k in KINDS.values() if k.wrong is not None):
        table, place = kind.wrong
        assert place < rows_of(kind)[table]
        assert kind.statement


def test_chunks_and_growth_leave_no_trace():
    """Scenes lie before cohort 0: chunks add up to the whole, and another cohort only appends (X1, X5)."""
    two = settings_with(ALL, "main.total_sessions=300")
    together, apart = make_all(two), [make_all(two, range(0, 1)), make_all(two, range(1, 2))]
    alone = make_all(settings_with(ALL))
    for entity in ENTITIES[1:]:
        for name, frame in together[entity].items():
            parts = [p[entity][name] for p in apart if name in p[entity]]
            assert digest(pd.concat(parts, ignore_index=True)) == digest(frame), f"{entity}/{name}"
            if not name.startswith(("work_", "truth_alerts")):
                assert digest(frame.iloc[: len(alone[entity][name])]) == digest(alone[entity][name]), f"{entity}/{name}"


def test_another_date_moves_injected_timestamps_only():
    """IDs, names, texts and values stay (D5)."""
    a, b = (make_all(settings_with(ALL, f"main.as_of={day}")) for day in ("2026-03-01", "2028-02-29"))
    left, right = flat(untimed(a), MOMENTS), flat(untimed(b), MOMENTS)
    assert {name for name in left if left[name] != right[name] and "/work_" not in name} == set()


def test_another_seed_has_other_ids():
    """No injected row has its key in two worlds (X2, X4)."""
    assert not {key for _, _, key in keys(scenes())} & {key for _, _, key in keys(scenes("main.seed=43"))}


def test_a_kind_does_not_depend_on_the_others():
    """Leaving kinds out, or asking for more of one, keeps the scenes that remain (X3)."""
    labels = keys(scenes())
    fewer = keys(scenes("defects.scenarios={extreme_text: 1, overlapping_booking: 2}"))
    assert {key for key in labels if key[0] in ("extreme_text", "overlapping_booking")} < fewer


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["defects.inject=some"], ["defects.yaml, inject", "'some'", "'valid'"]),
        (["defects.scenarios.ghost=1"], ["defects.yaml, scenarios.ghost", "extreme_text"]),
        (["defects.scenarios.extreme_text=11"], ["defects.yaml, scenarios.extreme_text = 11", "equal to 10"]),
        (['defects.texts.own={text: "a\\0b"}'], ["defects.yaml, texts.own.text", "U+0000", "remove it"]),
        (["defects.texts.own={text: ''}"], ["defects.yaml, texts.own"]),
        (["defects.names.own=Madonna"], ["defects.yaml, names.own = 'Madonna'"]),
        ([ALL, "main.answer_key=false"], ["defects.yaml, inject", "main.answer_key", "set main.answer_key to true"]),
    ],
)  # fmt: skip
def test_what_cannot_be_injected_is_refused(overrides, says):
    """File, key, value, why, what to do."""
    with pytest.raises(SettingsError) as error:
        settings_with(*overrides)
    assert all(words in str(error.value) for words in says), str(error.value)
