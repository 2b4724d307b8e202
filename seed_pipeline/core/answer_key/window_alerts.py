"""Alerts on a window of a tutor's sessions: one for each tutor at most, with its figures in words (P3)."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core.answer_key.windows import Exact, Observed, meets_all
from seed_pipeline.core.columns import Column, Table, Words, constant
from seed_pipeline.core.sampling.randomness import ids, keys_of
from seed_pipeline.settings.alerts import AlertRule, Window
from seed_pipeline.settings.conditions import Conditions


def on_window(seed: int, purpose: str, rule: AlertRule, window: Window, seen: Observed, cohort: np.ndarray) -> Table:
    """One row for each tutor of whom the rule holds: `cohort`, whom and which session, severity and why."""
    n, figures = len(seen.tutors), seen.figures(window)
    severity, because = np.full(n, -1), np.full(n, "", dtype=object)
    for level, conditions in enumerate(rule.severities.values()):
        at = np.flatnonzero((severity < 0) & meets_all(figures, (*rule.when, *conditions), n))
        severity[at] = level
        because[at] = [_because(window, conditions, figures, tutor) for tutor in at.tolist()]
    rows = np.flatnonzero(severity >= 0)
    return Table(
        {
            "id": ids(seed, purpose, keys_of(seen.tutors[rows].texts())),
            "cohort": cohort[rows],
            "tutor_id": seen.tutors[rows],
            **_named(rule, window, seen, rows),
            "severity": Words(list(rule.severities), severity[rows]),
            "because": Words(because[rows]),
        }
    )


def _named(rule: AlertRule, window: Window, seen: Observed, tutors: np.ndarray) -> dict[str, Column]:
    """The latest session of the window and its student, where the rule names one."""
    if rule.names is None:
        return dict.fromkeys(("student_id", "session_id"), constant(None, len(tutors)))
    latest = seen.latest(seen.chosen(window))[tutors]
    return {"student_id": seen.sessions["student_id"][latest], "session_id": seen.ids[latest]}


def _because(window: Window, conditions: Conditions, figures: Mapping[str, Exact], tutor: int) -> str:
    """The figures, the window and the limit: `mean score 6.2 over 20 sessions in the last 30 days: mean < 7`."""
    count = int(figures["sessions"].top[tutor])
    sessions = ("the last " if window.last else "") + f"{count} session" + "s" * (count != 1)
    said = _measured(window, figures, tutor, sessions)
    days = f" in the last {window.days} days" if window.days else ""
    if any(c.fact == "change" for c in conditions):
        before, change = figures["before"].value[tutor], figures["change"].value[tutor]
        days += f", {before:.3g} in the {window.days} days before ({100 * change:+.3g} %)"
    return f"{said}{days}: {' and '.join(map(str, conditions))}"


def _measured(window: Window, figures: Mapping[str, Exact], tutor: int, sessions: str) -> str:
    if window.form is None:
        return f"{sessions} with {_words(window.where)}" if window.where else sessions
    exact = figures[window.form]
    value = exact.value[tutor]
    if window.mean:
        return f"mean {window.mean} {value:.3g} over {sessions}"
    if window.ratio:
        return f"{window.ratio.of} {100 * value:.3g} % of {' and '.join(window.ratio.to)} over {sessions}"
    return f"{exact.top[tutor]} of {sessions} ({100 * value:.3g} %) with {_words(window.share)}"


def _words(conditions: Conditions) -> str:
    return " and ".join(map(str, conditions))
