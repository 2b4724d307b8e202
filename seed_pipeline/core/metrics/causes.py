"""What the tutor and the student did in each completed session, drawn from their personas (T1, T2, T6, S2, Q7)."""

import numpy as np

from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sampling.randomness import between, whole_between
from seed_pipeline.settings import Settings

SILENCE = (0.12, 0.28)  # working silence as a share of the time the tutor is silent
AWKWARD_PER_SECOND = 0.018  # awkward pauses as a share of that time, for each second of response delay
BEYOND = 0.15  # how far outside the persona's range a stray response delay lies, in widths of the range


def causes(settings: Settings, draws: Draws) -> dict[str, np.ndarray]:
    """Columns of the metrics tables that nothing acts on, plus `off_day`; NaN where there is no video or screen row."""
    off_day = _off_days(settings, draws)
    talk, checks = _conduct(settings, draws, off_day)
    delay = _response_delay(settings, draws)
    values = {
        "off_day": off_day,
        "tutor_talk_ratio": talk,
        "tutor_checks_understanding_count": checks,
        "avg_student_response_delay": delay,
        "long_pauses_count": np.floor(delay / 1.5 + 2.5 * draws.uniform("long_pauses")),
        **_shares_of_time(draws, talk, delay),
        **_habits(settings, draws),
        **_recorded(settings, draws),
    }
    return {
        name: np.asarray(column, dtype=np.float64) if name != "off_day" else column for name, column in values.items()
    }


def _off_days(settings: Settings, draws: Draws) -> np.ndarray:
    """Sessions on which a good tutor is not (T6)."""
    shares = [p.off_days.share if p.off_days else 0.0 for p in settings.personas.tutors.values()]
    return draws.chosen("off_day", np.array(shares)[draws.tutor_persona], draws.tutor_persona)


def _conduct(settings: Settings, draws: Draws, off_day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Talk ratio and understanding checks: inside the persona's range, on off days inside the off day's (T1, T2)."""
    personas = settings.personas.tutors
    # Even in every period of the platform's, which judges them apart (P1).
    groups = (draws.by_tutor * draws.world.periods + draws.done.number("period")) * 2 + off_day

    def ends(name: str) -> tuple[np.ndarray, np.ndarray]:
        usual = draws.tutor_ranges(personas, name)
        off = np.array([getattr(p.off_days or p, name) for p in personas.values()], dtype=np.float64)[
            draws.tutor_persona
        ].T
        return np.where(off_day, off[0], usual[0]), np.where(off_day, off[1], usual[1])

    talk = np.round(between(draws.spread("talk", groups), *ends("talk_ratio")), 3)
    return talk, whole_between(draws.spread("checks", groups), *ends("understanding_checks"))


def _response_delay(settings: Settings, draws: Draws) -> np.ndarray:
    """Seconds before the student answers; a few sessions of a persona lie above its range (S2)."""
    low, high = draws.ranges(settings.personas.students, "response_delay")
    value = between(draws.spread("response_delay", draws.by_student), low, high)
    place, size = draws.first_of("stray_delay", draws.by_student, np.ones(len(draws), dtype=bool))
    stray = place < np.floor(settings.probabilities.events.reply_delay_outside * size)
    return np.round(np.where(stray, high + (high - low) * (0.02 + BEYOND * draws.uniform("how_stray")), value), 2)


def _shares_of_time(draws: Draws, talk: np.ndarray, delay: np.ndarray) -> dict[str, np.ndarray]:
    """How the time the tutor leaves is used: the four ratios add up to 1 exactly (Q7)."""
    left = 1 - talk
    silence = np.round(left * between(draws.uniform("silence"), *SILENCE), 3)
    awkward = np.round(
        left * np.minimum(AWKWARD_PER_SECOND * delay * between(draws.uniform("awkward"), 0.6, 1.4), 0.3), 3
    )
    student = np.round(1 - talk - silence - awkward, 3)
    return {"student_talk_ratio": student, "productive_silence_ratio": silence, "awkward_pause_ratio": awkward}


def _habits(settings: Settings, draws: Draws) -> dict[str, np.ndarray]:
    """The tutor's manner."""
    personas = settings.personas.tutors
    counts = {
        "tutor_positive_reinforcement_count": "reinforcement",
        "open_ended_questions": "open_questions",
        "closed_ended_questions": "closed_questions",
        "rhetorical_questions": "rhetorical_questions",
    }
    habits = {
        column: whole_between(draws.uniform(name), *draws.tutor_ranges(personas, name))
        for column, name in counts.items()
    }
    enthusiasm = between(draws.spread("enthusiasm", draws.by_tutor), *draws.tutor_ranges(personas, "enthusiasm"))
    return {"tutor_enthusiasm_score": np.round(enthusiasm, 1), **habits}


def _recorded(settings: Settings, draws: Draws) -> dict[str, np.ndarray]:
    """What only the camera or the shared screen shows: flags as 0 and 1."""
    video, screen = draws.done.number("has_video"), draws.done.number("has_screen")
    tutors, students = settings.personas.tutors, settings.personas.students

    def flag(name: str, rate: np.ndarray, exists: np.ndarray) -> np.ndarray:
        chosen = draws.chosen(name, rate * exists, 0, draws.tutor_persona, draws.student_persona)
        return np.where(exists, chosen * 1.0, np.nan)

    return {
        "tutor_uses_visual_aids": flag("visual_aids", draws.tutor(tutors, "visual_aids"), video),
        "messaging_app_detected": flag("messaging", draws.student(students, "messaging"), screen),
        "gaming_detected": flag("gaming", draws.student(students, "gaming"), screen),
    }
