"""P3, K1: the answer key's alerts are those that configs/alerts.yaml demands of the stored values, worked out anew."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.services import Looked, meet
from seed_pipeline.quality.sums import Faults, Part
from seed_pipeline.settings.alerts import AlertRule
from seed_pipeline.settings.conditions import all_hold
from seed_pipeline.settings.targets import Target

SUBJECTS = {
    "session": ("session_id",),
    "tutor": ("tutor_id",),
    "pair": ("tutor_id", "student_id"),
    "student": ("student_id",),
}
"""What an alert is about, by what it is raised per."""
_ON_WINDOW = ("tutor_id", "session_id", "student_id")
_NOBODY = "-"


def collect(chunk: Chunk, target: Target) -> Part:
    """Alerts of one source that are missing or too many, by type; a wrong severity, tutor or session is both."""
    names = ("source", "alert_type", "severity", "tutor_id", "student_id", "session_id", "id")
    stated = pd.DataFrame({name: chunk.column("truth_alerts", name) for name in names})
    source, sources = target.using["source"], chunk.settings.alerts.sources
    mine, rules = stated[stated["source"] == source], sources[source]
    faults = {}
    for name, rule in rules.items():
        said = _said(mine[mine["alert_type"] == name], rule)
        wanted = _on_window(chunk, rule) if rule.window else _demanded(chunk, rule)
        faults[f"{name}: raised where demanded"] = Faults.of(~wanted.isin(said).to_numpy(), wanted.to_numpy(object))
        extra = ~said.isin(wanted).to_numpy() | said.duplicated().to_numpy()
        faults[f"{name}: raised nowhere else"] = Faults.of(extra, said.index.to_numpy(object))
    unknown = ~mine["alert_type"].isin(list(rules)).to_numpy()
    faults["of a configured type"] = Faults.of(unknown, mine["id"].to_numpy(object))
    faults["of a known source"] = Faults.of(
        ~stated["source"].isin(list(sources)).to_numpy(), stated["id"].to_numpy(object)
    )
    return Part(faults=faults)


def _said(alerts: pd.DataFrame, rule: AlertRule) -> pd.Series:
    """`subject severity` of these alerts, by their IDs."""
    subjects = _ON_WINDOW if rule.window else SUBJECTS[rule.per]
    return (_keys(alerts.fillna(_NOBODY), subjects) + " " + alerts["severity"].astype(str)).set_axis(alerts["id"])


def _on_window(chunk: Chunk, rule: AlertRule) -> pd.Series:
    """`tutor/session/student severity` of every alert that a rule on a window demands."""
    assert rule.window is not None
    looked, found = Looked(chunk, rule.window), []
    latest = looked.latest() if rule.names else {}
    for tutor, figures in looked.figures().items():
        level = next((lv for lv, c in rule.severities.items() if meet(figures, (*rule.when, *c))), None)
        if level is not None:
            session, student = latest.get(tutor, (_NOBODY, _NOBODY))
            found.append(f"{tutor}/{session}/{student} {level}")
    return pd.Series(found, dtype=object)


def _keys(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    result = frame[columns[0]].astype(str)
    for column in columns[1:]:
        result = result + "/" + frame[column].astype(str)
    return result


def _demanded(chunk: Chunk, rule: AlertRule) -> pd.Series:
    """`subject severity` of every alert that the rule demands: the first severity whose conditions hold."""
    ids, facts = _of_sessions(chunk) if rule.per == "session" else _counted(chunk, rule.per)
    n = len(ids)
    open_, severity = all_hold(rule.when, facts, n), np.full(n, "", dtype=object)
    for level, conditions in rule.severities.items():
        here = open_ & all_hold(conditions, facts, n)
        severity[here] = level
        open_ = open_ & ~here
    return pd.Series(ids, dtype=object)[severity != ""].astype(str) + " " + severity[severity != ""]


def _of_sessions(chunk: Chunk) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
    """Completed sessions and their facts; others have nothing to raise an alert about."""
    facts, done = chunk.sessions, chunk.sessions["status"] == "completed"
    return facts.ids[done], _Only(facts, done)


class _Only(dict[str, np.ndarray]):
    """Facts of some rows, cut out when asked for."""

    def __init__(self, facts: Mapping[str, np.ndarray], rows: np.ndarray) -> None:
        super().__init__()
        self._facts, self._rows = facts, rows

    def __missing__(self, name: str) -> np.ndarray:
        self[name] = self._facts[name][self._rows]
        return self[name]


def _counted(chunk: Chunk, per: str) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
    """Tutors, pairs or students and the counts, rates and scores of their sessions."""
    facts = chunk.sessions
    every = pd.DataFrame({c: chunk.column("sessions", c) for c in ("tutor_id", "student_id", "session_number")})
    for name, status in (("done", "completed"), ("missed", "no_show_tutor"), ("moved", "rescheduled")):
        every[name] = facts["status"] == status
    every["score"] = np.where(every["done"], facts["overall_session_score"], np.nan)
    every["key"] = _keys(every, SUBJECTS[per])
    groups = every.sort_values(["key", "session_number"], kind="stable").groupby("key", sort=True)
    scores = groups["score"].agg(["mean", "first", "last"])
    columns = {
        "sessions": groups.size(),
        "completed_sessions": groups["done"].sum(),
        "tutor_no_shows": groups["missed"].sum(),
        "tutor_no_show_rate": groups["missed"].mean(),
        "reschedules": groups["moved"].sum(),
        "reschedule_rate": groups["moved"].mean(),
        "mean_score": scores["mean"],
        "score_change": scores["last"] - scores["first"],
    }
    table = pd.DataFrame(columns)
    if per == "student":
        for name in ("churn_probability", "weighted_session_score"):
            stated = pd.Series(chunk.students[name], index=chunk.students.ids.astype(str))
            table[name] = stated[~stated.index.duplicated()].reindex(table.index)
    return table.index.to_numpy(object), {str(name): table[name].to_numpy(float) for name in table}
