"""The scenes as configs/demo.yaml has them: typed, strict, and refused with a reason where they cannot be."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from seed_pipeline import CONFIGS
from seed_pipeline.settings.files import known, read_section, refused
from seed_pipeline.settings.ranges import Number, Storable, Strict, Weight

NAME = "demo"
COMPARISONS = ("equals", "about", "inside", "at_least", "at_most")
Value = Number | Storable


class Expectation(Strict):
    """What one column of the query's row has to be; exactly one comparison."""

    column: str
    equals: Value | None = Field(default=None, alias="is")
    about: Value | None = None
    inside: str | None = None
    at_least: Value | None = None
    at_most: Value | None = None
    give: Weight = 0.0
    of: str | None = None

    @property
    def comparison(self) -> str:
        """The one comparison that is set."""
        return next(name for name in COMPARISONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(getattr(self, name) is not None for name in COMPARISONS) != 1:
            raise ValueError(
                f"{self.column} has to have exactly one comparison; use is, about, inside, at_least or at_most"
            )
        return self


class SceneText(Strict):
    """One scene as it is written."""

    title: Storable
    why: Storable
    show: Storable
    statement: str
    rule: str | None = None
    needs: tuple[str, ...] = ()
    pick: Storable | None = None
    query: Storable
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]


class Script(Strict):
    """configs/demo.yaml."""

    scenes: dict[str, SceneText]


def written(folder: Path) -> Script:
    """The script of a folder of settings, or the shipped one where the folder has none. Raises SettingsError."""
    file = folder / f"{NAME}.yaml"
    content: dict[str, Any] = read_section(folder if file.exists() or file.is_symlink() else CONFIGS, NAME)
    try:
        return Script.model_validate(content)
    except ValidationError as error:
        raise refused(error, NAME) from None


def read(settings: Any, folder: Path | None = None) -> Script:
    """The script whose scenes show what these settings promise. Raises SettingsError."""
    script = written(folder or CONFIGS)
    for name, scene in script.scenes.items():
        where = f"{NAME}.yaml, scenes.{name}.statement"
        known(where, scene.statement, settings.targets.statements, "statement in targets.yaml")
    return script
