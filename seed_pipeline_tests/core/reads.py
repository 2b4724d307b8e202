"""Which settings each entity reads, by recording; run as a module, it renews core/reads.json.

The settings are rebuilt of models that note each of their fields that is asked for. Names in a mapping and places in a
list are written `*`: what is read of one is read of all. `#` is which names, or how many places, there are.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

from seed_pipeline.core.dataset import DECLARED, ENTITIES, UPSTREAM, again
from seed_pipeline.settings import load

Path = tuple[str, ...]
WORLDS = (
    {"overrides": ["main.total_sessions=450"]},
    {"presets": ["demo"]},
    {"overrides": ["main.cohort.count=2", "main.total_sessions=300"]},
)
"""Settings under which entities go different ways; what injecting edge cases reads is `wishes.digest_of`'s to add."""


def recorded() -> dict[str, list[str]]:
    """Entity → every key that it reads in one of the worlds."""
    found: dict[str, set[Path]] = {entity: set() for entity in ENTITIES}
    for world in WORLDS:
        settings, made = load(today=date(2026, 3, 1), **world), {}
        for entity in ENTITIES:
            recorder = Recorder()
            watched = recorder.of(settings, ())
            recorder.seen.clear()
            made[entity] = again(entity, watched, range(2), {name: made[name] for name in UPSTREAM[entity]})
            found[entity] |= recorder.seen
    return {entity: sorted(".".join(path) for path in _leaves(paths)) for entity, paths in found.items()}


def _leaves(paths: set[Path]) -> set[Path]:
    """What was read itself, and not only opened on the way to something in it."""
    opened = {path[:n] for path in paths for n in range(1, len(path))}
    return {path for path in paths - opened if path[-1] != "#" or (*path[:-1], "*") not in opened}


class Recorder:
    """Notes in `seen` what is asked of the settings that it makes.

    A block counts as read where something in it is, and a list or mapping of blocks once somebody looks through it.
    """

    def __init__(self) -> None:
        self.seen: set[Path] = set()
        self._places: dict[int, tuple[Path, Any]] = {}
        self._classes: dict[type, type] = {}

    def of(self, value: Any, path: Path) -> Any:
        """The same value, watched."""
        if isinstance(value, BaseModel):
            parts = {name: self.of(getattr(value, name), (*path, name)) for name in type(value).model_fields}
            return self._placed(self._class(type(value), self._block).model_construct(**parts), path)
        if isinstance(value, Mapping):
            named = {name: self.of(part, (*path, "*")) for name, part in value.items()}
            return self._placed(self._class(dict, self._holder)(named), path) if self._any(named.values()) else value
        if type(value) is tuple:
            listed = [self.of(part, (*path, "*")) for part in value]
            return self._placed(self._class(tuple, self._holder)(listed), path) if self._any(listed) else value
        return value

    def _placed(self, found: Any, path: Path) -> Any:
        self._places[id(found)] = path, found
        return found

    def _any(self, values: Iterable[Any]) -> bool:
        return any(type(value) in self._classes.values() for value in values)

    def _class(self, usual: type, watching: Callable[[type], type]) -> type:
        if usual not in self._classes:
            self._classes[usual] = watching(usual)
        return self._classes[usual]

    def _block(self, usual: type) -> type:
        """A model that notes the values asked for."""

        def read(model: Any, name: str) -> Any:
            value = object.__getattribute__(model, name)
            if name in fields and id(model) in self._places and not self._any([value]):
                self.seen.add((*self._places[id(model)][0], name))
            return value

        fields = set(getattr(usual, "model_fields", ()))
        return type(usual.__name__, (usual,), {"__getattribute__": read})

    def _holder(self, usual: type) -> type:
        """A dict or tuple that notes when somebody looks what is in it."""

        def noted(method: str) -> Callable[..., Any]:
            def call(held: Any, *arguments: Any) -> Any:
                if id(held) in self._places:
                    self.seen.add((*self._places[id(held)][0], "#"))
                return getattr(usual, method)(held, *arguments)

            return call

        methods = ("__iter__", "__getitem__", "__len__", "__contains__", "keys", "values", "items", "get")
        return type(usual.__name__, (usual,), {name: noted(name) for name in methods if hasattr(usual, name)})


if __name__ == "__main__":
    DECLARED.write_text(json.dumps(recorded(), indent=1) + "\n", encoding="utf-8")
