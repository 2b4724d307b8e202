"""Titles and hints of statements with the numbers of their settings filled in, so that no sentence goes stale."""

import re
from collections.abc import Mapping
from typing import Any

from seed_pipeline.settings.targets import Target, look_up

NUMBER = re.compile(r"\{([a-z_.*0-9]+)(:%)?\}")


def told(target: Target, settings: Any) -> Target:
    """The statement with its sentences filled in; what leads nowhere, because its rule is gone, stays as it is."""
    texts = {key: NUMBER.sub(lambda found: _filled(found, target, settings), getattr(target, key)) for key in SENTENCES}
    return target.model_copy(update=texts)


SENTENCES = ("title", "hint")


def number(path: str, target: Target, settings: Any) -> Any:
    """A setting, or what the statement itself says: `at_least`, `using.most`, `low` and `high` of what it expects.

    KeyError for neither.
    """
    if path in ("low", "high"):
        return _bounds(target, settings)[path == "high"]
    own = path.split(".")[0] in ("using", "at_least", "at_most", "inside")
    return look_up(target if own else settings, path)


def _bounds(target: Target, settings: Any) -> tuple[float, float]:
    if target.scale is None or not isinstance(target.expected, str):
        raise KeyError("low, high")
    expected = abs(look_up(settings, target.expected))
    return expected * target.scale[0], expected * target.scale[1]


def _filled(found: re.Match[str], target: Target, settings: Any) -> str:
    try:
        return _shown(number(found[1], target, settings), 100 if found[2] else 1)
    except KeyError:
        return found[0]


def _shown(value: Any, times: int) -> str:
    if isinstance(value, Mapping):
        return " / ".join(_shown(item, times) for item in value.values())
    if isinstance(value, tuple | list):
        return "-".join(_shown(item, times) for item in value)
    return f"{round(times * value, 3):g}" if isinstance(value, int | float) else str(value)
