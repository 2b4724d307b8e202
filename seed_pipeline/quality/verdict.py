"""A verdict: a target measured on data, said in words and numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite, isnan, nan
from typing import Any

from seed_pipeline.settings.remedies import governed, remedy
from seed_pipeline.settings.targets import Target

Cell = str | float | int | bool | None
Record = dict[str, Cell]


@dataclass(frozen=True)
class Row:
    """One number against its interval: a persona, an hour, or the whole (label "")."""

    label: str
    observed: float
    low: float
    high: float
    n: int
    expected: float = nan
    passed: bool = True
    deviation: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What a statement of the contract came to. `passed` is None where it was not judged.

    `observed`, `low`, `high`, `n`, `deviation` are those of the row that is furthest off; `deviation` is 1.0 exactly
    at the tolerance. `rows` are plain dicts for a table, and so is `evidence`: the rows of the offenders, in their
    order, once they have been looked up. `setting` is the file and key that govern the statement.
    """

    id: str
    name: str
    title: str
    entity: str
    observed: str
    expected: str
    value: float
    low: float
    high: float
    n: int
    passed: bool | None
    blocking: bool
    deviation: float
    rows: tuple[Mapping[str, Cell], ...] = ()
    offenders: tuple[str, ...] = ()
    evidence: tuple[Mapping[str, Cell], ...] = ()
    setting: str = ""
    hint: str = ""
    note: str = ""

    @property
    def failed(self) -> bool:
        """Judged and found wanting."""
        return self.passed is False

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.passed is None:
            return "not judged"
        return "passed" if self.passed else "failed" if self.blocking else "warned"

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; what is no finite number becomes null."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain |= {name: number(plain[name]) for name in ("value", "low", "high", "deviation")}
        return plain | {
            "rows": [dict(row) for row in self.rows],
            "offenders": list(self.offenders),
            "evidence": [dict(row) for row in self.evidence],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Verdict":
        """The verdict that `to_json` made the values from; a null becomes NaN again."""
        numbers = {name: nan if plain[name] is None else plain[name] for name in ("value", "low", "high", "deviation")}
        lists = {name: tuple(plain[name]) for name in ("rows", "offenders", "evidence")}
        return cls(**{**plain, **numbers, **lists})

    @property
    def finding(self) -> str:
        """What came out, in one sentence."""
        return self.note or f"{self.observed}; expected {self.expected}; n = {self.n:,}"

    @property
    def said(self) -> str:
        """The finding where no mark stands before it: what was not judged says so."""
        return self.finding if self.passed is not None else f"not judged: {self.finding}"

    @property
    def line(self) -> str:
        """One line for a terminal."""
        mark = {"passed": "ok", "failed": "FAIL", "warned": "warning"}.get(self.state, self.state)
        return f"{mark:10} {self.name:32} {self.finding}"


STATES = ("failed", "warned", "passed", "not judged")
"""What may have come of a statement, the worst first; `warned` is one that failed and holds nothing back."""


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts are of each state."""
    found = Counter(verdict.state for verdict in verdicts)
    return {state: found[state] for state in STATES}


def tally(verdicts: Iterable[Verdict]) -> str:
    """The one count that is told everywhere: `2 failed, 98 passed, 12 not judged`."""
    return ", ".join(f"{n:,} {state}" for state, n in counted(verdicts).items() if n or state == "passed")


@dataclass(frozen=True)
class Findings:
    """What the queries found: rows to compare, or a note why there was nothing to judge."""

    rows: Sequence[Row] = ()
    note: str = ""


NOTHING = "nothing to judge"


def conclude(name: str, target: Target, findings: Findings, evidence: Sequence[Record] = ()) -> Verdict:
    """The verdict on a statement from what its queries found; where they found nothing it is not judged."""
    rows = sorted(findings.rows, key=lambda row: row.passed)
    judged = [row for row in rows if row.n > 0]
    if not judged:
        return _verdict(name, target, None, note=findings.note or NOTHING, rows=rows)
    worst = max(judged, key=lambda row: (not row.passed, row.deviation))
    passed = all(row.passed for row in judged)
    n = sum(row.n for row in judged) if all(row.label for row in judged) else worst.n
    return _verdict(name, target, passed, rows=rows, worst=worst, evidence=tuple(evidence), n=n)


def not_judged(name: str, target: Target, why: str) -> Verdict:
    """A verdict that says why there is none."""
    return _verdict(name, target, None, note=why)


def _verdict(name, target, passed, *, note="", rows=(), worst=None, evidence=(), n=0) -> Verdict:
    return Verdict(
        id=name.partition("_")[0],
        name=name,
        title=target.title,
        entity=target.entity,
        observed=_shown(worst, worst.observed) if worst else note,
        expected=_interval(worst) if worst else "",
        value=float(worst.observed) if worst else nan,
        low=float(worst.low) if worst else nan,
        high=float(worst.high) if worst else nan,
        n=int(n),
        passed=passed,
        blocking=target.blocking,
        deviation=float(worst.deviation) if worst else 0.0,
        rows=tuple(_record(row) for row in rows),
        offenders=tuple(str(record["id"]) for record in evidence),
        evidence=evidence,
        setting=governed(target),
        hint=remedy(name, target),
        note=note,
    )


def _record(row: Row) -> Record:
    return {
        "group": row.label or "all",
        "observed": number(row.observed),
        "expected": number(row.expected),
        "low": number(row.low),
        "high": number(row.high),
        "n": int(row.n),
        "passed": bool(row.passed) if row.n > 0 else None,
    }


def number(value: float) -> float | None:
    """A plain, rounded number; None for what is no number."""
    return round(float(value), 6) if isfinite(value) else None


def _shown(row: Row, value: float) -> str:
    text = f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{row.label}: {text}" if row.label else text


def _interval(row: Row) -> str:
    if row.low == row.high:
        return f"{row.low:.6g}"
    about = "" if isnan(row.expected) else f"{row.expected:.4g} "
    if not isfinite(row.high):
        return f"{about}at least {row.low:.4g}".strip()
    if not isfinite(row.low):
        return f"{about}at most {row.high:.4g}".strip()
    return f"{about}within [{row.low:.4g}, {row.high:.4g}]"
