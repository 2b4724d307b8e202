"""Saboteurs of what the platform's services find: alerts, dashboard, risk levels, insights (P3, P8)."""

import pandas as pd

from seed_pipeline_tests.quality.saboteur import Data, breaks, engine


def _platform(d: Data, kind: str) -> pd.Index:
    found = d["truth_alerts"].query("source == 'platform' and alert_type == @kind").index
    assert len(found)
    return found


def _figure(d: Data, scope: str, metric: str) -> pd.Index:
    found = d["truth_dashboard"].query("scope == @scope and metric == @metric").index
    assert len(found)
    return found


@breaks("P3_platform_alerts")
def a_platform_alert_lost(d: Data) -> None:
    d.tables["truth_alerts"] = d["truth_alerts"].drop(_platform(d, "no_show_pattern")[:1])


@breaks("P3_platform_alerts")
def a_platform_alert_on_another_tutor(d: Data) -> None:
    calm = d["truth_alerts"].query("source == 'platform'")["tutor_id"]
    other = d["tutors"].loc[~d["tutors"]["user_id"].isin(calm), "user_id"].iloc[0]
    d["truth_alerts"].loc[_platform(d, "high_talk_ratio")[0], "tutor_id"] = other


@breaks("P3_platform_alerts")
def a_poor_first_session_that_was_none(d: Data) -> None:
    d["truth_alerts"].loc[_platform(d, "poor_first_session")[0], "session_id"] = d.sessions("session_number > 1", 1)[0]


@breaks("P3_platform_alerts")
def a_no_show_pattern_that_only_warns(d: Data) -> None:
    d["truth_alerts"].loc[_platform(d, "no_show_pattern")[0], "severity"] = "warning"


engine(
    "P3_platform_alerts",
    "one no-show is a pattern",
    "alerts.platform.no_show_pattern.severities={critical: sessions >= 1}",
)
engine("P3_platform_alerts", "first sessions of 28 days", "alerts.platform.poor_first_session.window.days=28")


@breaks("P8_tutor_figures")
def a_mean_score_off_by_a_thousandth(d: Data) -> None:
    d["truth_dashboard"].loc[_figure(d, "tutor", "mean_score")[0], "value"] += 0.001


@breaks("P8_tutor_figures")
def a_strength_forgotten(d: Data) -> None:
    d.tables["truth_dashboard"] = d["truth_dashboard"].drop(_figure(d, "tutor", "strength_high_engagement")[:1])


@breaks("P8_tutor_figures")
def a_figure_of_a_month_without_sessions(d: Data) -> None:
    d.add("truth_dashboard", _figure(d, "tutor", "sessions")[0], period="previous", value=0.0)


@breaks("P8_tutor_figures")
def a_figure_of_no_scope(d: Data) -> None:
    d.add("truth_dashboard", 0, scope="cohort")


engine("P8_tutor_figures", "high risk from one no-show", "alerts.dashboard.risk.high=[tutor_no_shows >= 1]")
engine("P8_tutor_figures", "late from the first minute", "alerts.dashboard.late_after=0")
engine(
    "P8_tutor_figures", "praise for more than 20", "alerts.insights.strength.positive_reinforcement.when=[mean > 20]"
)


@breaks("P8_dashboard")
def a_no_show_rate_without_students(d: Data) -> None:
    d["truth_dashboard"].loc[_figure(d, "platform", "no_show_rate"), "value"] /= 2


@breaks("P8_dashboard")
def a_dashboard_without_a_mean_score(d: Data) -> None:
    d.tables["truth_dashboard"] = d["truth_dashboard"].drop(_figure(d, "platform", "mean_score"))


@breaks("P8_dashboard")
def a_trend_out_of_nothing(d: Data) -> None:
    d.add("truth_dashboard", _figure(d, "platform", "mean_score")[0], period="previous")


engine("P8_dashboard", "at risk from one no-show", "alerts.dashboard.at_risk=[tutor_no_shows >= 1]")
