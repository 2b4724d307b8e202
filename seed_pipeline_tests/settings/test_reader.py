"""Whatever stands in a file of settings, in an override or in a name: valid settings, or one sentence, at once."""

import os
import re
import shutil
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seed_pipeline.cli.problems import exit_code_of
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.feasibility.contradictions import check
from seed_pipeline.quality.sql import queries
from seed_pipeline.settings import SECTIONS, SHIPPED, Settings, SettingsError, settings_of
from seed_pipeline.settings.files import read_section, read_yaml
from seed_pipeline.settings.measures import PARAMETERS
from seed_pipeline_tests.cli.conftest import Command, command

__all__ = ["command"]

TODAY = date(2026, 3, 1)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TEXTS = {
    "a thousand brackets": ("seed: " + "[" * 1000, "line 1", "nested"),
    "a hundred thousand brackets": ("seed: " + "[" * 100_000, "line 1", "nested"),
    "a hundred thousand dashes": ("- " * 100_000 + "1", "line 1", "nested"),
    "nested a hundred times": ("seed: " + "[" * 100 + "]" * 100, "line 1", "nested"),
    "six thousand digits": ("total_sessions: " + "9" * 6000, "line 1", "6,000"),
    "aliases of aliases": (BOMB, "line", "100,000"),
    "an alias of itself": ("seed: &a [*a]", "line 1", "anchor"),
    "an anchor that is nowhere": ("seed: *gone", "gone"),
    "a key written twice": ("seed: 1\nseed: 2", "line 2", "twice"),
    "a key written twice, once as a number": ("8: 1\n'8': 2", "line 2", "twice"),
    "a list as a key": ("? [1, 2]\n: 3", "line 1", "key"),
    "an object of Python": ("seed: !!python/object/apply:os.system [ls]", "line 1", "tags"),
    "two documents": ("seed: 1\n---\nseed: 2", "line 2", "document"),
    "a bracket left open": ("seed: [1, 2\n", "not valid YAML"),
    "a control character": ("seed: \x01", "not valid YAML"),
    "nothing": ("", "mapping"),
    "a list": ("- 1\n- 2", "mapping"),
}


def refusal(call: Callable[[], Any]) -> str:
    """The sentence with which something is refused: one line, with what to do, within a second."""
    begun = time.process_time()
    with pytest.raises(SettingsError) as error:
        call()
    assert time.process_time() - begun < 1
    return sentence(error.value)


def sentence(error: SettingsError) -> str:
    said = str(error)
    assert said.isprintable(), said
    assert len(said) < 3000, said
    assert all((error.where, error.why, error.remedy)), said
    return said


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_cannot_be_settings_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    """File, line and why."""
    text, *says = TEXTS[name]
    (tmp_path / "main.yaml").write_text(text, encoding="utf-8")
    said = refusal(lambda: read_section(tmp_path, "main"))
    for words in ("main.yaml", *says):
        assert words in said


def test_plain_yaml_means_what_it_says(tmp_path: Path) -> None:
    """Anchors, quotes, a mark of byte order, numbers of YAML 1.2; a date is a word until a setting asks for one."""
    text = "\ufeffa: &x [1, 2.5, -3, 1e-3, .5, 0150]\nb: *x\nc: [yes, null, ~, '7', 12:30, 2026-02-30, 1_000]\n"
    (tmp_path / "main.yaml").write_text(text, encoding="utf-8")
    numbers = [1, 2.5, -3, 0.001, 0.5, 150]
    assert read_yaml(tmp_path / "main.yaml") == {
        "a": numbers, "b": numbers, "c": [True, None, None, "7", "12:30", "2026-02-30", 1000],
    }  # fmt: skip


def test_shipped_files_read_as_yaml_has_them() -> None:
    """Ours is YAML and no dialect of it, dates aside."""
    for path in sorted(SHIPPED.rglob("*.yaml")):
        theirs = yaml.safe_load(path.read_text(encoding="utf-8").replace("as_of: 2026-01-01", "as_of: '2026-01-01'"))
        assert read_yaml(path) == theirs, path


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder_in_a_circle(path: Path) -> None:
    path.symlink_to(path)


def huge(path: Path) -> None:
    path.write_bytes(b"#" * 2_000_000)


@pytest.mark.parametrize("thing", [pipe, device, folder_in_a_circle, huge], ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("name", ["main", "text/people", "presets/odd", "demo"])
def test_what_is_no_file_is_not_read(thing: Callable[[Path], None], name: str, tmp_path: Path) -> None:
    """A pipe does not hang, a device does not eat the memory."""
    folder = tmp_path / "configs"
    shutil.copytree(SHIPPED, folder)
    path = folder / f"{name}.yaml"
    path.unlink(missing_ok=True)
    thing(path)
    presets = [path.stem] if name.startswith("presets") else []
    assert path.stem in refusal(lambda: Wishes(config=folder, presets=presets).settings(TODAY))


def test_what_editors_hide_is_no_setting(tmp_path: Path) -> None:
    """Their locks and copies, and those of other systems, lie beside the vocabularies and are passed over."""
    shutil.copytree(SHIPPED, tmp_path / "configs")
    for name in ("._people.yaml", ".#people.yaml", "people.yaml~"):
        (tmp_path / "configs" / "text" / name).write_bytes(b"\0\5")
    assert Wishes(config=tmp_path / "configs").settings(TODAY) == Wishes().settings(TODAY)


WISHES = {
    "a day that is none": (Wishes(as_of="2026-02-30"), "as_of"),
    "a month that is none": (Wishes(overrides=["main.as_of=2026-13-45"]), "as_of"),
    "the first of all days": (Wishes(as_of="0001-01-01"), "as_of"),
    "the last of all days": (Wishes(as_of="9999-12-31"), "as_of"),
    "a day as seconds": (Wishes(overrides=["main.as_of=1772323200"]), "as_of"),
    "a count of 400 digits": (Wishes(overrides=["personas.tutors.star.count=" + "9" * 400]), "count"),
    "ten to the 400th": (Wishes(sessions=10**400), "--set"),
    "a number without end": (Wishes(overrides=["probabilities.rating.spread=.inf"]), "rating.spread"),
    "no number": (Wishes(feedback=float("nan")), "availability.feedback"),
    "no feedback at all": (Wishes(feedback=-1.0), "availability.feedback"),
    "more than the column holds": (
        Wishes(overrides=["personas.tutors.star.understanding_checks=[0, 3000000000]"]),
        "understanding_checks",
    ),
    "a number for a condition": (Wishes(overrides=["text.feedback.tags.patient.when=3"]), "tags.patient.when"),
    "a word for a number": (
        Wishes(overrides=["correlations.rules.first_session.when=session_number == one"]), "correlations.yaml, rules.2",
    ),
    "a preset with a NUL": (Wishes(presets=["ci\0"]), "--preset"),
    "a preset elsewhere": (Wishes(presets=["../main"]), "--preset"),
    "a folder with a NUL": (Wishes(config=Path("configs\0")), "folder"),
    "a database with a NUL": (Wishes(target="sqlite:///a\0b"), "target"),
    "half a character": (Wishes(target="sqlite:///\ud800.db"), "target"),
    "half a character as an override": (Wishes(overrides=["text.people.admin.name=\ud800 x"]), "--set"),
    "a NUL in a phrase": (Wishes(overrides=['text.people.admin.name="a\\0b"']), "people.yaml, admin.name"),
    "an override of a thousand brackets": (Wishes(overrides=["main.days=" + "[" * 1000]), "--set"),
    "an override without a path": (Wishes(overrides=["=1"]), "--set"),
    "text too long to keep": (
        Wishes(overrides=[f'defects.texts.own={{text: "{"x" * 1000}", times: 10000}}']),
        "texts.own",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WISHES)
def test_a_wish_that_cannot_be_is_refused(name: str) -> None:
    """On the command line as in the Launchpad: where, and why."""
    wish, says = WISHES[name]
    assert says in refusal(lambda: wish.settings(TODAY))


USING = ("null", "word", "1", "[1]", "{times: null}", "{times: word}", "{times: [1]}", "{times: [1, 2, 3]}",
         "{times: [2, 1]}", "{}", "{times: [0.5, 2], more: 1}")  # fmt: skip


@pytest.mark.parametrize("using", USING)
def test_what_a_measure_is_told_is_typed(using: str) -> None:
    """Neither nothing, a word, one end or three pass for a range."""
    said = refusal(lambda: Wishes(overrides=[f"targets.statements.T6_off_days.using={using}"]).settings(TODAY))
    assert "targets.yaml, statements.T6_off_days" in said
    assert "using" in said


def test_the_settings_know_every_measure() -> None:
    """What a query of ours is told is typed."""
    assert set(PARAMETERS) == {*queries(), "keys"}


def test_what_a_statement_names_is_there() -> None:
    """Its setting, and every setting and file that its hint sends somebody to."""
    own = "targets.statements.D1_peak_hours"
    changes = {
        "setting=probabilities.time.hour": "time.hour",
        "hint=lower familiar_hour": "familiar_hour",
        "hint=see probabilities.time.ours": "time.ours",
        "hint=change hours.yaml": "hours.yaml",
    }
    for change, says in changes.items():
        said = refusal(lambda change=change: Wishes(overrides=[f"{own}.{change}"]).settings(TODAY))
        assert "D1_peak_hours" in said
        assert says in said


def test_a_presets_mistake_is_told_of_the_preset(tmp_path: Path) -> None:
    """Out of bounds or in contradiction: the file to open is the preset; elsewhere it is the base file."""
    folder = tmp_path / "configs"
    shutil.copytree(SHIPPED, folder)
    (folder / "presets" / "own.yaml").write_text("main: {days: 3}\nprobabilities: {time: {recency: 1.0}}\n")
    own = Wishes(config=folder, presets=["own"])
    assert refusal(lambda: own.settings(TODAY)).startswith("presets/own.yaml, main.days = 3")
    (folder / "presets" / "own.yaml").write_text("probabilities: {time: {recency: 1.0}}\n")
    assert refusal(lambda: own.settings(TODAY)).startswith("presets/own.yaml, probabilities.time.recency")
    (folder / "presets" / "own.yaml").write_text("main:\n")
    assert refusal(lambda: own.settings(TODAY)).startswith("presets/own.yaml, main = null: input should be a mapping")
    (folder / "presets" / "own.yaml").write_text("")
    assert refusal(lambda: own.settings(TODAY)).startswith("presets/own.yaml: a mapping")
    (folder / "presets" / "own.yaml").write_text("probabilities: {time: {recency: 1.0}}\n")
    other = Wishes(config=folder, presets=["own"], overrides=["main.days=3"])
    assert refusal(lambda: other.settings(TODAY)).startswith("main.yaml, days")


FILES = (*SECTIONS, "text")
NASTY = (
    None, True, False, 0, 1, -1, 2, 3, 0.5, -0.5, 1e-300, 1e300, 3_000_000_000, 10**19, 10**400, float("inf"),
    float("nan"), "", " ", "word", "0", "1e999", "nan", "a\x00b", "\ud800", "x" * 5000, "today", "2026-02-30",
    "tutor_talk_ratio > 0.65", "mood == good", "{main.seed}", "main.seed", "main.target", "personas.tutors.*.count",
    "*", [],
    [1], [1, 0], [0, 1], [1, 2, 3], [None], ["word", "word"], {}, {"word": 1}, {"text": "x", "when": 3}, {1: 2},
    [[0, 1]], [{}], 10**9, 500, 100_000,
)  # fmt: skip
"""What people and editors leave behind in the place of a value."""


@cache
def shipped() -> tuple[dict[str, Any], Settings]:
    sections = {name: read_section(SHIPPED, name) for name in FILES}
    return sections, settings_of(deepcopy(sections), TODAY)


@cache
def leaves(name: str) -> tuple[tuple[Any, ...], ...]:
    """The path of every value in a file, mappings and lists included."""
    found: list[tuple[Any, ...]] = []

    def walk(place: Any, path: tuple[Any, ...]) -> None:
        found.append(path)
        items = place.items() if isinstance(place, dict) else enumerate(place) if isinstance(place, list) else ()
        for key, value in items:
            walk(value, (*path, key))

    walk(shipped()[0][name], ())
    return tuple(path for path in found if path)


def changed(name: str, path: tuple[Any, ...], value: Any, *, added: bool = False) -> dict[str, Any]:
    """The shipped sections with one value changed, or put beside the one at the path under a name of its own."""
    sections, whole = shipped()
    result: dict[str, Any] = {other: getattr(whole, other) for other in FILES}
    result[name] = place = deepcopy(sections[name])
    result["main"] = result["main"] if name != "main" else place
    for key in path[:-1]:
        place = place[key]
    if isinstance(place, list) and added:
        place.append(value)
    else:
        place["own" if added else path[-1]] = value
    return result


def outcome(name: str, path: tuple[Any, ...], value: Any, *, added: bool = False) -> SettingsError | None:
    """Valid, or refused in one sentence: file, key, value, why, what to do; exit code 2, within a second."""
    begun = time.process_time()
    refused = None
    try:
        check(settings_of(changed(name, path, value, added=added), TODAY))
    except SettingsError as error:
        refused = error
    assert time.process_time() - begun < 1, (name, path, value)
    if refused:
        said = sentence(refused)
        assert exit_code_of(refused) == 2
        assert re.match(rf"({'|'.join(SECTIONS)}|text/[a-z]+)\.yaml(, |:| = )", said), said
        here = f"{name}.yaml, {'.'.join(map(str, path))}" if name != "text" else ""
        assert refused.where != here or refused.value is not None or isinstance(value, dict), said
    return refused


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], Any, bool]:
    name = draw(st.sampled_from(FILES))
    value = draw(st.sampled_from(NASTY) | st.integers() | st.floats() | st.text(max_size=20))
    return name, draw(st.sampled_from(leaves(name))), value, draw(st.booleans())


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(mutations())
def test_any_value_anywhere_is_valid_or_refused(mutation: tuple[str, tuple[Any, ...], Any, bool]) -> None:
    """Whatever stands in the place of a value of any file, or is added beside it."""
    name, path, value, added = mutation
    outcome(name, path, value, added=added)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_value_of_every_file_is_typed(name: str) -> None:
    """The same with five hundred mistakes a file."""
    chance = Random(name)
    for path in chance.choices(leaves(name), k=500):
        outcome(name, path, chance.choice(NASTY))


def in_files(folder: Path, name: str, path: tuple[Any, ...], value: Any) -> None:
    """The mistake as it would stand in a folder of settings."""
    shutil.copytree(SHIPPED, folder)
    content = changed(name, path, value)[name]
    parts = {f"text/{part}": inner for part, inner in content.items()} if name == "text" else {name: content}
    for part, inner in parts.items():
        (folder / f"{part}.yaml").write_text(yaml.safe_dump(inner, sort_keys=False), encoding="utf-8")


def mistakes(count: int) -> list[tuple[str, tuple[Any, ...], Any]]:
    """So many values in the wrong place that are refused, spread over all files; the same every time."""
    chance, found = Random(count), []
    while len(found) < count:
        name = FILES[len(found) % len(FILES)]
        mistake = (name, chance.choice(leaves(name)), chance.choice(NASTY))
        if len(mistake[1]) > (name == "text") and outcome(*mistake):
            found.append(mistake)
    return found


@pytest.mark.slow
def test_five_hundred_mistakes_end_a_run_at_once(command: Command, tmp_path: Path) -> None:
    """Exit code 2, one line that names file and remedy, within a second, and nothing is written anywhere."""
    for mistake in mistakes(500):
        in_files(tmp_path / "configs", *mistake)
        begun = time.process_time()
        answer = command("run", "--config", "configs")
        assert time.process_time() - begun < 2, mistake  # the command's own start included
        assert (answer.code, answer.out) == (2, ""), mistake
        assert re.fullmatch(r"Error: .*\.yaml.*: .+\. What to do: .+\.\n", answer.err), mistake
        assert [path.name for path in tmp_path.iterdir()] == ["configs"]
        shutil.rmtree(tmp_path / "configs")
