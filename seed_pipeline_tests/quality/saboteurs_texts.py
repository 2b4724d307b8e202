"""Saboteurs of Q8 to Q10."""

from seed_pipeline_tests.quality.saboteur import Data, breaks


def _highlight(d: Data, **values: object) -> None:
    for column, value in values.items():
        d["session_transcript_highlights"].loc[0, column] = value


@breaks("Q8_highlights")
def a_highlight_after_the_end(d: Data) -> None:
    _highlight(d, timestamp_seconds=35_000)


@breaks("Q8_highlights")
def two_highlights_at_one_moment(d: Data) -> None:
    frame = d["session_transcript_highlights"]
    twins = frame[frame["session_id"].duplicated(keep=False)].sort_values("session_id").index[:2]
    frame.loc[twins, "timestamp_seconds"] = 60


@breaks("Q8_highlights")
def a_student_gives_the_praise(d: Data) -> None:
    _highlight(d, highlight_type="positive_reinforcement", speaker="student")


@breaks("Q8_highlights")
def a_highlight_of_a_session_nobody_attended(d: Data) -> None:
    _highlight(d, session_id=d.sessions("status == 'no_show_tutor'", 1)[0])


@breaks("Q8_highlight_claims")
def an_unfilled_slot(d: Data) -> None:
    _highlight(d, text="So, what about {topic}?")


@breaks("Q8_highlight_claims")
def homework_that_was_never_set(d: Data) -> None:
    d.put(
        "sessions",
        d.sessions("status == 'completed' and not homework_assigned", 1),
        "ai_summary",
        "They talked. Homework was assigned.",
    )


@breaks("Q8_highlight_claims")
def a_lesson_of_another_length(d: Data) -> None:
    d.put("sessions", d.sessions("status == 'completed'", 1), "ai_summary", "They spent 17 minutes on it.")


@breaks("Q8_feedback_claims")
def a_comment_on_trouble_that_never_was(d: Data) -> None:
    d.put(
        "session_feedback",
        d.sessions("student_satisfaction_rating > 0 and not technical_issues", 1),
        "feedback_text",
        "The call kept dropping.",
    )


@breaks("Q8_feedback_claims")
def a_delighted_comment_with_one_star(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 1)
    d.put("session_feedback", one, "feedback_text", "Best lesson ever, loved it!")


def _foreign(d: Data, session: str) -> str:
    """A topic of another subject than the session's."""
    own = d.facts.set_index("id").loc[session, "subject_id"]
    name = d["subjects"].set_index("id").loc[own, "name"]
    other = next(s for s in d.settings.text.subjects.subjects if s.name != name)
    return next(t for t in other.topics if " " in t)


@breaks("Q8_highlight_topics")
def a_highlight_on_another_subject(d: Data) -> None:
    session = d["session_transcript_highlights"].loc[0, "session_id"]
    _highlight(d, text=f"Now I understand {_foreign(d, session)}!")


@breaks("Q8_feedback_topics")
def a_comment_on_another_subject(d: Data) -> None:
    d["session_feedback"].loc[0, "feedback_text"] = (
        f"I liked {_foreign(d, d['session_feedback'].loc[0, 'session_id'])}."
    )


@breaks("Q9_people")
def an_address_that_may_exist(d: Data) -> None:
    d["users"].loc[3, "email"] = "jo@gmail.com"


@breaks("Q9_people")
def a_picture_on_a_server_that_may_exist(d: Data) -> None:
    d["users"].loc[3, "avatar_url"] = "https://pictures.com/example.com/a.png"


@breaks("Q9_people")
def somebody_with_one_name(d: Data) -> None:
    d["users"].loc[3, "name"] = "Plato"


@breaks("Q9_user_ids")
def an_id_that_begins_with_the_role(d: Data) -> None:
    d["users"].loc[3, "id"] = "tutor_1f0c8de2a4b36d75"


@breaks("Q9_user_ids")
def an_id_of_another_version(d: Data) -> None:
    d["users"].loc[3, "id"] = "".join([*d["users"].loc[3, "id"][:14], "7", *d["users"].loc[3, "id"][15:]])


@breaks("Q9_profiles")
def a_phone_number_in_a_profile(d: Data) -> None:
    d["tutors"].loc[0, "bio"] = "Call me at (212) 867-5309."


@breaks("Q9_comments")
def an_address_in_a_comment(d: Data) -> None:
    d["session_feedback"].loc[0, "feedback_text"] = "Write to jo@mail.org for more."


@breaks("Q9_highlights")
def a_link_in_a_highlight(d: Data) -> None:
    _highlight(d, text="Look at https://wikipedia.org for that.")


@breaks("Q9_surveys")
def a_phone_number_in_a_survey(d: Data) -> None:
    d.put(
        "students",
        d["students"].query("status == 'churned'")["user_id"][:1],
        "churn_survey_response",
        "Call 212-867-5309.",
    )


def _tagged(d: Data, query: str, tag: str) -> None:
    d.drop("session_feedback_tags", [tag], "tag")
    d.add("session_feedback_tags", session_id=d.sessions(query, 1)[0], tag=tag)


@breaks("Q10_tags")
def praise_with_two_stars(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 2)
    _tagged(d, f"id == '{one[0]}'", "patient")


@breaks("Q10_tags")
def a_complaint_with_five_stars(d: Data) -> None:
    _tagged(d, "student_satisfaction_rating == 5", "too_fast")


@breaks("Q10_tags")
def too_much_talking_where_talk_is_low(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0 and tutor_talk_ratio < 0.5", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 3)
    _tagged(d, f"id == '{one[0]}'", "too_much_talking")


@breaks("Q10_tags")
def technical_issues_that_never_were(d: Data) -> None:
    _tagged(d, "student_satisfaction_rating > 0 and not technical_issues", "technical_issues")
