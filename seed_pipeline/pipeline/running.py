"""The whole way from settings to a loaded database, without Dagster."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.ledger import refusals, verdicts_of
from seed_pipeline.pipeline.making import Progress, generate, released_rows, silent
from seed_pipeline.pipeline.opening import reachable
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.remedies import of_artifacts
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `loaded` counts the rows by what the load did with them, and is None when nothing was loaded.

    `verdicts` are those that speak for the artifacts as they are; `refusals` say why nothing was loaded; `effects` say
    what the load meant for rows that are not ours; `afterwards` says what failed once the data was loaded.
    """

    settings: Settings
    rows: dict[str, int]
    fingerprint: str
    verdicts: list[Verdict]
    refusals: list[str]
    loaded: dict[str, int] | None
    effects: tuple[str, ...] = ()
    afterwards: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 loaded (or nothing was to be), 1 refused by a check, 3 loaded, but something after the load failed."""
        return 1 if self.loaded is None and self.refusals else 3 if self.afterwards else 0


def run(settings: Settings, keep: Path | None = None, progress: Progress = silent) -> Outcome:
    """Generate, judge, and load if every blocking statement holds; otherwise the target stays as it was.

    The artifacts go to `keep`, or to a folder that is gone afterwards. Raises SettingsError and StoreError for what a
    user can mend, before anything is written to the target.
    """
    reachable(settings)
    with _folder(keep) as folder, Artifacts(folder).writing(wait_seconds=settings.main.wait_seconds):
        candidate = Candidate(generate(settings, folder, progress), settings)
        audit_all(settings, candidate.artifacts, progress)
        refused = refusals(candidate.artifacts, candidate.blocking())
        if refused:
            return outcome(candidate, None, refused)
        done = candidate.load(progress)
        return outcome(candidate, done.totals(), [], [effect.line for effect in done.effects])


def plan(settings: Settings, artifacts: Path | None = None, progress: Progress = silent) -> tuple[Plan, list[str]]:
    """What `run` would do to the target, and why it would not (statements that fail). Applies nothing.

    The data is that of the folder `artifacts`, or made for the occasion. Raises SettingsError, StoreError.
    """
    reachable(settings)
    with _folder(artifacts) as folder:
        made = Artifacts(folder) if artifacts is not None else generate(settings, folder, progress)
        candidate = Candidate(made, settings)
        audit_all(settings, made, progress)
        return candidate.plan(progress), refusals(made, candidate.blocking())


def outcome(
    candidate: Candidate,
    loaded: dict[str, int] | None,
    refused: list[str],
    effects: Sequence[str] = (),
    afterwards: Sequence[str] = (),
) -> Outcome:
    """What there is to say about a candidate, loaded or not."""
    artifacts, settings = candidate.artifacts, candidate.settings
    present = [asset for asset in ENTITIES if asset in artifacts.assets()]
    verdicts = of_artifacts(verdicts_of(present, artifacts), settings, artifacts)
    rows = released_rows(artifacts, settings.main.answer_key)
    print_ = artifacts.fingerprint(present) if present else ""
    return Outcome(settings, rows, print_, verdicts, refused, loaded, tuple(effects), tuple(afterwards))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="seed-pipeline-") as folder:
        yield Path(folder)
