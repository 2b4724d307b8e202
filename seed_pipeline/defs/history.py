"""Dagster's own event log, without a disk flush for each event.

Dagster opens and closes its SQLite file around every event, and SQLite flushes at each close: a run with its hundred
checks has some thousand of them, twenty seconds on an ordinary disk for three seconds of work. A connection that
stays open keeps SQLite from flushing at a close, and `synchronous = NORMAL` from flushing at a commit: the log stays
whole in a crash, and may lose its last events in a power cut. Named in .dagster_home/dagster.yaml.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

HELD = 4
"""Files kept open at a time: the index over all runs and the runs of the moment."""


class EventLog(SqliteEventLogStorage):
    """The default event log, quicker."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value) -> "EventLog":
        """As Dagster builds it from dagster.yaml: `base_dir` is DAGSTER_HOME, the files lie in their usual places."""
        return cls(str(Path(config_value["base_dir"], "history", "runs")), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> sa.Engine:
        """The shard's engine, with a connection that stays open. Called under the lock: no other one is in use."""
        if shard not in self._engines:
            timeout = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            self._engines[shard] = sa.create_engine(self.conn_string_for_shard(shard), connect_args=timeout)
            sa.event.listen(self._engines[shard], "connect", _no_flush_at_commit)
        self._engines.move_to_end(shard)
        while len(self._engines) > HELD:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close what is open."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _no_flush_at_commit(connection, record) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
