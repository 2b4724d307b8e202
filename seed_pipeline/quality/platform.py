"""What may be asked of the people as the platform sees them (P1, P2, P6, P9), by what the settings leave room for.

It is asked where a cohort is about as dense as the default, and where the personas' own numbers bring it about; of a
first cohort of another size than the rest (C5) nothing is asked.
"""

from collections.abc import Iterator
from math import inf, nan

from seed_pipeline.settings import Settings
from seed_pipeline.settings.ranges import middle

PERIOD = 30
"""Days over which the services look back."""
FOUND_BY = ("high_talk_ratio", "low_understanding_checks", "no_show_pattern")
"""The alerts that tell weak tutors from good ones."""


def wishes(settings: Settings, cohorts: int) -> Iterator[tuple[str, str, bool, int, int]]:
    """Rows: tutor persona, what is asked, whether it is judged, tutors exempt, fewest tutors in a cohort."""
    usual, exempt = usual_density(settings, cohorts), odd_cohorts(settings, cohorts)
    personas, limit, least = settings.personas.tutors, _limits(settings), fewest(settings)
    moved = settings.probabilities.outcomes.rescheduled * settings.probabilities.outcomes.rescheduled_by_tutor
    best, weakest = (pick(personas, key=lambda name: personas[name].rating) for pick in (max, min))
    for name, persona in personas.items():
        sessions = _each(settings, cohorts, name)
        enough, off = usual and sessions * (1 - persona.no_show) >= least, exempt * persona.count
        able = {  # Half a check is what whole numbers and few sessions may add to a mean.
            "high_talk_ratio": persona.talk_ratio[0] > limit["high_talk_ratio"],
            "low_understanding_checks": middle(persona.understanding_checks) + 0.5 <= limit["low_understanding_checks"],
            "no_show_pattern": persona.no_show * sessions >= limit["no_show_pattern"],
        }
        for alert in (a for a in persona.raises if a in FOUND_BY):
            yield name, alert, enough and able[alert], off, persona.count
        if persona.raises:
            yield name, "looked at", enough, off, persona.count
        if persona.spared:
            calm = persona.talk_ratio[1] <= limit["high_talk_ratio"]
            calm &= persona.understanding_checks[0] > limit["low_understanding_checks"]
            # What a rate may expect beyond the no-shows that accuse nobody: a quarter, which whole numbers take off.
            calm &= persona.no_show * sessions <= limit["no_show_pattern"] - 1 + 0.25
            calm &= moved * sessions <= limit["reschedules_by_tutor"] - 1 + 0.25
            yield name, "spared", usual and calm, off, persona.count
        if name == best and persona.spared:
            yield name, "strengths", enough, off, persona.count
            yield name, "no growth area", enough and persona.engagement[0] >= _low(settings), off, persona.count
        if name == weakest and "high_talk_ratio" in persona.raises:
            yield name, "growth areas", enough and able["high_talk_ratio"], off, persona.count
        for word, sign in (("fall", -1), ("rise", 1)):
            courses = sum(c.tutors == name and c.change * sign > 0 for c in settings.probabilities.stories.courses)
            if courses:
                yield name, word, usual and settings.main.days == 2 * PERIOD, exempt * courses, courses


def fewest(settings: Settings) -> float:
    """Completed sessions of a tutor below which the services raise none of the alerts on means and shares."""
    rules = (settings.alerts.platform.get(name) for name in FOUND_BY)
    return max((float(c.value) for rule in rules if rule for c in rule.when if c.fact == "sessions"), default=0.0)


def _low(settings: Settings) -> float:
    """The mean engagement below which a tutor's page shows a growth area."""
    area = settings.alerts.insights.get("growth_area", {}).get("low_engagement")
    return max((float(c.value) for c in area.when if c.fact == "mean"), default=-inf) if area else -inf


def _limits(settings: Settings) -> dict[str, float]:
    """The number that each alert's rule compares with (configs/alerts.yaml); without a rule one that nobody meets."""
    found = dict.fromkeys(FOUND_BY, nan)
    for name in FOUND_BY:
        rule = settings.alerts.platform.get(name)
        if rule and rule.window:
            conditions = rule.window.share or next(iter(rule.severities.values()))
            found[name] = float(conditions[0].value)
    high = settings.alerts.dashboard.risk.get("high", ())
    found["reschedules_by_tutor"] = min((float(c.value) for c in high if c.fact == "reschedules_by_tutor"), default=inf)
    return found


def usual_density(settings: Settings, cohorts: int) -> bool:
    """Whether a cohort has about the default's sessions in the last 30 days, which are the window or its newer half."""
    days = settings.main.days
    if days > PERIOD and days != 2 * PERIOD:
        return False
    return settings.targets.small_at <= _density(settings, cohorts) + 1e-9 <= 1.2 * settings.targets.small_at


def odd_cohorts(settings: Settings, cohorts: int) -> int:
    """Cohorts of another size than the rest: none or the first."""
    main = settings.main
    each = main.cohort.sessions if main.cohort.count == "auto" else main.total_sessions // cohorts
    return int(main.total_sessions != each * cohorts)


def _density(settings: Settings, cohorts: int) -> float:
    return settings.main.total_sessions / cohorts * min(1.0, PERIOD / settings.main.days)


def _each(settings: Settings, cohorts: int, name: str) -> float:
    """Sessions of one tutor of a persona in 30 days, by who books whom."""
    groups = settings.probabilities.booking
    share = sum(g.sessions.get(name, 0) for g in groups) / sum(sum(g.sessions.values()) for g in groups)
    return share * _density(settings, cohorts) / settings.personas.tutors[name].count
