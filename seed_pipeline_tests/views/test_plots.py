"""Pictures of a dataset."""

from seed_pipeline.schema import ANSWER_KEY
from seed_pipeline.views.plots import markdown, pictures
from seed_pipeline_tests.quality.datasets import settings, tables


def test_pictures_are_drawn_from_what_is_there():
    """Six with the answer key; those of personas are left out without it. The same data, the same bytes."""
    drawn = pictures([tables()], settings())
    assert set(drawn) == {
        "sessions_per_day",
        "hours_and_weekdays",
        "outcomes",
        "talk_and_engagement",
        "rating_by_persona",
        "churn_by_story",
    }
    assert all(png.startswith(b"\x89PNG") for png in drawn.values())
    rest = {name: frame for name, frame in tables().items() if name not in ANSWER_KEY}
    again = pictures([rest], settings())
    assert set(drawn) - set(again) == {"rating_by_persona", "churn_by_story"}
    assert again["outcomes"] == drawn["outcomes"]


def test_a_picture_fits_into_markdown():
    """Without another file."""
    assert markdown("Outcomes", b"abc") == "![Outcomes](data:image/png;base64,YWJj)"
