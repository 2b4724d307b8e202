"""From an expectation and a sample size to the interval in which the observed must lie."""

from dataclasses import dataclass
from math import ceil, floor, inf, isnan, nan, sqrt

from seed_pipeline.quality.verdict import Row
from seed_pipeline.settings.targets import Target, Tolerance

SLACK = 1e-9


def row(label: str, observed: float, low: float, high: float, n: int, expected: float = nan, unit: float = 0.0) -> Row:
    """A judged row. Where no value that `n` observations of granularity `unit` can average to lies inside, the
    interval reaches to the nearest ones outside: nothing can be held closer than one unit of count.
    """
    if unit and n and (low > -inf and high < inf):
        low, high = attainable(low, high, n, unit)
    passed = n == 0 or low - SLACK * max(1, abs(low)) <= observed <= high + SLACK * max(1, abs(high))
    return Row(
        label, observed, low, high, n, expected, bool(passed), deviation(observed, low, high, expected) if n else 0.0
    )


def attainable(low: float, high: float, n: int, unit: float) -> tuple[float, float]:
    """The interval, widened to the nearest means of n observations if it holds none."""
    step = unit / n
    if ceil(low / step - 1e-6) <= floor(high / step + 1e-6):
        return low, high
    return floor(low / step) * step, ceil(high / step) * step


def rounded(low: float, high: float, expected: float, n: int) -> tuple[float, float]:
    """The interval, widened to the shares on either side of the expected one that n rows can show."""
    if not n or isnan(expected):
        return low, high
    return min(low, floor(expected * n + 1e-9) / n), max(high, ceil(expected * n - 1e-9) / n)


def deviation(observed: float, low: float, high: float, expected: float = nan) -> float:
    """How far off, in tolerances: 0 at the expected value or the middle, 1 at the edge. Capped at 1000."""
    if isnan(observed):
        return 1000.0
    if low == high:
        return 0.0 if abs(observed - low) <= SLACK * max(1, abs(low)) else min(1000.0, 1 + abs(observed - low))
    if high == inf:
        return _one_sided(low - observed, low)
    if low == -inf:
        return _one_sided(observed - high, high)
    centre = (low + high) / 2 if isnan(expected) or not low < expected < high else expected
    half = high - centre if observed > centre else centre - low
    return min(1000.0, abs(observed - centre) / half)


def _one_sided(beyond: float, bound: float) -> float:
    return min(1000.0, max(0.0, 1 + beyond / max(abs(bound), 0.1)))


@dataclass(frozen=True)
class Size:
    """How much data is judged: its sessions, the sizes at which small and large tolerances are stated, its cohorts."""

    sessions: int
    small_at: int
    large_from: int
    cohorts: int = 1

    @property
    def between(self) -> bool:
        """Larger than the contract's default size, or of more cohorts, and not yet large."""
        return (self.small_at < self.sessions or self.cohorts > 1) and self.sessions < self.large_from


def around(expected: float, tolerance: Tolerance, n: int, size: Size) -> tuple[float, float]:
    """The interval around an expected share or mean of n rows.

    At the default size and below, and at the large size, the widest of the tolerances counts. Between them stands
    what the contract leaves open: whatever may be off systematically at any size (`large`), and on top of it what the
    cohorts add, whose counts are each off by up to `counts` in a direction of their own.
    """
    given = tolerance.counts is not None
    common = max(
        tolerance.small * size.small_at / max(size.sessions, 1), tolerance.large, tolerance.relative * abs(expected)
    )
    counts = _counts(tolerance, 0.5)
    if size.between and given:
        below, above = (common + _of_cohorts(count, size.cohorts) / max(n, 1) for count in counts)
    else:
        below, above = (max(common, count / max(n, 1)) for count in counts)
    return expected - below, expected + above


def _of_cohorts(count: float, cohorts: int) -> float:
    """By how much counts may be off together: one that is rounded up or down has a standard deviation of up to a half,
    and four of them are allowed."""
    return min(count * cohorts, max(count, 2.0) * sqrt(cohorts))


def bounds(target: Target, low: float, high: float, n: int, size: Size) -> tuple[float, float]:
    """Bounds given as such, loosened by the target's tolerance where it has one."""
    tolerance = target.tolerance
    below, above = _counts(tolerance, 0.0)
    common = max(tolerance.small * size.small_at / max(size.sessions, 1), tolerance.large)
    return low - max(common, below / max(n, 1)), high + max(common, above / max(n, 1))


def _counts(tolerance: Tolerance, usual: float) -> tuple[float, float]:
    counts = usual if tolerance.counts is None else tolerance.counts
    return (counts[0], counts[1]) if isinstance(counts, tuple) else (counts, counts)
