"""docs/settings.md: every key of configs/, from the typed models, the files' remarks and their shipped values."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seed_pipeline.core.dataset import READS
from seed_pipeline.reference_docs.contract import table
from seed_pipeline.reference_docs.remarks import head, remarks
from seed_pipeline.settings import SECTIONS, Settings
from seed_pipeline.settings.files import read_section

Schema = Mapping[str, Any]
_LONGEST = 110
_TEXT = ("subjects", "people", "sessions", "feedback", "highlights", "churn")
_HEAD = """# The settings

Every key of `configs/`. Written from the typed models, the files' remarks and the shipped values by
`python -m seed_pipeline.reference_docs`: edit the settings, then run that again.

A key is written with dots from its file on; `*` stands for any name (a persona, say) or any item of a list. On a
command line it is `--set FILE.KEY=VALUE`, for example `--set personas.tutors.star.no_show=0.03`; items of a list are
named by their `name` or `group`. What cannot be (an unknown key, shares that do not add up, a range upside down,
settings that contradict each other) is refused with file, key, value, reason and remedy before a row is made.

A *condition* compares a fact with a number or a word: `tutor_talk_ratio > 0.65`, `category == math`; a list of them
must hold as a whole. A *line* is a sentence, or a mapping with `text` (or `lines`), `when` and `weight`.
"""


def settings_page(config: Path) -> str:
    """The whole page for a folder of settings."""
    schema = Settings.model_json_schema()
    files = [(name, f"{name}.yaml", schema["properties"][name]) for name in SECTIONS]
    texts = _resolved(schema["properties"]["text"], schema)["properties"]
    files += [(f"text.{name}", f"text/{name}.yaml", texts[name]) for name in _TEXT]
    return "\n".join([_HEAD, *(_file(config, key, file, part, schema) for key, file, part in files)])


def _file(config: Path, key: str, file: str, part: Schema, schema: Schema) -> str:
    path = config / file
    values = read_section(path.parent, path.stem)
    said = remarks(path)
    rows = [
        (
            f"`{'.'.join(p)}`",
            _kind(s, schema),
            _value(values, p),
            said.get(p) or _any(said, p) or _words(s, schema),
            _readers((*key.split("."), *p)),
        )
        for p, s in _walk(part, schema, ())
    ]
    shown = table(("Key", "Kind", "Shipped", "Remark", "Read by"), rows)
    return f"## {file}\n\n```text\n{head(path)}\n```\n\n{shown}\n"


def _readers(path: tuple[str, ...]) -> str:
    """The entities that read the key or something in it: those that an edit marks as unsynced."""
    return ", ".join(e for e, keys in READS.items() if any(_overlap(tuple(key.split(".")), path) for key in keys))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return all(a == b or a in "*#" or b == "*" for a, b in zip(one, other, strict=False))


def _walk(part: Schema, schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every key that holds a value or opens a block, in the models' order."""
    for name, field in _resolved(part, schema).get("properties", {}).items():
        here = (*path, name)
        yield here, field
        if _named(field):
            continue
        inside, below = _inside(_plain(field), here, schema)
        if inside is not None:
            yield from _walk(inside, schema, below)


def _inside(field: Schema, path: tuple[str, ...], schema: Schema) -> tuple[Schema | None, tuple[str, ...]]:
    """The block below a field: itself, or what its names or items hold."""
    if "$ref" in field:
        return (field, path) if not _named(field) else (None, path)
    content = _content(field) or field.get("items")
    return _inside(_plain(content), (*path, "*"), schema) if isinstance(content, Mapping) else (None, path)


def _content(field: Schema) -> Any:
    """What every name of a mapping holds."""
    names = field.get("patternProperties")
    return next(iter(names.values())) if names else field.get("additionalProperties")


def _plain(field: Schema) -> Schema:
    """The field without the alternative of leaving it out."""
    options = [o for o in field.get("anyOf", ()) if o.get("type") != "null"]
    return options[0] if options else field


def _named(field: Schema) -> str:
    """Kinds that have a word of their own."""
    ref = field.get("$ref", "").rpartition("/")[2]
    return {"Condition": "condition", "Line": "line"}.get(ref, "")


def _resolved(part: Schema, schema: Schema) -> Schema:
    part = _plain(part)
    ref = part.get("$ref")
    return schema["$defs"][ref.rpartition("/")[2]] if ref else part


def _kind(field: Schema, schema: Schema) -> str:
    """What may be written, in words: `number, 0 to 1`."""
    if _named(field):
        return _named(field)
    if "anyOf" in field:
        return " or ".join(_kind(o, schema) for o in field["anyOf"])
    if "$ref" in field:
        return "block"
    if "const" in field or "enum" in field:
        return " or ".join(f"`{v}`" for v in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        ends = sorted({_kind(o, schema) for o in field["prefixItems"]})
        return "two texts" if ends == ["text"] else f"[low, high], {' / '.join(ends)}"
    if field.get("type") == "array":
        inner = _kind(field.get("items", {}), schema)
        return {"condition": "condition, or a list of them", "line": "lines", "block": "list of blocks"}.get(
            inner, f"list of {inner}"
        )
    if field.get("type") == "object":
        content = _content(field)
        return f"for each name: {_kind(content, schema)}" if isinstance(content, Mapping) else "block"
    return _scalar(field)


def _scalar(field: Schema) -> str:
    name = {"integer": "whole number", "boolean": "true or false", "string": "text", "null": "nothing"}
    kind = name.get(str(field.get("type")), "number")
    kind = "date or `today`" if field.get("format") == "date" else kind
    low, high = field.get("ge", field.get("minimum")), field.get("le", field.get("maximum"))
    above = field.get("gt", field.get("exclusiveMinimum"))
    if low is not None and high is not None:
        return f"{kind}, {low:,g} to {high:,g}" if high < 1e6 else f"{kind}, {low:,g} to {high:,}"
    limits = [f"at least {low:g}"] if low is not None else [f"above {above:g}"] if above is not None else []
    limits += [f"at most {high:g}"] if high is not None else []
    return ", ".join([kind, *limits])


def _words(field: Schema, schema: Schema) -> str:
    """The model's own description, for blocks without a remark."""
    inside, _ = _inside(_plain(field), (), schema)
    said = _resolved(inside, schema).get("description", "") if inside is not None else ""
    return said.split("\n\n")[0].replace("\n", " ")


def _any(said: Mapping[tuple[str, ...], str], path: tuple[str, ...]) -> str:
    """The first remark on a path that fits one with `*` in it."""
    fits = (
        r for p, r in said.items() if len(p) == len(path) and all(b in ("*", a) for a, b in zip(p, path, strict=True))
    )
    return next(fits, "")


def _value(values: Any, path: tuple[str, ...]) -> str:
    """The shipped value; below `*` one for each name, nothing for items of a list."""
    value = _taken(values, path)
    text = _shown(value)
    if text and len(text) <= _LONGEST:
        return f"`{text}`"
    return "" if "*" in path else _size(value)


def _taken(values: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return values
    if path[0] == "*":
        if not isinstance(values, Mapping):
            return None
        found = {name: _taken(item, path[1:]) for name, item in values.items()}
        return {name: item for name, item in found.items() if item is not None} or None
    return _taken(values.get(path[0]), path[1:]) if isinstance(values, Mapping) else None


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _size(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} items"
    return f"{len(value)} names" if isinstance(value, Mapping) else "" if value is None else "see the file"
