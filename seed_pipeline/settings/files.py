"""Reading settings files and saying what is wrong with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError


class SettingsError(Exception):
    """A setting that cannot be, for the person who wrote it: where, the value, why, what to do."""

    def __init__(self, where: str, value: Any, why: str, remedy: str) -> None:
        self.where, self.value, self.why, self.remedy = where, value, why, remedy
        shown = "" if value is None else f" = {_short(value)}"
        super().__init__(f"{where}{shown}: {why}. What to do: {remedy}.")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Errors cross to another process and back (chunks made side by side)."""
        return type(self), (self.where, self.value, self.why, self.remedy)


class _Loader(yaml.CSafeLoader):
    """Refuses a key written twice, which YAML would silently settle for the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.append(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """One YAML file; SettingsError names the line where it cannot be read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise SettingsError(
            str(path),
            None,
            f"the file cannot be read ({error.strerror})",
            "create it, or point --config at a folder that has it",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(str(path), None, "the file is not UTF-8 text", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(
            f"{path}{line}", None, f"not valid YAML: {getattr(error, 'problem', error)}", "mend the syntax there"
        ) from None


def read_section(folder: Path, name: str) -> dict[str, Any]:
    """The mapping in NAME.yaml, or, where NAME is a folder, of every file in it."""
    if not folder.is_dir():
        raise SettingsError(
            str(folder), None, "there is no such folder of settings", "pass an existing folder with --config"
        )
    if (folder / name).is_dir():
        return {path.stem: read_section(folder / name, path.stem) for path in sorted((folder / name).glob("*.yaml"))}
    content = read_yaml(folder / f"{name}.yaml")
    if not isinstance(content, dict):
        raise SettingsError(
            f"{name}.yaml", content, "a mapping of keys to values is expected", "write 'key: value' lines"
        )
    return content


def apply_overrides(sections: dict[str, Any], overrides: Sequence[str]) -> None:
    """Set `section.key.path=value` in place; items of a list are addressed by their name (or group) or position."""
    for text in overrides:
        path, sign, raw = text.partition("=")
        keys = path.strip().split(".")
        if not sign or len(keys) < 2:
            raise SettingsError(
                "--set", text, "an override reads section.key=value", "for example --set main.total_sessions=300"
            )
        try:
            value = yaml.load(raw, Loader=_Loader)
        except yaml.YAMLError:
            raise SettingsError(
                "--set", text, "the value is not valid YAML", "quote it, or mend the brackets"
            ) from None
        place: Any = sections
        for depth, key in enumerate(keys[:-1]):
            place = place[_index(place, key, keys[: depth + 1], text)]
        # The last key may be one that the file leaves to its default; whether it exists is the models' to say.
        last = (
            keys[-1]
            if isinstance(place, dict) and keys[-1] not in map(str, place)
            else _index(place, keys[-1], keys, text)
        )
        place[last] = value


def _index(place: Any, key: str, path: Sequence[str], text: str) -> Any:
    """The key or position that `key` names in `place`."""
    if isinstance(place, Mapping):
        found = next((k for k in place if str(k) == key), None)
        names = [str(k) for k in place]
    elif isinstance(place, list):
        names = [
            str(item.get("name", item.get("group", i))) if isinstance(item, Mapping) else str(i)
            for i, item in enumerate(place)
        ]
        found = names.index(key) if key in names else None
    else:
        found, names = None, []
    if found is None:
        choices = f"choose one of {', '.join(names)}" if names else f"{'.'.join(path[:-1])} is a plain value"
        raise SettingsError("--set", text, f"there is no setting {'.'.join(path)}", choices)
    return found


def refused(error: ValidationError, sections: Mapping[str, Any]) -> SettingsError:
    """The first complaint of a validation, with file and key."""
    complaints = error.errors()
    first = complaints[0]
    keys = [str(k) for k in first["loc"]]
    where = _file_and_key(keys, sections)
    why, _, remedy = first["msg"].removeprefix("Value error, ").rstrip(".").partition("; ")
    remedies = {
        "extra_forbidden": ("this key is unknown here", "remove it, or mend its spelling"),
        "missing": ("this key is missing", "add it"),
    }
    why, remedy = remedies.get(first["type"], (why[:1].lower() + why[1:], remedy or "change the value"))
    if len(complaints) > 1:
        remedy += f" (and {len(complaints) - 1} more to mend)"
    whole_section = (
        first["type"] == "missing" or isinstance(first["input"], dict) or hasattr(first["input"], "model_fields_set")
    )
    return SettingsError(where, None if whole_section else first["input"], why, remedy)


def _file_and_key(keys: Sequence[str], sections: Mapping[str, Any]) -> str:
    if not keys:
        return "configs"
    depth = 2 if keys[0] == "text" and len(keys) > 1 else 1
    shown = [k for k in keys[depth:] if not k.startswith(("literal[", "int", "constrained-int", "function-"))]
    file = "/".join(keys[:depth]) + ".yaml"
    return f"{file}, {'.'.join(shown)}" if shown else file


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
