"""The settings that the definitions are made of: those of configs/, or, while these cannot be used, the last good ones
(before there were any: those that this version came with).

So a broken file leaves graph, checks and schedules as they were, with what is wrong on top of every description; runs
read configs/ anew, and fail with the same words.
"""

import gzip
import json
import os
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings, SettingsError, settings_of
from seed_pipeline.settings.demo import Script, read

SOME_DAY = date(2000, 1, 1)
"""Stands for `as_of: today` in versions and definitions, which must not change at midnight."""
FILE = "last_good_settings.json"
"""In DAGSTER_HOME."""
PACKED = Path(__file__).with_name("shipped.json.gz")
"""The settings as this version came with them, for whoever breaks a file before anything was loaded."""


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
        return _kept() or settings_of(json.loads(gzip.decompress(PACKED.read_bytes()))), str(error)
    _keep(found)
    return found, ""


def _place() -> Path | None:
    home = os.environ.get("DAGSTER_HOME")
    return Path(home, FILE) if home and Path(home).is_dir() else None


def content_of(settings: Settings) -> str:
    """Settings as they are kept; never the target, which may hold a secret."""
    return settings.model_dump_json(exclude={"main": {"target"}}, by_alias=True)


def _keep(settings: Settings) -> None:
    """Keep settings that can be used."""
    place, content = _place(), content_of(settings)
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
