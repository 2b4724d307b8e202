"""What somebody asks for on top of configs/: the same for a command line and for a run's configuration in Dagster."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from seed_pipeline.core.plan.world import World
from seed_pipeline.settings import SHIPPED, Main, Settings, SettingsError, in_presets, load, settings_of
from seed_pipeline.settings.files import apply_overrides

NOT_OF_THE_DATA = (
    "artifacts",
    "target",
    "target_schema",
    "allowed_targets",
    "allow_production",
    "on_foreign",
    "on_edited",
    "empty_foreign_data",
    "wait_seconds",
    "staging_refresh",
    "processes",
    "workers",
    "scheduler",
    "chunk_cohorts",
    "clear_existing_data",
    "answer_key",
)
"""Keys of configs/main.yaml that say where the data goes or how it is made, and never what is in it (X1)."""


_LATEST: list[tuple[Settings, dict[str, Any], dict[tuple[str, ...] | None, str]]] = []


@dataclass(frozen=True)
class Wishes:
    """Settings of one run that differ from the files; None leaves a setting as the files have it.

    `as_of` is YYYY-MM-DD or `today`; `overrides` are strings `section.key=value`, `presets` names of files in presets/.
    `feedback` is the share of completed sessions with feedback; each student persona's own rate follows in proportion.
    """

    seed: int | None = None
    sessions: int | None = None
    as_of: str | None = None
    target: str | None = None
    answer_key: bool | None = None
    feedback: float | None = None
    config: Path | None = None
    overrides: Sequence[str] = ()
    presets: Sequence[str] = ()
    disabled_rules: Sequence[str] = ()
    on_foreign: str | None = None
    on_edited: str | None = None
    empty_foreign_data: bool | None = None
    allow_production: bool | None = None
    workers: int | None = None
    scheduler: str | None = None

    @classmethod
    def given(cls, options: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """The wishes among these options, where None stands for one that was not given, and the other options."""
        names = {field.name for field in fields(cls)}
        wished: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items() if k in names}
        others = {name: value for name, value in options.items() if name not in names}
        return cls(**{name: value for name, value in wished.items() if value is not None}), others

    def settings(self, today: date | None = None, *, checked: bool = True) -> Settings:
        """The settings as wished; `today` stands in for `as_of: today`, which else is today in main.time_zone.

        checked: whether they contradict each other is found out, too, as it has to be before anything is made.

        What the machine takes for today plays no part: it may be a day ahead, and the window would end in the future.
        Raises SettingsError.
        """
        given = self.as_of not in (None, "today")
        day = date.min if given else today or _now()
        place = (day, tuple(self.presets), _state(self.config))
        asked = tuple(self.as_overrides())
        if self.feedback is not None:
            asked += tuple(_in_proportion(_read(self.config, asked, *place), self.feedback))
        return (_loaded if checked else _read)(self.config, asked, *place)

    def as_overrides(self) -> list[str]:
        """All that is wished beside folder, presets and feedback, as strings `section.key=value`."""
        named = {
            "seed": self.seed,
            "total_sessions": self.sessions,
            "target": self.target,
            "answer_key": self.answer_key,
            "on_foreign": self.on_foreign,
            "on_edited": self.on_edited,
            "empty_foreign_data": self.empty_foreign_data,
            "allow_production": self.allow_production,
            "workers": self.workers,
            "scheduler": self.scheduler,
        }
        flags = [f"main.{key}={json.dumps(value)}" for key, value in named.items() if value is not None]
        flags += [f"main.as_of={self.as_of}"] if self.as_of is not None else []
        flags += [f"correlations.rules.{rule}.enabled=false" for rule in self.disabled_rules]
        return [*self.overrides, *flags]


def _now() -> datetime:
    """The quarter of an hour that it is: wherever the date changes, it changes at the beginning of one."""
    now = datetime.now(UTC)
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


def _in_proportion(settings: Settings, share: float) -> list[str]:
    """Another share of feedback (A4), and every student persona's rate (S5) that much higher or lower."""
    times = share / settings.probabilities.availability.feedback
    rates = {name: min(1.0, round(p.feedback * times, 6)) for name, p in settings.personas.students.items()}
    personas = [f"personas.students.{name}.feedback={rate}" for name, rate in rates.items()]
    return [f"probabilities.availability.feedback={share}", *personas]


@lru_cache(maxsize=8)
def _read(
    config: Path | None, overrides: tuple[str, ...], today: date, presets: tuple[str, ...], state: tuple
) -> Settings:
    with _told_by_presets(config, presets):
        return load(config, overrides, today=today, presets=presets)


@lru_cache(maxsize=8)
def _loaded(
    config: Path | None, overrides: tuple[str, ...], today: date, presets: tuple[str, ...], state: tuple
) -> Settings:
    from seed_pipeline.quality.feasibility.contradictions import check  # a run with nothing to do has no need of it

    settings = _read(config, overrides, today, presets, state)
    with _told_by_presets(config, presets):
        check(settings)
    return settings


@contextmanager
def _told_by_presets(config: Path | None, presets: tuple[str, ...]) -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise in_presets(error, config or SHIPPED, presets) from None


def _state(config: Path | None) -> tuple:
    """What tells one state of a folder of settings from another, so that an edit is seen at once."""
    folder = config or SHIPPED
    files = sorted(path for place in ("", "text", "presets") for path in (folder / place).glob("*.yaml"))
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.exists())


def digest(settings: Settings, keys: Sequence[str] | None = None) -> str:
    """16 hexadecimal digits over what shapes the data: these keys as core/reads.json writes them, or all settings."""
    whole, told = _content(settings)
    asked = None if keys is None else tuple(keys)
    if asked not in told:
        content = whole if asked is None else {key: _at(whole, key.split(".")) for key in asked}
        told[asked] = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return told[asked]


def _content(settings: Settings) -> tuple[dict[str, Any], dict[tuple[str, ...] | None, str]]:
    """What shapes the data, as plain values, and its digests so far; asked for again and again, worked out once."""
    if not _LATEST or _LATEST[0][0] is not settings:
        content = settings.model_dump(mode="json")
        content["main"] = {key: value for key, value in content["main"].items() if key not in NOT_OF_THE_DATA}
        _LATEST[:] = [(settings, content, {})]
    return _LATEST[0][1:]


def _at(content: Any, path: Sequence[str]) -> Any:
    """The value or values at a path; None where something on the way is left out."""
    if not path or content is None:
        return content
    if path[0] == "#":
        return len(content) if isinstance(content, list) else list(content)
    if path[0] != "*":
        return _at(content.get(path[0]), path[1:])
    if isinstance(content, list):
        return [_at(part, path[1:]) for part in content]
    return {name: _at(part, path[1:]) for name, part in content.items()}


def remembered(settings: Settings) -> str:
    """The settings that shape the data, as a release remembers them (JSON); never where it went, nor any secret."""
    return json.dumps(_content(settings)[0], ensure_ascii=False)


def recalled(content: str, asked: Main, overrides: Sequence[str] = ()) -> Settings:
    """The settings of a release, its target as it is `asked` for, overrides laid over. Raises SettingsError."""
    sections = json.loads(content)
    apply_overrides(sections, overrides)
    settings = settings_of(sections)
    where = {key: getattr(asked, key) for key in NOT_OF_THE_DATA}
    return settings.model_copy(update={"main": settings.main.model_copy(update=where)})


def world_of(settings: Settings) -> dict[str, object]:
    """What all assets of one dataset have to agree on, in words of configs/main.yaml, and what is injected."""
    main, injects = settings.main, settings.defects.inject != "none"
    return {
        "seed": main.seed,
        "total_sessions": main.total_sessions,
        "as_of": main.as_of.isoformat(),
        "days": main.days,
        "time_zone": main.time_zone,
        "cohorts": World(settings).cohorts,
        "chunk_cohorts": World(settings).chunk_cohorts,
        "inject": settings.defects.inject if injects else None,
        "scenes": digest(settings, ["defects"]) if injects else None,
    }


def stamp(entity: str, settings: Settings) -> dict[str, object]:
    """What an asset's manifest remembers of the settings it was made with."""
    return {"world": world_of(settings), "settings": digest_of(entity, settings)}


def digest_of(entity: str, settings: Settings) -> str:
    """The digest of what an entity reads. Where edge cases are injected, all of them read which, and the alerts."""
    from seed_pipeline.core.dataset import READS  # All that makes data; most commands look at settings alone.

    return digest(settings, [*READS[entity], *(("defects", "alerts") if settings.defects.inject != "none" else ())])
