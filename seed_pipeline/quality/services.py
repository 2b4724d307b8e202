"""What the platform's services compute of the stored values, as SQL (P3, P8, K1).

Sums are whole thousandths, because no stored number has more than three decimals, and a figure is one division of them:
so 7 of 10 are exactly 0.7, and 6.8 after 8.0 is exactly -0.15.
"""

from seed_pipeline.quality.sql import FLAGS, Raw, all_of, condition, literal
from seed_pipeline.settings import Settings
from seed_pipeline.settings.alerts import AlertRule, Insight, Window

_NOBODY = "-"


def alerts(settings: Settings) -> str:
    """Every alert that configs/alerts.yaml demands: source, type, subject, and the first severity that fits."""
    selects = [
        _alert(source, name, rule, settings)
        for source, rules in settings.alerts.sources.items()
        for name, rule in rules.items()
    ]
    nothing = "SELECT NULL AS source, NULL AS alert_type, NULL AS subject, NULL AS severity WHERE false"
    return "\nUNION ALL\n".join(selects) or nothing


def insights(settings: Settings) -> str:
    """The deciding figure of every strength and growth area that a tutor has."""
    selects = [
        _insight(f"{kind}_{category}", insight, settings)
        for kind, of_kind in settings.alerts.insights.items()
        for category, insight in of_kind.items()
    ]
    return "\nUNION ALL\n".join(selects) or "SELECT NULL AS tutor_id, NULL AS insight, NULL AS figure WHERE false"


def risks(settings: Settings) -> dict[str, Raw]:
    """When a tutor is at risk, and of which level; one condition is enough."""
    rules = settings.alerts.dashboard
    lists = {
        "at_risk": rules.at_risk,
        "high_risk": rules.risk.get("high", ()),
        "medium_risk": rules.risk.get("medium", ()),
    }
    return {name: Raw(" OR ".join(map(condition, wanted)) or "false") for name, wanted in lists.items()}


def _alert(source: str, name: str, rule: AlertRule, settings: Settings) -> str:
    cases = " ".join(f"WHEN {all_of(when)} THEN {literal(level)}" for level, when in rule.severities.items())
    if rule.window:
        named = "session_id || '/' || student_id" if rule.names else literal(f"{_NOBODY}/{_NOBODY}")
        subject, table, rows = f"tutor_id || '/' || {named}", f"(\n{_window(rule.window, settings)}\n)", "true"
    elif rule.per == "session":
        subject, table, rows = "id", "session_fact", "status = 'completed'"
    else:
        subject, table, rows = "subject", "alert_fact", f"per = {literal(rule.per)}"
    return (
        f"SELECT {literal(source)} AS source, {literal(name)} AS alert_type, {subject} AS subject,\n"
        f"    CASE {cases} END AS severity\n"
        f"FROM {table}\nWHERE {rows} AND {all_of(rule.when)} AND severity IS NOT NULL"
    )


def _insight(name: str, insight: Insight, settings: Settings) -> str:
    return (
        f"SELECT tutor_id, {literal(name)} AS insight, {insight.window.form or 'sessions'} AS figure\n"
        f"FROM (\n{_window(insight.window, settings)}\n)\nWHERE {all_of(insight.when)}"
    )


def _window(window: Window, settings: Settings) -> str:
    """Per tutor how many sessions the window holds, what is measured on them, and the change since the one before."""
    end, compares = f"{literal(settings.main.as_of)}::TIMESTAMP", bool(window.form and window.days)
    above, below, now = *_measured(window), "FILTER (WHERE NOT earlier)"
    rows = [f"scheduled_start < {end}", *([all_of(window.where)] if window.where else [])]
    rows += [f"scheduled_start >= {end} - to_days({window.days * (2 if compares else 1)})"] if window.days else []
    rows += [f"{name} IS NOT NULL" for name in dict.fromkeys(("tutor_id", *window.measured))]
    earlier = f"scheduled_start < {end} - to_days({window.days})" if compares else "false"
    order = "PARTITION BY tutor_number, earlier ORDER BY scheduled_start DESC, id DESC"
    last = f"\n        QUALIFY row_number() OVER ({order}) <= {window.last}"
    return (
        f"    SELECT tutor_id, count(*) {now} AS sessions,\n"
        f"        arg_max(id, (scheduled_start, id)) {now} AS session_id,\n"
        f"        arg_max(student_id, (scheduled_start, id)) {now} AS student_id{_figures(window)}\n"
        f"    FROM (\n        SELECT *, {earlier} AS earlier, {above} AS above, {below} AS below\n"
        f"        FROM session_fact\n        WHERE {' AND '.join(rows)}{last if window.last else ''}\n    )\n"
        f"    GROUP BY tutor_id\n    HAVING sessions > 0"
    )


def _measured(window: Window) -> tuple[str, str]:
    """What is summed above and below the line, in thousandths."""
    if window.share:
        return f"if({all_of(window.share)}, 1000, 0)", "1000"
    if window.mean:
        return _thousandths(window.mean), "1000"
    if window.ratio:
        return _thousandths(window.ratio.of), " + ".join(map(_thousandths, window.ratio.to))
    return "1000", "1000"


def _thousandths(fact: str) -> str:
    return f"round(1000 * {f'{fact}::INTEGER' if fact in FLAGS else fact})::BIGINT"


def _figures(window: Window) -> str:
    if not window.form:
        return ""
    now, then = "FILTER (WHERE NOT earlier)", "FILTER (WHERE earlier)"
    lines = [
        f"sum(above) {now} AS above_now, sum(below) {now} AS below_now",
        f"sum(above) {then} AS above_then, sum(below) {then} AS below_then",
        f"above_now / nullif(below_now, 0) AS {window.form}",
        "(above_now * below_then - above_then * below_now) / nullif(above_then * below_now, 0) AS change",
    ]
    return "".join(f",\n        {line}" for line in lines)
