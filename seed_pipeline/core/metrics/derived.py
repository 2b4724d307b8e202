"""Metrics that follow from the reactions: they must not contradict them (R7, Q8). Coefficients are ours."""

import numpy as np

from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sampling.randomness import bell, between, whole_between
from seed_pipeline.settings import Settings


def derived(settings: Settings, draws: Draws, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The remaining columns of the metrics tables; those of video and screen mean something where the row exists."""
    engagement = values["student_engagement_score"]
    confusion = values["student_confusion_count"]
    reinforcement = values["tutor_positive_reinforcement_count"]
    away = (10 - engagement) / 10
    visible = engagement + 0.4 * bell(draws.uniform("visual_engagement"))
    playing = np.nan_to_num(values["gaming_detected"]) + 0.4 * np.nan_to_num(values["messaging_app_detected"])
    focus = 0.97 - 0.35 * away * between(draws.uniform("focus"), 0.4, 1.3) - 0.25 * playing
    return {
        "positive_moments_count": _count(0.55 * engagement + 0.2 * reinforcement - 1.5 + 2 * draws.uniform("positive")),
        "concept_re_explanation_count": _count(0.6 * confusion + 1.6 * draws.uniform("re_explanation") - 0.3),
        "student_on_screen_attention_pct": np.round(np.clip(0.38 + 0.06 * visible, 0.05, 0.995), 3),
        "student_visual_engagement_score": np.round(np.clip(visible, 0, 10), 1),
        "distraction_events_count": _count(9 * away * between(draws.uniform("distraction"), 0.3, 1.3)),
        "confusion_moments_count": _count(confusion + np.floor(3 * draws.uniform("visible_confusion")) - 1),
        "student_taking_notes_duration": _notes(settings, draws, engagement),
        "active_tab_focus_pct": np.round(np.clip(focus, 0.05, 0.999), 3),
        "tab_switches_count": _count((2 + 22 * away + 15 * playing) * between(draws.uniform("tabs"), 0.4, 1.4)),
        "whiteboard_usage_minutes": _count(
            draws.done.number("actual_duration") * 0.6 * draws.uniform("whiteboard") ** 2
        ),
    }


def _notes(settings: Settings, draws: Draws, engagement: np.ndarray) -> np.ndarray:
    """Minutes of note-taking: more than 15 only where engagement is high (R7), and never longer than the session."""
    events = settings.probabilities.events
    low, high = events.notes_minutes
    keen = (engagement >= events.notes_engagement) & (draws.uniform("takes_notes") < events.notes_share)
    room = np.maximum(np.minimum(high, draws.done.number("actual_duration") - 6), low)
    long = whole_between(draws.uniform("notes"), low, room)
    short = np.minimum(np.floor(1.5 * engagement * draws.uniform("notes")), 15)
    return np.where(keen, long, short)


def _count(values: np.ndarray) -> np.ndarray:
    return np.floor(np.maximum(values, 0))
