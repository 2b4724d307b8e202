"""A broken configuration leaves the previous database as it was, exit code 2, one readable message, no traceback."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from seed_pipeline.settings import SHIPPED
from seed_pipeline_tests.cli.conftest import Command

Break = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Broken:
    """A way to break things: what it does to a copy of configs/ (returning options), and what the message says."""

    name: str
    how: Break
    says: tuple[str, ...]


def edited(file: str, old: str, new: str) -> Break:
    def apply(configs: Path) -> list[str]:
        text = (configs / file).read_text(encoding="utf-8")
        assert old in text, f"{file} no longer has {old!r}"
        (configs / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return []

    return apply


def written(file: str, content: bytes) -> Break:
    def apply(configs: Path) -> list[str]:
        (configs / file).write_bytes(content)
        return []

    return apply


def removed(file: str) -> Break:
    def apply(configs: Path) -> list[str]:
        (configs / file).unlink()
        return []

    return apply


def options(*given: str) -> Break:
    return lambda configs: list(given)


def setting(text: str) -> Break:
    return options("--set", text)


def no_database(configs: Path) -> list[str]:
    (configs / "holiday.jpg").write_bytes(b"\xff\xd8\xff not a database" * 50)
    return ["--target", f"sqlite:///{configs / 'holiday.jpg'}"]


WAYS = [
    Broken("an unknown key", edited("main.yaml", "total_sessions:", "total_session:"), ("main.yaml", "total_session")),
    Broken("a missing file", removed("personas.yaml"), ("personas.yaml", "cannot be read")),
    Broken("a missing vocabulary", removed("text/people.yaml"), ("text", "people")),
    Broken("an empty file", written("alerts.yaml", b""), ("alerts.yaml", "mapping")),
    Broken("no YAML", written("main.yaml", b"seed: [1, 2\n"), ("main.yaml", "not valid YAML")),
    Broken("no text", written("main.yaml", b"seed: \xff\xfe\n"), ("main.yaml", "UTF-8")),
    Broken("a demo script that is none", written("demo.yaml", b"scenes: [\n"), ("demo.yaml", "not valid YAML")),
    Broken("a scene without a query", edited("demo.yaml", "query:", "querry:"), ("demo.yaml, scenes.", "query")),
    Broken("a key written twice", edited("main.yaml", "seed: 42", "seed: 42\nseed: 43"), ("main.yaml", "twice")),
    Broken("a seed that is no number", setting("main.seed=many"), ("main.yaml", "seed", "many")),
    Broken("true for a number", setting("main.seed=true"), ("main.yaml", "seed")),
    Broken("no sessions at all", setting("main.total_sessions=0"), ("main.yaml", "total_sessions")),
    Broken("a date that is none", setting("main.as_of=yesterday"), ("main.yaml", "as_of")),
    Broken("a window too short", setting("main.days=3"), ("main.yaml", "days")),
    Broken(
        "an admin with a real address", setting("main.admin_email=me@gmail.com"), ("main.yaml", "belongs to nobody")
    ),
    Broken("outcomes that do not add up", setting("probabilities.outcomes.completed=0.9"), ("outcomes", "add up")),
    Broken("a share above one", setting("probabilities.availability.video=1.5"), ("availability.video", "1.5")),
    Broken("a share below zero", setting("probabilities.second_tutor=-0.1"), ("second_tutor", "-0.1")),
    Broken(
        "durations that do not add up",
        setting("probabilities.time.durations={30: 0.5, 45: 0.4}"),
        ("45 minutes", "add up"),
    ),
    Broken("no hour to start in", setting("probabilities.time.hours={15: 0}"), ("hours", "0")),
    Broken(
        "a range upside down", setting("personas.tutors.star.talk_ratio=[0.45, 0.35]"), ("talk_ratio", "upside down")
    ),
    Broken(
        "a persona nobody books",
        setting("probabilities.booking.drifting.sessions={nova: 3}"),
        ("nova", "tutor persona"),
    ),
    Broken("counts that disagree", setting("personas.students.engaged.count=9"), ("engaged", "9")),
    Broken(
        "a rule on no metric",
        setting("correlations.rules.first_session.effects=[{metric: mood, add: 1}]"),
        ("mood", "metric"),
    ),
    Broken(
        "a rule that looks at nothing",
        setting("correlations.rules.first_session.when=weather == 1"),
        ("weather", "when"),
    ),
    Broken(
        "an effect that does two things",
        edited("correlations.yaml", "multiply: 0.7}", "multiply: 0.7, add: 1}"),
        ("exactly one",),
    ),
    Broken(
        "two rules of one name",
        edited("correlations.yaml", "name: first_session", "name: high_talk_ratio"),
        ("high_talk_ratio",),
    ),
    Broken("an alert on nothing", setting("alerts.alerts.high_talk_ratio.severities={warning: luck > 1}"), ("luck",)),
    Broken("a target without a measure", setting("targets.statements.O1_completed.share=null"), ("O1_completed",)),
    Broken(
        "a target that refers to nothing", setting("targets.statements.O1_completed.expected=main.sedd"), ("main.sedd",)
    ),
    Broken("an unknown setting", setting("main.sede=7"), ("main.yaml", "sede")),
    Broken("an override without a value", setting("main.seed"), ("--set", "section.key=value")),
    Broken("an unknown preset", options("--preset", "party"), ("party",)),
    Broken("more sessions than fit", options("--sessions", "100000", "--set", "main.cohort.count=1"), ("sessions",)),
    Broken(
        "a file with parameters", options("--target", "sqlite:///data/seed.db?timeout=abc"), ("timeout", "wait_seconds")
    ),
    Broken("a database in memory", options("--target", "sqlite:///:memory:"), ("memory", "name a file")),
    Broken("an unknown database", options("--target", "mysql://localhost/app"), ("mysql", "SQLite and PostgreSQL")),
    Broken("a database nobody serves", options("--target", "postgresql://nobody@127.0.0.1:9/app"), ("127.0.0.1",)),
    Broken("a target that is no database", no_database, ("holiday.jpg",)),
    Broken("a variable that is not set", options("--target", "env:SEED_NOWHERE"), ("SEED_NOWHERE", "not set")),
    Broken("a host that nobody allowed", options("--target", "postgresql://db.example.com/app"), ("allowed_targets",)),
    Broken(
        "a database that smells of production",
        options("--target", "postgresql://localhost/app_prod"),
        ("production", "--allow-production"),
    ),
    Broken("a choice there is not", options("--on-foreign", "ignore"), ("on_foreign", "ignore", "cascade")),
    Broken("a time zone that is none", setting("main.staging_refresh.time_zone=Mars/Base"), ("time_zone", "Mars/Base")),
    Broken("a time of day that is none", setting('main.staging_refresh.at="25:00"'), ("staging_refresh.at", "25:00")),
    Broken("a seed in other digits", options("--seed", "\uff14\uff12"), ("--seed", "no whole number")),
    Broken("a seed that is a word", options("--seed", "forty-two"), ("--seed", "forty-two")),
    Broken("a day that is none", options("--as-of", "2026-02-30"), ("--as-of", "2026-02-30")),
]


@pytest.mark.parametrize("broken", WAYS, ids=lambda broken: broken.name)
def test_a_broken_configuration_changes_nothing(broken: Broken, command: Command, seeded: Path, tmp_path: Path) -> None:
    """Exit code 2, the message names the culprit, and the database is byte for byte what it was."""
    configs = tmp_path / "configs"
    shutil.copytree(SHIPPED, configs)
    database = tmp_path / "data" / "seed.db"
    database.parent.mkdir()
    shutil.copy(seeded / "data" / "seed.db", database)
    before = database.read_bytes()

    answer = command("run", "--config", str(configs), *broken.how(configs))

    assert answer.code == 2
    assert "Traceback" not in answer.err + answer.out
    assert answer.out == ""
    for words in broken.says:
        assert words in answer.err
    assert database.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["configs", "data"]


def test_a_folder_of_settings_that_is_not_there(command: Command) -> None:
    """--config at nothing is said as such."""
    answer = command("run", "--config", "nowhere")
    assert answer.code == 2
    assert "nowhere" in answer.err
    assert "no such folder" in answer.err


def test_a_report_without_a_place_is_refused_before_the_work(command: Command, tmp_path: Path) -> None:
    """A missing folder is said at once; nothing is made, and no database is asked."""
    answer = command("report", "--out", "nowhere/report.html")
    assert answer.code == 2
    assert "there is no folder nowhere" in answer.err
    assert list(tmp_path.iterdir()) == []
