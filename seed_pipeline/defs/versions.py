"""Code versions: they change exactly when the settings an asset reads change, or the code that makes it."""

import hashlib
import re
from functools import cache
from pathlib import Path

from seed_pipeline import core
from seed_pipeline.core.dataset import MAKES
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.pipeline.wishes import digest_of
from seed_pipeline.settings import Settings

_PACKAGE = "seed_pipeline"
_IMPORT = re.compile(r"^\s*(?:from|import) (seed_pipeline[\w.]*)(?: import (\([^)]*\)|.+))?", re.MULTILINE)
_ROOT = Path(core.__file__).parents[1]


def code_version(entity: str) -> str:
    """The version of one entity with the settings of configs/."""
    return version_of(entity, shipped())


def version_of(entity: str, settings: Settings) -> str:
    """Settings and logic of one entity, as two short digests."""
    return f"{digest_of(entity, settings)[:8]}-{_logic(entity)}"


def _logic(entity: str) -> str:
    modules = sorted(_imports(MAKES[entity].__module__))
    return hashlib.sha256("\0".join(_source(module) for module in modules).encode()).hexdigest()[:8]


def _imports(module: str) -> set[str]:
    """The module and all of this package that it imports, directly or not."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in found and _path(name) is not None:
            found.add(name)
            waiting.extend(_imported_by(name))
    return found


@cache
def _imported_by(module: str) -> tuple[str, ...]:
    """Modules named in import lines; names that are no module are harmless. A pattern: parsing takes half a second."""
    names: list[str] = []
    for origin, listed in _IMPORT.findall(_source(module)):
        names += [origin, *(f"{origin}.{name.split()[0]}" for name in listed.strip("()").split(",") if name.strip())]
    return tuple(names)


def _source(module: str) -> str:
    path = _path(module)
    return path.read_text(encoding="utf-8") if path else ""


def _path(module: str) -> Path | None:
    place = _ROOT.joinpath(*module.split(".")[1:])
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.exists()), None)
