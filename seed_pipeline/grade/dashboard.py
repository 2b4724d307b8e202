"""The figures that the application's dashboards show against those of the answer key (P8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seed_pipeline.grade.insights import kind_of
from seed_pipeline.grade.places import Column, Figure
from seed_pipeline.grade.reading import Reader
from seed_pipeline.grade.reading import number as as_number
from seed_pipeline.grade.words import number, table
from seed_pipeline.store.errors import StoreError

Place = tuple[str, str, str, str]
"""scope, id, metric, period: what a figure is about."""

PLATFORM = "platform"
"""Scope and id of what is about everybody."""


@dataclass(frozen=True)
class Shown:
    """One figure. `holds` is None where the application shows none."""

    scope: str
    id: str
    metric: str
    period: str
    expected: float | None
    observed: float | None
    holds: bool | None

    @property
    def cells(self) -> tuple[str, ...]:
        """What, when, expected, observed and a mark, in words."""
        what = self.metric if self.scope == PLATFORM else f"{self.metric} of {self.id}"
        mark = {True: "✅", False: "❌", None: ""}[self.holds]
        return what, self.period, number(self.expected), number(self.observed), mark


@dataclass(frozen=True)
class Dashboard:
    """Every figure of the answer key, and those of the application that it does not have."""

    figures: tuple[Shown, ...]

    @property
    def shown(self) -> int:
        """Figures that the application shows."""
        return sum(figure.holds is not None for figure in self.figures)

    @property
    def wrong(self) -> tuple[Shown, ...]:
        """Figures that are not as they should be."""
        return tuple(figure for figure in self.figures if figure.holds is False)

    @property
    def text(self) -> str:
        """The platform's figures, all of them, and of the tutors' those that differ, for people."""
        rows: list[tuple[str, ...]] = [("", "", "expected", "observed", "")]
        rows += [figure.cells for figure in self.figures if figure.scope == PLATFORM or figure.holds is False]
        tally = f"  {self.shown} of {len(self.figures)} figures observed, {len(self.wrong)} wrong"
        if not self.shown:
            tutors = sum(figure.scope == "tutor" for figure in self.figures)
            tally = f"  none observed: name them with --dashboard ({tutors} more are about tutors: --json)"
        return "\n".join(["Dashboard", *table(rows, left=2), tally])


def grade(reader: Reader, sources: Sequence[str | Figure], tolerance: float) -> Dashboard:
    """Every figure observed against expected, within `tolerance`. Raises StoreError."""
    expected = _expected(reader)
    observed: dict[Place, float | None] = {}
    for source in sources:
        found = _figure(reader, source, expected) if isinstance(source, Figure) else _table(reader, source, expected)
        observed |= found
    return Dashboard(tuple(_shown(place, expected, observed, tolerance) for place in {**expected, **observed}))


def _expected(reader: Reader) -> dict[Place, float | None]:
    rows = reader.rows("truth_dashboard", ["scope", "id", "metric", "period", "value"])
    figures = {_place(*row[:4]): row[4] for row in rows if kind_of(row[2]) is None}
    return dict(sorted(figures.items()))


def _place(scope: str | None, id_: str | None, metric: str, period: str | None) -> Place:
    scope = scope or PLATFORM
    return scope, PLATFORM if scope == PLATFORM else str(id_), metric, period or "current"


def _table(reader: Reader, name: str, expected: Mapping[Place, float | None]) -> dict[Place, float | None]:
    """A table shaped like truth_dashboard; scope, id and period may be left out where all is this period's platform."""
    there = reader.columns(name, "--dashboard")
    wanted = [c for c in ("scope", "id", "metric", "period", "value") if c in there or c in ("metric", "value")]
    found: dict[Place, float | None] = {}
    for row in reader.rows(name, wanted, "--dashboard"):
        given = dict(zip(wanted, row, strict=True))
        _known(given["metric"], expected)
        value = given["value"]
        place = _place(given.get("scope"), given.get("id"), given["metric"], given.get("period"))
        found[place] = None if value is None else as_number(Column("--dashboard", name, "value"), value)
    return found


def _figure(reader: Reader, figure: Figure, expected: Mapping[Place, float | None]) -> dict[Place, float | None]:
    _known(figure.metric, expected)
    if figure.column.key is None:
        return {(PLATFORM, PLATFORM, figure.metric, figure.period): reader.single(figure.column)}
    values = reader.numbers(figure.column, ())
    return {("tutor", tutor, figure.metric, figure.period): value for tutor, value in values.items()}


def _known(metric: str, expected: Mapping[Place, float | None]) -> None:
    metrics = sorted({place[2] for place in expected})
    if metric not in metrics:
        remedy = f"use one of {', '.join(metrics)}"
        raise StoreError("--dashboard", metric, "the answer key has no such figure", remedy)


def _shown(
    place: Place, expected: Mapping[Place, float | None], observed: Mapping[Place, float | None], tolerance: float
) -> Shown:
    wanted, found = expected.get(place), observed.get(place)
    if place not in observed:
        return Shown(*place, wanted, None, None)
    same = wanted is None and found is None
    near = wanted is not None and found is not None and abs(wanted - found) <= tolerance + 1e-9
    return Shown(*place, wanted, found, same or near)
