"""Where what a statement expects comes from, and what would change how it comes out."""

from seed_pipeline.settings.files import file_and_key
from seed_pipeline.settings.targets import EXPECTATIONS, Target

AGAIN = "its rows were changed after they were made, or another version made them: make them again"
"""What is left where data made with the settings they are judged by do not keep them."""


def origin(name: str, target: Target) -> str:
    """File and key of what is expected: a key of the statement itself, or the setting that it refers to."""
    own = f"targets.yaml, statements.{name}"
    given = {key: getattr(target, key) for key in EXPECTATIONS if getattr(target, key) is not None}
    for key, value in given.items():
        return file_and_key(value.split(".")) if isinstance(value, str) else f"{own}.{key}"
    return f"{own}.using" if target.using else governed(target)


def governed(target: Target) -> str:
    """File and key of the setting that governs the statement."""
    return file_and_key(target.setting.split("."))


def remedy(name: str, target: Target) -> str:
    """What would change the outcome, after where the expectation comes from if that is not what governs it."""
    source, setting = origin(name, target), governed(target)
    if source == setting:
        return target.hint or AGAIN
    return f"expected by {source}; {target.hint or f'change that, or {setting}; or {AGAIN}'}"
