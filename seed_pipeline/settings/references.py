"""What statements refer to: settings that exist and are of the kind they need, and hints that can be followed."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.targets import (
    EXPECTATIONS,
    FACTS,
    PLACEHOLDER,
    Entity,
    Target,
    acts,
    in_force,
    lines,
    look_up,
)  # fmt: skip
from seed_pipeline.settings.told import NUMBER, SENTENCES, number


def check_references(settings: Any) -> None:
    """Raise SettingsError for the first reference of a target to a setting that is not there or of another kind.

    What a hint names has to be there too: somebody follows it.
    """
    words, sections = _vocabulary(settings), type(settings).model_fields
    for name, target in settings.targets.statements.items():
        if not in_force(target, settings) or ("rule" in target.using and not acts(target.using["rule"], settings)):
            continue
        where = f"targets.yaml, statements.{name}"
        _resolved(settings, f"{where}.setting", target.setting)
        for key in SENTENCES:
            for path, _ in NUMBER.findall(getattr(target, key)):
                _told(settings, f"{where}.{key}", path, target)
        for word in _NAMED.findall(NUMBER.sub("", target.hint)):
            first, *rest = word.split(".")
            unknown = not words.issuperset(rest) if first in words else not rest  # example.com is no path
            if word not in words and (
                unknown or (first in sections and word != f"{first}.yaml" and _lost(settings, word))
            ):
                raise SettingsError(f"{where}.hint", word, "there is no setting or file of this name", "mend the name")
        texts = (*lines(target.share), *lines(target.where), *lines(target.split))
        for path in [path for text in texts for path in PLACEHOLDER.findall(text)]:
            if not _number(_resolved(settings, where, path)):
                raise SettingsError(where, path, "refers to a setting that is no number", "refer to a number")
        for key in EXPECTATIONS:
            if isinstance(path := getattr(target, key), str):
                _check_kind(settings, f"{where}.{key}", path, target.by, ranges=key == "inside")


def _check_kind(settings: Any, where: str, path: str, by: str | None, *, ranges: bool) -> None:
    """A range or a number, or one for each persona where the rows are grouped by persona."""
    value = _resolved(settings, where, path)
    groups = {"tutor_persona": settings.personas.tutors, "student_persona": settings.personas.students}.get(
        by or "", {}
    )
    each = list(value.values()) if isinstance(value, Mapping) and set(value) == set(groups) else [value]
    if not all((_range if ranges else _number)(item) for item in each):
        kind = "range" if ranges else "number"
        also = f", or with * to one for each {by}" if by else ""
        raise SettingsError(where, path, f"refers to a setting that is no {kind}", f"refer to a {kind}{also}")


def _told(settings: Any, where: str, path: str, target: Target) -> None:
    try:
        number(path, target, settings)
    except KeyError:
        remedy = "mend the path: section.key.key, or using.key, at_least, low of the statement itself"
        raise SettingsError(where, path, "names a number that does not exist", remedy) from None


def _lost(settings: Any, path: str) -> bool:
    try:
        look_up(settings, path)
    except KeyError:
        return True
    return False


def _resolved(settings: Any, where: str, path: str) -> Any:
    try:
        return look_up(settings, path)
    except KeyError:
        remedy = "mend the path, written section.key.key"
        raise SettingsError(where, path, "refers to a setting that does not exist", remedy) from None


_NAMED = re.compile(r"[a-z]+(?:/[a-z]+)?\.yaml|[a-z]{2,}(?:[_.][a-z0-9]{2,})+")


def _vocabulary(settings: Any) -> set[str]:
    """Every name that a hint can use: files, keys, and the names of what the settings define."""
    found = {f"{name}{end}" for name in type(settings).model_fields for end in ("", ".yaml")}
    found |= {f"text/{name}.yaml" for name in type(settings.text).model_fields} | set(get_args(Entity))
    found.update(*FACTS.values(), PROBABILITY_METRICS, RULE_METRICS)
    todo: list[Any] = [part for name, part in settings if name not in ("text", "targets")]
    while todo:
        place = todo.pop()
        if isinstance(place, BaseModel):
            place = dict(place)
        if isinstance(place, Mapping):
            found.update(map(str, place))
            todo.extend(place.values())
        elif isinstance(place, tuple):
            found.update(str(getattr(item, "name", getattr(item, "group", ""))) for item in place)
            todo.extend(place)
    return found


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_number, value))
