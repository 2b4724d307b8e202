"""The settings: typed, strict models of configs/ and their loading.

Reading never guesses: an unknown key, a share beyond 1, a range upside down, a rule on a metric that does not exist is
refused with file, key, value, reason and remedy (`SettingsError`), before a row is made.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from seed_pipeline import CONFIGS
from seed_pipeline.settings.alerts import Alerts
from seed_pipeline.settings.defects import Defects
from seed_pipeline.settings.demo import written
from seed_pipeline.settings.files import SettingsError, apply_overrides, known, listed, read_section, refused
from seed_pipeline.settings.personas import Personas
from seed_pipeline.settings.probabilities import Group, Probabilities
from seed_pipeline.settings.ranges import Day, Number, Printable, Seed, Strict, Whole, form
from seed_pipeline.settings.references import check_references
from seed_pipeline.settings.rules import Correlations
from seed_pipeline.settings.secret import Address
from seed_pipeline.settings.targets import Targets
from seed_pipeline.settings.text import Text
from seed_pipeline.settings.zones import Zone, known_zone, names, zone, zone_info

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


TimeZone = Annotated[Printable, AfterValidator(known_zone)]
"""A zone of the IANA database as the package `tzdata` has it."""


class Cohort(Strict):
    """How the world grows (C5)."""

    sessions: Annotated[Whole, Field(ge=1)] = 150
    count: Literal["auto"] | Annotated[Whole, Field(ge=1, le=10_000_000)] = "auto"


class Minimum(Strict):
    """Fewest sessions of a person (O7)."""

    tutor: Annotated[Whole, Field(ge=1, le=10_000)] = 4
    student: Annotated[Whole, Field(ge=1, le=10_000)] = 3


class Nightly(Strict):
    """When the schedule refreshes staging, once it is switched on."""

    at: Annotated[str, form(r"^([01]\d|2[0-3]):[0-5]\d$", "a time from 00:00 to 23:59")] = "02:00"
    time_zone: TimeZone = "UTC"


class Main(Strict):
    """configs/main.yaml."""

    seed: Seed = 42
    total_sessions: Annotated[Whole, Field(ge=1)] = 150
    as_of: Day
    days: Annotated[Whole, Field(ge=15, le=366)] = 30
    time_zone: TimeZone = "UTC"
    clear_existing_data: bool = True
    answer_key: bool = True
    artifacts: Annotated[Printable, Field(min_length=1)] = "data/artifacts"
    target: Address = Address("sqlite:///data/seed.db")
    target_schema: Annotated[str, form(r'^[^",]*$', "the name alone, without quotes and commas", max_length=63)] = ""
    allowed_targets: Annotated[tuple[Printable, ...], Field(min_length=1, max_length=100)] = ALLOWED
    allow_production: bool = False
    on_foreign: Literal["refuse", "keep", "cascade"] = "refuse"
    on_edited: Literal["overwrite", "keep", "refuse"] = "overwrite"
    empty_foreign_data: bool = False
    wait_seconds: Annotated[Number, Field(ge=0, le=3600)] = 60.0
    staging_refresh: Nightly = Nightly()
    cohort: Cohort = Cohort()
    minimum_sessions: Minimum = Minimum()
    admin_email: Annotated[
        str,
        form(
            r"^[^@\s]+@([a-z0-9-]+\.)*(example\.(com|org|net)|[a-z0-9-]+\.(example|test|invalid))$",
            "an address that belongs to nobody, admin@example.com",
            max_length=255,
        ),
    ]
    chunk_cohorts: Literal["auto"] | Annotated[Whole, Field(ge=1, le=5000)] = "auto"
    processes: Literal["auto"] | Annotated[Whole, Field(ge=1, le=256)] = "auto"
    workers: Annotated[Whole, Field(ge=0, le=256)] = 0
    scheduler: Annotated[str, form(r"^$|^[a-z]+://\S+$", "the scheduler's address, tcp://host:8786")] = ""

    @property
    def zone(self) -> Zone:
        """The zone's table, for the years that end at as_of."""
        return zone(self.time_zone, self.as_of.year)


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
        _check_booking(self.probabilities.booking, self.personas)
        _check_named(self.probabilities, self.personas)
        if self.defects.inject != "none" and not self.main.answer_key:
            raise SettingsError(
                "defects.yaml, inject",
                self.defects.inject,
                "what is injected could not be told from other rows, because main.answer_key is false and "
                "truth_defects lists it",
                "set main.answer_key to true; or set defects.inject to none",
            )
        return self


def _check_booking(booking: Sequence[Group], personas: Personas) -> None:
    """Groups have names of their own, personas that exist and as many students as these (C2); nobody is idle."""
    for row in booking:
        where = f"probabilities.yaml, booking.{row.group}"
        known(f"{where}.persona", row.persona, personas.students, "student persona")
        for tutor in row.sessions:
            known(f"{where}.sessions", tutor, personas.tutors, "tutor persona")
        if sum(other.group == row.group for other in booking) > 1:
            raise SettingsError(where, None, "two groups have this name", "rename one")
    for name, persona in personas.students.items():
        count = sum(row.count for row in booking if row.persona == name)
        if count != persona.count:
            raise SettingsError(
                f"personas.yaml, students.{name}.count",
                persona.count,
                f"the groups of {name} under booking in probabilities.yaml hold {count} students in a cohort (C2)",
                f"set personas.students.{name}.count to {count}, or change the count of the groups"
                if count
                else "add a group of this persona under booking, or remove the persona",
            )
    for tutor in personas.tutors:
        if not sum(row.sessions.get(tutor, 0) for row in booking):
            why, remedy = f"nobody books a {tutor} tutor", f"give a group some sessions with {tutor}"
            raise SettingsError("probabilities.yaml, booking", None, why, remedy)


def _check_named(probabilities: Probabilities, personas: Personas) -> None:
    """What churn and the stories name exists."""
    for name in ("safe", "lost"):
        match = getattr(probabilities.churn, name)
        known(f"probabilities.yaml, churn.{name}.persona", match.persona, personas.students, "student persona")
        for tutor in match.tutors:
            known(f"probabilities.yaml, churn.{name}.tutors", tutor, personas.tutors, "tutor persona")
    if cascade := probabilities.stories.at_risk_cascade:
        where = "probabilities.yaml, stories.at_risk_cascade"
        known(f"{where}.group", cascade.group, [row.group for row in probabilities.booking], "group")
        known(f"{where}.tutors", cascade.tutors, personas.tutors, "tutor persona")
    for i, course in enumerate(probabilities.stories.courses):
        where = f"probabilities.yaml, stories.courses.{i}"
        known(f"{where}.tutors", course.tutors, personas.tutors, "tutor persona")
        numbers = [str(n + 1) for n in range(personas.tutors[course.tutors].count)]
        known(f"{where}.tutor", str(course.tutor), numbers, f"{course.tutors} tutor of a cohort")


def load(
    config_dir: Path | str | None = None,
    overrides: Sequence[str] = (),
    today: date | None = None,
    presets: Sequence[str] = (),
) -> Settings:
    """Read a folder of settings (the shipped one by default), lay presets and then overrides over it.

    `overrides` are strings `section.key.path=value` (a value is YAML); `presets` are names of files in presets/.
    `today` stands in for `as_of: today`, a moment for its date in `main.time_zone`: this module reads no clock. Raises
    SettingsError, also for a demo script that would be read once data is loaded; settings that contradict each other
    are for quality.feasibility to find.
    """
    folder = Path(config_dir) if config_dir is not None else SHIPPED
    sections = {name: read_section(folder, name) for name in (*SECTIONS, "text")}
    for preset in presets:
        apply_preset(folder, sections, preset)
    apply_overrides(sections, overrides)
    settings = settings_of(sections, today)
    written(folder)
    return settings


def settings_of(sections: dict[str, Any], today: date | None = None) -> Settings:
    """The typed settings of sections as read; `today` stands in for `as_of: today`. Raises SettingsError."""
    _date(sections["main"], today)
    try:
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        raise refused(error) from None
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
    main["as_of"] = _there(today, main.get("time_zone")) if isinstance(today, datetime) else today


def _there(moment: datetime, name: Any) -> date:
    """The date by the clocks of a zone; of UTC where there is no such zone, which is refused elsewhere."""
    return moment.astimezone(zone_info(name) if isinstance(name, str) and name in names() else UTC).date()


def apply_preset(folder: Path, sections: dict[str, Any], name: str) -> None:
    """Lay presets/NAME.yaml, a mapping of sections, over the sections read so far."""
    for section, values in read_preset(folder, name).items():
        sections[section] = _laid_over(sections[section], values)


def read_preset(folder: Path, name: str) -> dict[str, Any]:
    """The sections of presets/NAME.yaml. SettingsError for a preset that is none."""
    there = sorted(path.stem for path in listed(folder / "presets"))
    if name not in there:
        remedy = f"choose one of {', '.join(there)}" if there else f"there are none in {folder}"
        raise SettingsError("--preset", name, "there is no such preset", remedy)
    preset = read_section(folder, f"presets/{name}")
    for section in preset:
        known(f"presets/{name}.yaml", section, SECTIONS, "section")
    return preset


def in_presets(error: SettingsError, folder: Path, presets: Sequence[str]) -> SettingsError:
    """The error with the last preset that sets what it speaks of in the place of the base file."""
    section, _, key = error.where.partition(".yaml")
    keys = [k for k in (*section.split("/"), *key.removeprefix(", ").split(".")) if k]
    for name in reversed(presets):
        if _sets(read_preset(folder, name), keys):
            return SettingsError(f"presets/{name}.yaml, {'.'.join(keys)}", error.value, error.why, error.remedy)
    return error


def _sets(place: Any, keys: Sequence[str]) -> bool:
    """Whether a preset has the path, or a plain value or list on the way to it."""
    if not isinstance(place, dict) or not keys:
        return True
    return any(str(word) == keys[0] and _sets(value, keys[1:]) for word, value in place.items())


def _laid_over(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, Mapping):
        return {**base, **{k: _laid_over(base.get(k), v) for k, v in top.items()}}
    return top


__all__ = ["SECTIONS", "SHIPPED", "Settings", "SettingsError", "load"]
