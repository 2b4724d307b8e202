"""Where each metric started before rules acted, in words and with the settings that govern it."""

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from seed_pipeline.settings.ranges import middle
from seed_pipeline.views.explanation import figure, percent, span
from seed_pipeline.views.lookup import Found


def base_words(found: Found, row: pd.Series) -> Mapping[str, str]:
    """For each metric of a completed session what its value before rules comes from."""
    tutor, student = found.persona(row["tutor_id"]), found.persona(row["student_id"])
    one, other = found.tutor_persona(row["tutor_id"]), found.student_persona(row["student_id"])
    if one is None or other is None:
        return defaultdict(lambda: "the persona is not in personas.yaml now")
    pairs, events = found.settings.personas.pairs, found.settings.probabilities.events
    first = row["session_number"] == 1
    return {
        "student_engagement_score": f"solved so that {tutor} tutors with {student} students come to a mean of about "
        f"{figure(pairs.engagement[tutor][student])} after all rules (T3, S1)",
        "student_initiated_questions": f"drawn from the {student} students' range {span(other.questions)} (S3)",
        "student_frustration_count": f"{percent(other.frustration)} of {student} students' sessions have any before "
        "rules (S4)",
        "student_confusion_count": f"drawn from the {student} students' range {span(other.confusion)}",
        "overall_session_score": f"level of {tutor} with {student} {figure(pairs.score[tutor][student])}, moved by "
        f"{figure(events.score_per_engagement)} a point of engagement and {figure(events.score_per_frustration)} a "
        "frustration beyond the usual, by the pair's trend and the day (N8)",
        "student_satisfaction_rating": f"solved so that {tutor} tutors' mean is {figure(middle(one.rating))} (T4), "
        "moved by the score and mood",
        "follow_up_probability": f"first_session_success of {tutor} tutors (T5)"
        if first
        else f"follow_up of {tutor} tutors",
        "feedback_probability": f"feedback rate of {student} students (S5); all chances are then moved alike so "
        "that the overall share is exact (A4)",
        "churn_weight": "every session counts once in churn",
    }
