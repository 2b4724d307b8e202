"""The named measures of targets.yaml: how each is collected from a chunk, how its sums are assessed, what it needs."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from seed_pipeline.quality import (
    injected,
    measures_alerts,
    measures_cast,
    measures_dashboard,
    measures_keys,
    measures_repeats,
    measures_rules,
    measures_sessions,
    measures_stories,
    measures_text,
    measures_time,
    measures_topics,
)  # fmt: skip
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.sums import Part, Sums
from seed_pipeline.quality.verdict import Findings
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target


def faults_only(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The assessment of a measure that only lists what is wrong."""
    return Findings(faults=part.faults)


class Measure(NamedTuple):
    """How a statement is measured; `of_cast`: without injected edge cases. What any data must keep exempts none."""

    collect: Callable[[Chunk, Target], Part]
    assess: Callable[[Sums, Part, Target, Settings], Findings] = faults_only
    of_cast: bool = False


MEASURES: Mapping[str, Measure] = {
    "people": Measure(measures_cast.collect_people, measures_cast.assess_people, of_cast=True),
    "personas": Measure(measures_cast.collect_personas, measures_cast.assess_personas, of_cast=True),
    "session_count": Measure(measures_cast.collect_sessions, measures_cast.assess_sessions, of_cast=True),
    "circles": Measure(measures_cast.collect_circles, measures_cast.assess_circles, of_cast=True),
    "statuses": Measure(measures_sessions.collect_statuses),
    "rows_of_completed": Measure(measures_sessions.collect_rows),
    "flags": Measure(measures_sessions.collect_flags),
    "window": Measure(measures_time.collect_window),
    "peak_hours": Measure(measures_time.collect_hours, measures_time.assess_hours, of_cast=True),
    "busy_weekdays": Measure(measures_time.collect_days, measures_time.assess_weekdays, of_cast=True),
    "trend": Measure(measures_time.collect_days, measures_time.assess_trend, of_cast=True),
    "clock": Measure(measures_time.collect_clock, measures_time.assess_clock, of_cast=True),
    "durations": Measure(measures_time.collect_durations, measures_time.assess_durations, of_cast=True),
    "overlaps": Measure(measures_time.collect_timed_pairs),
    "keys": Measure(measures_keys.collect, measures_keys.assess),
    "session_numbers": Measure(measures_sessions.collect_numbers),
    "outcome_columns": Measure(measures_sessions.collect_outcomes),
    "scores": Measure(measures_sessions.collect_scores),
    "subjects": Measure(measures_sessions.collect_subjects),
    "joined": Measure(measures_sessions.collect_joined),
    "churn_columns": Measure(measures_sessions.collect_churn),
    "parts_of_time": Measure(measures_sessions.collect_talk),
    "highlights": Measure(measures_text.collect_highlights),
    "claims": Measure(measures_text.collect_claims),
    "topics": Measure(measures_topics.collect_subjects),
    "session_topics": Measure(measures_topics.collect_session_topics, of_cast=True),
    "repeats": Measure(measures_repeats.collect, measures_repeats.assess, of_cast=True),
    "addresses": Measure(measures_text.collect_people),
    "user_ids": Measure(measures_text.collect_user_ids),
    "reachable": Measure(measures_text.collect_reachable),
    "tags": Measure(measures_text.collect_tags),
    "alerts": Measure(measures_alerts.collect),
    "tutor_figures": Measure(measures_dashboard.collect_tutors),
    "platform_figures": Measure(measures_dashboard.collect_platform, measures_dashboard.assess_platform),
    "defects": Measure(injected.collect, injected.assess),
    "rule": Measure(measures_rules.collect_rule, measures_rules.assess_rule, of_cast=True),
    "stored_rule": Measure(measures_rules.collect_stored, measures_rules.assess_rule),
    "further_rules": Measure(measures_rules.collect_further, of_cast=True),
    "journal": Measure(measures_rules.collect_journal, of_cast=True),
    "off_days": Measure(measures_stories.collect_off_days, measures_stories.assess_off_days, of_cast=True),
    "share_inside": Measure(measures_stories.collect_share_inside, measures_stories.assess_share_inside, of_cast=True),
    "lost_exist": Measure(measures_stories.collect_lost, measures_stories.assess_lost, of_cast=True),
    "spread": Measure(measures_stories.collect_spread, measures_stories.assess_spread, of_cast=True),
    "cascade": Measure(measures_stories.collect_cascade, measures_stories.assess_cascade, of_cast=True),
    "broken_trust": Measure(measures_stories.collect_broken_trust, measures_stories.assess_broken_trust, of_cast=True),
    "churn_odds": Measure(measures_stories.collect_churn_odds, measures_stories.assess_churn_odds, of_cast=True),
    "forgiving": Measure(measures_stories.collect_forgiving, measures_stories.assess_forgiving, of_cast=True),
    "weighted_score": Measure(measures_stories.collect_weighted, of_cast=True),
}
