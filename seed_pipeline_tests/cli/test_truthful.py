"""Whatever a command is given and wherever it prints: no password is shown, and the exit code says what came of it."""

import errno
import io
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from seed_pipeline.cli import main
from seed_pipeline.pipeline import making, running
from seed_pipeline.pipeline.opening import opened
from seed_pipeline.pipeline.reporting import command as made_again
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import load
from seed_pipeline.settings.secret import Address, redacted
from seed_pipeline_tests.cli.conftest import Command
from seed_pipeline_tests.pipeline.test_engine import DAY

URL = "postgresql://me:s3cret@127.0.0.1:9/app"


@pytest.mark.parametrize(
    "given",
    [
        ["run", "--target", URL],
        ["run", "--target", "postgresql://me:pa@s3cret@127.0.0.1:9/app"],
        ["run", "--target", "me:s3cret@127.0.0.1/app"],
        ["run", "--target", "host=127.0.0.1 password=s3cret dbname=app"],
        ["run", "--target", "postgresql://127.0.0.1:9/app?password=s3cret"],
        ["run", "--set", f"main.target ={URL}"],
        ["run", "--set", f"main.targett={URL}"],
        ["run", "--set", f"main.seed={URL}"],
        ["run", "--set", f"{URL}"],
        ["run", "--preset", URL],
        ["run", "--config", URL],
        ["run", "--as-of", URL],
        ["run", "--seed", URL],
        ["run", URL],
        ["run", f"--{URL}"],
        ["generate", "--out", f"/dev/null/{URL}"],
        ["report", "--out", f"nowhere/{URL}"],
        ["check", "--artifacts", URL],
        ["explain", URL, "--target", URL],
        ["config", "show", URL],
    ],
    ids=lambda given: " ".join(given[:-1]),
)
def test_a_password_is_never_shown(command: Command, given: list[str]) -> None:
    """Right or wrong place, well or badly written: refused with a sentence that does not repeat it."""
    answer = command(*given)
    assert answer.code == 2
    assert answer.err.startswith("Error: ")
    assert "s3cret" not in answer.err + answer.out


def test_settings_are_shown_without_passwords(command: Command) -> None:
    """`config show` tells the target, and not what opens it."""
    for extra in ([], ["--json"]):
        answer = command("config", "show", "--set", f"main.target={URL}", *extra)
        assert answer.code == 0
        assert "postgresql://me:***@127.0.0.1:9/app" in answer.out
        assert "s3cret" not in answer.out


def test_an_address_gives_its_secret_to_nobody_who_prints() -> None:
    """In a repr, a format, a dump of settings: only whoever takes the value itself has the password."""
    settings = load(today=DAY, overrides=[f"main.target={URL}"])
    target = settings.main.target
    assert isinstance(target, Address)
    assert target == URL
    for text in (str(target), repr(target), f"{target}", f"{settings.main}", settings.model_dump_json()):
        assert "s3cret" not in text
    again = made_again(Wishes(overrides=(f"main.target = {URL}", "main.seed=7")), settings)
    assert "s3cret" not in again
    assert "main.seed=7" in again


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me@host:5432/app",
        "postgresql://host:5432/app and http://127.0.0.1:3000: up",
        "main.admin_email = admin@example.com: a sentence",
        "sqlite:///data/seed.db",
        "password in PGPASSWORD or ~/.pgpass",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    """Hosts, ports, users and addresses of mail stay readable."""
    assert redacted(text) == text


def test_refusals_are_json_where_json_was_asked_for(command: Command) -> None:
    """A script gets an object whatever goes wrong, a mistyped option included."""
    for given in (
        ["run", "--target", "nowhere"],
        ["run", "--seed", "x"],
        ["check", "--bogus"],
        ["clean", "--set", "x"],
    ):
        answer = command(*given, "--json")
        found = json.loads(answer.out)
        assert (answer.code, found["exit_code"]) == (2, 2)
        assert found["error"] in answer.err


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device. What to do: free some space"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "ulimit -f"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "ulimit -n"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "o"), "o: Read-only file system. What to do: name a place"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "o"), "o: Permission denied. What to do: name"),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), "the command was started is gone"),
        (MemoryError(), "main.chunk_cohorts"),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_the_system_refuses_is_a_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    """A full disk, a limit, a place that cannot be written, a folder that is gone: exit code 2 and what to do."""

    def refuses(*_: object) -> None:
        raise error

    monkeypatch.setattr(making, "generate", refuses)
    answer = command("generate", "--out", "o")
    assert answer.code == 2
    assert says in answer.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_folder(command: Command, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """Who ends a run, or hangs up, gets the exit code of the signal, and what was made for the occasion is gone."""
    folders = []

    def interrupted(_: object, folder: Path, *__: object) -> None:
        folders.append(folder)
        os.kill(os.getpid(), number)
        time.sleep(1)

    monkeypatch.setattr(running, "generate", interrupted)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        assert command("run").code == 128 + number
    finally:
        signal.signal(number, before)
    assert [folder.exists() for folder in folders] == [False]


def test_a_load_that_fails_leaves_no_empty_file(tmp_path: Path) -> None:
    """The database that was about to be is not there."""
    settings = load(today=DAY, overrides=[f"main.target=sqlite:///{tmp_path}/new/seed.db"])
    with suppress(ZeroDivisionError), opened(settings) as engine:
        engine.connect().close()
        raise ZeroDivisionError
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("passes", [True, False])
def test_a_fault_of_printing_is_no_verdict(
    seeded: Path, monkeypatch: pytest.MonkeyPatch, passes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal without check marks, a reader who left, a full disk: the exit code is that of the check."""
    monkeypatch.chdir(seeded)
    other = [] if passes else ["--set", "targets.statements.O1_completed.expected=0.5"]
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    with Path("/dev/full").open("w") as full:
        for stream in (narrow, full):
            monkeypatch.setattr(sys, "stdout", stream)
            with pytest.raises(SystemExit) as end:
                main(["check", "--target", "sqlite:///data/seed.db", *other])
            assert end.value.code == (0 if passes else 1)
    for closed in ("stdout", "stderr"):  # >&- leaves None
        monkeypatch.setattr(sys, closed, None)
    with pytest.raises(SystemExit) as end:
        main(["check", "--target", "sqlite:///data/seed.db", *other])
    assert end.value.code == (0 if passes else 1)
    assert b"? " in narrow.buffer.getvalue()  # type: ignore[attr-defined]
    assert "Traceback" not in capsys.readouterr().err
