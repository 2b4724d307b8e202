"""The figures of the platform's dashboard and tutor pages, this period and the one before (truth_dashboard, P8).

A tutor's rows come from the sessions, the platform's from its tutors' rows: they add up whatever the chunks (X1).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from seed_pipeline.core.answer_key.windows import Exact, Observed, meets_all
from seed_pipeline.core.columns import Column, Table, Words, constant, stacked
from seed_pipeline.settings import Settings
from seed_pipeline.settings.alerts import RELIABILITY, Dashboard
from seed_pipeline.settings.conditions import Conditions, parse_all
from seed_pipeline.settings.facts import RATING, SCORE

PERIODS = ("current", "previous")
_COMPLETED = parse_all("status == completed")
_FIRST = parse_all("session_number == 1")
_BOOKED = parse_all("follow_up_booked == 1")
_COUNTS = ("sessions", "completed_sessions", "first_sessions", "tutor_no_shows", "student_no_shows")
_TENTHS = 10


def of_tutors(settings: Settings, seen: Observed) -> Table:
    """Rows of truth_dashboard on each tutor: by tutor, period, metric; none for a period without sessions of theirs."""
    values: dict[tuple[str, str], np.ndarray] = {}
    for back, period in enumerate(PERIODS):
        exact = _of_period(settings.alerts.dashboard, seen, back)
        there = exact["sessions"].top > 0
        values |= {(metric, period): np.where(there, figure.value, np.nan) for metric, figure in exact.items()}
    values |= {(metric, PERIODS[0]): figure for metric, figure in _insights(settings, seen).items()}
    table = np.column_stack(list(values.values()))
    tutor, what = np.nonzero(~np.isnan(table))
    metrics, periods = (_coded(names)[what] for names in zip(*values, strict=True))
    return _rows("tutor", seen.tutors[tutor], metrics, periods, table[tutor, what])


def _coded(names: Sequence[str]) -> Words:
    known = {name: code for code, name in enumerate(dict.fromkeys(names))}
    return Words(list(known), np.array([known[name] for name in names]))


def _rows(scope: str, ids: Column, metric: Column, period: Column, value: np.ndarray) -> Table:
    known = {"id": ids, "metric": metric, "period": period, "value": value}
    return Table({"scope": constant(scope, len(value)), **known})


def _of_period(dashboard: Dashboard, seen: Observed, back: int) -> dict[str, Exact]:
    """Every figure of one period, per tutor."""
    every = seen.within(dashboard.days, back)
    done = every & seen.all_hold(_COMPLETED)
    first = done & seen.all_hold(_FIRST)
    late = done & seen.all_hold(parse_all(f"minutes_late > {dashboard.late_after!r}"))

    def counted(rows: np.ndarray) -> Exact:
        return Exact(seen.count(rows), np.ones(len(seen.tutors), np.int64))

    counts = {
        "tutor_no_shows": counted(every & seen.all_hold(parse_all("status == no_show_tutor"))),
        "reschedules_by_tutor": counted(every & seen.all_hold(parse_all("rescheduled_by == tutor"))),
    }
    return {
        "sessions": counted(every),
        "completed_sessions": counted(done),
        "mean_score": seen.mean(done, SCORE),
        "first_sessions": counted(first),
        "first_session_rebooking_rate": Exact(seen.count(first & seen.all_hold(_BOOKED)), seen.count(first)),
        **counts,
        "student_no_shows": counted(every & seen.all_hold(parse_all("status == no_show_student"))),
        "late_arrivals": counted(late),
        "mean_rating": seen.mean(done, RATING),
        "risk_level": _risk(dashboard, counts),
    }


def _risk(dashboard: Dashboard, counts: Mapping[str, Exact]) -> Exact:
    """2 where a condition of `high` holds, else 1 where one of `medium` does, else 0."""
    medium, high = (_one_of(dashboard.risk.get(level, ()), counts) for level in ("medium", "high"))
    return Exact(np.where(high, 2, medium), np.ones(len(high), np.int64))


def _one_of(conditions: Conditions, counts: Mapping[str, Exact]) -> np.ndarray:
    """One boolean per tutor: at least one condition holds."""
    none = np.zeros(len(counts[RELIABILITY[0]].top), bool)
    return np.logical_or.reduce([none, *(counts[c.fact].meets(c) for c in conditions)])


def _insights(settings: Settings, seen: Observed) -> dict[str, np.ndarray]:
    """The figure of each insight where it holds, else NaN."""
    found = {}
    for kind, insights in settings.alerts.insights.items():
        for category, insight in insights.items():
            figures = seen.figures(insight.window)
            holds = meets_all(figures, insight.when, len(seen.tutors))
            found[f"{kind}_{category}"] = np.where(holds, figures[insight.window.form or "sessions"].value, np.nan)
    return found


class Platform:
    """The platform's figures, added up from the rows of its tutors, chunk by chunk."""

    def __init__(self, settings: Settings) -> None:
        self._dashboard = settings.alerts.dashboard
        self._sums = {period: np.zeros(len(_COUNTS) + 3, np.int64) for period in PERIODS}

    def add(self, rows: Table) -> None:
        """The rows of further tutors."""
        for period in PERIODS:
            these = rows.take(rows.words("period").among(period))
            if these.rows:
                self._sums[period] += self._totals(_by_metric(these))

    def _totals(self, of: Mapping[str, np.ndarray]) -> np.ndarray:
        """The counts, then tenths of score, first sessions rebooked and tutors at risk: whole numbers all."""
        none = np.zeros(len(of["sessions"]))
        tenths = np.nan_to_num(of.get("mean_score", none)) * of["completed_sessions"] * _TENTHS
        booked = np.nan_to_num(of.get("first_session_rebooking_rate", none)) * of["first_sessions"]
        counts = {name: Exact(of[name].astype(np.int64), np.ones(len(none), np.int64)) for name in RELIABILITY}
        at_risk = _one_of(self._dashboard.at_risk, counts)
        columns = [*(of[name] for name in _COUNTS), tenths, booked, at_risk]
        return np.array([np.rint(column).sum() for column in columns], dtype=np.int64)

    def rows(self) -> Table:
        """Rows of truth_dashboard on everybody so far; none for a period without sessions."""
        return stacked([self._of(period) for period in PERIODS])

    def _of(self, period: str) -> Table:
        *counts, tenths, booked, at_risk = self._sums[period].tolist()
        figures: dict[str, float] = dict(zip(_COUNTS, counts, strict=True))
        missed = figures["tutor_no_shows"] + figures["student_no_shows"]
        if figures["sessions"]:
            figures |= {"no_show_rate": missed / figures["sessions"], "tutors_at_risk": at_risk}
        else:
            figures = {}
        if figures.get("completed_sessions"):
            figures["mean_score"] = tenths / (_TENTHS * figures["completed_sessions"])
        if figures.get("first_sessions"):
            figures["first_session_rebooking_rate"] = booked / figures["first_sessions"]
        ids, periods = constant("platform", len(figures)), constant(period, len(figures))
        return _rows("platform", ids, Words(list(figures)), periods, np.array(list(figures.values()), np.float64))


def _by_metric(rows: Table) -> dict[str, np.ndarray]:
    """The values of each metric, a row per tutor; 0 where a tutor has none."""
    ids, metrics = rows.words("id"), rows.words("metric")
    tutors, tutor = np.unique(ids.codes, return_inverse=True)
    table = np.zeros((len(metrics.vocabulary), len(tutors)))
    table[metrics.codes, tutor] = rows.number("value")
    return dict(zip(metrics.vocabulary.to_pylist(), table, strict=True))
