"""Typed settings of configs/defects.yaml, and what each kind of injected edge case consists of.

A kind is a small scene of its own: people who are in no cast, their sessions, and what was stored of them. Nothing of
the ordinary dataset takes part in it, so that an injected row can be told from all others and changes none of them.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from seed_pipeline.settings.ranges import Name, Storable, Strict, Whole, form

AUDIO: Mapping[str, float] = {
    "tutor_talk_ratio": 0.55, "student_talk_ratio": 0.35, "productive_silence_ratio": 0.06, "awkward_pause_ratio": 0.04,
    "student_engagement_score": 6.5, "tutor_enthusiasm_score": 6.5, "avg_student_response_delay": 3.0,
    "long_pauses_count": 1, "student_initiated_questions": 3, "student_frustration_count": 0,
    "student_confusion_count": 1, "positive_moments_count": 3, "tutor_checks_understanding_count": 6,
    "tutor_positive_reinforcement_count": 4, "concept_re_explanation_count": 1, "open_ended_questions": 4,
    "closed_ended_questions": 5, "rhetorical_questions": 1,
}  # fmt: skip
"""What is measured of an injected session unless its kind says otherwise: an unremarkable lesson. Ours."""

_LEAST = dict.fromkeys(AUDIO, 0) | {"productive_silence_ratio": 1.0}
_MOST = dict.fromkeys(AUDIO, 200) | dict.fromkeys([n for n in AUDIO if n.endswith("_ratio")], 0.0)
_MOST |= dict.fromkeys([n for n in AUDIO if n.endswith("_score")], 10.0)
_MOST |= {"tutor_talk_ratio": 1.0, "avg_student_response_delay": 999.99}


class Booking(NamedTuple):
    """One session of a scene.

    `place` is its place in the scene's timetable, `later` minutes after that; `at` a day of the window (from its end if
    negative) and a minute of the day instead. Completed sessions have an audio row: AUDIO, changed by `audio`.
    """

    number: int = 1
    place: int = 0
    student: int = 0
    later: int = 0
    at: tuple[int, int] | None = None
    status: str = "completed"
    minutes: int = 60
    score: float = 7.0
    audio: Mapping[str, float] = {}
    video_flag: bool = False
    rating: int | None = None
    text: str | None = None

    @property
    def done(self) -> bool:
        """Whether it took place."""
        return self.status == "completed"


class Kind(NamedTuple):
    """A kind of edge case: a scene, and which of its rows is invalid (table and place in it), if one is.

    `statement` is the ID in the contract of what must find that row.
    """

    because: str
    bookings: tuple[Booking, ...] = ()
    statement: str | None = None
    wrong: tuple[str, int] | None = None
    tutors: int = 1
    students: int = 1

    @property
    def valid(self) -> bool:
        """Whether an application has to cope with it: the data could be so."""
        return self.wrong is None


KindName = Literal[
    "session_number_off_by_one", "overlapping_booking", "rating_without_session", "rating_of_missed_session",
    "score_out_of_range", "flag_without_row", "talk_does_not_add_up", "enrolled_after_first_session",
    "email_used_twice", "tutor_with_only_no_shows", "tutor_with_an_empty_month", "student_with_an_empty_month",
    "session_across_midnight", "session_at_the_edge", "length_at_the_limit", "metrics_at_the_limit",
    "rating_without_words", "extreme_text", "extreme_name",
]  # fmt: skip

KINDS: Mapping[str, Kind] = {
    "session_number_off_by_one": Kind(
        "The pair's third session has the number 4.",
        (Booking(1), Booking(2, 1), Booking(4, 2)), "Q2", ("sessions", 2),
    ),
    "overlapping_booking": Kind(
        "The tutor's second session begins before the first has ended.",
        (Booking(), Booking(student=1, later=15)), "Q4", ("sessions", 1), students=2,
    ),
    "rating_without_session": Kind(
        "The rating is of a session that does not exist.", (), "Q1", ("session_feedback", 0), 0, 0,
    ),
    "rating_of_missed_session": Kind(
        "The rating is of a session that the student missed.",
        (Booking(status="no_show_student", rating=4),), "A4", ("session_feedback", 0),
    ),
    "score_out_of_range": Kind(
        "The session's score is above 10.", (Booking(score=10.5),), "Q1", ("sessions", 0),
    ),
    "flag_without_row": Kind(
        "The session says it has video analysis, and there is none.", (Booking(video_flag=True),), "A5",
        ("sessions", 0),
    ),
    "talk_does_not_add_up": Kind(
        "The four parts of the session's time come to 1.1.", (Booking(audio={"student_talk_ratio": 0.45}),), "Q7",
        ("session_audio_metrics", 0),
    ),
    "enrolled_after_first_session": Kind(
        "The student enrolled on the last day, after the first session.", (Booking(),), "Q6", ("students", 0),
    ),
    "email_used_twice": Kind(
        "Two students have one e-mail address.", (), "Q1", ("users", 1), 0, 2,
    ),
    "tutor_with_only_no_shows": Kind(
        "The tutor missed every session: rates and means have nothing to stand on.",
        (
            Booking(1, 0, status="no_show_tutor"), Booking(2, 1, status="no_show_tutor"),
            Booking(1, 2, 1, status="no_show_tutor"),
        ), students=2,
    ),
    "tutor_with_an_empty_month": Kind("The tutor has no session at all.", students=0),
    "student_with_an_empty_month": Kind("The student has no session at all.", tutors=0),
    "session_across_midnight": Kind(
        "The session ends on the day after it began.", (Booking(at=(5, 23 * 60 + 30)),),
    ),
    "session_at_the_edge": Kind(
        "The first and the last moment of the window.",
        (Booking(1, at=(0, 0)), Booking(2, at=(-1, 23 * 60))),
    ),
    "length_at_the_limit": Kind(
        "A session of one minute and one of ten hours.", (Booking(1, minutes=1), Booking(2, 5, minutes=600)),
    ),
    "metrics_at_the_limit": Kind(
        "Everything that is measured at its lowest, and at its highest.",
        (Booking(1, score=0.0, audio=_LEAST), Booking(2, 1, score=10.0, audio=_MOST)),
    ),
    "rating_without_words": Kind(
        "The lowest and the highest rating, without comment and tags.",
        (Booking(1, rating=1), Booking(2, 1, rating=5)),
    ),
    "extreme_text": Kind("A comment, a summary and a highlight that are hard to store, cut, order or show."),
    "extreme_name": Kind("A name that is hard to store, cut, order or show.", tutors=0),
}  # fmt: skip
"""Every kind, by its name in configs/defects.yaml."""

MOST_TEXTS, LONGEST = 40, 1_000_000
Injected = Literal["none", "valid", "all"]


FullName = Annotated[Storable, form(r"^\S+( \S+)+$", "two names or more, one space between", max_length=255)]


class Extreme(Strict):
    """A text, written `times` times one after the other."""

    model_config = ConfigDict(str_strip_whitespace=False)

    text: Storable
    times: Annotated[Whole, Field(ge=1, le=10_000)] = 1

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if len(self.text) * self.times > LONGEST:
            raise ValueError(f"{self.times} times over, the text has more than {LONGEST:,} characters; lower times")
        return self

    @property
    def words(self) -> str:
        """The whole text."""
        return self.text * self.times


class Defects(Strict):
    """configs/defects.yaml."""

    inject: Injected = "none"
    scenarios: dict[KindName, Annotated[Whole, Field(ge=0, le=10)]]
    texts: Annotated[dict[Name, Extreme], Field(max_length=MOST_TEXTS)]
    names: Annotated[dict[Name, FullName], Field(max_length=MOST_TEXTS)]

    def scenes(self) -> dict[str, tuple[Kind, int]]:
        """The kinds that are injected, in the order of KINDS, complete with their texts; and how often each is."""
        wanted = {name: KINDS[name] for name in get_args(KindName) if self.inject == "all" or KINDS[name].valid}
        often = {name: self.scenarios.get(name, 0) if self.inject != "none" else 0 for name in wanted}
        return {name: (self._told(name, kind), often[name]) for name, kind in wanted.items() if often[name]}

    def _told(self, name: str, kind: Kind) -> Kind:
        if name == "extreme_name":
            return kind._replace(students=len(self.names))
        if name != "extreme_text":
            return kind
        said = [extreme.words for extreme in self.texts.values()]
        return kind._replace(bookings=tuple(Booking(i + 1, i, rating=3, text=text) for i, text in enumerate(said)))

    def expected(self) -> Counter[tuple[str, str, bool]]:
        """How many rows of each kind, platform's table and validity are injected."""
        rows: Counter[tuple[str, str, bool]] = Counter()
        for name, (kind, often) in self.scenes().items():
            for table, count in rows_of(kind).items():
                wrong = int(kind.wrong is not None and kind.wrong[0] == table)
                rows[name, table, False] += often * wrong
                rows[name, table, True] += often * (count - wrong)
        return +rows


def rows_of(kind: Kind) -> dict[str, int]:
    """How many rows of each table one scene has."""
    stray = int(kind.wrong == ("session_feedback", 0) and not kind.bookings)
    return {
        "users": kind.tutors + kind.students,
        "tutors": kind.tutors,
        "tutor_subjects": kind.tutors,
        "students": kind.students,
        "student_subjects": kind.students,
        "sessions": len(kind.bookings),
        "session_audio_metrics": sum(b.done for b in kind.bookings),
        "session_feedback": stray + sum(b.rating is not None for b in kind.bookings),
        "session_transcript_highlights": sum(b.text is not None for b in kind.bookings),
    }
