"""Reading settings files and saying what is wrong with them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any

from pydantic import ValidationError

from seed_pipeline.settings.ranges import FORMS
from seed_pipeline.settings.secret import redacted
from seed_pipeline.settings.yaml import UnreadableError, parsed

LARGEST = 1_000_000
"""Bytes that a file of settings may have; the largest shipped one has 60,000."""


class SettingsError(Exception):
    """A setting that cannot be, for the person who wrote it: where, the value, why, what to do."""

    def __init__(self, where: str, value: Any, why: str, remedy: str) -> None:
        self.where, self.value, self.why, self.remedy = where, value, why, remedy
        shown = "" if value is None else f" = {_short(redacted(repr(value)), 120)}"
        why = _short(redacted(why), 600)
        super().__init__(
            _printable(f"{_short(redacted(where), 300)}{shown}: {why}. What to do: {_short(remedy, 2000)}.")
        )

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Errors cross to another process and back (chunks made side by side)."""
        return type(self), (self.where, self.value, self.why, self.remedy)


def read_yaml(path: Path) -> Any:
    """One YAML file; SettingsError names the file, and the line where it cannot be parsed."""
    name = str(path)
    try:
        # A pipe would wait for ever and a device never end, so that only what is sure to be a file is opened.
        kind = "" if S_ISREG(path.stat().st_mode) else "it is no regular file"
        content = b"" if kind else _start(path)
    except OSError as error:
        kind = str(error.strerror)
    except ValueError:
        kind = "its name holds the character U+0000"
    if kind:
        remedy = "create it, or point --config at a folder that has it"
        raise SettingsError(name, None, f"the file cannot be read ({kind})", remedy)
    if len(content) > LARGEST:
        raise SettingsError(name, None, f"the file has more than {LARGEST:,} bytes", "leave only settings in it")
    try:
        return parsed(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SettingsError(name, None, "the file is not UTF-8 text", "save it as UTF-8") from None
    except UnreadableError as error:
        line = f", line {error.line}" if error.line else ""
        raise SettingsError(f"{name}{line}", error.value, error.why, error.remedy) from None


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def read_section(folder: Path, name: str) -> dict[str, Any]:
    """The mapping in NAME.yaml, or, where NAME is a folder, of every file in it."""
    if not folder.is_dir():
        raise SettingsError(
            str(folder), None, "there is no such folder of settings", "pass an existing folder with --config"
        )
    if (folder / name).is_dir():
        return {path.stem: read_section(folder / name, path.stem) for path in listed(folder / name)}
    content = read_yaml(folder / f"{name}.yaml")
    if not isinstance(content, dict):
        raise SettingsError(
            f"{name}.yaml", content, "a mapping of keys to values is expected", "write 'key: value' lines"
        )
    return content


def listed(folder: Path) -> list[Path]:
    """The files of settings in a folder; what editors and systems hide there is none."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


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
            value = parsed(raw)
        except UnreadableError as error:
            raise SettingsError("--set", text, error.why, f"{error.remedy}, or quote the value") from None
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


def refused(error: ValidationError, *section: str) -> SettingsError:
    """The first complaint of a validation, of all settings or of a section, with file and key."""
    complaints: dict[str, list[Any]] = {}
    for complaint in error.errors():
        complaints.setdefault(file_and_key([*section, *map(str, complaint["loc"])]), []).append(complaint)
    where, ways = next(iter(complaints.items()))
    first, reasons = ways[0], [_reason(complaint) for complaint in ways]
    # Where a value may be of several kinds, it is none of them, and each is a way out.
    why, remedy = reasons[-1][0], ", or ".join(dict.fromkeys(way for _, way in reasons))
    if len(complaints) > 1:
        remedy += f" (and {len(complaints) - 1} more to mend)"
    given = _Null() if first["input"] is None else first["input"]
    # Of a whole mapping that lacks something, or whose parts disagree, the reason names what matters.
    whole = first["type"] in ("missing", "value_error") and isinstance(given, dict)
    shown = None if whole or hasattr(given, "model_fields_set") else given
    return SettingsError(where, shown, why, remedy)


# Words of Python, and what the same is for who writes YAML.
_YAMLS = {
    "a valid tuple": "a list", "a valid list": "a list", "a valid dictionary": "a mapping of keys to values",
    "a valid string": "a text", "a valid integer": "a whole number", "a valid number": "a number",
    "a valid boolean": "true or false", "tuple should have": "the list should have",
}  # fmt: skip
_PYTHONS = re.compile("|".join((*_YAMLS, r" or instance of \w+")))


class _Null:
    """Nothing, as YAML writes it."""

    def __repr__(self) -> str:
        return "null"


def _reason(complaint: Any) -> tuple[str, str]:
    """Why a value cannot be and what to do, from what pydantic or one of our validators said of it."""
    match complaint["type"]:
        case "extra_forbidden":
            return "this key is unknown here", "remove it, or mend its spelling"
        case "literal_error" | "enum":
            return "there is no such choice", f"choose one of {complaint['ctx']['expected']}"
        case "string_pattern_mismatch":
            pattern = complaint["ctx"]["pattern"]
            return "the text is not of the form that is needed here", f"write {FORMS.get(pattern, pattern)}"
        case "missing" if isinstance(complaint["loc"][-1], int):
            return "the list ends before this value", "add it"
        case "missing":
            return "this key is missing", "add it"
        case "too_long" | "too_short":
            most = complaint["ctx"].get("max_length", complaint["ctx"].get("min_length"))
            what = "at most" if complaint["type"] == "too_long" else "at least"
            found = complaint["ctx"]["actual_length"]
            return f"{what} {most} values are expected here, not {found}", "leave some out" if found else "write some"
    why, _, remedy = complaint["msg"].removeprefix("Value error, ").rstrip(".").partition("; ")
    why = _PYTHONS.sub(lambda found: _YAMLS.get(found[0], ""), why[:1].lower() + why[1:])
    if wanted := re.fullmatch(r"(?:input|keys) should be (.*?)(, .*)?", why, re.DOTALL):
        number = "a number " if wanted[1].startswith(("greater", "less")) else ""
        return why, f"write {number}{wanted[1]}"
    return why, remedy or "write a value that does"


def known(where: str, name: str, names: Iterable[str], kind: str) -> None:
    """SettingsError where a name is none of these, which are all of the kind."""
    choices = list(names)
    if name not in choices:
        raise SettingsError(where, name, f"there is no {kind} of this name", f"choose one of {', '.join(choices)}")


_UNION = re.compile(r"literal\[.*\]|(constrained-)?(int|float|str)|tuple\[.*\]|function-.*|\[key\]")


def file_and_key(keys: Sequence[str]) -> str:
    """`main.yaml, cohort.count` for the path main, cohort, count; `configs` for no path at all."""
    if not keys:
        return "configs"
    depth = 2 if keys[0] == "text" and len(keys) > 1 else 1
    shown = [k for k in keys[depth:] if not _UNION.fullmatch(k)]
    file = "/".join(keys[:depth]) + ".yaml"
    return f"{file}, {'.'.join(shown)}" if shown else file


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _printable(text: str) -> str:
    """One line that any terminal can show: what cannot be printed is spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
