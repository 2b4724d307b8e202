"""The remarks of the settings files: who wrote a number says there where it comes from."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import yaml

Path_ = tuple[str, ...]
_REMARK = re.compile(r"(?:^|\s)#\s?(.*)$")


def remarks(file: Path) -> dict[Path_, str]:
    """Key path → the remark behind the key, or the block of remarks directly above it; items of a list are `*`."""
    text = file.read_text(encoding="utf-8").splitlines()
    root = yaml.compose("\n".join(text), Loader=yaml.SafeLoader)
    found: dict[Path_, str] = {}
    for path, line in _keys(root, ()) if root else ():
        if _first(text[line], path[-1]):
            said = _behind(text[line]) or _above(text, line)
            if said:
                found.setdefault(path, said)
    return found


def head(file: Path) -> str:
    """The block of remarks at the top of the file, line by line."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in takewhile(_is_remark, lines))


def _is_remark(line: str) -> bool:
    return line.startswith("#")


def _keys(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line
            yield from _keys(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys(item, (*path, "*"))


def _first(line: str, key: str) -> bool:
    """Whether the key is the line's first: a remark behind an item or a flow mapping is not about the keys in it."""
    return line.lstrip().startswith((f"{key}:", f'"{key}":', f"{key} :"))


def _behind(line: str) -> str:
    found = _REMARK.search(line)
    return found[1].strip() if found and not line.lstrip().startswith("#") else ""


def _above(text: list[str], line: int) -> str:
    """The remarks that stand directly above, in the same column."""
    column = len(text[line]) - len(text[line].lstrip())
    block: list[str] = []
    while line > 0 and text[line - 1].startswith(" " * column + "#"):
        line -= 1
        block.insert(0, text[line].strip().lstrip("#").strip())
    # What stands at the top of a file is about the whole file.
    return " ".join(block) if line else ""
