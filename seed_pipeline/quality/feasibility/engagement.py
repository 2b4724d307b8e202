"""Whether the engagement of tutors and of students can be what is stated at once (T3, S1)."""

from collections.abc import Iterator

import numpy as np

from seed_pipeline.core.plan.pairs import MARGIN, SLACK, Side, booked, engagement_means, sides
from seed_pipeline.core.plan.world import World
from seed_pipeline.quality.feasibility.ways import off
from seed_pipeline.settings.contradictions import ContradictionError
from seed_pipeline.settings.files import file_and_key
from seed_pipeline.settings.targets import asked


def engagement(world: World) -> Iterator[ContradictionError]:
    """The sides whose statement is in force and that cannot be met, told by the worst."""
    both = [s for s in sides(world, booked(world), MARGIN) if asked(world.settings, f"{s.statement}_engagement")]
    means = engagement_means(world) if both else np.empty(0)
    missed = [side for side in both if side.weights.any() and abs(side.miss(means)) > 2 * SLACK]
    if missed:
        yield _clash(max(missed, key=lambda s: float(abs(s.miss(means)))), missed, both, means)


def _clash(side: Side, missed: list[Side], both: list[Side], means: np.ndarray) -> ContradictionError:
    value, miss = float(side.mean(means)), float(abs(side.miss(means)))
    others = ", ".join(
        f"{s.statement} {s.persona} {s.low:.2f}-{s.high:.2f}" for s in both if s.statement != side.statement
    )
    return ContradictionError(
        file_and_key(side.setting.split(".")), side.stated,
        f"{side.statement} wants a mean engagement of {side.low:.2f}-{side.high:.2f} (margin included) for "
        f"{side.persona}, but under these bookings and {others} the nearest is {value:.2f}: {miss:.2f} off",
        [{s.setting: _widened(s, float(s.mean(means))) for s in missed}, off("T3_engagement") | off("S1_engagement")],
        "change who books whom under booking in probabilities.yaml",
    )  # fmt: skip


def _widened(side: Side, value: float) -> list[float]:
    """The stated range, so much wider that the value lies inside it with a margin."""
    low, high = side.stated
    reach = 2 * MARGIN + 0.02
    return [round(max(0.0, min(low, value - reach)), 2), round(min(10.0, max(high, value + reach)), 2)]
