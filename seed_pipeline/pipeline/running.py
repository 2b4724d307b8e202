"""The whole way from settings to a loaded database, without Dagster."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seed_pipeline import schema
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.core.settings import Settings
from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.ledger import current, refusals
from seed_pipeline.pipeline.making import Progress, generate, makes_rows, silent
from seed_pipeline.pipeline.releasing import Candidate, reachable
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.store.artifacts import Artifacts


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `loaded` counts the rows by what the load did with them, and is None when nothing was loaded.

    `verdicts` are those that speak for the artifacts as they are; `refusals` say why nothing was loaded.
    """

    settings: Settings
    rows: dict[str, int]
    fingerprint: str
    verdicts: list[Verdict]
    refusals: list[str]
    loaded: dict[str, int] | None


def run(settings: Settings, keep: Path | None = None, progress: Progress = silent) -> Outcome:
    """Generate, judge, and load if every blocking statement holds; otherwise the target stays as it was.

    The artifacts go to `keep`, or to a folder that is gone afterwards. Raises SettingsError and StoreError for what a
    user can mend, before anything is written to the target.
    """
    reachable(settings.main.target)
    with _folder(keep) as folder:
        candidate = Candidate(generate(settings, folder, progress), settings)
        audit_all(settings, candidate.artifacts, progress)
        refused = refusals(candidate.artifacts, candidate.blocking())
        return outcome(candidate, None if refused else candidate.load(progress), refused)


def outcome(candidate: Candidate, loaded: dict[str, int] | None, refused: list[str]) -> Outcome:
    """What there is to say about a candidate, loaded or not."""
    artifacts, settings = candidate.artifacts, candidate.settings
    present = [asset for asset in ENTITIES if asset in artifacts.assets()]
    verdicts = [verdict for asset in present for verdict in current(asset, artifacts)]
    rows = released_rows(artifacts, settings.main.answer_key)
    return Outcome(settings, rows, artifacts.fingerprint(present) if present else "", verdicts, refused, loaded)


def released_rows(artifacts: Artifacts, answer_key: bool = True) -> dict[str, int]:
    """Rows of every table of the release, in schema order."""
    found = {name: 0 for name in schema.FILLED if answer_key or name not in schema.ANSWER_KEY}
    for asset in artifacts.assets():
        for name, count in artifacts.manifest(asset).rows.items():
            if name in found and makes_rows(asset, name):
                found[name] += count
    return found


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="seed-pipeline-") as folder:
        yield Path(folder)
