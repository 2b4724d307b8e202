"""The settings of a run: configs/ and what the Launchpad lays over them. One resource, so that all assets agree."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, create_model

from seed_pipeline.blast_radius import Change, Version, blast_radius, kept, remember
from seed_pipeline.defs.alive import holds
from seed_pipeline.defs.last_good import SOME_DAY, shipped
from seed_pipeline.pipeline.making import Made, Opened, made, watch
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SHIPPED, Settings, SettingsError
from seed_pipeline.settings.rules import Rule
from seed_pipeline.settings.secret import holds_secret
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import parse

LOAD = {"seed_pipeline/load": "no"}
"""Tag of runs after which nothing is loaded unasked: they promise so, or have settings of their own."""


def _said(rule: Rule) -> str:
    """A rule in a line: when it acts, and what it does."""
    effects = ", ".join(f"{e.metric} {e.operation} {e.value:g}" for e in rule.effects)
    return f"Where {' and '.join(map(str, rule.when))}: {effects}. False switches it off."


_PRESETS = sorted(path.stem for path in (SHIPPED / "presets").glob("*.yaml"))
_USUAL = shipped()
_MAIN = _USUAL.main
_ALL = "Launch all assets when you change it."

if TYPE_CHECKING:
    Rules = dg.Config
else:
    Rules = create_model(
        "Rules",
        __base__=dg.Config,
        **{
            rule.name: (bool, Field(default=rule.enabled, description=_said(rule)))
            for rule in _USUAL.correlations.rules
        },
    )


class SeedSettings(dg.ConfigurableResource):
    """What this one run changes. Every value stands as configs/ has it; what is left at that stays to the presets.

    All assets and checks of a run agree on it. Nothing is kept for the next run.
    """

    seed: int = Field(default=_MAIN.seed, description=f"Random seed. The same seed gives the same data. {_ALL}")
    sessions: int = Field(
        default=_MAIN.total_sessions, description=f"Number of sessions, 1 or more; the cast grows with it. {_ALL}"
    )
    as_of: str = Field(
        default="today" if _MAIN.as_of == SOME_DAY else _MAIN.as_of.isoformat(),
        description=f"Date that closes the window: YYYY-MM-DD or today. {_ALL}",
    )
    feedback_share: float = Field(
        default=_USUAL.probabilities.availability.feedback,
        description="Share of completed sessions with feedback, about 0.1 to 0.65; the personas' own rates follow. "
        'Launch key:"feedback"+ when you change it.',
    )
    rules: Rules = Field(
        default=Rules(), description="The rules of configs/correlations.yaml; false switches one off for this run."
    )
    presets: list[str] = Field(
        default=[], description=f"Presets laid over the settings, in this order; there are {', '.join(_PRESETS)}."
    )
    overrides: list[str] = Field(
        default=[],
        description="Any other setting, as section.key.path=value, for example probabilities.rating.spread=0.5",
    )
    answer_key: bool = Field(default=_MAIN.answer_key, description="Whether the truth_* tables are loaded.")
    target: str = Field(
        default=_MAIN.target,
        description="Database: sqlite:///path, postgresql://user@host/name, or env:NAME of a variable that holds it.",
    )
    on_foreign: str = Field(
        default=_MAIN.on_foreign,
        description="Where rows of others need a row of ours that has to go: refuse, keep (ours stays) or cascade.",
    )
    on_edited: str = Field(
        default=_MAIN.on_edited,
        description="Where a release would change or remove a row of ours somebody edited: overwrite, keep, refuse.",
    )
    empty_foreign_data: bool = Field(
        default=_MAIN.empty_foreign_data,
        description="Also remove every row of the platform's tables that this pipeline did not write.",
    )
    allow_production: bool = Field(
        default=_MAIN.allow_production, description="Write to a database although its name smells of production."
    )
    config_dir: str | None = Field(default=None, description="Folder of settings instead of the shipped configs/.")
    artifacts: str = Field(default="data/artifacts", description="Folder of the Parquet artifacts.")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Fail at once where the stored configuration of the run holds a password: Dagster keeps it for good."""
        if context.run and context.instance:
            holds(context.instance, context.run.run_id)
            if self.wishes() != Wishes() or self.artifacts != type(self).model_fields["artifacts"].default:
                context.instance.add_run_tags(context.run.run_id, LOAD)
        try:
            refuse_secrets(context.run.run_config if context.run else {})
        except SettingsError as error:
            raise as_failure(error) from None

    @property
    def store(self) -> Artifacts:
        """The artifacts of this run."""
        return Artifacts(Path(self.artifacts))

    def load(self, like: str | None = None) -> Settings:
        """The settings of this run.

        `as_of: today` means the day for which the asset `like` was made, and today without one: so a partial run the
        day after fits what is there. Fails the step, for good, when settings cannot be, or name a target that is none.
        """
        try:
            found = self.wishes().settings(None if like is None else self._as_of(like))
            parse(found.main.target)
            return found
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
        rules = [f"correlations.rules.{name}.enabled={on}".lower() for name, on in self._changed_rules().items()]
        return Wishes(
            seed=self._changed("seed"),
            sessions=self._changed("sessions"),
            as_of=self._changed("as_of"),
            target=self._changed("target"),
            answer_key=self._changed("answer_key"),
            on_foreign=self._changed("on_foreign"),
            on_edited=self._changed("on_edited"),
            empty_foreign_data=self._changed("empty_foreign_data"),
            allow_production=self._changed("allow_production"),
            feedback=self._changed("feedback_share"),
            config=Path(self.config_dir) if self.config_dir else None,
            overrides=(*rules, *self.overrides),
            presets=tuple(self.presets),
        )

    def _changed(self, name: str) -> Any:
        """The value, or None where it is as shipped: presets and a folder of settings have their say there."""
        value = getattr(self, name)
        return None if value == type(self).model_fields[name].default else value

    def _changed_rules(self) -> dict[str, bool]:
        usual = {rule.name: rule.enabled for rule in _USUAL.correlations.rules}
        return {name: on for name, on in self.rules.model_dump().items() if on != usual[name]}

    def _as_of(self, asset: str) -> date | None:
        made_for = self.store.manifest(asset).metadata.get("world", {}).get("as_of")
        return date.fromisoformat(made_for) if made_for else None


def refuse_secrets(config: Mapping[str, Any]) -> None:
    """Raise SettingsError where a run's configuration holds a password."""
    if any(holds_secret(text) for text in _texts(config)):
        why = "Dagster keeps the configuration of every run in clear text, and this one holds a password"
        remedy = "write env:NAME for the target and set that variable; change the password if the run is stored already"
        raise SettingsError("run configuration", None, why, remedy)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a nested configuration."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def as_failure(error: Exception) -> dg.Failure:
    """What a person can mend, as a failed step with that message; trying again would not help."""
    return dg.Failure(str(error), metadata={"error": type(error).__name__}, allow_retries=False)
