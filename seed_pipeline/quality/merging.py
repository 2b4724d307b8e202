"""Sums that add up over ranges of chunks: each range is counted by itself, the verdicts come from all sums together.

What a query counts is its step named `sums`: the columns before `n` say of what, `n` and those after it add up. It
alone reads the chunks; the steps after it read the sums, the settings and the reference tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seed_pipeline.quality.scope import Scope
from seed_pipeline.quality.sql import values

Sums = list[dict[str, Any]]
_STEP = "sums AS ("


def summing(query: str) -> str:
    """The query for the sums alone; a query without that step yields them itself."""
    if _STEP not in query:
        return query
    start, end = _body(query)
    before = query[: start - len(_STEP)].rstrip().removesuffix("WITH").rstrip().removesuffix(",")
    return f"{before}\n{query[start:end].strip()}"


def concluding(query: str, sums: Sums) -> str:
    """The query with its sums put in, so that it reads none of the chunks."""
    start, end = _body(query)
    columns = list(sums[0])
    return f"{query[:start]}\n{values(columns, ([row[c] for c in columns] for row in sums))}\n{query[end:]}"


def _body(query: str) -> tuple[int, int]:
    """Where the text between the step's parentheses begins and ends."""
    start = query.index(_STEP) + len(_STEP)
    depth, quoted = 1, False
    for place in range(start, len(query)):
        letter = query[place]
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if not depth:
            return start, place
    raise ValueError("the step sums is not closed")


def added(parts: Iterable[Sums]) -> Sums:
    """The sums of all ranges: rows of the same columns before `n` are one. Rows without an `n` follow each other."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in (row for part in parts for row in part):
        names = list(row)
        keys = names[: names.index("n")] if "n" in row else []
        mine = found.setdefault(tuple(row[key] for key in keys) if "n" in row else (f"{len(found):09d}", "row"), {})
        for name in names:
            mine[name] = row[name] if name in keys else _plus(mine.get(name), row[name])
    return [found[key] for key in sorted(found, key=lambda key: [str(part) for part in key])]


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


class Merged:
    """Stands in for a scope: what is asked of the data is answered by the sums of its ranges."""

    def __init__(self, scope: Scope, parts: Sequence[Mapping[str, Sums]], whole: Scope) -> None:
        """`scope` has the settings and the reference tables, as every range has them; `whole` answers all the rest."""
        self.scope, self.settings, self.tables, self.whole = scope, scope.settings, scope.tables, whole
        self.sums = {query: added(part.get(query, []) for part in parts) for part in parts for query in part}

    def rows(self, query: str, edge_cases: bool = True) -> Sums:
        """The rows of a query: from the sums where the ranges were asked it."""
        if query not in self.sums:
            return self.whole.rows(query, edge_cases)
        sums = self.sums[query]
        return self.scope.rows(concluding(query, sums), edge_cases) if sums and _STEP in query else sums
