"""What the target's manifest says and has to say: the releases so far and the keys of our rows."""

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import ownership
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.ownership import releases, settings
from seed_pipeline.store.plan import Options, Release
from seed_pipeline.store.stream import Content, Stream
from seed_pipeline.store.workspace import Settled, Workspace

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


def untouched(space: Workspace, contents: Mapping[str, Content]) -> dict[str, Settled]:
    """Tables that hold what the release has for them, rows of others beside it or not: nobody wrote since."""
    if space.options.empty_foreign_data or ownership.CONTENTS not in space.catalogue.tables:
        return {}
    recorded = {row.table_name: row for row in space.connection.execute(sa.select(ownership.contents))}
    found = {}
    for label, content in contents.items():
        said = recorded.get(label)
        if said and said.content == content.digest and label in space.catalogue.tables and space.wants(label):
            name = space.sql_name(label)
            if said.seal and said.seal == space.dialect.seal(space.connection, name):
                found[label] = Settled(content.rows, space.scalar(f"SELECT count(*) FROM {name}"))
    return found


def refresh(space: Workspace, differences: Mapping[str, Difference]) -> bool:
    """Bring the keys of our rows in line with what was applied; whether there was anything to write."""
    ours = [t for t in space.tables if t.name in schema.FILLED and not ownership.is_ours(t.name)]
    written = [_refresh(space, t, differences[t.name]) for t in ours if t.name not in space.settled]
    if ownership.ROWS in space.catalogue.tables:
        name = space.sql_name(ownership.ROWS)
        space.run(f"{'DROP TABLE' if space.dialect.owns(space.connection, name) else 'DELETE FROM'} {name}")
    return any(written)


def _refresh(space: Workspace, table: sa.Table, found: Difference) -> bool:
    known, now = space.known(table.name), _released(space, table)
    if found.kept:
        stays = pc.is_in(known["row_key"], space.row_keys(table, space.sql_name(table.name)))
        kept = known.filter(pc.and_not(stays, pc.is_in(known["row_key"], now["row_key"])))
        now = pa.concat_tables([now, kept.set_column(1, "kept", pa.repeat(True, kept.num_rows))])
    legacy = ownership.ROWS in space.catalogue.tables
    if not legacy and (known.equals(now) or known.sort_by("row_key").equals(now.sort_by("row_key"))):
        return False
    ownership.remember(space.connection, table.name, now)
    return True


def _released(space: Workspace, table: sa.Table) -> pa.Table:
    """The manifest's keys and digests of the release's rows that we own."""
    staged = space.released.get(table.name, [])
    if staged and space.renamed:
        staged = [ownership.of_data(table, space.staged_rows(table))]
    now = pa.concat_tables([ownership.NOTHING, *staged])
    if not space.has("taken", table.name):
        return now
    return now.filter(pc.invert(pc.is_in(now["row_key"], space.row_keys(table, space.name("taken", table.name)))))


def seal(space: Workspace, stream: Stream, differences: Mapping[str, Difference], seals: Mapping[str, str]) -> None:
    """Say what each table comes to, and by what it can be known again, where it holds the release and all of it."""
    for label in schema.FILLED:
        if label in differences and label not in space.settled:
            space.connection.execute(ownership.contents.delete().where(ownership.contents.c.table_name == label))
            found, content = differences[label], stream.contents.get(label)
            edited = found.edited_changed and space.options.on_edited == "keep"
            is_whole = not (found.kept or found.taken or edited or space.renamed) and space.wants(label)
            if content and is_whole:
                sealed = seals.get(label) or space.dialect.seal(space.connection, space.sql_name(label))
                values = {"table_name": label, "content": content.digest, "seal": sealed}
                space.connection.execute(ownership.contents.insert().values(values))
