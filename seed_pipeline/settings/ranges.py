"""Building blocks of the typed settings: strict models, ranges and shares."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Strict(BaseModel):
    """A model that refuses unknown keys and cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(f"the range is upside down: {value[0]:g} is above {value[1]:g}; write [low, high]")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


Number = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
Weight = Annotated[float, BeforeValidator(_number), Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Count = Annotated[Whole, Field(ge=1, le=500)]
Range = Annotated[tuple[Number, Number], AfterValidator(_ordered)]
Counts = Annotated[tuple[Annotated[Whole, Field(ge=0)], Annotated[Whole, Field(ge=0)]], AfterValidator(_ordered)]
Ratios = Annotated[tuple[Share, Share], AfterValidator(_ordered)]
Scores = Annotated[
    tuple[Annotated[Number, Field(ge=0, le=10)], Annotated[Number, Field(ge=0, le=10)]], AfterValidator(_ordered)
]
Stars = Annotated[
    tuple[Annotated[Number, Field(ge=1, le=5)], Annotated[Number, Field(ge=1, le=5)]], AfterValidator(_ordered)
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


def middle(low_high: tuple[float, float]) -> float:
    """The middle of a range."""
    return (low_high[0] + low_high[1]) / 2
