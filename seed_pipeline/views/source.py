"""What a report is about: a dataset, opened, with the verdicts on it and where it comes from."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from seed_pipeline import __version__
from seed_pipeline.blast_radius import Remembered
from seed_pipeline.quality.scope import Scope
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings


@dataclass(frozen=True)
class Source:
    """A dataset to report on.

    `opened`: its tables and facts, to be asked; `rows` per table; `version` and `settings_digest` as the data remember
    them; `agrees`: whether these are the settings at hand.
    """

    place: str
    settings: Settings
    opened: Callable[[], AbstractContextManager[Scope]]
    verdicts: list[Verdict]
    rows: Mapping[str, int]
    command: str
    fingerprint: str = ""
    version: str = __version__
    settings_digest: str = ""
    agrees: bool = True
    changes: Mapping[str, Remembered] = field(default_factory=dict)
    history: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def failed(self) -> list[Verdict]:
        """Blocking statements that do not hold."""
        return [v for v in self.verdicts if v.failed and v.blocking]
