"""The settings: typed, strict models of configs/ and their loading.

Reading never guesses: an unknown key, a share beyond 1, a range upside down, a rule on a metric that does not exist is
refused with file, key, value, reason and remedy (`SettingsError`), before a row is made.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from seed_pipeline import CONFIGS
from seed_pipeline.settings.alerts import Alerts
from seed_pipeline.settings.defects import Defects
from seed_pipeline.settings.files import SettingsError, apply_overrides, read_section, refused
from seed_pipeline.settings.personas import Personas
from seed_pipeline.settings.probabilities import Cascade, Churn, Group, Probabilities
from seed_pipeline.settings.ranges import Strict, Whole
from seed_pipeline.settings.rules import Correlations
from seed_pipeline.settings.targets import Targets, check_references
from seed_pipeline.settings.text import Text

SHIPPED = CONFIGS
ALLOWED = (
    "sqlite:///*",
    "postgresql://localhost/*",
    "postgresql://127.0.0.1/*",
    "postgresql://::1/*",
    "postgresql://*staging*/*",
    "postgresql://*/*staging*",
)
"""Where releases may go unless configs/main.yaml says otherwise: files, this machine, and what calls itself staging."""
SECTIONS = ("main", "probabilities", "personas", "correlations", "alerts", "targets", "defects")


class Cohort(Strict):
    """How the world grows (C5)."""

    sessions: Annotated[Whole, Field(ge=1)] = 150
    count: Literal["auto"] | Annotated[Whole, Field(ge=1)] = "auto"


class Minimum(Strict):
    """Fewest sessions of a person (O7)."""

    tutor: Annotated[Whole, Field(ge=1)] = 4
    student: Annotated[Whole, Field(ge=1)] = 3


class Nightly(Strict):
    """When the schedule refreshes staging, once it is switched on."""

    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    time_zone: Annotated[str, Field(min_length=1)] = "UTC"


class Main(Strict):
    """configs/main.yaml."""

    seed: Whole = 42
    total_sessions: Annotated[Whole, Field(ge=1, le=1_000_000_000)] = 150
    as_of: date
    days: Annotated[Whole, Field(ge=15, le=366)] = 30
    clear_existing_data: bool = True
    answer_key: bool = True
    target: Annotated[str, Field(min_length=1)] = "sqlite:///data/seed.db"
    allowed_targets: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=lambda: list(ALLOWED), min_length=1
    )
    allow_production: bool = False
    on_foreign: Literal["refuse", "keep", "cascade"] = "refuse"
    empty_foreign_data: bool = False
    wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    staging_refresh: Nightly = Nightly()
    cohort: Cohort = Cohort()
    minimum_sessions: Minimum = Minimum()
    admin_email: Annotated[
        str, Field(pattern=r"^[^@\s]+@([a-z0-9-]+\.)*(example\.(com|org|net)|[a-z0-9-]+\.(example|test|invalid))$")
    ]
    chunk_cohorts: Annotated[Whole, Field(ge=1, le=5000)] = 50
    processes: Annotated[Whole, Field(ge=1, le=256)] = 1


class Settings(Strict):
    """All of configs/, one section a file; `text` is the folder of vocabularies."""

    main: Main
    probabilities: Probabilities
    personas: Personas
    correlations: Correlations
    alerts: Alerts
    targets: Targets
    defects: Defects
    text: Text

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        tutors, students = self.personas.tutors, self.personas.students
        booking, stories = self.probabilities.booking, self.probabilities.stories
        _check_groups(booking, tutors, students)
        _check_counts(booking, self.personas)
        _check_nobody_is_idle(booking, tutors)
        _check_named(self.probabilities.churn, stories.at_risk_cascade, booking, self.personas)
        _check_labelled(self.main, self.defects)
        return self


def _check_groups(booking: Sequence[Group], tutors: Collection[str], students: Collection[str]) -> None:
    """Every group is of a persona that exists, is taught by such, and is named once."""
    groups: set[str] = set()
    for row in booking:
        where = f"probabilities.yaml, booking, group {row.group}"
        if row.persona not in students:
            raise ValueError(f"{where}: {row.persona!r} is no student persona; choose one of {', '.join(students)}")
        if row.group in groups:
            raise ValueError(f"{where}: the group appears twice; rename one")
        unknown = [t for t in row.sessions if t not in tutors]
        if unknown:
            raise ValueError(f"{where}: {unknown[0]!r} is no tutor persona; choose one of {', '.join(tutors)}")
        groups.add(row.group)


def _check_counts(booking: Sequence[Group], personas: Personas) -> None:
    """The groups of a persona hold as many students as the persona has (C2)."""
    for name, persona in personas.students.items():
        count = sum(row.count for row in booking if row.persona == name)
        if count != persona.count:
            raise ValueError(
                f"probabilities.yaml, booking: the groups of {name} hold {count} students, but personas.yaml has "
                f"{persona.count} of them in a cohort (C2); change the groups' count or the persona's"
            )


def _check_nobody_is_idle(booking: Sequence[Group], tutors: Collection[str]) -> None:
    idle = [t for t in tutors if not sum(row.sessions.get(t, 0) for row in booking)]
    if idle:
        raise ValueError(
            f"probabilities.yaml, booking: nobody books a {idle[0]} tutor; give a group some sessions with {idle[0]}"
        )


def _check_named(churn: Churn, cascade: Cascade | None, booking: Sequence[Group], personas: Personas) -> None:
    """What churn and the stories name exists."""
    matches = (churn.safe, churn.lost)
    named: list[tuple[str, Collection[str]]] = [(match.persona, personas.students) for match in matches]
    named += [(tutor, personas.tutors) for match in matches for tutor in match.tutors]
    if cascade:
        named += [(cascade.group, sorted(row.group for row in booking)), (cascade.tutors, personas.tutors)]
    for name, known in named:
        if name not in known:
            raise ValueError(
                f"probabilities.yaml, churn and stories: {name!r} is unknown; choose one of {', '.join(known)}"
            )


def _check_labelled(main: Main, defects: Defects) -> None:
    """What is injected is listed in the answer key."""
    if defects.inject != "none" and not main.answer_key:
        raise ValueError(
            f"defects.yaml, inject: {defects.inject!r} rows could not be told from others, because main.answer_key is "
            "false and truth_defects lists them; set it to true, or inject none"
        )


def load(
    config_dir: Path | str | None = None,
    overrides: Sequence[str] = (),
    today: date | None = None,
    presets: Sequence[str] = (),
) -> Settings:
    """Read a folder of settings (the shipped one by default), lay presets and then overrides over it.

    `overrides` are strings `section.key.path=value` (a value is YAML); `presets` are names of files in presets/.
    `today` stands in for `as_of: today`: this module reads no clock. Raises SettingsError; settings that are
    well-formed and contradict each other are for core.feasibility to find.
    """
    folder = Path(config_dir) if config_dir is not None else SHIPPED
    sections = {name: read_section(folder, name) for name in SECTIONS}
    sections["text"] = read_section(folder, "text")
    for preset in presets:
        apply_preset(folder, sections, preset)
    apply_overrides(sections, overrides)
    _date(sections["main"], today)
    try:
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        raise refused(error, sections) from None
    check_references(settings)
    return settings


def _date(main: Any, today: date | None) -> None:
    """Put the date in the place of `as_of: today`."""
    if not isinstance(main, dict) or main.get("as_of", "today") != "today":
        return
    if today is None:
        raise SettingsError(
            "main.yaml, as_of", "today", "no date was given to stand for today", "write a date, YYYY-MM-DD"
        )
    main["as_of"] = today


def apply_preset(folder: Path, sections: dict[str, Any], name: str) -> None:
    """Lay presets/NAME.yaml, a mapping of sections, over the sections read so far."""
    preset = read_section(folder / "presets", name)
    unknown = [k for k in preset if k not in SECTIONS]
    if unknown:
        raise SettingsError(
            f"presets/{name}.yaml, {unknown[0]}", preset[unknown[0]], "no such section", f"use {', '.join(SECTIONS)}"
        )
    for section, values in preset.items():
        sections[section] = _laid_over(sections[section], values)


def _laid_over(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, Mapping):
        return {**base, **{k: _laid_over(base.get(k), v) for k, v in top.items()}}
    return top


__all__ = ["SECTIONS", "SHIPPED", "Settings", "SettingsError", "load"]
