"""The stand-in of the platform's services and the answer key find the same, seed by seed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from seed_pipeline.store import database
from seed_pipeline_tests.grade.conftest import NOW, SEEDS, fill
from seed_pipeline_tests.platform.services import Services

MANY = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(100) if seed not in SEEDS]
INSIGHTS = ("strength_", "growth_area_")


def disagreements(target: str | sa.URL) -> list[object]:
    """Alerts, insights and figures that only one of both has, or that differ."""
    engine = database.connect(target)
    with engine.connect() as connection:
        services = Services(connection, NOW)
        mine = services.alerts()
        key = "SELECT tutor_id, alert_type, severity, CAST(session_id AS text), source FROM truth_alerts"
        right = [tuple(row[:4]) for row in connection.execute(sa.text(key)) if row[4] == "platform"]
        figures = "SELECT scope, id, metric, period, value FROM truth_dashboard"
        shown = {tuple(row[:4]): row[4] for row in connection.execute(sa.text(figures))}
        insights = {("tutor", t, f"{kind}_{name}", "current") for t, kind, name in services.insights()}
        observed = services.dashboard()
    engine.dispose()
    known = {place for place in shown if place[2].startswith(INSIGHTS)}
    rest = shown.keys() - known
    differ = [place for place in rest & observed.keys() if abs(shown[place] - observed[place]) > 1e-9]
    assert len(mine) == len(set(mine))
    return [*(set(mine) ^ set(right)), *(insights ^ known), *(observed.keys() ^ rest), *differ]


@pytest.mark.parametrize("seed", [*SEEDS, *MANY])
def test_the_answer_key_is_what_the_services_compute(filled: Callable[[int], Path], seed: int) -> None:
    """Alerts, insights, risk levels and dashboard figures, computed by SQL, are those of the key (P3, P8)."""
    assert disagreements(f"sqlite:///{filled(seed)}") == []


@pytest.mark.parametrize("overrides", [("days=60", "total_sessions=300"), ("time_zone=America/New_York",)])
def test_so_it_is_in_other_worlds(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    """With a period before this one there are trends and declines; elsewhere the database still holds UTC (P10)."""
    fill(f"sqlite:///{tmp_path / 'world.db'}", *(f"main.{override}" for override in overrides))
    assert disagreements(f"sqlite:///{tmp_path / 'world.db'}") == []


def test_the_stand_in_is_small_and_knows_nothing_of_the_generator() -> None:
    """Under 300 lines, no import of ours: where it agrees with the key, two independent readings of the rules agree."""
    code = Path(__file__).parents[1] / "platform"
    text = "".join(path.read_text(encoding="utf-8") for path in code.glob("*.py"))
    assert len(text.splitlines()) < 300
    assert "seed_pipeline" not in text
