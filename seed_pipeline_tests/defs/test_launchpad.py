"""What the Launchpad offers: settings with types, defaults and descriptions, for one run, for all of it or none."""

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.definitions import defs
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.defs.launch import run_config
from seed_pipeline.defs.settings import Rules, SeedSettings
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline_tests.defs.conftest import AS_OF, Place, message

OFFERED = SeedSettings.model_fields


def offered(**settings: Any) -> dict[str, Any]:
    """A run's configuration as Dagster completes it. Raises what a launch is refused with."""
    job = defs.resolve_job_def("seed_all")
    found = dg.validate_run_config(job, {"resources": {"settings": {"config": settings}}})
    return dict(found["resources"]["settings"]["config"])  # type: ignore[index]


def test_every_setting_says_how_it_stands() -> None:
    """Whoever looks for a setting reads what configs/ has; nothing is filled in, as what stands there holds."""
    main = shipped().main
    for name, usual in (("seed", main.seed), ("sessions", 150), ("as_of", "today"), ("target", main.target)):
        assert f"As configs/ has it: {usual}." in str(OFFERED[name].description)
    filled_in = {name for name, value in offered().items() if value is not None}
    assert filled_in == {"overrides", "presets", "rules"}


def test_every_setting_is_described() -> None:
    """In words, with what to launch where that matters."""
    for name, field in OFFERED.items():
        assert len(field.description or "") > 20, name


def test_every_rule_has_a_switch() -> None:
    """One for each rule of configs/correlations.yaml, as it is there, saying when the rule acts."""
    rules = shipped().correlations.rules
    assert set(offered()["rules"]) == {rule.name for rule in rules}
    for rule in rules:
        assert str(rule.when[0]) in str(Rules.model_fields[rule.name].description)


def test_what_is_not_given_wishes_nothing() -> None:
    """So presets and a folder of other settings have their say; what is given holds over them, the usual value, too."""
    assert SeedSettings().load().model_dump() == Wishes().settings(SeedSettings().load().main.as_of).model_dump()
    assert SeedSettings(presets=["demo"]).load().main.total_sessions == 330
    assert SeedSettings(presets=["demo"], sessions=150).load().main.total_sessions == 150


def test_the_command_line_holds_over_presets() -> None:
    """`make seed SESSIONS=150 PRESET=demo` means 150, though 150 is what is shipped."""
    asked = Wishes(sessions=150, presets=("demo",), disabled_rules=("first_session",))
    through_dagster = SeedSettings(**run_config(asked, Path("data/artifacts"))).load()
    assert through_dagster.main.total_sessions == 150
    assert through_dagster == asked.settings(through_dagster.main.as_of)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seed": "seven"}, 'Value "seven"'),
        ({"sessons": 300}, 'unexpected config entry "sessons"'),
        ({"rules": {"first_sesion": False}}, 'unexpected config entry "first_sesion"'),
        ({"rules": {"first_session": "off"}}, 'Value "off"'),
        ({"feedback_share": "half"}, 'Value "half"'),
        ({"presets": ["demmo"]}, "presets.*not in enum type Preset got demmo"),
        ({"on_foreign": "drop"}, "on_foreign.*not in enum type on_foreign got drop"),
    ],
)
def test_what_has_the_wrong_type_is_not_launched(wrong: dict[str, Any], says: str) -> None:
    """The Launchpad says so while it is typed, and a launch is refused."""
    with pytest.raises(dg.DagsterInvalidConfigError, match=says):
        offered(**wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"as_of": "31.12.2025"}, "as_of"),
        ({"sessions": 0}, "total_sessions"),
        ({"feedback_share": 1.4}, "feedback"),
        ({"overrides": ["probabilities.rating.spreat=1"]}, "spreat"),
    ],
)
def test_what_cannot_be_fails_before_any_work(place: Place, wrong: dict[str, Any], says: str) -> None:
    """The first step says where, what and why, and nothing is written."""
    result = place.launch(**wrong)
    assert not result.success
    assert says in message(result)
    assert not list(place.root.iterdir())


def test_a_rule_switched_off_acts_in_no_asset(place: Place) -> None:
    """All assets of the run know of it: no table shows the rule, and the checks do not ask for it."""
    result = place.launch(rules={"technical_issues": False})
    assert result.success, message(result)
    effects = place.artifacts.read("answer_key", 0)["truth_effects"]
    assert "first_session" in set(effects["rule"])
    assert "technical_issues" not in set(effects["rule"])


def test_another_share_of_feedback_is_met_by_all_personas(place: Place) -> None:
    """Half of the completed sessions instead of 40 %, each persona in proportion, and every check agrees."""
    result = place.launch(feedback_share=0.5)
    assert result.success, message(result)
    assert len(place.artifacts.read("feedback", 0)["session_feedback"]) == 66
    rates = SeedSettings(feedback_share=0.5).load().personas.students
    assert [round(p.feedback, 6) for p in rates.values()] == [0.75, 0.5, 0.25]


def test_overrides_reach_every_asset_of_the_run(place: Place) -> None:
    """Each asset's manifest has the seed, the size and the window of the run."""
    assert place.launch(seed=7, sessions=300, answer_key=False).success
    worlds = [place.artifacts.manifest(entity).metadata["world"] for entity in ENTITIES]
    assert all((w["seed"], w["total_sessions"], w["as_of"]) == (7, 300, AS_OF) for w in worlds)
    with pytest.raises(Exception, match="truth_personas"):
        pd.read_sql_table("truth_personas", f"sqlite:///{place.database}")
