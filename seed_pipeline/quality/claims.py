"""Q8 as SQL: what words claim, and which topics belong to other subjects only."""

import re
from collections.abc import Iterator
from functools import cache

from seed_pipeline.quality.sql import Raw, all_of, literal
from seed_pipeline.quality.wording_checks import CLAIMS, Claim
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import conditions

_WORD = re.compile(r"(?:[^\W_]|[+#])+")


def claims() -> Raw:
    """For each claim that a sentence may make: its name where the words make it, null where they do not."""
    return Raw("[\n    {}\n]".format(",\n    ".join(map(_claim, CLAIMS))))


def _claim(claim: Claim) -> str:
    said = f"says(words, {literal(claim.words)})"
    if claim.unless:
        said += f" AND NOT says(words, {literal(claim.unless)})"
    return f"CASE WHEN {said} THEN {literal(claim.label)} END"


def any_claim() -> str:
    """The pattern of words that make any claim."""
    return "|".join(f"(?:{claim.words})" for claim in CLAIMS)


def claims_hold(settings: Settings) -> Raw:
    """For each claim whether the session's numbers bear it out."""
    cases = [f"WHEN {literal(c.label)} THEN {all_of(conditions(c.needs, settings))}" for c in CLAIMS]
    return Raw("\n".join(f"        {case}" for case in cases))


def topic_phrases(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Subject, topic, phrase and its kind: a topic is told by its name, a step or an example."""
    for subject in settings.text.subjects.subjects:
        for t in subject.topics:
            told = {spoken(t.example): "example", spoken(t.step): "step", spoken(t.topic): "name"}
            for phrase, kind in told.items():
                yield subject.name, t.topic, phrase, kind


def full_stop(settings: Settings) -> str:
    """What stands between sentences; where a phrase of the vocabulary has it, too, texts stay whole."""
    topics = (topic for subject in settings.text.subjects.subjects for topic in subject.topics)
    return "\n\n\n" if any(". " in f"{t.topic} {t.step} {t.example}" for t in topics) else ". "


@cache
def spoken(phrase: str) -> str:
    """The words of a phrase as the macro `spoken` makes them of a text: small, each between spaces of its own."""
    return f" {'  '.join(_WORD.findall(phrase.lower()))} "
