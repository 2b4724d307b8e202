"""Saboteurs of Q8 to Q10."""

from seed_pipeline.settings.text import Topic
from seed_pipeline_tests.quality.saboteur import CHUNKS, Data, breaks


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


def _subject(d: Data, session: str) -> str:
    """The name of the session's subject."""
    own = d.facts.set_index("id").loc[session, "subject_id"]
    return str(d["subjects"].set_index("id").loc[own, "name"])


def _foreign(d: Data, session: str) -> str:
    """A topic of another subject than the session's."""
    other = next(s for s in d.settings.text.subjects.subjects if s.name != _subject(d, session))
    return next(t.topic for t in other.topics if " " in t.topic)


def _elsewhere(d: Data, session: str) -> Topic:
    """A topic of the session's subject that its summary does not name."""
    subject = next(s for s in d.settings.text.subjects.subjects if s.name == _subject(d, session))
    said = d["sessions"].set_index("id").loc[session, "ai_summary"].lower()
    return next(t for t in subject.topics if not any(p.lower() in said for p in (t.topic, t.step, t.example)))


@breaks("Q8_highlight_topics")
def a_highlight_on_another_subject(d: Data) -> None:
    session = d["session_transcript_highlights"].loc[0, "session_id"]
    _highlight(d, text=f"Now I understand {_foreign(d, session)}!")


@breaks("Q8_feedback_topics")
def a_comment_on_another_subject(d: Data) -> None:
    d["session_feedback"].loc[0, "feedback_text"] = (
        f"I liked {_foreign(d, d['session_feedback'].loc[0, 'session_id'])}."
    )


@breaks("Q8_highlight_topics", base=CHUNKS)
def highlights_on_another_subject_in_the_last_chunk(d: Data) -> None:
    """What lies in a later chunk is judged like the rest (X6)."""
    frame = d["session_transcript_highlights"]
    last = frame.index[-1]
    frame.loc[last, "text"] = f"Now I understand {_foreign(d, frame.loc[last, 'session_id'])}!"


@breaks("Q8_feedback_topics", base=CHUNKS)
def a_comment_on_another_subject_in_the_last_chunk(d: Data) -> None:
    frame = d["session_feedback"]
    last = frame.index[-1]
    frame.loc[last, "feedback_text"] = f"I liked {_foreign(d, frame.loc[last, 'session_id'])}."


@breaks("Q8_session_topics")
def a_highlight_on_another_topic_than_the_summary(d: Data) -> None:
    topic = _elsewhere(d, d["session_transcript_highlights"].loc[0, "session_id"])
    _highlight(d, text=f"I think I finally get {topic.topic}!")


@breaks("Q8_session_topics", base=CHUNKS)
def a_highlight_with_the_example_of_another_topic_in_the_last_chunk(d: Data) -> None:
    frame = d["session_transcript_highlights"]
    last = frame.index[-1]
    frame.loc[last, "text"] = f"What about {_elsewhere(d, frame.loc[last, 'session_id']).example}?"


@breaks("Q8_session_topics")
def a_comment_on_another_topic_than_the_summary(d: Data) -> None:
    frame = d["session_feedback"]
    frame.loc[0, "feedback_text"] = f"The part about {_elsewhere(d, frame.loc[0, 'session_id']).step} was great."


@breaks("Q8_session_topics")
def a_summary_that_says_nothing_of_topics(d: Data) -> None:
    d.put("sessions", d.sessions("status == 'completed'", 1), "ai_summary", "They talked, and it went well.")


@breaks("Q8_session_topics")
def a_session_about_everything(d: Data) -> None:
    session = d.sessions("status == 'completed'", 1)[0]
    subject = next(s for s in d.settings.text.subjects.subjects if s.name == _subject(d, session))
    d.put("sessions", [session], "ai_summary", f"They worked on {', '.join(t.topic for t in subject.topics)}.")


@breaks("Q8_distinct_highlights")
def one_highlight_four_times(d: Data) -> None:
    d["session_transcript_highlights"].loc[[0, 100, 200, 300], "text"] = "I think I get it."


@breaks("Q8_distinct_highlights", base=(*CHUNKS, "targets.statements.Q8_distinct_highlights.using.from_sessions=450"))
def one_highlight_now_and_then_everywhere(d: Data) -> None:
    """Three in each cohort are allowed in small data; 0.2 % of a large one are not reached by those alone."""
    frame = d["session_transcript_highlights"]
    frame.loc[frame.index[::200], "text"] = "I think I get it."


def _twins(d: Data, table: str, column: str, rows: list) -> None:
    d[table].loc[rows[1], column] = d[table].loc[rows[0], column]


@breaks("Q8_distinct_bios")
def two_students_with_one_bio(d: Data) -> None:
    _twins(d, "students", "bio", [3, 12])


@breaks("Q8_distinct_bios", base=CHUNKS)
def two_tutors_with_one_bio_in_the_last_chunk(d: Data) -> None:
    _twins(d, "tutors", "bio", list(d["tutors"].index[-2:]))


@breaks("Q8_distinct_answers")
def two_who_leave_with_the_same_words(d: Data) -> None:
    left = d["students"].query("status == 'churned'").index
    _twins(d, "students", "churn_survey_response", list(left[:2]))


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
