"""The page: what was found, laid out as one HTML file that needs no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from seed_pipeline.blast_radius import Remembered
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.quality.shown import queries_of
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import put
from seed_pipeline.views.cast import Cast
from seed_pipeline.views.plots import pictures
from seed_pipeline.views.scenes import rehearsed
from seed_pipeline.views.source import Source
from seed_pipeline.views.stories import stories
from seed_pipeline.views.traits import Observed, portraits
from seed_pipeline.views.words import cell, span, word

HERE = Path(__file__).parent
SHOWN = (
    "talk_and_engagement", "rating_by_persona", "hours_and_weekdays", "sessions_per_day", "outcomes", "churn_by_story",
)  # fmt: skip
"""The pictures on the page; the others are on the pages of assets."""
_RULES = """SELECT rule, metric, count(*) AS times, favg(before) AS before, favg(after) AS after
FROM truth_effects GROUP BY rule, metric ORDER BY min(seq), metric"""
_ALERTS = """SELECT source AS "rules of", alert_type AS alert,
    count(*) FILTER (WHERE severity = 'critical') AS critical, count(*) FILTER (WHERE severity = 'warning') AS warning,
    count(*) FILTER (WHERE severity = 'info') AS info
FROM truth_alerts GROUP BY ALL ORDER BY source, alert_type"""
_HEAD, _MARK = 4096, b"<title>Seed data report"


def page_of(source: Source) -> str:
    """The report on a dataset as HTML: the same data, the same bytes. Raises SettingsError, StoreError."""
    with source.opened() as scope:
        cast = Cast(scope)
        found = {
            "cast": cast,
            "portraits": portraits(scope, source.verdicts),
            "pictures": pictures(scope, SHOWN),
            "rules": _in_order(
                scope.rows(_RULES, edge_cases=False), [r.name for r in scope.settings.correlations.rules]
            ),
            "alerts": scope.rows(_ALERTS, edge_cases=False),
            "stories": stories(cast),
            "scenes": rehearsed(scope),
        }
        return _template().render(
            source=source,
            main=source.settings.main,
            style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
            figures=_figures(source.rows),
            tally=_tally(source.verdicts),
            failing=[v for v in source.verdicts if v.failed],
            by_asset=[(asset, own) for asset in ENTITIES if (own := [v for v in source.verdicts if v.entity == asset])],
            cohorts=max(1, source.rows.get("tutors", 0) // max(1, len(cast.words.tutors))),
            changed=_changed(source.changes),
            **found,
        )


def _in_order(rows: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows in the order of the settings; of other rules none."""
    return sorted((row for row in rows if row["rule"] in names), key=lambda row: names.index(row["rule"]))


def refuse(out: Path) -> None:
    """Raise StoreError, before any work, where a report cannot go."""
    if out.is_dir():
        raise StoreError(str(out), None, "it is a folder", f"name a file in it, for example {out / 'report.html'}")
    if not out.parent.is_dir():
        raise StoreError(str(out), None, f"there is no folder {out.parent}", "create it, or name another file")
    if out.is_symlink() or (out.exists() and not _is_ours(out)):
        why = "something else than a report of ours is there, and that is not replaced"
        raise StoreError(str(out), None, why, "name another file, or move that one away")


def _is_ours(out: Path) -> bool:
    """An empty file or an earlier report; never a device, whose content nobody should read."""
    if not out.is_file():
        return False
    with out.open("rb") as file:
        head = file.read(_HEAD)
    return not head or _MARK in head


def written(page: str, out: Path) -> None:
    """Put the page in its place in one step; whoever reads sees the old one or the new one.

    Raises StoreError as `refuse` does, OSError if it cannot be.
    """
    refuse(out)
    put(out, page.encode())


@cache
def _template():
    room = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    room.filters.update(cell=cell, words=word, span=span, mark=mark, bar=bar, short=short, numeric=numeric)
    room.filters.update(query=queries_of)
    return room.get_template("page.html.j2")


def _figures(rows: Mapping[str, int]) -> list[tuple[str, int]]:
    """The counts at the top."""
    wanted = {
        "tutors": "tutors", "students": "students", "sessions": "sessions", "completed": "session_audio_metrics",
        "feedback entries": "session_feedback", "highlights": "session_transcript_highlights",
    }  # fmt: skip
    return [(label, rows[table]) for label, table in wanted.items() if table in rows]


def _tally(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return {
        "hold": sum(v.passed is True for v in verdicts),
        "fail": sum(v.failed and v.blocking for v in verdicts),
        "warn": sum(v.failed and not v.blocking for v in verdicts),
        "unjudged": sum(v.passed is None for v in verdicts),
        "all": len(verdicts),
    }


def _changed(changes: Mapping[str, Remembered]) -> dict[str, Any] | None:
    """The blast radius: rows of every table that is not as it was, and which of its columns changed."""
    if not changes:
        return None
    tables = [(asset, c) for asset, found in changes.items() for c in found.changes if not c.column and c.touched]
    rows = [
        {
            "asset": asset,
            "table": table.table,
            **{name: getattr(table, name) for name in ("new", "gone", "changed", "unchanged")},
            "columns that changed": ", ".join(
                c.column for c in changes[asset].changes if c.table == table.table and c.column and c.changed
            ),
        }
        for asset, table in tables
    ]
    return {"first": all(found.first for found in changes.values()), "rows": rows}


@dataclass(frozen=True)
class Bar:
    """Places on a picture of 100 units: the declared range and the observed value."""

    low: float
    wide: float
    at: float | None


def bar(seen: Observed) -> Bar:
    """Where a trait's range and mean lie on its axis."""
    first, last = seen.trait.axis

    def place(value: float) -> float:
        return round(100 * min(max((value - first) / (last - first), 0.0), 1.0), 1)

    declared = seen.declared if isinstance(seen.declared, tuple) else (seen.declared or 0.0,) * 2
    a, b = place(declared[0]), place(declared[1])
    return Bar(
        a if b > a else max(a - 0.75, 0.0), max(round(b - a, 1), 1.5), None if seen.mean is None else place(seen.mean)
    )


def mark(holds: bool | None, blocking: bool = True) -> Markup:
    """A verdict as a sign and a word, so that colour is never all there is."""
    kind, sign, word = {
        True: ("good", "✓", "holds"),
        False: ("bad", "✗", "fails") if blocking else ("warn", "!", "warning"),
        None: ("none", "–", "not judged"),
    }[holds]
    return Markup('<span class="mark {}"><span aria-hidden="true">{}</span> {}</span>').format(kind, sign, word)


def numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether a column holds numbers, which stand right."""
    return any(isinstance(row[name], int | float) for row in rows)


def short(digest: str) -> str:
    """The beginning of a fingerprint, which is enough to tell two apart."""
    return digest[:16]
