"""A drawn figure once more, as an SVG of a few hundred letters: Dagster shows short markdown on an asset's page itself,
and longer one behind a link."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Transform

ROOM = 990
"""Letters of markdown that Dagster shows at once: fewer than 1,000."""
WIDE, HIGH, MARGIN, BELOW = 340, 150, 100, 18
FINE = (1, 4, 8, 12, 16, 24)
"""Steps between dots, in pixels: the first one with which the picture has room."""
SEVERAL = 5
Mark = tuple[str, str]
"""How a mark is painted, and its path."""


def small(title: str, figure: Figure) -> str:
    """Markdown with the figure's bars, lines and dots in it, and the names beside them; empty where they do not fit."""
    if any(axes.images for axes in figure.axes):
        return ""
    for step in FINE:
        for named in (True, False):
            found = f"![{title}](data:image/svg+xml,{quote(_svg(figure, step, named), safe=_PLAIN)})"
            if len(found) < ROOM:
                return found
    return ""


_PLAIN = "/=:;,.'-+"


def _svg(figure: Figure, step: int, named: bool) -> str:
    marks = sorted({mark: None for axes in figure.axes for mark in _marks(axes, step)}, key=lambda mark: mark[0])
    paths = [f"<path {kind} d='{''.join(d for _, d in some)}'/>" for kind, some in groupby(marks, key=lambda m: m[0])]
    texts = "".join(_names(figure.axes[0])) if named else ""
    size = f"width='{WIDE + MARGIN}' height='{HIGH + (BELOW if named else 0)}'"
    letters = f"<g fill='#555' font-family='sans-serif' font-size='11'>{texts}</g>" if texts else ""
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} fill='none'>{''.join(paths)}{letters}</svg>"


def _marks(axes: Axes, step: int) -> Iterator[Mark]:
    """Everything that is drawn with data: bars, lines, dots."""
    for bar in (patch for patch in axes.patches if isinstance(patch, Rectangle)):
        (x, y), (x2, y2) = (_at(axes, bar.get_transform(), corner) for corner in ((0, 0), (1, 1)))
        if x != x2:
            yield f"fill='{to_hex(bar.get_facecolor())}'", f"M{x},{y}H{x2}V{y2}H{x}z"
    for line in axes.lines:
        yield _line(axes, line.get_transform(), line.get_color(), line.get_xydata())
    for found in axes.collections:
        if isinstance(found, LineCollection):
            for segment in found.get_segments():
                yield _line(axes, found.get_transform(), np.asarray(found.get_edgecolor())[0], segment)
        elif isinstance(found, PathCollection):
            paint = f"stroke='{to_hex(np.asarray(found.get_facecolor())[0])}' stroke-width='5' stroke-linecap='round'"
            for point in np.asarray(found.get_offsets()):
                x, y = (step * round(value / step) for value in _at(axes, found.get_offset_transform(), point))
                yield paint, f"M{x},{y}h0"


def _line(axes: Axes, transform: Transform, colour: Any, points: Any) -> Mark:
    places = [_at(axes, transform, point) for point in points]
    return f"stroke='{to_hex(colour)}'", "M" + "L".join(f"{x},{y}" for x, y in places)


def _at(axes: Axes, transform: Transform, point: Any) -> tuple[int, int]:
    """Where a point of the figure lies in the small picture."""
    box = axes.get_window_extent()
    x, y = transform.transform(point)
    return MARGIN + round((x - box.x0) / box.width * WIDE), HIGH - 2 - round((y - box.y0) / box.height * (HIGH - 4))


def _names(axes: Axes) -> Iterator[str]:
    """What stands below the horizontal axis, and beside the vertical one: every name, or of many numbers two."""
    yield f"<text x='{MARGIN}' y='{HIGH + BELOW - 5}'>{axes.get_xlabel().partition(';')[0]}</text>"
    low, high = sorted(axes.get_ylim())
    ticks = [(y, label.get_text()) for y, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)]
    shown = [tick for tick in ticks if low <= tick[0] <= high]
    for y, name in shown if len(shown) <= SEVERAL else (shown[0], shown[-1]):
        yield f"<text x='0' y='{max(_at(axes, axes.transData, (0, y))[1] + 4, 11)}'>{name}</text>"
