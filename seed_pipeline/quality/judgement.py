"""Judges data: chunks of tables → partial sums → verdicts, in one pass and without holding the data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from seed_pipeline.quality import forms
from seed_pipeline.quality.injected import ordinary
from seed_pipeline.quality.measures import MEASURES, Measure
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.subjects import with_subjects
from seed_pipeline.quality.sums import Part, Sums
from seed_pipeline.quality.verdict import NOTHING, Findings, Verdict, conclude, not_judged
from seed_pipeline.settings import Settings
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.references import check_references
from seed_pipeline.settings.targets import Target, holds_back, in_force, out_of_force

Tables = Mapping[str, pd.DataFrame]
_FORM = Measure(forms.collect, forms.assess, of_cast=True)


def judge(chunks: Iterable[Tables], settings: Settings, entities: Sequence[str] | None = None) -> list[Verdict]:
    """The verdicts on data given chunk by chunk, in the order of targets.yaml; of some entities only, if told.

    A chunk holds whole tables (the released columns), closed under foreign keys but for subjects. Tables that are
    absent because their asset is not yet made are fine as long as no statement asked for reads them.
    """
    total = Sums()
    for tables in with_subjects(chunks):
        total = total + measure(tables, settings, entities)
    return verdicts(total, settings, entities)


def measure(tables: Tables, settings: Settings, entities: Sequence[str] | None = None) -> Sums:
    """The partial sums of one chunk."""
    every = Chunk(tables, settings)
    rest = ordinary(tables, settings)
    cast = every if rest is tables else Chunk(rest, settings)
    seen = frozenset(name for name in tables if not name.startswith("work_"))
    known = any(name.startswith("truth_") for name in seen)
    parts = {
        name: measure_of(target, name).collect(cast if measure_of(target, name).of_cast else every, target)
        for name, target in _chosen(settings, entities)
        if (known or not _needs_key(target)) and in_force(target, settings)
    }
    return Sums(cast.rows("sessions"), seen, parts)


def verdicts(sums: Sums, settings: Settings, entities: Sequence[str] | None = None) -> list[Verdict]:
    """The verdicts that the sums of all chunks come to."""
    check_references(settings)
    known = any(name.startswith("truth_") for name in sums.tables)
    return [_verdict(name, target, sums, settings, known) for name, target in _chosen(settings, entities)]


def _verdict(name: str, target: Target, sums: Sums, settings: Settings, known: bool) -> Verdict:
    if _needs_key(target) and not known:
        return not_judged(name, target, "needs the answer key (main.answer_key), which this data does not have")
    if why := out_of_force(target, settings):
        return conclude(name, target, Findings(note=f"{why}: {NOTHING}"))
    if target.only_large and sums.sessions < settings.targets.large_from:
        return conclude(name, target, Findings(note=f"judged from {settings.targets.large_from:,} sessions"))
    part = sums.parts.get(name, Part())
    return conclude(name, target, measure_of(target, name).assess(sums, part, target, settings))


def _needs_key(target: Target) -> bool:
    return target.entity == "answer_key"


def _chosen(settings: Settings, entities: Sequence[str] | None) -> Iterator[tuple[str, Target]]:
    for name, target in settings.targets.statements.items():
        if entities is None or target.entity in entities:
            yield name, target.model_copy(update={"blocking": holds_back(target, settings)})


def measure_of(target: Target, name: str) -> Measure:
    """How a target measures. Raises SettingsError for a measure that does not exist."""
    if target.measure is None:
        return _FORM
    if target.measure not in MEASURES:
        raise SettingsError(
            f"targets.yaml, statements.{name}.measure",
            target.measure,
            "there is no such measure",
            f"choose one of {', '.join(MEASURES)}",
        )
    return MEASURES[target.measure]
