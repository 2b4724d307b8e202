"""What may be asked of the people as the platform sees them (P1, P2, P6, P9), by what the settings leave room for.

It is asked where a cohort is about as dense as the default, and where the personas' own numbers bring it about; of a
first cohort of another size than the rest (C5) nothing is asked.
"""

from collections.abc import Iterator

from seed_pipeline.settings import Settings

PERIOD, FEWEST = 30, 5
"""Days over which the services look back; completed sessions below which they raise nothing."""
FOUND_BY = ("high_talk_ratio", "low_understanding_checks", "no_show_pattern")
"""The alerts that tell weak tutors from good ones."""


def wishes(settings: Settings, cohorts: int) -> Iterator[tuple[str, str, bool, int, int]]:
    """Rows: tutor persona, what is asked, whether it is judged, tutors exempt, fewest tutors in a cohort."""
    usual, exempt = usual_density(settings, cohorts), odd_cohorts(settings, cohorts)
    personas = settings.personas.tutors
    best, weakest = (pick(personas, key=lambda name: personas[name].rating) for pick in (max, min))
    for name, persona in personas.items():
        sessions = _each(settings, cohorts, name)
        enough, off = usual and sessions * (1 - persona.no_show) >= FEWEST, exempt * persona.count
        able = {
            "high_talk_ratio": persona.talk_ratio[0] > 0.65,
            "low_understanding_checks": sum(persona.understanding_checks) / 2 <= 3.5,
            "no_show_pattern": persona.no_show * sessions >= 2,
        }
        for alert in (a for a in persona.raises if a in FOUND_BY):
            yield name, alert, enough and able[alert], off, persona.count
        if persona.raises:
            yield name, "looked at", enough, off, persona.count
        if persona.spared:
            calm = persona.talk_ratio[1] <= 0.65 and persona.understanding_checks[0] >= 5
            yield name, "spared", usual and calm and persona.no_show * sessions <= 1.25, off, persona.count
        if name == best and persona.spared:
            yield name, "strengths", enough, off, persona.count
            yield name, "no growth area", enough, off, persona.count
        if name == weakest and "high_talk_ratio" in persona.raises:
            yield name, "growth areas", enough and able["high_talk_ratio"], off, persona.count
        for word, sign in (("fall", -1), ("rise", 1)):
            courses = sum(c.tutors == name and c.change * sign > 0 for c in settings.probabilities.stories.courses)
            if courses:
                yield name, word, usual and settings.main.days == 2 * PERIOD, exempt * courses, courses


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
