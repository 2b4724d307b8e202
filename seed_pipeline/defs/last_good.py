"""The settings that the definitions are made of: those of configs/, or, while these cannot be used, the last good ones.

So a broken file leaves graph, checks and schedules as they were, with what is wrong on top of every description; runs
read configs/ anew, and fail with the same words.
"""

import json
import os
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings, SettingsError, load, settings_of
from seed_pipeline.settings.demo import Script, read

SOME_DAY = date(2000, 1, 1)
"""Stands for `as_of: today` in versions and definitions, which must not change at midnight."""
FILE = "last_good_settings.json"
"""In DAGSTER_HOME."""


def shipped() -> Settings:
    """The settings as configs/ has them when the definitions are loaded, or as it last had them."""
    return _loaded()[0]


def warned(told: str) -> str:
    """A description, with what is wrong with configs/ on top."""
    trouble = _loaded()[1] or scenes()[1]
    return f"⚠ configs/ cannot be used; what you see is how it was before. {trouble}\n\n{told}" if trouble else told


@cache
def scenes() -> tuple[Script | None, str]:
    """The demo script, and what is wrong with it; without scenes where that is anything."""
    try:
        return read(shipped()), ""
    except SettingsError as error:
        return None, str(error)


@cache
def _loaded() -> tuple[Settings, str]:
    try:
        found = Wishes().settings(SOME_DAY)
    except SettingsError as error:
        return _kept() or load(today=SOME_DAY), str(error)
    _keep(found)
    return found, ""


def _place() -> Path | None:
    home = os.environ.get("DAGSTER_HOME")
    return Path(home, FILE) if home and Path(home).is_dir() else None


def _keep(settings: Settings) -> None:
    """Keep settings that can be used; never the target, which may hold a secret."""
    place = _place()
    content = settings.model_dump_json(exclude={"main": {"target"}}, by_alias=True)
    with suppress(OSError):
        if place and not (place.exists() and place.read_text(encoding="utf-8") == content):
            draft = place.with_suffix(f".{os.getpid()}")
            draft.write_text(content, encoding="utf-8")
            draft.replace(place)


def _kept() -> Settings | None:
    place = _place()
    try:
        return settings_of(json.loads(place.read_text(encoding="utf-8"))) if place else None
    except (OSError, ValueError, SettingsError):
        return None
