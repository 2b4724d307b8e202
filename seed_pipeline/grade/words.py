"""Figures in columns, for people."""

from collections.abc import Sequence


def table(rows: Sequence[tuple[str, ...]], left: int = 1) -> list[str]:
    """Columns side by side, the `left` first ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [f"{c:<{w}}" if i < left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def share(value: float | None) -> str:
    """A share with two decimals; a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def number(value: float | None) -> str:
    """A number with what matters of it; a dash for none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
