"""What the target's manifest says and has to say: the releases so far and the keys of our rows."""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.ownership import ROWS, digest, is_ours, releases, row_key, settings
from seed_pipeline.store.plan import Options, Release
from seed_pipeline.store.workspace import Workspace

_SAID = ("seed", "as_of", "settings_fingerprint", "data_fingerprint", "version", "answer_key")


def last_release(connection: sa.Connection) -> sa.Row | None:
    """The newest row of the releases."""
    return connection.execute(sa.select(releases).order_by(releases.c.release.desc()).limit(1)).first()


def settings_of(connection: sa.Connection, release: sa.Row) -> str | None:
    """The settings that the release was made with, as JSON; None where an earlier version did not keep them."""
    if not sa.inspect(connection).has_table(settings.name):
        return None
    print_ = release.settings_fingerprint
    kept = sa.select(settings.c.content).where(settings.c.settings_fingerprint == print_)
    return connection.execute(kept).scalar()


def created(connection: sa.Connection) -> list[str]:
    """What any release created here, oldest first: `type:NAME` and `table:NAME`."""
    found = connection.execute(sa.select(releases.c.created).order_by(releases.c.release))
    return [name for row in found for name in json.loads(row[0])]


def is_news(connection: sa.Connection, release: Release, options: Options) -> bool:
    """Whether the newest row says something else than this release would."""
    last, said = last_release(connection), _said(release, options)
    return last is None or any(getattr(last, name) != said[name] for name in _SAID)


def record(connection: sa.Connection, release: Release, options: Options, made: Sequence[str]) -> int:
    """Write the release; its number."""
    last = last_release(connection)
    number = last.release + 1 if last else 1
    said = _said(release, options)
    kept = settings.c.settings_fingerprint == release.settings_fingerprint
    if release.settings and not connection.execute(sa.select(kept).where(kept)).first():
        connection.execute(
            settings.insert().values(settings_fingerprint=release.settings_fingerprint, content=release.settings)
        )
    connection.execute(releases.insert().values(release=number, created=json.dumps(list(made)), **said))
    return number


def _said(release: Release, options: Options) -> dict:
    of_the_release = {name: value for name, value in vars(release).items() if name != "settings"}
    return {**of_the_release, "seed": str(release.seed), "answer_key": options.answer_key}


def refresh(space: Workspace, differences: Mapping[str, Difference]) -> int:
    """Bring the keys of our rows in line with what was applied; how many keys were written."""
    counts = "count(*), sum(CASE WHEN kept THEN 1 ELSE 0 END), count(*) - count(digest)"
    sql = f"SELECT table_name, {counts} FROM {ROWS} GROUP BY table_name"
    recorded = {row[0]: tuple(map(int, row[1:])) for row in space.connection.exec_driver_sql(sql)}
    ours = [t for t in space.tables if t.name in schema.FILLED and not is_ours(t.name)]
    return sum(_refresh(space, t, differences[t.name], *recorded.get(t.name, (0, 0, 0))) for t in ours)


def _refresh(space: Workspace, table: sa.Table, found: Difference, recorded: int, kept: int, undigested: int) -> int:
    present = found.ours_staged + found.ours_left
    # Where rows are kept, equal counts say nothing: the release may have those that were kept, and the other way round.
    touched = kept or undigested or found.kept or found.changed or found.insert or found.gone or found.adopted
    if recorded == present and not touched:
        return 0
    mine = f"table_name = '{table.name}'"
    known = f"SELECT row_key FROM {ROWS} WHERE {mine}"
    there = f"SELECT {row_key(space.dialect, 't', table)} AS row_key FROM {space.sql_name(table.name)} t"
    released = _released(space, table)
    written = 0
    if recorded:
        written += space.run(f"DELETE FROM {ROWS} WHERE {mine} AND row_key IN ({known} EXCEPT {there})")
    if kept:
        released_keys = f"SELECT n.row_key FROM ({released}) n"
        written += space.run(f"UPDATE {ROWS} SET kept = FALSE WHERE {mine} AND kept AND row_key IN ({released_keys})")
    for stale in _stale(space, table, undigested):
        same = f"{mine} AND r.row_key = n.row_key"
        written += space.run(f"UPDATE {ROWS} AS r SET digest = n.digest FROM ({released} {stale}) n WHERE {same}")
    unknown = f"NOT EXISTS (SELECT 1 FROM {ROWS} r WHERE r.{mine} AND r.row_key = n.row_key)"
    new = f"SELECT '{table.name}', n.row_key, FALSE, n.digest FROM ({released}) n WHERE {unknown} ORDER BY 2"
    written += space.run(f"INSERT INTO {ROWS} (table_name, row_key, kept, digest) {new}")
    if found.kept:
        rest = f"{known} EXCEPT SELECT n.row_key FROM ({released}) n"
        written += space.run(f"UPDATE {ROWS} SET kept = TRUE WHERE {mine} AND NOT kept AND row_key IN ({rest})")
    return written


def _stale(space: Workspace, table: sa.Table, undigested: int) -> list[str]:
    """SQL: which released rows need another digest: those that changed, and all where an earlier version kept none."""
    if undigested:
        return [""]
    return [f"AND {space.within('changed', 's', table.name)}"] if space.has("changed", table.name) else []


def _released(space: Workspace, table: sa.Table) -> str:
    """SQL: the manifest's keys and digests of the release's rows that we own."""
    if not space.staged.get(table.name):
        return f"SELECT row_key, digest FROM {ROWS} WHERE FALSE"
    key, stage = row_key(space.dialect, "s", table), space.name("stage", table.name)
    values = f"{key} AS row_key, {digest(space.dialect, 's', table)} AS digest"
    return f"SELECT {values} FROM {stage} s WHERE NOT {space.within('taken', 's', table.name)}"
