"""Settings that cannot hold at once, with ways out of it."""

import json
from collections.abc import Sequence
from typing import Any

from seed_pipeline.settings.files import SettingsError

Way = dict[str, Any]
"""What to change: `section.key.path` → value."""


class ContradictionError(SettingsError):
    """Settings that cannot hold at once, and ways to make them: the nearest first, each complete or a first step."""

    def __init__(self, where: str, value: Any, why: str, ways: Sequence[Way], advice: str = "") -> None:
        super().__init__(where, value, why, said(ways, advice))
        self.ways, self.advice = tuple(ways), advice

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), (self.where, self.value, self.why, self.ways, self.advice)


def said(ways: Sequence[Way], advice: str = "") -> str:
    """The ways in words, as they can be handed to --set: `set a.b to 1 and c.d to 2; or set …`."""
    told = ["set " + " and ".join(f"{path} to {json.dumps(value)}" for path, value in way.items()) for way in ways]
    return "; or ".join([*told, *([advice] if advice else [])]) or "change one of the settings named here"
