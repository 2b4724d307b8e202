"""What the commands print and how they end."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from seed_pipeline_tests.cli.conftest import AS_OF, Command

COUNTS = (
    "Created 1 admin user",
    "Created 6 tutors",
    "Created 20 students",
    "Generated 150 sessions",
    "Saved 132 completed sessions with metrics",
    "Generated 53 feedback entries",
    "Generated 412 transcript highlights",
)


def test_a_run_says_what_it_made_and_where_it_is(command: Command) -> None:
    """The summary of the overview, the verdicts, the database, what to do next."""
    answer = command("run", *AS_OF)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert [line.removeprefix("✅ ") for line in lines[:7]] == list(COUNTS)
    assert lines[7] == "✅ Checks: 116 passed, 13 not judged"
    assert "data/seed.db" in answer.out
    assert "seed 42, 150 sessions from 2026-01-30 to 2026-02-28" in answer.out
    assert Path("data/seed.db").exists()
    assert answer.err == ""


def test_a_run_for_scripts(command: Command) -> None:
    """--json: one object with the rows per table and every verdict, and nothing else."""
    answer = command("run", *AS_OF, "--seed", "5", "--json")
    found = json.loads(answer.out)
    assert answer.code == 0
    assert found["rows"]["session_feedback"] == 53
    assert found["loaded"]["insert"] == sum(found["rows"].values())
    assert len(found["verdicts"]) > 100
    window = {"as_of": "2026-03-01", "from": "2026-01-30", "time_zone": "UTC"}
    assert found["world"] == {"seed": 5, "sessions": 150, **window}


def test_data_that_fails_a_check_is_not_loaded(command: Command) -> None:
    """Exit code 1, the check is named with what was observed and expected, and there is no database."""
    answer = command("run", *AS_OF, "--set", "targets.statements.O1_completed.expected=0.5")
    assert answer.code == 1
    recap = answer.out.partition("Checks: 1 failed, ")[2]
    assert "FAIL       O1_completed" in recap
    assert "0.88; expected 0.5" in recap
    assert "✗" not in answer.out
    assert not Path("data/seed.db").exists()


def test_a_run_without_the_answer_key(command: Command) -> None:
    """--no-answer-key: the platform's tables alone."""
    assert command("run", *AS_OF, "--no-answer-key").code == 0
    with sqlite3.connect("data/seed.db") as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert "sessions" in names
    assert not {name for name in names if name.startswith("truth_")}


def test_a_rule_switched_off(command: Command) -> None:
    """--disable-rule: the rule leaves no trace in the journal."""
    assert command("generate", *AS_OF, "--out", "a").code == 0
    assert command("generate", *AS_OF, "--out", "b", "--disable-rule", "balanced_conversation").code == 0
    assert Path("a/sessions/manifest.json").read_bytes() == Path("b/sessions/manifest.json").read_bytes()
    assert Path("a/metrics/manifest.json").read_bytes() != Path("b/metrics/manifest.json").read_bytes()


def test_check_judges_the_database(command: Command, seeded: Path) -> None:
    """`check` finds the release's own seed and window, and every verdict holds."""
    answer = command("check", "--target", f"sqlite:///{seeded}/data/seed.db")
    assert answer.code == 0
    assert "O1_completed" in answer.out
    assert "✅ Checks:" in answer.out


def test_check_finds_what_was_changed(command: Command, seeded: Path, tmp_path: Path) -> None:
    """A database in which somebody swapped a status no longer passes: exit code 1."""
    target = tmp_path / "touched.db"
    target.write_bytes((seeded / "data" / "seed.db").read_bytes())
    with sqlite3.connect(target) as connection:
        connection.execute("UPDATE session_feedback SET student_satisfaction_rating = 6 - student_satisfaction_rating")
    answer = command("check", "--target", f"sqlite:///{target}", "--json")
    failed = {v["name"] for v in json.loads(answer.out)["verdicts"] if v["passed"] is False}
    assert answer.code == 1
    assert any(name.startswith("T4") for name in failed)


def test_check_prints_the_rows_that_offend(command: Command, seeded: Path) -> None:
    """The first three of them, by ID and with what is wrong; with --json all that are known."""
    place = ("check", "--target", f"sqlite:///{seeded}/data/seed.db")
    strict = ("--set", "targets.statements.O7_busy_tutors.at_least=20")
    rows = [line.split() for line in command(*place, *strict).out.splitlines() if line.strip().startswith("id ")]
    assert rows
    assert len(rows) <= 3
    assert all(row[2] == "sessions" and int(row[3]) < 20 for row in rows)
    verdicts = json.loads(command(*place, *strict, "--json").out)["verdicts"]
    found = next(v for v in verdicts if v["name"] == "O7_busy_tutors")
    assert [row["id"] for row in found["evidence"]] == found["offenders"]


def test_check_judges_artifacts(command: Command, seeded: Path) -> None:
    """`check --artifacts` judges a folder, for the seed and window it was made with."""
    answer = command("check", "--artifacts", str(seeded / "artifacts"))
    assert answer.code == 0
    assert "schema" in answer.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--target", "sqlite:///nothing.db"), "no dataset"),
        (("--artifacts", "nothing"), "never materialized"),
        (("--artifacts", "a", "--target", "sqlite:///b.db"), "not both"),
    ],
)
def test_check_needs_something_to_judge(command: Command, arguments: tuple[str, ...], says: str) -> None:
    """Nothing there, or two things at once: exit code 2, and nothing is made."""
    answer = command("check", *arguments)
    assert answer.code == 2
    assert says in answer.err
    assert not list(Path().iterdir())


def test_settings_can_be_looked_at(command: Command) -> None:
    """`config show` prints what would be used, after --set; a part of it by its key."""
    star = "personas.tutors.star"
    answer = command("config", "show", f"{star}.homework", "--set", f"{star}.homework=0.7", "--json")
    assert json.loads(answer.out) == 0.7
    assert "total_sessions: 150" in command("config", "show", "main").out
    assert command("config", "show", "personas.tutors.nova").code == 2


def test_settings_can_be_validated(command: Command) -> None:
    """`config validate` says yes, or why not with exit code 2."""
    assert command("config", "validate").code == 0
    assert command("config", "validate", "--set", "main.days=3").code == 2


HEAVY = {"pandas", "dagster", "sqlalchemy", "numpy", "duckdb", "pyarrow", "pandera", "psycopg", "rich", "yaml"}
NEVER = {"dagster", "faker", "matplotlib", "jinja2", "dask", "scipy"}


@pytest.mark.parametrize(
    ("arguments", "spared", "says"),
    [
        (["--version"], HEAVY, "seed-pipeline 0."),
        (["run", "--help"], HEAVY - {"rich"}, "--sessions"),
        (["config", "show", "main.seed"], NEVER | {"duckdb", "pandera", "psycopg", "rich"}, "42"),
        (["run", "--target", "sqlite:///seed.db"], NEVER | {"pandas", "pandera", "psycopg"}, "Generated 150 sessions"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_nothing_is_imported_before_it_is_needed(
    arguments: list[str], spared: set[str], says: str, tmp_path: Path
) -> None:
    """The packages that each command does without, so that it begins at once."""
    code = (
        "import sys\nfrom seed_pipeline.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', *sorted({spared} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert says in found.stdout
    assert found.stdout.strip().endswith("loaded:")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("run --preset ", ["ci", "demo", "edge_cases", "edge_cases_valid", "load_test"]),
        ("check --sql O1", ["O1_completed"]),
        ("run --on-foreign ", ["refuse", "keep", "cascade"]),
        ("run --disable-rule gaming", ["gaming_detected"]),
    ],
)
def test_the_shell_completes_names(
    command: Command, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    """Presets, statements, rules and choices, once --install-completion was asked for."""
    words = f"seed-pipeline {typed}"
    monkeypatch.setenv("_SEED_PIPELINE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    assert command().out.split() == offered


def test_more_feedback_is_one_option(command: Command) -> None:
    """--feedback: half of the completed sessions, each student persona in proportion."""
    asked = ("config", "show", "--feedback", "0.5", "--json", "probabilities.availability.feedback")
    assert json.loads(command(*asked).out) == 0.5


def test_a_session_is_explained(command: Command, seeded: Path) -> None:
    """`explain` tells why a session came out as it did, from the database or from artifacts."""
    with sqlite3.connect(seeded / "data" / "seed.db") as connection:
        identifier = connection.execute("SELECT session_id FROM truth_effects ORDER BY session_id LIMIT 1").fetchone()[
            0
        ]
    answer = command("explain", identifier[:13], "--target", f"sqlite:///{seeded}/data/seed.db")
    assert answer.code == 0
    assert identifier in answer.out
    again = command("explain", identifier, "--artifacts", str(seeded / "artifacts"), "--json")
    assert json.loads(again.out)["id"] == identifier


def test_what_is_not_there_cannot_be_explained(command: Command, seeded: Path) -> None:
    """An unknown ID: exit code 2 and one message."""
    answer = command("explain", "nobody", "--artifacts", str(seeded / "artifacts"))
    assert answer.code == 2
    assert "nobody" in answer.err


def test_a_report_is_written_from_a_database_and_from_artifacts(command: Command, seeded: Path, tmp_path: Path) -> None:
    """`report` writes one file, replaces an older one, and says where it is and how the checks came out."""
    answer = command("report", "--target", f"sqlite:///{seeded}/data/seed.db", "--out", "report.html")
    assert (answer.code, answer.err) == (0, "")
    assert "Report       report.html" in answer.out
    assert "✅ Checks:" in answer.out
    again = command("report", "--artifacts", str(seeded / "artifacts"), "--out", "report.html", "--json")
    assert json.loads(again.out)["report"] == "report.html"
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_report_on_data_that_fails_is_written_and_ends_with_1(command: Command, seeded: Path, tmp_path: Path) -> None:
    """What does not hold is no reason to say nothing, and no reason to call it done."""
    wrong = ("--set", "targets.statements.O1_completed.expected=0.5")
    answer = command("report", "--target", f"sqlite:///{seeded}/data/seed.db", "--out", "report.html", *wrong)
    assert answer.code == 1
    assert "1 failed" in answer.out
    assert "This data must not be relied on" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_demo_script_is_printed_and_judged(command: Command, seeded: Path, tmp_path: Path) -> None:
    """`demo` prints IDs, queries, expected and actual values; one that is off is exit code 1."""
    database = tmp_path / "seed.db"
    shutil.copy(seeded / "data" / "seed.db", database)
    answer = command("demo", "--target", f"sqlite:///{database}")
    assert (answer.code, answer.err) == (0, "")
    assert "10 of 10 hold as expected" in answer.out
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE session_feedback SET student_satisfaction_rating = 1")
    found = command("demo", "--target", f"sqlite:///{database}", "--json")
    assert found.code == 1
    off = [scene["name"] for scene in json.loads(found.out)["scenes"] if scene["holds"] is False]
    assert off == ["demo_03_stars_shine", "demo_09_kind_words"]
