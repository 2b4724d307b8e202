"""Q8 as SQL: what words claim, and which topics belong to other subjects only."""

import re
from collections.abc import Iterator, Sequence

from seed_pipeline.quality.sql import Raw, all_of, literal
from seed_pipeline.quality.wording_checks import CLAIMS, Claim
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import conditions
from seed_pipeline.settings.text import Subject


def claims(kind: str) -> Raw:
    """For each claim that a kind of text may make: its name where the words make it, null where they do not."""
    listed = [_claim(claim) for claim in CLAIMS if kind in claim.where]
    return Raw("[\n            {}\n        ]".format(",\n            ".join(listed)))


def _claim(claim: Claim) -> str:
    said = f"says(words, {literal(claim.words)})"
    if claim.unless != Claim._field_defaults["unless"]:
        said += f" AND NOT says(words, {literal(claim.unless)})"
    return f"CASE WHEN {said} THEN {literal(claim.label)} END"


def claims_hold(settings: Settings) -> Raw:
    """For each claim whether the session's numbers bear it out."""
    cases = [f"WHEN {literal(c.label)} THEN {all_of(conditions(c.needs, settings))}" for c in CLAIMS]
    return Raw("\n".join(f"        {case}" for case in cases))


def foreign_topics(settings: Settings) -> Raw:
    """For each subject whether a text speaks of a topic (of two words or more) that only other subjects have."""
    subjects, cases = {s.name: [t.topic for t in s.topics] for s in settings.text.subjects.subjects}, []
    for own, topics in subjects.items():
        mine = " / ".join(topics).lower()
        other = {t for name in subjects if name != own for t in subjects[name] if " " in t and t.lower() not in mine}
        pattern = rf"\b(?:{_either(sorted(other))})\b"
        said = f"regexp_matches(words, {literal(pattern)})" if other else "false"
        cases.append(f"        WHEN {literal(own)} THEN {said}")
    return Raw("\n".join(cases))


def subject_names(settings: Settings) -> list[str]:
    """The subjects that the vocabulary has topics of."""
    return [subject.name for subject in settings.text.subjects.subjects]


def topics_named(settings: Settings) -> Raw:
    """For each subject the topics that a text names, by what the vocabulary calls them; null for the others."""
    cases = []
    for subject in settings.text.subjects.subjects:
        tests = [
            f"CASE WHEN {_names(pattern, hidden)} THEN {literal(topic.topic)} END"
            for topic, (pattern, hidden) in zip(subject.topics, _patterns(subject), strict=True)
        ]
        cases.append(f"        WHEN {literal(subject.name)} THEN [{(chr(10) + 12 * ' ').join(_listed(tests))}]")
    return Raw("\n".join(cases))


def _listed(items: list[str]) -> list[str]:
    return [*(f"{item}," for item in items[:-1]), *items[-1:]]


def _names(pattern: str, hidden: str) -> str:
    words = f"regexp_replace(words, {literal(hidden)}, '…', 'gi')" if hidden else "words"
    return f"says({words}, {literal(pattern)})"


def _patterns(subject: Subject) -> Iterator[tuple[str, str]]:
    """For each topic a pattern of its name, step and example, and one of others' phrases that contain those."""
    phrases = [(t.topic, t.step, t.example) for t in subject.topics]
    for own in phrases:
        others = {p for theirs in phrases if theirs is not own for p in theirs}
        longer = [p for p in others if any(o.lower() in p.lower() and o.lower() != p.lower() for o in own)]
        yield rf"(?:^|\W)(?:{_either(own)})(?:\W|$)", _either(longer) if longer else ""


def _either(phrases: Sequence[str]) -> str:
    return "|".join(re.escape(p) for p in sorted(set(phrases), key=lambda p: (-len(p), p)))
