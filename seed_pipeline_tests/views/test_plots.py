"""Pictures of a dataset."""

from seed_pipeline.quality.scope import of_frames
from seed_pipeline.schema import ANSWER_KEY
from seed_pipeline.views.plots import PLOTS, Picture, pictures
from seed_pipeline_tests.quality.datasets import settings, tables


def drawn(frames) -> dict[str, Picture]:
    with of_frames([frames], settings()) as scope:
        return {picture.name: picture for picture in pictures(scope)}


def test_pictures_are_drawn_from_what_is_there():
    """All with the answer key; those of personas are left out without it. The same data are drawn once."""
    whole = drawn(tables())
    assert set(whole) == set(PLOTS)
    assert all(picture.png.startswith(b"\x89PNG") for picture in whole.values())
    again = drawn({name: frame for name, frame in tables().items() if name not in ANSWER_KEY})
    assert set(whole) - set(again) == {"rating_by_persona", "churn_by_story"}
    assert again["outcomes"] is whole["outcomes"]
    cast = {name: tables()[name] for name in ("users", "subjects", "tutors", "tutor_subjects")}
    assert set(drawn(cast)) == {"tenure_of_tutors"}


def test_words_say_what_a_picture_counts():
    """The numbers of the tables, and what the settings want beside them; as markdown without another file."""
    whole, rated = drawn(tables()), len(tables()["session_feedback"])
    done = int((tables()["sessions"]["status"] == "completed").sum())
    assert f"{rated} of {done}" in whole["feedback_by_score"].alt
    assert "40% configured" in whole["feedback_by_score"].alt
    highlights = len(tables()["session_transcript_highlights"]) / done
    assert f"{highlights:.2f} on average" in whole["highlights_per_session"].alt
    left = int((tables()["students"]["status"] == "churned").sum())
    assert whole["left_by_score"].alt.startswith(f"{left} of 20 students left")
    assert whole["outcomes"].markdown.startswith("![Outcomes of all sessions](data:image/png;base64,")
