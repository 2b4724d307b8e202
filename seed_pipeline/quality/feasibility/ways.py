"""Ways out of a contradiction: settings to change, tried before they are proposed, so that a remedy always works."""

import json
from collections.abc import Callable
from typing import Any

from seed_pipeline.settings import Settings, settings_of
from seed_pipeline.settings.contradictions import ContradictionError, Way
from seed_pipeline.settings.files import SettingsError, apply_overrides

_STEPS = 5
Find = Callable[[Settings], ContradictionError | None]


def tried(settings: Settings, found: ContradictionError, find: Find) -> ContradictionError:
    """The contradiction with the ways that lead out of it and of all that shows next, each with all that it takes."""
    ways = [complete for way in found.ways if way and (complete := _followed(settings, way, find))]
    distinct = [way for i, way in enumerate(ways) if not any(less.items() <= way.items() for less in ways[:i])]
    return ContradictionError(found.where, found.value, found.why, distinct, found.advice)


def _followed(settings: Settings, way: Way, find: Find) -> Way | None:
    """The way with what else it takes; None where it leads to something that cannot be or to nothing in a few steps."""
    done: dict[str, Any] = {}
    for _ in range(_STEPS):
        done |= way
        try:
            settings = changed(settings, way)
            found = find(settings)
        except SettingsError:
            return None
        if found is None:
            return done
        way = next((further for further in found.ways if not done.keys() & further.keys()), {})
        if not way:
            return None
    return None


def changed(settings: Settings, way: Way) -> Settings:
    """The settings with the changes made. Raises SettingsError where the result is none."""
    sections: dict[str, Any] = dict(settings)
    for name in {path.partition(".")[0] for path in way}:
        sections[name] = sections[name].model_dump(mode="json", by_alias=True)
    apply_overrides(sections, [f"{path}={json.dumps(value)}" for path, value in way.items()])
    return settings_of(sections)


def off(statement: str) -> Way:
    """Switching a statement off: for who wants other data than the contract's."""
    return {f"targets.statements.{statement}.enabled": False}
