"""The resource `cluster`: whose cores make the chunks where there is volume; and how far that is, as run events."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import dagster as dg
from dagster._core.log_manager import DagsterLogManager
from pydantic import Field

from seed_pipeline.defs.settings import as_failure
from seed_pipeline.pipeline.making import Progress
from seed_pipeline.settings import SettingsError

EVERY = 10.0
"""Seconds between two events of one asset."""


class Cluster(dg.ConfigurableResource):
    """A Dask cluster: workers started on this machine for the length of a run, or one that is there already.

    Without either, the processes of `main.processes` make the chunks. The bytes are the same, whoever makes them.
    """

    workers: int = Field(
        default=0, ge=0, le=256, description="Dask workers to start on this machine for this run; 0: processes instead."
    )
    scheduler: str = Field(
        default="",
        description="tcp://host:8786: a Dask cluster that is there, in place of workers; it sees the same artifacts.",
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Cluster"]:
        """The cluster, its own workers running until the end of the run."""
        if self.scheduler or not self.workers:
            yield self
            return
        try:
            from seed_pipeline.pipeline.cluster import started
        except SettingsError as error:
            raise as_failure(error) from None
        with started(self.workers) as scheduler:
            yield self.model_copy(update={"scheduler": scheduler})

    @property
    def wished(self) -> list[str]:
        """The settings that send chunks there."""
        return [f"main.scheduler={self.scheduler!r}"] if self.scheduler else []


def events(log: DagsterLogManager) -> Progress:
    """Progress as events of a run: what is done of how much, at what rate, and the time left; none of what is quick."""
    began = said = time.monotonic()

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < EVERY or not done or stage == "making":
            return
        said, rate = now, done / (now - began)
        left = timedelta(seconds=round(max(0, total - done) / rate))
        log.info(f"{stage}: {done:,} of {total:,} ({done / total:.0%}), {rate:,.0f}/s, {left} left")

    return tell
