"""YAML as plain values: numbers, words, lists and mappings, and nothing that runs, hangs, grows or overflows.

The values are built from libyaml's events, one at a time, because its own tree runs out of stack on deep nesting and
its constructors fail on impossible dates and endless numbers. What a scalar means follows YAML 1.2, with the yes and no
of 1.1; a date stays a word until a setting asks for one.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

DEEPEST, MOST_VALUES, MOST_DIGITS = 40, 100_000, 400
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **{word: True for plain in ("yes", "true", "on") for word in (plain, plain.title(), plain.upper())},
    **{word: False for plain in ("no", "false", "off") for word in (plain, plain.title(), plain.upper())},
}
_WHOLE = re.compile(r"[-+]?[0-9][0-9_]*")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class UnreadableError(Exception):
    """Text that cannot be settings: the line (from 1), the value where there is one, why, and what to do."""

    def __init__(self, line: int | None, value: Any, why: str, remedy: str) -> None:
        self.line, self.value, self.why, self.remedy = line, value, why, remedy
        super().__init__(why)


def parsed(text: str) -> Any:
    """The value that one YAML document holds; nothing at all is None. Raises UnreadableError."""
    try:
        return _Builder(yaml.parse(text, Loader=yaml.CSafeLoader)).document()
    except UnicodeEncodeError:
        raise UnreadableError(None, None, "half of a surrogate pair is no character", "write the character") from None
    except yaml.YAMLError as error:
        mark: yaml.Mark | None = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        line = None if mark is None else mark.line + 1
        raise UnreadableError(line, None, f"not valid YAML: {problem}", "mend the syntax there") from None


class _Builder:
    """Reads events and counts what they come to; an alias counts as much as what it stands for."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events, self.values, self.anchors = events, 0, dict[str, tuple[Any, int]]()

    def document(self) -> Any:
        """The only document."""
        found: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found:
                    raise _at(event, None, "a second document begins here", "leave one document in the file")
                found.append(self.value(next(self.events), 0))
        return found[0] if found else None

    def value(self, event: Any, depth: int) -> Any:
        """The value that begins with this event."""
        before = self.values
        self._counted(event, 1)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise _at(event, f"*{event.anchor}", "nothing above has this anchor", "write the value itself")
            value, size = self.anchors[event.anchor]
            self._counted(event, size)
            return value
        if depth > DEEPEST:
            raise _at(event, None, f"this is nested more than {DEEPEST} deep, as no setting is", "mend the brackets")
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            raise _at(
                event, event.tag, "tags have no meaning in settings", "write the value alone, in quotes if need be"
            )
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self.value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._mapping(depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, self.values - before
        return value

    def _mapping(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            if isinstance(key, list | dict):
                raise _at(event, key, "a list or mapping cannot be a key", "write a word or a number before the colon")
            if str(key) in map(str, found):
                raise _at(event, key, f"the key {key!r} is written twice", "remove one of the two")
            found[key] = self.value(next(self.events), depth + 1)
        return found

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self.events), end):
            yield event

    def _counted(self, event: yaml.Event, size: int) -> None:
        self.values += size
        if self.values > MOST_VALUES:
            raise _at(event, None, f"there are more than {MOST_VALUES:,} values up to here", "leave some of them out")


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    if text in _WORDS:
        return _WORDS[text]
    if not _REAL.fullmatch(text):
        return text
    if len(text) > MOST_DIGITS:
        raise _at(event, text, f"no setting is a number of {len(text):,} characters", "write a smaller number")
    number = text.replace("_", "")
    if _WHOLE.fullmatch(text):
        return int(number)
    return float(number.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _at(event: Any, value: Any, why: str, remedy: str) -> UnreadableError:
    return UnreadableError(event.start_mark.line + 1, value, why, remedy)
