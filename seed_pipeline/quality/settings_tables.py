"""The settings as tables, so that no query repeats a number: what is in the scope of every query beside the data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, get_args

from pydantic import BaseModel

from seed_pipeline.quality import claims, platform
from seed_pipeline.quality.sql import Raw, values, words
from seed_pipeline.quality.wording_checks import CLAIMS
from seed_pipeline.schema import decimals, metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.defects import KINDS
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS
from seed_pipeline.settings.probabilities import WEEKDAYS
from seed_pipeline.settings.text import Text
from seed_pipeline.settings.text_lines import Line
from seed_pipeline.settings.zones import zone, zone_info

CHURN_FACTORS = (
    "first_session_satisfaction", "sessions_completed", "follow_up_booking_rate", "avg_session_score",
    "tutor_consistency", "student_engagement",
)  # fmt: skip
"""The factors of churn that the platform's services know by name (P4)."""
Rows = Iterator[tuple[Any, ...]]
HOME = {
    name: table
    for table in ("sessions", "session_audio_metrics", "session_feedback")
    for name in RULE_METRICS
    if name in metadata.tables[table].columns
}
"""The table in which each metric that rules act on is stored."""


def settings_tables(settings: Settings) -> dict[str, Callable[[], str]]:
    """Name of each table → what makes the SELECT of its rows."""
    s = settings
    return {
        "persona": lambda: _personas(s),
        "platform_wish": lambda: values(
            ("persona", "what", "judged", "exempt", "wanted"), platform.wishes(s, cohorts(s))
        ),
        "churn_weight_name": lambda: values(("name",), ((name,) for name in CHURN_FACTORS)),
        "rule": lambda: values(("name", "position", "enabled", "has_statement"), _rules(s)),
        "rule_effect": lambda: values(
            ("effect", "rule", "rule_position", "enabled", "metric", "turn", "operation", "operand"), _effects(s)
        ),
        "rule_metric": lambda: values(("name", "stored", "low", "high", "places"), _metrics()),
        "hour_weight": lambda: values(("hour", "weight"), s.probabilities.time.hours.items()),
        "weekday_weight": lambda: values(
            ("weekday", "name", "weight"),
            ((i, name, s.probabilities.time.weekdays[name]) for i, name in enumerate(WEEKDAYS)),
        ),
        "duration_share": lambda: values(("minutes", "share"), s.probabilities.time.durations.items()),
        "booking": lambda: values(
            ("group_name", "student_persona", "tutor_persona", "sessions"),
            ((g.group, g.persona, t, n) for g in s.probabilities.booking for t, n in g.sessions.items()),
        ),
        "speaker_share": lambda: values(
            ("type", "speaker", "share"),
            ((t, who, n) for t, k in s.text.highlights.types.items() for who, n in k.speakers.items() if n > 0),
        ),
        "alert_rule": lambda: values(
            ("source", "name", "per", "on_window"),
            (
                (source, name, rule.per, rule.window is not None)
                for source, rules in s.alerts.sources.items()
                for name, rule in rules.items()
            ),
        ),
        "expected_defect": lambda: values(("label", "table_name", "n"), _defects(s)),
        "defect_kind": lambda: values(("name", "statement"), ((n, k.statement) for n, k in KINDS.items())),
        "topic_phrase": lambda: words(("subject", "topic", "phrase", "kind"), claims.topic_phrases(s)),
        "claim_kind": lambda: values(("kind", "claim"), ((kind, c.label) for c in CLAIMS for kind in c.where)),
        "text_lines": lambda: values(("place", "kind", "free", "lines"), _lines(s.text)),
        "setting": lambda: values(("path", "value"), flat(s)),
    }


def cohorts(settings: Settings) -> int:
    """Casts that the sessions need: total_sessions / cohort.sessions, rounded, at least one (C5)."""
    cohort = settings.main.cohort
    if cohort.count != "auto":
        return int(cohort.count)
    return max(1, int(settings.main.total_sessions / cohort.sessions + 0.5))


def cut(settings: Settings) -> tuple[bool, bool]:
    """Whether the window leaves out hours of its newest day (west of UTC), or of its oldest (east)."""
    info, close = zone_info(settings.main.time_zone), datetime.combine(settings.main.as_of, time())
    opened = close - timedelta(days=settings.main.days)
    ahead = [moment.replace(tzinfo=info).utcoffset() or timedelta() for moment in (close, opened)]
    return ahead[0] < timedelta(), ahead[1] > timedelta()


def seconds_ahead(settings: Settings) -> Raw:
    """How many seconds the zone's clocks are ahead of UTC when a session starts."""
    table = zone(settings.main.time_zone, settings.main.as_of.year)
    changes = [f"TIMESTAMP '{str(change).replace('T', ' ')}'" for change in table.changes]
    steps = list(zip(changes, table.ahead[1:], strict=True))
    cases = [f"WHEN scheduled_start >= {since} THEN {int(ahead.astype(int))}" for since, ahead in reversed(steps)]
    return Raw(f"CASE {' '.join(cases)} WHEN scheduled_start IS NOT NULL THEN {int(table.ahead[0].astype(int))} END")


def _lines(text: Text) -> Rows:
    """Place, group of lines, how many of them anybody may say, and how many there are."""
    # The reason that an answer was written for is not stored: the one with the fewest lines sets the limit.
    answers = min((r.survey for r in text.churn.reasons.values() if r.weight > 0), key=_unconditional)
    groups = {
        ("tutors.bio", ""): text.people.tutors.bio,
        ("students.bio", ""): text.people.students.bio,
        ("students.churn_survey_response", ""): answers,
    }
    groups |= {
        ("session_transcript_highlights.text", f"{name}|{speaker}"): lines
        for name, kind in text.highlights.types.items()
        for speaker, lines in kind.lines.items()
    }
    for (place, group), lines in groups.items():
        yield place, group, max(_unconditional(lines), 1), len(lines)


def _unconditional(lines: Iterable[Line]) -> int:
    return sum(not line.when for line in lines)


def _personas(settings: Settings) -> str:
    """Every persona with its numbers; a range is a pair of columns, `talk_ratio_low` and `talk_ratio_high`."""
    rows = [
        {"role": role, "name": name, "position": place, **_columns(persona)}
        for role, personas in (("tutor", settings.personas.tutors), ("student", settings.personas.students))
        for place, (name, persona) in enumerate(personas.items())
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return values(names, ([row.get(name) for name in names] for row in rows))


def _columns(model: BaseModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        part = next((a for a in get_args(field.annotation) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        if value is None and part:
            found |= {f"{name}_{inner}": None for inner in part.model_fields}
        if isinstance(value, BaseModel):
            found |= {f"{name}_{inner}": v for inner, v in _columns(value).items()}
        elif isinstance(value, tuple) and len(value) == 2:
            found |= {f"{name}_low": value[0], f"{name}_high": value[1]}
        elif isinstance(value, int | float):
            found[name] = value
    return found


def _rules(settings: Settings) -> Rows:
    own = {t.using["rule"] for t in settings.targets.statements.values() if t.measure == "rule"}
    for place, rule in enumerate(settings.correlations.rules):
        yield rule.name, place, rule.enabled, rule.name in own


def _effects(settings: Settings) -> Rows:
    number = count(1)
    for place, rule in enumerate(settings.correlations.rules):
        turns: dict[str, int] = {}
        for effect in rule.effects:
            turns[effect.metric] = turns.get(effect.metric, 0) + 1
            turn = turns[effect.metric]
            yield next(number), rule.name, place, rule.enabled, effect.metric, turn, effect.operation, effect.value


def _metrics() -> Rows:
    for name, table in HOME.items():
        column = metadata.tables[table].columns[name]
        low, high = column.info.get("domain", (float("-inf"), float("inf")))
        yield name, True, float(low), float(high), decimals(column)
    for name in PROBABILITY_METRICS:
        yield name, False, None, None, None


def _defects(settings: Settings) -> Rows:
    for (kind, table, valid), n in settings.defects.expected().items():
        yield f"{kind} {table}{'' if valid else ', invalid'}", table, n


def flat(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every plain setting with its path, `main.seed`, as text; no password is among them."""
    for section in ("main", "probabilities", "personas", "correlations", "alerts"):
        for path, value in _leaves(section, getattr(settings, section)):
            if path != "main.target":
                yield path, str(value)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _leaves(f"{path}.{getattr(item, 'name', getattr(item, 'group', i))}", item)
    elif isinstance(value, str | int | float | bool | date):
        yield path, value
