"""Work that is measured in a process of its own: a command of `seed-pipeline`, or a step of the engine.

Steps run by `python -m benchmarks.work NAME ARGUMENTS`; each prints what it measured, imports aside, as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import memory

MAXRSS_OF_A_MEGABYTE = 1024 * 1024 if sys.platform == "darwin" else 1024
"""getrusage counts bytes on macOS and kibibytes elsewhere."""
COMMAND = [sys.executable, "-c", "from seed_pipeline.cli import main; main()"]
AS_OF = "2026-11-01"


class Took(NamedTuple):
    """What a process took, on the clock and of its cores; its largest process's memory; the JSON that it printed.

    `in_all`: the memory of it and all that it started, together.
    """

    seconds: float
    cpu: float
    megabytes: float | None
    said: Any
    in_all: float | None = None


def process(command: Sequence[str], cwd: Path | None = None, **environment: str) -> Took:
    """Run the command to its end. Exits with its error where it fails (a check that does not hold is a result)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        running = subprocess.Popen(command, stdout=out, stderr=errors, cwd=cwd, env=_usual() | environment)
        with memory.watched(running.pid) as peak:
            _, status, usage = os.wait4(running.pid, 0)
        seconds = time.perf_counter() - started
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        said = out.read().decode()
        if running.returncode > 1 or (status and not said):
            sys.exit(f"{' '.join(map(str, command))} failed\n{errors.read().decode()[-3000:]}")
        try:
            content = json.loads(said) if said else None
        except ValueError:
            sys.exit(f"{' '.join(map(str, command))} printed no JSON\n{said[:1000]}")
        cpu, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MAXRSS_OF_A_MEGABYTE
        return Took(seconds, cpu, megabytes, content, peak.megabytes)


def _usual() -> dict[str, str]:
    """The environment of somebody for whom Python keeps what it compiled, as it does unless it is told otherwise."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def pipeline(*arguments: object, sessions: int, **options: Any) -> Took:
    """A command of seed-pipeline, from the start of its process."""
    world = ["--sessions", str(sessions), "--as-of", AS_OF, "--json"]
    return process([*COMMAND, *map(str, arguments), *world], **options)


def step(name: str, *arguments: object) -> Took:
    """One of the steps below, in a process of its own; it measures its seconds itself."""
    took = process([sys.executable, "-m", "benchmarks.work", name, *map(str, arguments)], cwd=Path(__file__).parents[1])
    return took._replace(**took.said)


def settings(sessions: int, *overrides: str, seed: int = 42) -> Any:
    """The shipped settings at a size."""
    from seed_pipeline.pipeline.wishes import Wishes

    return Wishes(seed=seed, sessions=sessions, as_of=AS_OF, overrides=overrides).settings(date.today())


def making_warm(sessions: str) -> dict[str, float]:
    """Seconds to make another seed's data after everything was imported."""
    from seed_pipeline.pipeline.making import generate

    with tempfile.TemporaryDirectory() as folder:
        generate(settings(int(sessions), seed=1), Path(folder, "first"))
        return _took(lambda: generate(settings(int(sessions)), Path(folder, "second")))


def judging(folder: str, sessions: str) -> dict[str, float]:
    """Seconds to judge artifacts."""
    from seed_pipeline.pipeline.judging import audit_all
    from seed_pipeline.store.artifacts import Artifacts

    asked = settings(int(sessions))
    return _took(lambda: audit_all(asked, Artifacts(Path(folder))))


def loading(folder: str, target: str, sessions: str) -> dict[str, float]:
    """Seconds to load judged artifacts into a target."""
    from seed_pipeline.pipeline.releasing import Candidate
    from seed_pipeline.store.artifacts import Artifacts

    asked = settings(int(sessions), f"main.target={json.dumps(target)}")
    return _took(lambda: Candidate(Artifacts(Path(folder)), asked).load())


def _took(work: Callable[[], object]) -> dict[str, float]:
    started, before = time.perf_counter(), sum(os.times()[:4])
    work()
    return {"seconds": time.perf_counter() - started, "cpu": sum(os.times()[:4]) - before}


STEPS: dict[str, Callable[..., dict[str, float]]] = {"making_warm": making_warm, "judging": judging, "loading": loading}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))
