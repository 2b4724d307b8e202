"""Facts that queries may look at beside the tables: what is known of a session, a student, a tutor, a rule, a text."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

from sqlalchemy import Enum, String, Text

from seed_pipeline.quality import claims, services
from seed_pipeline.quality.settings_tables import HOME, seconds_ahead
from seed_pipeline.quality.sql import Raw, all_of, filled, literal, read
from seed_pipeline.schema import FILLED, metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import METRIC_TABLES, METRICS
from seed_pipeline.settings.rules import Effect

VIEWS = ("dataset", "written", "rule_fault")
"""Facts that are read in part; the others are worked out once and kept."""


def facts(settings: Settings, of: int = 0) -> dict[str, Callable[[], str]]:
    """Name of each view → what makes its SELECT; `of` so many sessions, where those at hand are a part of them."""
    made = {
        "dataset": lambda: _dataset(settings, of),
        "triggered_rule": lambda: _triggered(settings),
        "churn_weight": lambda: _churn_weight(settings),
        "demanded_alert": lambda: services.alerts(settings),
        "demanded_insight": lambda: services.insights(settings),
        "written": _written,
        "labelled_row": _labelled,
    }
    parameters: dict[str, object] = {
        "session_metrics": Raw(_metrics()),
        "cascade_tutors": cascade_tutors(settings),
        "seconds_ahead": seconds_ahead(settings),
        "claims": claims.claims(),
        "any_claim": claims.any_claim(),
        "full_stop": claims.full_stop(settings),
        "rules_on_questions": Raw(_rules_on("student_initiated_questions", settings)),
        **services.risks(settings),
    }
    names = sorted(f.name.removesuffix(".sql") for f in files(__package__).joinpath("queries", "facts").iterdir())
    stored = {name: _filler(name, settings, parameters) for name in names if name != "macros"}
    return {**made, **stored}


def _filler(name: str, settings: Settings, parameters: Mapping[str, object]) -> Callable[[], str]:
    return lambda: filled(read(f"facts/{name}"), settings, parameters)


def macros() -> dict[str, str]:
    """Name → how it is defined."""
    return {line.partition("(")[0]: line for line in read("facts/macros").splitlines()}


def cascade_tutors(settings: Settings) -> str | None:
    """The tutor persona of the story N4, if it is told."""
    story = settings.probabilities.stories.at_risk_cascade
    return story.tutors if story else None


def _rules_on(metric: str, settings: Settings) -> str:
    """How many rules act on a metric of a session, by its stored values and not by what the journal says."""
    acting = (r for r in settings.correlations.rules if r.enabled and any(e.metric == metric for e in r.effects))
    return " + ".join(f"if(status = 'completed' AND {all_of(rule.when)}, 1, 0)" for rule in acting) or "0"


def _dataset(settings: Settings, of: int) -> str:
    """How much data there is."""
    small, large = settings.targets.small_at, settings.targets.large_from
    if of:
        return f"SELECT {of} AS sessions, {literal(of >= large)} AS large, {small} AS small_at"
    return f"SELECT count(*) AS sessions, count(*) >= {large} AS large, {small} AS small_at FROM session_fact"


def _metrics() -> str:
    names = dict(zip(METRIC_TABLES, ("audio", "video", "screen"), strict=True))
    columns = [f"{names[t]}.{c.name}" for t in METRIC_TABLES for c in metadata.tables[t].columns if c.name in METRICS]
    return re.sub(r"(.{1,100}),\s", r"\1,\n    ", ", ".join(columns))


def _union(selects: Sequence[str]) -> str:
    return "\nUNION ALL\n".join(selects)


def _triggered(settings: Settings) -> str:
    """Completed sessions whose stored values meet a rule's conditions."""
    return _union([
        f"SELECT id AS session_id, {literal(rule.name)} AS rule, has_feedback FROM session_fact\n"
        f"WHERE status = 'completed' AND {all_of(rule.when)}"
        for rule in settings.correlations.rules
    ]) or "SELECT NULL AS session_id, NULL AS rule, NULL AS has_feedback WHERE false"  # fmt: skip


def stored_value() -> Raw:
    """What is stored in a session of a metric that rules act on."""
    cases = " ".join(f"WHEN {literal(metric)} THEN {metric}::DOUBLE" for metric in HOME)
    return Raw(f"CASE metric {cases} END")


def _churn_weight(settings: Settings) -> str:
    """How often a session counts in churn (R9): one rule after the other changes it."""
    steps, last = [], "1.0"
    effects = [
        (rule, effect)
        for rule in settings.correlations.rules
        for effect in rule.effects
        if effect.metric == "churn_weight" and rule.enabled
    ]
    for number, (rule, effect) in enumerate(effects):
        steps.append(
            f"    CASE WHEN {all_of(rule.when)} THEN {_applied(effect, last)} ELSE {last} END AS step_{number}"
        )
        last = f"step_{number}"
    chosen = ",\n".join(["    id AS session_id", *steps, f"    {last} AS weight"])
    return f"SELECT\n{chosen}\nFROM session_fact\nWHERE status = 'completed'"


def _applied(effect: Effect, before: str) -> str:
    value = literal(effect.value)
    return {
        "multiply": f"{before} * {value}",
        "add": f"{before} + {value}",
        "cap": f"least({before}, {value})",
        "set": value,
    }[effect.operation]


def _written() -> str:
    """Every free text of the dataset, with its place and the key of its row."""
    return _union(
        [
            f"SELECT '{table}.{column}' AS place, {key} AS row_key, {column} AS words FROM {table}"
            for table, column, key in _texts()
        ]
    )


def _texts() -> Iterator[tuple[str, str, str]]:
    for name in FILLED:
        table = metadata.tables[name]
        key = next(iter(table.primary_key)).name
        for column in table.columns:
            words = isinstance(column.type, Text | String) and not isinstance(column.type, Enum)
            if words and not column.primary_key and not column.foreign_keys and not name.startswith("truth_"):
                yield name, column.name, key


def _labelled() -> str:
    """The rows that truth_defects names, with everybody they are about."""
    selects = []
    for name in FILLED:
        table = metadata.tables[name]
        key = " || '/' || ".join(f"labelled.{c.name}" for c in table.primary_key)
        about = ", ".join(
            f"labelled.{c.name}"
            for c in table.columns
            if c.name in ("id", "user_id", "tutor_id", "student_id", "session_id")
        )
        selects.append(
            f"SELECT DISTINCT '{name}' AS table_name, {key} AS row_key, [{about}]::VARCHAR[] AS about\n"
            f"FROM {name} AS labelled\n"
            f"SEMI JOIN truth_defects AS label ON label.table_name = '{name}' AND label.row_key = {key}"
        )
    return _union(selects)
