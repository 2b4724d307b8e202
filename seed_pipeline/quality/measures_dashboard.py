"""P8: the figures of the dashboard and of the tutors' pages, worked out anew from the stored values."""

from collections.abc import Iterable, Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.services import Looked, end_of, meet
from seed_pipeline.quality.sums import Faults, Part, Sums
from seed_pipeline.quality.verdict import Findings, Row
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.targets import Target

PERIODS = ("current", "previous")
_CLOSE = 1e-9
_NOTHING = np.zeros(2)
_COUNTED = (
    "sessions", "completed_sessions", "first_sessions", "tutor_no_shows", "student_no_shows", "tenths", "rebooked",
    "tutors_at_risk",
)  # fmt: skip
"""What the platform's figures are made from; all of it adds up over chunks."""


def collect_tutors(chunk: Chunk, target: Target) -> Part:
    """Rows on tutors that are missing, too many, or wrong."""
    stated, wanted = _stated(chunk, "tutor"), pd.Series(_of_tutors(chunk), dtype=float)
    once = stated[~stated.index.duplicated()]
    both = wanted.index.intersection(once.index)
    wrong = ~np.isclose(once[both], wanted[both], rtol=0, atol=_CLOSE)
    extra = ~stated.index.isin(wanted.index) | stated.index.duplicated()
    return Part(
        faults={
            "there where due": Faults.of(~wanted.index.isin(stated.index), wanted.index.to_numpy(object)),
            "there nowhere else": Faults.of(extra, stated.index.to_numpy(object)),
            "equal to what the services compute": Faults.of(wrong, both.to_numpy(object)),
            "of a known scope": _of_known_scope(chunk),
        }
    )


def collect_platform(chunk: Chunk, target: Target) -> Part:
    """What the platform's figures are made from, and what is stated of them."""
    tutors = _counts(chunk)
    sums = {
        f"seen {period}": tutors.loc[tutors["period"] == period, _COUNTED].sum().to_numpy(float) for period in PERIODS
    }
    for key, value in _stated(chunk, "platform").items():
        sums[f"stated {key}"] = sums.get(f"stated {key}", np.zeros(2)) + np.array([1, value])
    return Part(sums)


def assess_platform(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """Every figure is stated once, as all chunks come to, and no other is."""
    wanted: dict[str, float] = {}
    for period in PERIODS:
        seen = part.sums.get(f"seen {period}")
        if seen is not None and seen[0]:
            figures = _of_everybody(dict(zip(_COUNTED, seen, strict=True)))
            wanted |= {f"platform/{name}/{period}": value for name, value in figures.items()}
    stated = {key.removeprefix("stated "): v for key, v in part.sums.items() if key.startswith("stated ")}
    keys = sorted({*wanted, *stated})
    return Findings([_compared(key, wanted.get(key, nan), stated.get(key, _NOTHING)) for key in keys])


def _compared(label: str, wanted: float, stated: np.ndarray) -> Row:
    """One figure against what it has to be; one that is missing, stated twice or not wanted is off."""
    times, value = stated
    passed = times == 1 and abs(value - wanted) <= _CLOSE
    observed = value if times == 1 else nan
    return Row(label, observed, wanted, wanted, max(1, int(times)), wanted, passed, 0.0 if passed else 2.0)


def _of_everybody(sums: Mapping[str, float]) -> dict[str, float]:
    """The platform's figures of a period that has sessions."""
    figures = {name: sums[name] for name in _COUNTED if name not in ("tenths", "rebooked")}
    figures["no_show_rate"] = (sums["tutor_no_shows"] + sums["student_no_shows"]) / sums["sessions"]
    if sums["completed_sessions"]:
        figures["mean_score"] = sums["tenths"] / (10 * sums["completed_sessions"])
    if sums["first_sessions"]:
        figures["first_session_rebooking_rate"] = sums["rebooked"] / sums["first_sessions"]
    return figures


def _stated(chunk: Chunk, scope: str) -> pd.Series:
    """The values of one scope by `id/metric/period`."""
    names = ("scope", "id", "metric", "period")
    of, person, metric, period = (pd.Series(chunk.column("truth_dashboard", name), dtype=object) for name in names)
    key = person.astype(str) + "/" + metric.astype(str) + "/" + period.astype(str)
    values = pd.Series(chunk.column("truth_dashboard", "value"), index=key.to_numpy(object), dtype=float)
    return values[(of == scope).to_numpy()]


def _of_known_scope(chunk: Chunk) -> Faults:
    scope = chunk.column("truth_dashboard", "scope")
    return Faults.of(~np.isin(scope.astype(str), ("tutor", "platform")), scope)


def _counts(chunk: Chunk) -> pd.DataFrame:
    """What each tutor's sessions of each period come to; no row where there are none."""
    rules, facts = chunk.settings.alerts.dashboard, chunk.sessions
    seconds = (end_of(chunk.settings) - chunk.column("sessions", "scheduled_start")).astype(float)
    period = np.ceil(seconds / (rules.days * 86_400))  # 1: at most so many days before the end
    done = facts["status"] == "completed"
    first = done & (facts["session_number"] == 1)
    tenths = np.where(done, np.rint(facts["overall_session_score"] * 10), np.nan)
    rating = np.where(done, facts["student_satisfaction_rating"], np.nan)
    columns: dict[str, Any] = {
        "sessions": np.ones(len(facts)),
        "completed_sessions": done,
        "first_sessions": first,
        "rebooked": first & (facts["follow_up_booked"] == 1),
        "tutor_no_shows": facts["status"] == "no_show_tutor",
        "student_no_shows": facts["status"] == "no_show_student",
        "reschedules_by_tutor": facts["rescheduled_by"] == "tutor",
        "late_arrivals": done & (facts["minutes_late"] > rules.late_after),
        "tenths": np.nan_to_num(tenths), "scored": ~np.isnan(tenths),
        "rating": np.nan_to_num(rating), "rated": ~np.isnan(rating),
    }  # fmt: skip
    frame = pd.DataFrame({name: np.asarray(column, float) for name, column in columns.items()})
    frame["tutor"] = chunk.column("sessions", "tutor_id")
    frame["period"] = pd.Series(period).map({1: PERIODS[0], 2: PERIODS[1]})
    table = frame.groupby(["tutor", "period"], sort=True).sum().reset_index()
    return table.assign(tutors_at_risk=_one_of(rules.at_risk, table).astype(float))


def _one_of(conditions: Iterable[Condition], table: pd.DataFrame) -> np.ndarray:
    found = np.zeros(len(table), bool)
    for condition in conditions:
        found |= condition.holds({condition.fact: table[condition.fact]})
    return found


def _of_tutors(chunk: Chunk) -> dict[str, float]:
    """Every figure that is due of a tutor, by `id/metric/period`."""
    table, risk = _counts(chunk), chunk.settings.alerts.dashboard.risk
    high, medium = (_one_of(risk.get(level, ()), table) for level in ("high", "medium"))
    with np.errstate(invalid="ignore"):
        figures = table.drop(columns=["rebooked", "tenths", "scored", "rating", "rated", "tutors_at_risk"]).assign(
            mean_score=table["tenths"] / (10 * table["scored"]),
            mean_rating=table["rating"] / table["rated"],
            first_session_rebooking_rate=table["rebooked"] / table["first_sessions"],
            risk_level=np.select([high, medium], [2.0, 1.0], 0.0),
        )
    long = figures.melt(["tutor", "period"]).dropna()
    keys = long["tutor"].astype(str) + "/" + long["variable"].astype(str) + "/" + long["period"].astype(str)
    return dict(zip(keys, long["value"], strict=True)) | _insights(chunk)


def _insights(chunk: Chunk) -> dict[str, float]:
    """The deciding figure of every insight that holds."""
    found = {}
    for kind, insights in chunk.settings.alerts.insights.items():
        for category, insight in insights.items():
            for tutor, figures in Looked(chunk, insight.window).figures().items():
                value = figures[insight.window.form or "sessions"]
                if value is not None and meet(figures, insight.when):
                    found[f"{tutor}/{kind}_{category}/{PERIODS[0]}"] = float(value)
    return found
