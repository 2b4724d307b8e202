"""The settings of a run: configs/ and what the Launchpad lays over them. One resource, so that all assets agree."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field

from seed_pipeline.blast_radius import Change, Version, blast_radius, kept, remember
from seed_pipeline.core.settings import Settings, SettingsError
from seed_pipeline.pipeline.making import Made, Opened, made, watch
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError


class SeedSettings(dg.ConfigurableResource):
    """What this one run changes; everything left out stays as configs/ has it. All assets and checks of a run agree."""

    seed: int | None = Field(
        default=None,
        description="Random seed. The same seed gives the same data. Launch all assets when you change it.",
    )
    sessions: int | None = Field(
        default=None, description="Number of sessions; the cast grows with it. Launch all assets when you change it."
    )
    as_of: str | None = Field(
        default=None,
        description="Date that closes the window: YYYY-MM-DD or today. Launch all assets when you change it.",
    )
    presets: list[str] = Field(
        default=[], description="Names of files in configs/presets/, laid over the settings in this order."
    )
    overrides: list[str] = Field(
        default=[],
        description="Any other setting, as section.key.path=value, for example probabilities.availability.feedback=0.6",
    )
    disabled_rules: list[str] = Field(
        default=[], description="Names of rules in configs/correlations.yaml to switch off."
    )
    answer_key: bool | None = Field(default=None, description="Whether the truth_* tables are loaded.")
    target: str | None = Field(
        default=None,
        description="Database: sqlite:///path, postgresql://user@host/name, or env:NAME of a variable that holds it.",
    )
    on_foreign: str | None = Field(
        default=None,
        description="Where rows of others need a row of ours that has to go: refuse, keep (ours stays) or cascade.",
    )
    empty_foreign_data: bool | None = Field(
        default=None, description="Also remove every row of the platform's tables that this pipeline did not write."
    )
    allow_production: bool | None = Field(
        default=None, description="Write to a database although its name smells of production."
    )
    config_dir: str | None = Field(default=None, description="Folder of settings instead of the shipped configs/.")
    artifacts: str = Field(default="data/artifacts", description="Folder of the Parquet artifacts.")

    @property
    def store(self) -> Artifacts:
        """The artifacts of this run."""
        return Artifacts(Path(self.artifacts))

    def load(self, like: str | None = None) -> Settings:
        """The settings of this run.

        `as_of: today` means the day for which the asset `like` was made, and today without one: so a partial run the
        day after fits what is there. Fails the step, for good, when settings cannot be.
        """
        try:
            return self.wishes().settings(date.today() if like is None else self._as_of(like))
        except (SettingsError, StoreError) as error:
            raise as_failure(error) from None

    def make(self, entity: str, upstream: Mapping[str, Opened]) -> Made:
        """The entity, ready to be written, from its upstream tables."""
        settings = self.load(next(iter(upstream), None))
        try:
            return made(entity, settings, upstream, watch())
        except (SettingsError, StoreError) as error:
            raise as_failure(error) from None

    def write(self, entity: Made) -> tuple[Opened, list[Change]]:
        """Write the chunks while they are made, in place of the old ones, which a failure leaves; and what changed."""
        try:
            with kept(self.store, entity.entity) as before:
                entity.write(self.store)
                changes = blast_radius(before, Version.of(self.store, entity.entity))
                remember(self.store, entity.entity, before, changes)
        except (SettingsError, StoreError) as error:
            raise as_failure(error) from None
        return Opened(self.store.root, entity.entity), changes

    def wishes(self) -> Wishes:
        """What this run asks for, in the words of both faces."""
        return Wishes(
            seed=self.seed,
            sessions=self.sessions,
            as_of=self.as_of,
            target=self.target,
            answer_key=self.answer_key,
            on_foreign=self.on_foreign,
            empty_foreign_data=self.empty_foreign_data,
            allow_production=self.allow_production,
            config=Path(self.config_dir) if self.config_dir else None,
            overrides=tuple(self.overrides),
            presets=tuple(self.presets),
            disabled_rules=tuple(self.disabled_rules),
        )

    def _as_of(self, asset: str) -> date:
        world = self.store.manifest(asset).metadata.get("world", {})
        return date.fromisoformat(world.get("as_of", date.today().isoformat()))


def as_failure(error: Exception) -> dg.Failure:
    """What a person can mend, as a failed step with that message; trying again would not help."""
    return dg.Failure(str(error), metadata={"error": type(error).__name__}, allow_retries=False)
