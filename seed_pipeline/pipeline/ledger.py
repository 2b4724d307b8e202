"""Verdicts beside the artifacts they were passed on, and the one rule of loading: no release without a clean ledger.

`verdicts.json` in the artifacts' folder holds a sheet per asset: its statements' verdicts, the fingerprints of all
artifacts that were looked at, and what they were judged by. A sheet speaks for exactly that content: artifacts that
changed since have no verdict.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import put

FILE, HISTORY = "verdicts.json", "history.json"
KEPT = 10
"""Judgements of an asset that are remembered, each of other data or by another law than the one before."""
_AGAIN = "run the checks on what is there (the job recheck_and_load does)"


class RefusedError(Exception):
    """The data may not be loaded; `reasons` says why, one line each."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(
            "\n".join(["Nothing was loaded: the data has not passed its checks.", *(f"- {r}" for r in self.reasons)])
        )

    def __reduce__(self) -> tuple:
        return RefusedError, (self.reasons,)


@dataclass(frozen=True)
class Sheet:
    """Verdicts on one asset. `seen`: fingerprints of all assets that were read; `law`: digest of settings and judge."""

    asset: str
    seen: dict[str, str]
    law: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def failures(self) -> list[Verdict]:
        """Blocking statements that do not hold."""
        return [v for v in self.verdicts if v.blocking and v.failed]


@dataclass(frozen=True)
class Ledger:
    """The sheets in one folder of artifacts."""

    path: Path

    @classmethod
    def of(cls, artifacts: Artifacts) -> "Ledger":
        """The ledger beside these artifacts."""
        return cls(artifacts.root.absolute() / FILE)

    def sheet(self, asset: str) -> Sheet | None:
        """The asset's latest sheet, whatever it says and however old; None when there is none that can be read."""
        try:
            return _sheets(self.path.read_bytes()).get(asset)
        except FileNotFoundError:
            return None

    def record(self, *sheets: Sheet) -> None:
        """Put the sheets in place of older ones, in one step."""
        news = {s.asset: {**vars(s), "verdicts": [v.to_json() for v in s.verdicts]} for s in sheets}
        self._write(FILE, {**self.read(), **news})
        before = self.history()
        self._write(HISTORY, {**before, **{s.asset: _remembered(before.get(s.asset, []), s) for s in sheets}})

    def history(self) -> dict[str, list[dict[str, Any]]]:
        """The last judgements of each asset, newest last: how many passed, which failed."""
        return self.read(HISTORY)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        lines = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, allow_nan=False)}" for k, v in content.items())
        text = ",\n".join(lines)  # whole with an indent it would take ten times as long
        put(self.path.with_name(name), f"{{\n{text}\n}}\n".encode())

    def read(self, name: str = FILE) -> dict[str, Any]:
        """What a file of ours holds; nothing where it cannot be read."""
        try:
            return _read(self.path.with_name(name).read_bytes())
        except FileNotFoundError:
            return {}


def _read(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=4)
def _sheets(content: bytes) -> dict[str, Sheet]:
    """All sheets that can be read, once for each state of the file."""
    found = {}
    for asset, plain in _read(content).items():
        with suppress(TypeError, KeyError):
            found[asset] = Sheet(**{**plain, "verdicts": [Verdict.from_json(v) for v in plain["verdicts"]]})
    return found


def _remembered(before: list[dict[str, Any]], sheet: Sheet) -> list[dict[str, Any]]:
    said = {
        "fingerprint": sheet.seen[sheet.asset],
        "law": sheet.law,
        "passed": sum(v.passed is True for v in sheet.verdicts),
        "failed": [v.name for v in sheet.verdicts if v.failed],
    }
    return before if before[-1:] == [said] else [*before, said][-KEPT:]


def lineage(asset: str) -> tuple[str, ...]:
    """The asset and everything it is made from, in order: what its checks look at."""
    found = {asset}
    for entity in reversed(ENTITIES):
        if entity in found:
            found.update(UPSTREAM[entity])
    return tuple(entity for entity in ENTITIES if entity in found)


def seen(asset: str, artifacts: Artifacts) -> dict[str, str]:
    """Fingerprints of the asset's lineage as it is on disk now; StoreError when a part is missing."""
    return {name: artifacts.manifest(name).fingerprint for name in lineage(asset)}


def current(asset: str, artifacts: Artifacts) -> Sheet | None:
    """The sheet that speaks for the asset as it is on disk; None when it changed since, or was never judged."""
    sheet = Ledger.of(artifacts).sheet(asset)
    try:
        return sheet if sheet is not None and sheet.seen == seen(asset, artifacts) else None
    except StoreError:
        return None


def verdicts_of(assets: Iterable[str], artifacts: Artifacts) -> list[Verdict]:
    """The verdicts that speak for these assets as they are on disk."""
    return [v for asset in assets if (sheet := current(asset, artifacts)) is not None for v in sheet.verdicts]


def refusals(artifacts: Artifacts, required: Mapping[str, Iterable[str]]) -> list[str]:
    """Why these artifacts may not be loaded, one line for each cause; empty when they may.

    `required`: for every asset the names of the blocking statements that have to have been judged.
    """
    ledger = Ledger.of(artifacts)
    return together(
        (asset, why) for asset in ENTITIES for why in _against(asset, artifacts, ledger, set(required.get(asset, ())))
    )


def together(causes: Iterable[tuple[str, str]]) -> list[str]:
    """Whom each cause concerns, in one line: the first three by name, the rest as a number."""
    whom: dict[str, list[str]] = {}
    for name, why in causes:
        whom.setdefault(why, []).append(name)
    return [f"{', '.join(names[:3])}{_more(len(names) - 3)}: {why}" for why, names in whom.items()]


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _against(asset: str, artifacts: Artifacts, ledger: Ledger, required: set[str]) -> list[str]:
    try:
        now = seen(asset, artifacts)
    except StoreError as error:
        return [str(error)]
    sheet = ledger.sheet(asset)
    if sheet is None:
        return [f"the checks never ran on these artifacts; {_AGAIN}"]
    if sheet.seen != now:
        changed = ", ".join(name for name in now if sheet.seen.get(name) != now[name])
        return [f"the checks ran on other data ({changed} changed since); {_AGAIN}"]
    missing = sorted(required - {v.name for v in sheet.verdicts})
    unjudged = [f"never judged by {', '.join(missing)}; run the asset's checks again"] if missing else []
    return unjudged + [f"{v.name} failed: observed {v.observed}, expected {v.expected}" for v in sheet.failures]
