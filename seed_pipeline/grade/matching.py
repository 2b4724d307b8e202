"""What was raised against what should have been: precision and recall, kind by kind."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from seed_pipeline.grade.words import share, table

_SHOWN = 3
"""Wrong and missed ones that are listed for each kind; --json lists all."""


@dataclass(frozen=True)
class Item:
    """One alert or insight: two are the same where kind and subject agree. `level` (its severity) is compared apart."""

    kind: str
    subject: tuple[str, ...]
    level: str | None = None
    because: str = ""


@dataclass(frozen=True)
class Match:
    """How one kind came out. `missed` and `wrong` say which; a second one of the same subject is wrong, too."""

    kind: str
    expected: int
    raised: int
    right: int
    level_right: int
    missed: tuple[Item, ...]
    wrong: tuple[Item, ...]

    @property
    def precision(self) -> float | None:
        """Of those raised, the share that is right; None where none was."""
        return self.right / self.raised if self.raised else None

    @property
    def recall(self) -> float | None:
        """Of those expected, the share that was raised; None where none was."""
        return self.right / self.expected if self.expected else None

    @property
    def level(self) -> float | None:
        """Of the right ones, the share whose severity is right, too; None where there is none."""
        return self.level_right / self.right if self.right else None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        shares = {"precision": self.precision, "recall": self.recall, "severity": self.level}
        return {**asdict(self), **shares}


def matched(expected: Sequence[Item], raised: Sequence[Item], kinds: Iterable[str]) -> list[Match]:
    """A match for each of `kinds` and every other kind that comes up, then one for all together under `all`."""
    wanted, found = _by_kind(expected), _by_kind(raised)
    each = [_match(kind, wanted[kind], found[kind]) for kind in dict.fromkeys([*kinds, *wanted, *found])]
    return [*each, _match("all", expected, raised)]


def _by_kind(items: Iterable[Item]) -> Mapping[str, list[Item]]:
    grouped: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        grouped[item.kind].append(item)
    return grouped


def _match(kind: str, expected: Sequence[Item], raised: Sequence[Item]) -> Match:
    wanted, found = Counter(map(_same, expected)), Counter(map(_same, raised))
    levels = Counter((_same(i), i.level) for i in expected) & Counter((_same(i), i.level) for i in raised)
    missed, wrong = _left(expected, found), _left(raised, wanted)
    return Match(kind, len(expected), len(raised), (wanted & found).total(), levels.total(), missed, wrong)


def _same(item: Item) -> tuple[str, tuple[str, ...]]:
    return item.kind, item.subject


def _left(items: Sequence[Item], others: Counter) -> tuple[Item, ...]:
    """The items that find no partner among the others."""
    free, left = Counter(others), []
    for item in items:
        if free[_same(item)] > 0:
            free[_same(item)] -= 1
        else:
            left.append(item)
    return tuple(left)


def lines_of(matches: Sequence[Match], level: str = "") -> Iterator[str]:
    """The matches as a table, then some of those missed and wrong. `level`: what the last column is called, if any."""
    rows = [("", "raised", "expected", "right", "precision", "recall", level)]
    for m in matches:
        shares = (share(m.precision), share(m.recall), share(m.level) if level else "")
        rows.append((m.kind, str(m.raised), str(m.expected), str(m.right), *shares))
    yield from table(rows)
    for match in matches[:-1]:
        yield from _listed("missed", match.missed)
        yield from _listed("wrong", match.wrong)


def _listed(what: str, items: Sequence[Item]) -> Iterator[str]:
    for item in items[:_SHOWN]:
        subject = ", session ".join(item.subject)
        yield f"  {what:6}  {item.kind}: tutor {subject}{'; ' if item.because else ''}{item.because}"
    if len(items) > _SHOWN:
        yield f"          … and {len(items) - _SHOWN} more (--json)"
