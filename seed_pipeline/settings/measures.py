"""The named measures that statements can use, and what each needs to be told under `using`, typed."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, create_model
from sqlalchemy import String, Text

from seed_pipeline.schema import metadata
from seed_pipeline.settings.ranges import Factors, Name, Ratios, Share, Stars, Strict, Weight, Whole, form

Path = Annotated[str, form(r"^[a-z_]+(\.[a-z0-9_*]+)+$", "the path of a setting, section.key.key")]
_Minutes = Annotated[Whole, Field(ge=1, le=600)]


def _text_column(place: str) -> str:
    table, _, name = place.partition(".")
    column = metadata.tables[table].columns.get(name) if table in metadata.tables else None
    if column is None or not isinstance(column.type, String | Text):
        raise ValueError("the database has no such column of text; write table.column")
    return place


_TextColumn = Annotated[str, AfterValidator(_text_column)]
_RULE = {"rule": Name}
_AT_LEAST = {"at_least": Weight}
_TEXTS = {"texts": Annotated[tuple[Literal["feedback", "summary", "highlight", "trouble"], ...], Field(min_length=1)]}
_LINES_OF = Literal[
    "tutors.bio", "students.bio", "students.churn_survey_response", "session_transcript_highlights.text"
]
_Most = Annotated[Whole, Field(ge=1)]
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    **{
        name: {}
        for name in (
            "people", "personas", "session_count", "circles", "statuses", "flags", "window", "overlaps", "keys",
            "session_numbers", "user_ids", "outcome_columns", "scores", "subjects", "joined", "churn_columns",
            "highlights", "addresses", "defects", "tutor_figures",
            "platform_figures", "further_rules", "journal", "lost_exist", "cascade", "found", "spared",
        )
    },
    "alerts": {"source": Literal["platform", "seed"]},
    "churn_risk": {"small": Share, "large": Share},
    "insights": {"strengths": Weight, "growth_areas": Weight},
    "courses": {"falls": Share},
    "peak_hours": {"hours": Annotated[Whole, Field(ge=1, le=23)], "at_least": Share, "shipped": Share},
    "busy_weekdays": {"days": Annotated[Whole, Field(ge=1, le=6)]},
    "trend": _AT_LEAST,
    "durations": {
        "usual": Annotated[tuple[_Minutes, ...], Field(min_length=1, max_length=20)], "at_least": Share,
        "shipped": Share, "others": Ratios,
    },
    "clock": {"hours": Share},
    "parts_of_time": {"tolerance": Share},
    "claims": _TEXTS,
    "topics": _TEXTS,
    "session_topics": {"most": _Most},
    "repeats": {
        "columns": Annotated[tuple[_LINES_OF, ...], Field(min_length=1)], "most": _Most, "per": (_Most | None, None),
        "share": (Share | None, None), "from_sessions": (_Most, 1),
    },
    "reachable": {"columns": Annotated[tuple[_TextColumn, ...], Field(min_length=1, max_length=50)]},
    "tags": {"praise_from": Stars, "complaints_to": Stars, "talk_above": Share, "checks_to": Weight},
    "rule": _RULE,
    "stored_rule": _RULE,
    "off_days": {"times": Factors},
    "response_delay": {"at_least": Share},
    "spread": {"at_most": Weight},
    "broken_trust": _AT_LEAST,
    "churn_odds": _AT_LEAST,
    "forgiving": {"kind": Stars, "times": Factors},
    "weighted_score": {"tolerance": Weight},
}  # fmt: skip
"""Measure → parameter → type, or (type, default)."""


@cache
def _model(measure: str | None) -> type[Strict]:
    kinds = PARAMETERS[measure] if measure else {}
    wanted: dict[str, Any] = {name: kind if isinstance(kind, tuple) else (kind, ...) for name, kind in kinds.items()}
    return create_model("Using", __base__=Strict, **wanted)


def typed(measure: str | None, using: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a measure as plain values; ValueError says what is missing, unknown or out of bounds."""
    if measure is not None and measure not in PARAMETERS:
        folder = files("seed_pipeline").joinpath("quality", "queries")
        if f"{measure}.sql" in {query.name for query in folder.iterdir()}:
            return dict(using)
        raise ValueError(
            f"there is no such measure as {measure!r}; choose one of {', '.join(PARAMETERS)}, "
            f"or write seed_pipeline/quality/queries/{measure}.sql"
        )
    wanted = PARAMETERS[measure] if measure else {}
    if not (
        wanted or using
    ):  # A model of its own for each of a hundred statements takes as long as all other settings.
        return {}
    try:
        return _model(measure).model_validate(dict(using)).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("using", *first["loc"])))
        why = {"missing": "is missing", "extra_forbidden": "is unknown here"}.get(first["type"], first["msg"])
        wants = f"{measure or 'a statement of this form'} wants {', '.join(wanted) or 'nothing'} under 'using'"
        raise ValueError(f"{key}: {why.removeprefix('Value error, ')}; {wants}") from None
