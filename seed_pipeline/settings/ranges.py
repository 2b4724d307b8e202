"""Building blocks of the typed settings: a strict model, and numbers, ranges and words bounded by what columns hold."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetPydanticSchema
from pydantic_core import core_schema

from seed_pipeline.schema import ENUMS

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)


class Strict(BaseModel):
    """A model that refuses unknown keys and cannot be changed after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True, defer_build=True
    )


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(f"the range is upside down: {value[0]:g} is above {value[1]:g}; write [low, high]")
    return value


def _no_further_than(limit: float) -> BeforeValidator:
    """Validates a number, and that it is so small that nothing overflows on its way to a column."""

    def check(value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("a number is expected, not true or false; write a number")
        if isinstance(value, int | float) and not -limit <= value <= limit:
            raise ValueError(f"the number is beyond {limit:g}, or none at all; write a smaller one")
        return value

    return BeforeValidator(check)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the text holds the character U+0000, which PostgreSQL cannot store; remove it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            "the text holds half of a surrogate pair, which is no character; write the character"
        ) from None
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("the text holds a character that cannot be printed; remove it")
    return text


def _day(value: Any) -> Any:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("this is no date; write a day that exists as YYYY-MM-DD") from None
    # So far from the ends of what dates and timestamps can be that no window and no tenure reaches them.
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"the day is too far away; write one from {FIRST_DAY} to {LAST_DAY}")
    return day


FORMS: dict[str, str] = {}
"""What to write instead, by the pattern that a text has not."""


def form(pattern: str, wanted: str, **more: Any) -> Any:
    """A field whose text has a form; `wanted` says in words which."""
    FORMS[pattern] = wanted
    return Field(pattern=pattern, **more)


Number = Annotated[float, _no_further_than(1e6)]
Whole = Annotated[int, _no_further_than(10**9)]
Seed = Annotated[int, _no_further_than(10**30)]
Share = Annotated[Number, Field(ge=0, le=1)]
Score = Annotated[Number, Field(ge=0, le=10)]
Stars = Annotated[Number, Field(ge=1, le=5)]
Weight = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Count = Annotated[Whole, Field(ge=1, le=500)]
_Hundreds = Annotated[Number, Field(ge=0, le=999.99)]
_Events = Annotated[Whole, Field(ge=0, le=200)]
_Minutes = Annotated[Whole, Field(ge=0, le=600)]
_Days = Annotated[Whole, Field(ge=0, le=20_000)]
_Years = Annotated[Whole, Field(ge=0, le=80)]
Numbers = Annotated[tuple[Number, Number], AfterValidator(_ordered)]
Factors = Annotated[tuple[Weight, Weight], AfterValidator(_ordered)]
Ratios = Annotated[tuple[Share, Share], AfterValidator(_ordered)]
Scores = Annotated[tuple[Score, Score], AfterValidator(_ordered)]
Ratings = Annotated[tuple[Stars, Stars], AfterValidator(_ordered)]
Counts = Annotated[tuple[_Events, _Events], AfterValidator(_ordered)]
Hundreds = Annotated[tuple[_Hundreds, _Hundreds], AfterValidator(_ordered)]
Minutes = Annotated[tuple[_Minutes, _Minutes], AfterValidator(_ordered)]
Days = Annotated[tuple[_Days, _Days], AfterValidator(_ordered)]
Years = Annotated[tuple[_Years, _Years], AfterValidator(_ordered)]
Name = Annotated[str, form(r"^[a-z][a-z0-9_]{0,47}$", "a word of small letters, digits and _, a letter first")]
Storable = Annotated[str, Field(strict=True, min_length=1, max_length=100_000), AfterValidator(_storable)]
Printable = Annotated[str, Field(strict=True, min_length=1, max_length=2000), AfterValidator(_one_line)]
Day = Annotated[date, BeforeValidator(_day)]


def one_of(enum: str) -> AfterValidator:
    """Validates a word of the platform's enumeration."""

    return AfterValidator(lambda value: among(value, ENUMS[enum], f"no {enum} of the platform"))


def among(name: str, names: Collection[str], what: str) -> str:
    """The name itself. ValueError, which says what it is not, unless it is one of these."""
    if name not in names:
        raise ValueError(f"{name!r} is {what}; choose one of {', '.join(names)}")
    return name


def choice(names: Collection[str]) -> GetPydanticSchema:
    """Validates one of these words, as a Literal of them would be."""
    return GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(list(names)))


def middle(low_high: tuple[float, float]) -> float:
    """The middle of a range."""
    return (low_high[0] + low_high[1]) / 2
