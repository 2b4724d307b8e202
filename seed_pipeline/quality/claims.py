"""Q8 as SQL: what words claim, and which topics belong to other subjects only."""

import re
from collections.abc import Iterator
from functools import cache

from seed_pipeline.quality.sql import Raw, all_of, literal
from seed_pipeline.quality.wording_checks import CLAIMS, Claim
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import conditions

_WORD = re.compile(r"(?:[^\W_]|[+#])+")


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


def topic_phrases(settings: Settings) -> Iterator[tuple[str, str, str, str, str]]:
    """Subject, topic, phrase, its kind and its longest word: a topic is told by its name, a step or an example."""
    for subject in settings.text.subjects.subjects:
        for t in subject.topics:
            told = {spoken(t.example): "example", spoken(t.step): "step", spoken(t.topic): "name"}
            for phrase, kind in told.items():
                yield subject.name, t.topic, phrase, kind, max(phrase.split(), key=len, default="")


@cache
def spoken(phrase: str) -> str:
    """The words of a phrase as the macro `spoken` makes them of a text: small, each between spaces of its own."""
    return f" {'  '.join(_WORD.findall(phrase.lower()))} "
