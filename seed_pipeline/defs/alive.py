"""Runs whose process is gone: killed, out of memory, the machine switched off. They would hold up the queue for ever.

Each run holds a lock on a file in DAGSTER_HOME for as long as its process lives, however it was launched; the system
lets go of it when the process ends, whichever way. Who can take the lock of a run in progress knows that it is over.
"""

import fcntl
from pathlib import Path
from typing import IO

import dagster as dg

_HELD: dict[str, IO[str]] = {}
_IN_PROGRESS = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def holds(instance: dg.DagsterInstance, run_id: str) -> None:
    """Say that the run lives as long as this process does."""
    if run_id in _HELD:
        return
    path = _place(instance, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    _HELD[run_id] = path.open("w")
    fcntl.flock(_HELD[run_id], fcntl.LOCK_EX)


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs in progress whose process is gone; their IDs. Forget the locks of runs that ended otherwise."""
    running = {run.run_id: run for run in instance.get_runs(dg.RunsFilter(statuses=_IN_PROGRESS))}
    dead = []
    for path in sorted(_place(instance, "").parent.glob("*.alive")):
        if path.stem not in _HELD and _is_free(path):
            path.unlink(missing_ok=True)
            if path.stem in running:
                instance.report_run_failed(running[path.stem], "The run's process is gone: it was killed, or crashed.")
                dead.append(path.stem)
    return dead


def _place(instance: dg.DagsterInstance, run_id: str) -> Path:
    return Path(instance.root_directory, "alive", f"{run_id}.alive")


def _is_free(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@dg.sensor(
    name="dead_runs",
    description="Ends runs whose process is gone, so that the next one in the queue can start.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look for them."""
    dead = end_dead_runs(context.instance)
    return dg.SkipReason(f"Ended {', '.join(dead)}." if dead else "Every run in progress has its process.")
