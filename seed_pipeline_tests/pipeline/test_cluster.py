"""The same bytes from the workers of a Dask cluster, however many, wherever, and whatever becomes of them.

`make cluster`.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.making import generate
from seed_pipeline.settings import SettingsError, load
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.pipeline.test_engine import DAY
from seed_pipeline_tests.store.s3 import pipeline, served

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
pytest.importorskip("distributed", reason="Dask is not installed: pip install 'seed-pipeline[cluster]'")

SIZE = ("main.total_sessions=1500", "main.chunk_cohorts=1")


def files(out: Path, *overrides: str, progress=lambda *_: None) -> dict[Path, bytes]:
    """Every file that a run makes."""
    made = generate(load(overrides=[*SIZE, *overrides], today=DAY), out, progress)
    return {path.relative_to(made.root): path.read_bytes() for path in made.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    """What one process makes."""
    return files(tmp_path_factory.mktemp("alone"), "main.processes=1")


@contextmanager
def cluster(folder: Path, workers: int = 1) -> Iterator[str]:
    """A scheduler and workers in processes of their own, as an administrator starts them; the scheduler's address."""
    told = folder / "scheduler.json"
    where = ["--scheduler-file", str(told)]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", *where]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-dashboard", *where]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "start_new_session": True}
    running = [subprocess.Popen(command, **quiet) for command in (scheduler, *[worker] * workers)]
    try:
        yield address(told, workers)
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def address(told: Path, workers: int) -> str:
    """Where the scheduler is, once all its workers are there."""
    from distributed import Client

    with Client(scheduler_file=str(told), timeout=60) as client:
        if workers:
            client.wait_for_workers(workers, timeout=60)
        return client.scheduler.address


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_of_this_machine(workers: int, alone: dict[Path, bytes], tmp_path: Path) -> None:
    """--workers N: file for file what one process makes."""
    assert files(tmp_path, f"main.workers={workers}") == alone


def test_a_cluster_that_is_there(alone: dict[Path, bytes], tmp_path: Path) -> None:
    """--scheduler: workers in processes that somebody else started make the same bytes, and count the same verdicts."""
    out, elsewhere = tmp_path / "out", "main.scheduler='{}'"
    with cluster(tmp_path, 2) as url:
        assert files(out, elsewhere.format(url)) == alone
        summed = audit_all(load(overrides=[*SIZE, elsewhere.format(url)], today=DAY), Artifacts(out))
    whole = audit_all(load(overrides=SIZE, today=DAY), Artifacts(out))
    for a, b in zip(summed, whole, strict=True):
        told = [(v.name, v.passed, v.observed, v.n, v.offenders) for v in a.verdicts]
        assert told == [(v.name, v.passed, v.observed, v.n, v.offenders) for v in b.verdicts]


def test_a_worker_that_is_killed(alone: dict[Path, bytes], tmp_path: Path) -> None:
    """SIGKILL in the middle: the chunks it had are made by others."""
    from distributed import Client

    killed: list[int] = []

    with cluster(tmp_path, 2) as url:

        def watch(entity: str, done: int, total: int) -> None:
            if done == 2 and not killed:
                with Client(url, timeout=10) as client:
                    killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], signal.SIGKILL)

        assert files(tmp_path / "out", f"main.scheduler='{url}'", progress=watch) == alone
    assert killed


def test_an_interrupted_run_goes_on(alone: dict[Path, bytes], tmp_path: Path) -> None:
    """Begun by a cluster, ended by one process."""

    def watch(entity: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files(tmp_path, "main.workers=2", progress=watch)
    assert files(tmp_path, "main.processes=1") == alone


def test_nobody_answers(tmp_path: Path) -> None:
    """A scheduler that is not there: the setting, the address, what to do; nothing is written."""
    with pytest.raises(SettingsError, match=r"main.scheduler.*tcp://127.0.0.1:1.*no Dask scheduler answers"):
        files(tmp_path / "out", "main.scheduler='tcp://127.0.0.1:1'")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_nobody_works(tmp_path: Path) -> None:
    """A cluster without workers is said at once, not waited for."""
    with cluster(tmp_path, 0) as url, pytest.raises(SettingsError, match="the cluster has no workers"):
        files(tmp_path / "out", f"main.scheduler='{url}'")


def test_artifacts_on_s3(alone: dict[Path, bytes], tmp_path: Path) -> None:
    """Workers write to a server that speaks S3: the same manifests; killed, it goes on there; judged and loaded."""
    asked = ["--sessions", "1500", "--set", "main.chunk_cohorts=1", "--as-of", str(DAY)]
    there = "s3://bucket/seed"
    with served(tmp_path) as environment:
        made = [sys.executable, "-c", "from seed_pipeline.cli import main; main()", "generate", "--out", there, *asked]
        begun = subprocess.Popen([*made, "--set", "main.processes=1"], env=environment)
        second = f"from upath import UPath; print(UPath('{there}/.making.jsonl/00000002').exists())"
        while subprocess.run([sys.executable, "-c", second], env=environment, capture_output=True).stdout != b"True\n":
            assert begun.poll() is None
        begun.kill()
        begun.wait()
        assert subprocess.run([*made, "--workers", "2"], env=environment).returncode == 0
        checked = pipeline(environment, "check", "--artifacts", there, "--json")
        assert json.loads(checked.stdout)["passed"]
        said = pipeline(
            environment, "run", *asked, "--artifacts", there, "--target", f"sqlite:///{tmp_path}/a.db", "--json"
        )
        read = f"from upath import UPath; import sys; sys.stdout.buffer.write(UPath('{there}/MANIFEST').read_bytes())"
        for path, manifest in alone.items():
            if path.name == "manifest.json":
                place = read.replace("MANIFEST", f"{path.parent}/b/{path.name}")
                found = subprocess.run([sys.executable, "-c", place], env=environment, capture_output=True, check=True)
                assert found.stdout == manifest
    assert json.loads(said.stdout)["loaded"]


def test_the_job_load_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster's resource `cluster` starts workers for one run: every check on the whole, loaded, reported."""
    import dagster as dg

    from seed_pipeline.definitions import defs
    from seed_pipeline.defs import cluster as resource

    monkeypatch.setattr(resource, "EVERY", 0.0)
    asked = {"sessions": 450, "as_of": str(DAY), "artifacts": str(tmp_path / "artifacts"),
             "overrides": ["main.chunk_cohorts=1"], "target": f"sqlite:///{tmp_path}/a.db"}  # fmt: skip
    config = {"resources": {"load_test_settings": {"config": asked}, "cluster": {"config": {"workers": 2}}}}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = defs.resolve_job_def("load_test").execute_in_process(run_config=config, instance=instance)
        said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert any(re.fullmatch(r"rows: [\d,]+ of [\d,]+ \(\d+%\), [\d,]+/s, 0:00:\d\d left", line) for line in said)
    assert (tmp_path / "report.html").exists()
