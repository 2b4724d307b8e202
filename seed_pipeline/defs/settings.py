"""The settings of a run: configs/ and what the Launchpad lays over them. One resource, so that all assets agree."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import dagster as dg
from pydantic import Field, create_model

from seed_pipeline.blast_radius import Change, Version, blast_radius, kept, remember
from seed_pipeline.defs.alive import holds
from seed_pipeline.defs.last_good import SOME_DAY, shipped
from seed_pipeline.pipeline.making import Made, Opened, Progress, both, made, watch
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SHIPPED, Main, Settings, SettingsError
from seed_pipeline.settings.rules import Rule
from seed_pipeline.settings.secret import holds_secret, redacted
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import parse

LOAD = {"seed_pipeline/load": "no"}
"""Tag of runs after which nothing is loaded unasked: they promise so, or have settings of their own."""


def _one_of(name: str, values: Iterable[str]) -> object:
    """An enumeration that the Launchpad completes."""
    return StrEnum(name, {value: value for value in values})


def _said(rule: Rule) -> str:
    """A rule in a line: when it acts, and what it does."""
    effects = ", ".join(f"{e.metric} {e.operation} {e.value:g}" for e in rule.effects)
    return f"Where {' and '.join(map(str, rule.when))}: {effects}. False switches it off."


_USUAL = shipped()
_MAIN = _USUAL.main
_ALL = "Launch all assets when you change it."


def _as(usual: Any) -> str:
    """How configs/ has a value, where nothing is given."""
    return f" As configs/ has it: {usual}."


if TYPE_CHECKING:
    Rules = dg.Config
    Preset = str
    OnForeign = str
    OnEdited = str
else:
    Rules = create_model(
        "Rules",
        __base__=dg.Config,
        **{
            rule.name: (bool | None, Field(default=None, description=_said(rule) + _as(rule.enabled)))
            for rule in _USUAL.correlations.rules
        },
    )
    Preset = _one_of("Preset", sorted(path.stem for path in (SHIPPED / "presets").glob("*.yaml")))
    OnForeign, OnEdited = (
        _one_of(name, get_args(Main.model_fields[name].annotation)) for name in ("on_foreign", "on_edited")
    )


_ALIKE = (
    "seed", "sessions", "as_of", "target", "answer_key", "on_foreign", "on_edited", "empty_foreign_data",
    "allow_production",
)  # fmt: skip
"""Settings of a run that both faces call the same."""


class SeedSettings(dg.ConfigurableResource):
    """What this one run changes. What is not given is as presets and configs/ have it; what is given holds over both.

    All assets and checks of a run agree on it. Nothing is kept for the next run.
    """

    seed: int | None = Field(
        default=None, description=f"Random seed. The same seed gives the same data. {_ALL}{_as(_MAIN.seed)}"
    )
    sessions: int | None = Field(
        default=None,
        description=f"Number of sessions, 1 or more; the cast grows with it. {_ALL}{_as(_MAIN.total_sessions)}",
    )
    as_of: str | None = Field(
        default=None,
        description=f"Date that closes the window: YYYY-MM-DD or today. {_ALL}"
        f"{_as('today' if _MAIN.as_of == SOME_DAY else _MAIN.as_of)}",
    )
    feedback_share: float | None = Field(
        default=None,
        description="Share of completed sessions with feedback, about 0.1 to 0.65; the personas' own rates follow. "
        f'Launch key:"feedback"+ when you change it.{_as(_USUAL.probabilities.availability.feedback)}',
    )
    rules: Rules = Field(
        default=Rules(), description="The rules of configs/correlations.yaml; false switches one off for this run."
    )
    presets: list[Preset] = Field(
        default=[], description="Presets laid over the settings, in this order: files of configs/presets/."
    )
    overrides: list[str] = Field(
        default=[],
        description="Any other setting, as section.key.path=value, for example probabilities.rating.spread=0.5",
    )
    answer_key: bool | None = Field(
        default=None, description=f"Whether the truth_* tables are loaded.{_as(_MAIN.answer_key)}"
    )
    target: str | None = Field(
        default=None,
        description="Database: sqlite:///path, postgresql://user@host/name, or env:NAME of a variable that holds it."
        + _as(redacted(_MAIN.target)),
    )
    on_foreign: OnForeign | None = Field(
        default=None,
        description="Where rows of others need a row of ours that has to go: refuse, keep (ours stays) or cascade."
        + _as(_MAIN.on_foreign),
    )
    on_edited: OnEdited | None = Field(
        default=None,
        description="Where a release would change or remove a row of ours somebody edited: overwrite, keep, refuse."
        + _as(_MAIN.on_edited),
    )
    empty_foreign_data: bool | None = Field(
        default=None,
        description="Also remove every row of the platform's tables that this pipeline did not write."
        + _as(_MAIN.empty_foreign_data),
    )
    allow_production: bool | None = Field(
        default=None,
        description="Write to a database although its name smells of production." + _as(_MAIN.allow_production),
    )
    config_dir: str | None = Field(default=None, description="Folder of settings instead of the shipped configs/.")
    artifacts: str | None = Field(
        default=None,
        description=f"Folder of the Parquet artifacts, or a URL such as s3://bucket/seed.{_as(_MAIN.artifacts)}",
    )

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Fail at once where the stored configuration of the run holds a password: Dagster keeps it for good."""
        if context.run and context.instance:
            holds(context.instance, context.run.run_id)
            if self.wishes() != Wishes() or self.artifacts not in (None, _MAIN.artifacts):
                context.instance.add_run_tags(context.run.run_id, LOAD)
        try:
            refuse_secrets(context.run.run_config if context.run else {})
        except SettingsError as error:
            raise as_failure(error) from None

    @property
    def store(self) -> Artifacts:
        """The artifacts of this run."""
        return Artifacts(self.artifacts or self.wishes().settings().main.artifacts)

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

    def make(self, entity: str, upstream: Mapping[str, Opened], progress: Progress) -> Made:
        """The entity, ready to be written, from its upstream tables; whoever watches sees it, too."""
        settings = self.load(next(iter(upstream), None))
        try:
            return made(entity, settings, upstream, both(watch(), progress))
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
        rules = self.rules.model_dump(exclude_none=True)
        switched = [f"correlations.rules.{name}.enabled={on}".lower() for name, on in rules.items()]
        return Wishes(
            **{name: getattr(self, name) for name in _ALIKE},
            feedback=self.feedback_share,
            config=Path(self.config_dir) if self.config_dir else None,
            overrides=(*switched, *self.overrides),
            presets=tuple(self.presets),
        )

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
