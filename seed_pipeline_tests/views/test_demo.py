"""The demo script: what can be shown of a dataset, scene by scene, each of which fails when its fact is not so."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from shutil import copytree

import pytest
import sqlalchemy as sa

from seed_pipeline.settings import SHIPPED, SettingsError, read_preset
from seed_pipeline.settings.demo import read
from seed_pipeline.store import database
from seed_pipeline.store.plan import Options
from seed_pipeline.views.scenes import NO_KEY, Scene, named, play
from seed_pipeline_tests.quality.datasets import TODAY, chunks, settings
from seed_pipeline_tests.store.conftest import release_of, server  # noqa: F401
from seed_pipeline_tests.store.servers import database as empty_database

SEEDS = [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 60))]
SIZES = (
    ("main.total_sessions=60",),
    ("main.total_sessions=75",),
    ("main.total_sessions=224",),
    ("main.total_sessions=1500", "main.seed=3"),
    ("main.total_sessions=450", "main.days=60", "probabilities.availability.video=0.7"),
)


def _leaves(values: dict, path: str = "") -> Iterator[str]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        yield from _leaves(value, here) if isinstance(value, dict) else [f"{here}={json.dumps(value)}"]


PRESET = tuple(_leaves(read_preset(SHIPPED, "demo")))
"""The preset demo, as overrides."""
TREND = "demo_11_one_falls_one_rises"
MIDDLE = (TODAY - timedelta(days=30)).isoformat()
"""Where the newer period begins."""
DEMO = [name for name, _ in named(read(settings()))]


@contextmanager
def loaded(*overrides: str, url: str | sa.URL = "sqlite:///:memory:", answer_key: bool = True) -> Iterator[sa.Engine]:
    """A database with the dataset of these overrides."""
    engine = database.connect(url)
    try:
        database.load(engine, list(chunks(*overrides)), release_of(1), Options(answer_key=answer_key))
        yield engine
    finally:
        engine.dispose()


def unlike(scenes: list[Scene], promised: bool = False) -> dict[str, str]:
    """The scenes that do not hold, or were not judged, with what was found; the trend where none is promised aside."""
    return {s.name: s.line for s in scenes if s.holds is not True and (s.failed or promised or s.name != TREND)}


def test_scenes_are_named_by_number() -> None:
    """In the order in which they tell a story, so that their checks stand in it."""
    assert [name[:8] for name in DEMO] == [f"demo_{n:02d}_" for n in range(1, len(DEMO) + 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_scene_holds_for_every_seed(seed: int) -> None:
    """What is promised to a stakeholder does not depend on luck."""
    with loaded(f"main.seed={seed}") as engine:
        assert unlike(play(engine, settings(f"main.seed={seed}"))) == {}


@pytest.mark.parametrize("overrides", SIZES, ids=lambda o: ",".join(o))
def test_every_scene_holds_for_every_size(overrides: tuple[str, ...]) -> None:
    """The demo is about the first cast, so that it fits on a screen in a world of any size."""
    with loaded(*overrides) as engine:
        assert unlike(play(engine, settings(*overrides))) == {}


@pytest.mark.parametrize("seed", [42, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20))])
def test_the_demo_preset_shows_trends(seed: int) -> None:
    """Two periods: the dashboard's figures of both, one tutor who falls by over 15 %, one who rises (P9)."""
    world = (*PRESET, f"main.seed={seed}")
    with loaded(*world) as engine:
        scenes = {scene.name: scene for scene in play(engine, settings(*world))}
    assert unlike(list(scenes.values()), promised=True) == {}
    trend, dashboard = scenes[TREND], scenes[DEMO[0]]
    assert dashboard.row["mean_score_before"] is not None
    assert trend.row["falls_now"] < 0.85 * trend.row["falls_before"]
    assert trend.row["rises_now"] > trend.row["rises_before"]


def test_without_a_period_before_there_is_no_trend_to_show() -> None:
    """The default's thirty days: the scene is not judged, and says which preset has it; it is no success."""
    with loaded() as engine:
        scenes = {scene.name: scene for scene in play(engine, settings())}
    assert scenes[TREND].holds is None
    assert "preset demo" in scenes[TREND].note
    assert scenes[DEMO[0]].row["mean_score_before"] is None


def test_a_larger_world_shows_the_same_people() -> None:
    """Growing by whole casts leaves all but the dashboard, which is everybody's, as it was, to the last figure (X5)."""
    with loaded() as small, loaded("main.total_sessions=450") as large:
        assert play(small, settings())[2:] == play(large, settings("main.total_sessions=450"))[2:]


@pytest.mark.parametrize("seed", [42, 7])
def test_postgresql_shows_the_same(server: sa.URL, seed: int) -> None:  # noqa: F811
    """The queries are plain SQL: both databases find the same, word for word."""
    world = f"main.seed={seed}"
    with empty_database(server) as url, loaded(world, url=url) as postgres, loaded(world) as sqlite:
        there, here = (play(engine, settings(world)) for engine in (postgres, sqlite))
    assert unlike(there) == {}
    assert [scene.facts for scene in there] == [scene.facts for scene in here]
    assert [scene.subject for scene in there] == [scene.subject for scene in here]


def test_without_the_answer_key_a_scene_says_that_it_needs_it() -> None:
    """Such a scene is not judged; those that settings alone can answer still are."""
    with loaded(answer_key=False) as engine:
        scenes = {scene.name: scene for scene in play(engine, settings())}
    assert {scene.note for scene in scenes.values() if scene.holds is None and scene.name != TREND} == {NO_KEY}
    assert scenes["demo_06_first_impressions"].holds
    assert scenes["demo_04_off_day"].holds is None


def test_while_a_rule_is_off_its_scene_is_not_judged() -> None:
    """A counterfactual is no broken demo."""
    off = "correlations.rules.technical_issues.enabled=false"
    with loaded(off) as engine:
        scenes = {scene.name: scene for scene in play(engine, settings(off))}
    assert scenes["demo_07_technical_trouble"].note == "the rule technical_issues is off"
    assert not any(scene.failed for scene in scenes.values())


def test_a_scene_is_ready_to_be_shown() -> None:
    """It names its subject by ID and name, and its query runs as it is printed."""
    with loaded(*PRESET) as engine:
        scenes = play(engine, settings(*PRESET))
        for scene in scenes:
            assert "{" not in scene.show + scene.title + scene.query
            with engine.connect() as connection:
                row = connection.exec_driver_sql(scene.query).mappings().one()
            assert set(row) == set(scene.row)
    cascade = next(s for s in scenes if s.name == "demo_08_at_risk_cascade")
    assert {"tutor_id", "tutor", "student_id", "student"} <= set(cascade.subject)
    assert cascade.row["stood_up"][:10] < cascade.row["left_on"]


Harm = Callable[[dict[str, Scene]], str]


def _of(scene: str, column: str) -> Callable[[dict[str, Scene]], str]:
    return lambda scenes: scenes[f"demo_{scene}"].subject[column]


def _traded(one: str, other: str) -> str:
    """Some score taken from one session and given to another, so that means over both stay as they are."""
    some = "SELECT id FROM sessions WHERE status = 'completed' AND {}"
    first, second = (f"({some.format(which)} ORDER BY id LIMIT 1)" for which in (one, other))
    return (
        f"UPDATE sessions SET overall_session_score = overall_session_score + CASE id WHEN {first} THEN -0.2 "
        f"ELSE 0.2 END WHERE id IN ({first}, {second})"
    )


def _of_tutor(tutor: str, period: str, sign: str = "IN") -> str:
    """Later sessions of tutors in a period."""
    return f"session_number > 1 AND tutor_id {sign} ('{tutor}') AND scheduled_start {period} '{MIDDLE}'"


_BEST = _of("02_best_and_worst", "top_id")
_COURSES = (_of(TREND[5:], "falls_id"), _of(TREND[5:], "rises_id"))


def _other(s: dict[str, Scene], period: str) -> str:
    """Those of tutors of whom no scene tells the mean."""
    told = (_BEST, _of("02_best_and_worst", "last_id"), *_COURSES)
    return _of_tutor("', '".join(of(s) for of in told), period, "NOT IN")


def _same_tutor(session: str) -> str:
    """Other later sessions of the tutor of a session in its period."""
    place = f"tutor_id, scheduled_start < '{MIDDLE}'"
    same = f"({place}) = (SELECT {place} FROM sessions WHERE id = '{session}')"
    return f"id <> '{session}' AND session_number > 1 AND {same}"


HARMS: dict[str, Harm] = {
    "demo_01_month_at_a_glance": lambda s: (
        "UPDATE sessions SET status = 'rescheduled', rescheduled_by = 'student' WHERE status = 'no_show_student'"
    ),
    "demo_02_best_and_worst": lambda s: _traded(
        _of_tutor(_of("02_best_and_worst", "top_id")(s), ">="), _other(s, ">=")
    ),
    "demo_03_stars_shine": lambda s: (
        "UPDATE session_feedback SET student_satisfaction_rating = 3 WHERE session_id IN (SELECT id FROM sessions "
        f"WHERE tutor_id = '{s['demo_03_stars_shine'].subject['tutor_id'].split(', ')[0]}')"
    ),
    "demo_04_off_day": lambda s: (
        "UPDATE session_audio_metrics SET tutor_checks_understanding_count = 12 "
        f"WHERE session_id = '{_of('04_off_day', 'session_id')(s)}'"
    ),
    "demo_05_talk_collapse": lambda s: (
        "UPDATE session_audio_metrics SET student_engagement_score = 9 WHERE tutor_talk_ratio > 0.65"
    ),
    "demo_06_first_impressions": lambda s: "UPDATE sessions SET follow_up_booked = FALSE WHERE session_number = 1",
    "demo_07_technical_trouble": lambda s: _traded(
        f"id = '{(session := _of('07_technical_trouble', 'session_id')(s))}'", _same_tutor(session)
    ),
    "demo_08_at_risk_cascade": lambda s: (
        "UPDATE students SET status = 'active', churned_date = NULL "
        f"WHERE user_id = '{_of('08_at_risk_cascade', 'student_id')(s)}'"
    ),
    "demo_09_kind_words": lambda s: (
        "UPDATE session_feedback SET student_satisfaction_rating = 3 WHERE student_satisfaction_rating > 3 "
        "AND session_id IN (SELECT id FROM sessions WHERE overall_session_score < 5)"
    ),
    "demo_10_alerts_to_raise": lambda s: (
        "UPDATE session_audio_metrics SET tutor_checks_understanding_count = 9 WHERE session_id IN "
        f"(SELECT id FROM sessions WHERE tutor_id = '{_of('10_alerts_to_raise', 'tutor_id')(s)}')"
    ),
    TREND: lambda s: _traded(_of_tutor(_COURSES[1](s), "<"), _other(s, "<")),
}
ALSO = {"demo_06_first_impressions": [DEMO[0]]}
"""Scenes that show the same figure."""


@pytest.mark.parametrize("name", DEMO)
def test_a_broken_fact_fails_exactly_its_scene(name: str) -> None:
    """Each scene notices when what it shows is not so, and no other is bothered."""
    with loaded(*PRESET) as engine:
        harm = HARMS[name]({scene.name: scene for scene in play(engine, settings(*PRESET))})
        with engine.begin() as connection:
            assert connection.exec_driver_sql(harm).rowcount > 0
        failed = [scene.name for scene in play(engine, settings(*PRESET)) if scene.failed]
    assert failed == [*ALSO.get(name, []), name]


def test_a_missing_story_fails_its_scene() -> None:
    """A story that is gone from the data is no reason to pass."""
    with loaded() as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE truth_sessions SET off_day = FALSE")
        scenes = [scene for scene in play(engine, settings()) if scene.failed]
    assert [scene.name for scene in scenes] == ["demo_04_off_day"]
    assert scenes[0].note == "this is not in the data"


def test_a_script_that_cannot_be_is_refused_with_its_reason(tmp_path) -> None:
    """Another folder of settings may have its own script; what is wrong in it is said by file and key."""
    folder = copytree(SHIPPED, tmp_path / "configs")
    script = folder / "demo.yaml"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("statement: T4_rating", "statement: T4_stars"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"demo\.yaml, scenes\.stars_shine\.statement = 'T4_stars'"):
        read(settings(), folder)
    script.write_text(text.replace("give: 2,", "at_least: 1,"), encoding="utf-8")
    with pytest.raises(SettingsError, match="exactly one comparison"):
        read(settings(), folder)
    script.unlink()
    assert read(settings(), folder) == read(settings())


def test_a_name_that_nothing_has_is_refused(tmp_path) -> None:
    """A misspelt name in a query is a message, not a traceback of a database."""
    folder = copytree(SHIPPED, tmp_path / "configs")
    script = folder / "demo.yaml"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("{probabilities.stories.high_score}", "{probabilities.high_score}"), "utf-8")
    with loaded() as engine, pytest.raises(SettingsError, match=r"demo\.yaml = 'probabilities\.high_score'"):
        play(engine, settings(), folder)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("avg(f.student_satisfaction_rating) AS stars", "'five' AS stars", r"stars_shine\.query, stars = 'five'"),
        ("{column: stars, inside: personas.tutors.star.rating}", "{column: moons, at_least: 1}", r"stars_shine.*moons"),
        ("inside: personas.tutors.star.rating", "inside: main.seed", r"stars_shine\.expect\.stars"),
        ("inside: personas.tutors.star.rating", "at_least: main.target", r"stars_shine\.expect\.stars"),
        ("is: top_id", "is: top.idol", r"top\.idol"),
    ],
)
def test_text_where_a_number_is_due_is_refused(old: str, new: str, says: str, tmp_path) -> None:
    """A query or an expectation that gives a word, no range or a name of nothing: a message, not a traceback."""
    folder = copytree(SHIPPED, tmp_path / "configs")
    script = folder / "demo.yaml"
    text = script.read_text(encoding="utf-8")
    assert old in text
    script.write_text(text.replace(old, new, 1), encoding="utf-8")
    with loaded() as engine, pytest.raises(SettingsError, match=says):
        play(engine, settings(), folder)
