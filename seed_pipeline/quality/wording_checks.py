"""What words claim about a session's numbers (Q8)."""

from typing import NamedTuple


class Claim(NamedTuple):
    """Words that, unless some others are in the same sentence, may be said only where all the conditions hold."""

    label: str
    words: str
    needs: tuple[str, ...]
    where: tuple[str, ...] = ("summary", "feedback")
    unless: str = ""


SUMMARY, FEEDBACK, ALL = ("summary",), ("feedback",), ("summary", "feedback", "highlight")

_TROUBLE = (
    r"\btechnical (problems?|trouble|difficult\w+|issues?)\b"
    r"|\b(connection|internet|wi-?fi|audio|microphone|sound|call|video) (kept |keeps )?"
    r"(drop\w*|cut\w*|lag\w*|fr[eo]\w*z\w*)\b"
)
_FIRST = (
    r"\b(first|1st) (session|lesson) (together|with)\b|\bmet \w+ for the first time\b"
    r"|\b(in|this was) (their|the|our|my) first (session|lesson)\b|^First lesson\b"
)
_AGAIN = r"\b(came back|continued their work|picked up their|last time|well-practiced pair)\b"
_DELIGHT = r"\b(best (session|lesson|tutor)|amazing|fantastic|loved (it|this|the)|excellent|brilliant)\b"
_NO_DELIGHT = r"\b(not|isn't|wasn't|nothing|hardly|less than)( \w+)? (best|amazing|fantastic|excellent|brilliant)"
_DISMAY = r"\b(waste of (time|money)|terrible|awful|worst (session|lesson)|useless)\b"
_NO_DISMAY = r"\b(not|isn't|wasn't|far from)( \w+)? (a waste|terrible|awful|the worst|useless)"
_HOMEWORK = r"\b(assigned|gave|received|set)\b[^.]*\bhomework\b|\bhomework was (assigned|set|given)\b"
_GOOD = r"\b(very productive|excellent) session\b|\bgoals of the lesson were met\b"
_POOR = r"\blittle progress was made\b|\bdid not work out\b|\bfell short of its goals\b"
_MONOLOGUE = r"\b(did most of the talking|close to a lecture|explained at length)\b"
_LISTENER = r"\bmostly listened and stepped in\b|\bleft most of the talking to\b"
_BOOKED = r"\bnext (lesson|session) is (already )?booked\b|\bplan to meet again\b"

CLAIMS = (
    Claim("homework", _HOMEWORK, ("homework_assigned == 1",), ("summary", "highlight")),
    Claim("no homework", r"\bno homework\b", ("homework_assigned == 0",), ALL),
    Claim("technical trouble", _TROUBLE, ("technical_issues == 1",), ALL),
    Claim("first session", _FIRST, ("session_number == 1",)),
    Claim("earlier sessions", _AGAIN, ("session_number >= 2",), SUMMARY),
    Claim(
        "frustration",
        r"\b(clearly frustrated|some frustration|frustration built)\b",
        ("student_frustration_count >= 1",),
    ),
    Claim("often frustrated", r"\bfrustrated several times\b", ("student_frustration_count >= 2",)),
    Claim(
        "confusion", r"\b(some confusion|was confused|confusion about)\b", ("student_confusion_count >= 1",), SUMMARY
    ),
    Claim("tutor talks", _MONOLOGUE, ("tutor_talk_ratio > 0.5",), SUMMARY),
    Claim("tutor listens", _LISTENER, ("tutor_talk_ratio < 0.5",), SUMMARY),
    Claim(
        "frequent checks",
        r"\bchecked understanding frequently\b|\bfrequent checks\b",
        ("tutor_checks_understanding_count >= 6",),
        SUMMARY,
    ),
    Claim("rare checks", r"\brarely checked\b|\bhardly checked\b", ("tutor_checks_understanding_count <= 5",), SUMMARY),
    Claim(
        "high engagement", r"\b(highly engaged|engagement was high)\b", ("student_engagement_score >= 6.5",), SUMMARY
    ),
    Claim("low engagement", r"\b(disengaged|engagement was low)\b", ("student_engagement_score <= 5",), SUMMARY),
    Claim(
        "many questions",
        r"\basked many questions\b|\bstream of questions\b",
        ("student_initiated_questions >= 3",),
        SUMMARY,
    ),
    Claim("excellent session", _GOOD, ("overall_session_score >= 6.5",), SUMMARY),
    Claim("failed session", _POOR, ("overall_session_score < 5.5",), SUMMARY),
    Claim("game", r"\b(a|the) game (was open|that had nothing)\b|\bgaming\b", ("gaming_detected == 1",), SUMMARY),
    Claim("messenger", r"\bmessaging app\b", ("messaging_app_detected == 1",), SUMMARY),
    Claim("booked again", _BOOKED, ("follow_up_booked == 1",), SUMMARY),
    Claim("not booked again", r"\bno follow-up (has been|was|is) booked\b", ("follow_up_booked == 0",), SUMMARY),
    Claim("delight", _DELIGHT, ("student_satisfaction_rating >= 3",), FEEDBACK, _NO_DELIGHT),
    Claim("dismay", _DISMAY, ("student_satisfaction_rating <= 3",), FEEDBACK, _NO_DISMAY),
)
"""Few but real: each names what cannot be said of a session whose numbers say otherwise."""
