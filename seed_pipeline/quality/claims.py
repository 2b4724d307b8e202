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


def topic_phrases(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Subject, topic, phrase, and its kind: what tells a topic are its name, a step of it and an example."""
    for subject in settings.text.subjects.subjects:
        for t in subject.topics:
            told = {spoken(t.example): "example", spoken(t.step): "step", spoken(t.topic): "name"}
            yield from ((subject.name, t.topic, phrase, kind) for phrase, kind in told.items())


def phrases(settings: Settings) -> Raw:
    """A pattern for all phrases of topics in spoken words: of those that begin at one place, the longest."""
    found = {phrase for _, _, phrase, _ in topic_phrases(settings) if phrase.strip()}
    return Raw(literal("|".join(map(re.escape, sorted(found, key=lambda p: (-len(p), p)))) or "$ "))


@cache
def spoken(phrase: str) -> str:
    """The words of a phrase as the macro `spoken` makes them of a text: small, each between spaces of its own."""
    return f" {'  '.join(_WORD.findall(phrase.lower()))} "
