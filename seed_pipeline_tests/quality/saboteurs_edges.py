"""Saboteurs just over the edge: of the shares, means and counts of C, O, A, T, S, D and P at the default size."""

from math import ceil, floor

import pandas as pd

from seed_pipeline_tests.quality.edges import AUDIO, DONE, answer_only, count, edge, exactly, mean, starts
from seed_pipeline_tests.quality.saboteur import Data

ALL = "status == status"


@edge("C4_completed", "O1_completed")
def of_150_sessions_132_are_completed(d: Data, over: int) -> None:
    exactly(d, 132 - over, ALL, "sessions", "status", "completed", "rescheduled")


@edge("C4_feedback", "A4_feedback")
def of_132_sessions_53_have_feedback(d: Data, over: int) -> None:
    d.drop("session_feedback", d["session_feedback"]["session_id"][:over])


@edge("C4_highlights")
def there_are_412_highlights(d: Data, over: int) -> None:
    d.drop("session_transcript_highlights", d["session_transcript_highlights"]["id"][:over], "id")


@edge("O2_student_no_shows")
def students_miss_eleven(d: Data, over: int) -> None:
    exactly(d, 11 + over, ALL, "sessions", "status", "no_show_student", "completed")


@edge("O3_tutor_no_shows")
def tutors_miss_seven(d: Data, over: int) -> None:
    exactly(d, 7 + over, ALL, "sessions", "status", "no_show_tutor", "completed")


@edge("O4_rescheduled")
def six_are_moved(d: Data, over: int) -> None:
    exactly(d, 6 + over, ALL, "sessions", "status", "rescheduled", "completed")


@edge("O5_technical_issues")
def eight_have_issues(d: Data, over: int) -> None:
    exactly(d, 8 + over, ALL, "sessions", "technical_issues", True, False)


@edge("O6_tutor_no_show_rates")
def the_at_risk_tutor_misses_one_more_than_the_rate(d: Data, over: int) -> None:
    theirs = "tutor == 'at_risk'"
    exactly(d, floor(0.25 * count(d, theirs) + 1) + over, theirs, "sessions", "status", "no_show_tutor", "completed")


@edge("O7_busy_tutors")
def a_tutor_of_four_sessions(d: Data, over: int) -> None:
    one, other = d["tutors"]["user_id"][:2]
    frame = d["sessions"]
    mine = frame.index[frame["tutor_id"] == one]
    frame.loc[mine[4 - over :], "tutor_id"] = other


@edge("O7_busy_students")
def a_student_of_three_sessions(d: Data, over: int) -> None:
    one, other = d["students"]["user_id"][:2]
    frame = d["sessions"]
    mine = frame.index[frame["student_id"] == one]
    frame.loc[mine[3 - over :], "student_id"] = other


@edge("A2_video")
def of_132_sessions_66_have_video(d: Data, over: int) -> None:
    d.drop("session_video_metrics", d["session_video_metrics"]["session_id"][:over])


@edge("A3_screen")
def of_132_sessions_53_have_screens(d: Data, over: int) -> None:
    d.drop("session_screen_metrics", d["session_screen_metrics"]["session_id"][:over])


@edge("T1_talk")
def a_star_talks_45_percent(d: Data, over: int) -> None:
    d.put(AUDIO, d.sessions(f"{DONE} and tutor == 'star' and not off_day")[:1], "tutor_talk_ratio", 0.45 + 0.001 * over)


@edge("T2_checks")
def a_star_checks_fifteen_times(d: Data, over: int) -> None:
    ids = d.sessions(f"{DONE} and tutor == 'star' and not off_day")[:1]
    d.put(AUDIO, ids, "tutor_checks_understanding_count", 15 + over)


@edge("T3_engagement")
def the_mean_with_stars_is_9_5(d: Data, over: int) -> None:
    mean(d, f"{DONE} and tutor == 'star'", AUDIO, "student_engagement_score", 9.5, 9.5 + 0.1 * over)


@edge("T4_rating")
def the_mean_rating_of_stars_is_4_5(d: Data, over: int) -> None:
    theirs = f"{DONE} and tutor == 'star' and student_satisfaction_rating > 0"
    fives = ceil(count(d, theirs) / 2) - over
    exactly(d, fives, theirs, "session_feedback", "student_satisfaction_rating", 5, 4)


@edge("T5_first_session_success")
def one_fewer_first_session_of_stars_is_followed_up(d: Data, over: int) -> None:
    first = f"{DONE} and tutor == 'star' and session_number == 1"
    exactly(d, ceil(0.9 * count(d, first) - 1) - over, first, "sessions", "follow_up_booked", True, False)


@edge("T6_off_days")
def stars_have_twice_the_off_days(d: Data, over: int) -> None:
    theirs = f"{DONE} and tutor == 'star'"
    n = floor(0.08 * count(d, theirs)) + over
    exactly(d, n, theirs, "truth_sessions", "off_day", True, False)
    exactly(d, n, theirs, AUDIO, "tutor_talk_ratio", 0.6, 0.4)
    exactly(d, n, theirs, AUDIO, "tutor_checks_understanding_count", 5, 12)


@edge("S1_engagement")
def the_mean_of_the_engaged_is_9_5(d: Data, over: int) -> None:
    mean(d, f"{DONE} and student == 'engaged'", AUDIO, "student_engagement_score", 9.5, 9.5 + 0.1 * over)


@edge("S2_response_delay")
def one_in_twenty_answers_slowly(d: Data, over: int) -> None:
    theirs = f"{DONE} and student == 'engaged'"
    slow = floor(0.05 * count(d, theirs) + 1e-9) + over
    exactly(d, slow, theirs, AUDIO, "avg_student_response_delay", 3.01, 3.0)


@edge("S3_questions_mean")
def the_struggling_ask_two_questions(d: Data, over: int) -> None:
    mean(d, f"{DONE} and student == 'struggling'", AUDIO, "student_initiated_questions", 2, 2 + over)


@edge("S3_questions_untouched")
def an_engaged_student_asks_ten(d: Data, over: int) -> None:
    calm = f"{DONE} and student == 'engaged' and session_number > 1 and tutor_talk_ratio <= 0.65"
    d.put(AUDIO, d.sessions(calm)[:1], "student_initiated_questions", 10 + over)


@edge("S4_frustration")
def two_more_of_the_average_are_frustrated(d: Data, over: int) -> None:
    theirs = f"{DONE} and student == 'average'"
    d.drop("truth_effects", d.sessions(theirs))
    n = floor(0.15 * count(d, theirs) + 2) + over
    exactly(d, n, theirs, AUDIO, "student_frustration_count", 1, 0)


@edge("S5_feedback")
def seven_in_ten_of_the_engaged_answer(d: Data, over: int) -> None:
    theirs = d.sessions(f"{DONE} and student == 'engaged'")
    answered = [*theirs[: floor(0.7 * len(theirs) + 1e-9) + over]]
    for name, rate in (("average", 0.4), ("struggling", 0.2)):
        others = d.sessions(f"{DONE} and student == '{name}'")
        answered.extend(others[: round(rate * len(others))])
    answer_only(d, answered)


@edge("S6_churn")
def three_of_eight_average_students_leave(d: Data, over: int) -> None:
    average = d["truth_personas"].query("persona == 'average'")["user_id"]
    d.put("students", average, "status", "active")
    d.put("students", average[: 3 + over], "status", "churned")


@edge("S7_engaged_get_frustrated")
def one_in_ten_of_the_engaged_is_frustrated(d: Data, over: int) -> None:
    theirs = f"{DONE} and student == 'engaged' and tutor_talk_ratio <= 0.65"
    n = floor(0.1 * count(d, theirs) + 1e-9) + over
    exactly(d, n, theirs, AUDIO, "student_frustration_count", 1, 0)


@edge("D0_window")
def a_session_as_the_window_opens(d: Data, over: int) -> None:
    opened = pd.Timestamp(d.settings.main.as_of) - pd.Timedelta("30D")
    d["sessions"].loc[0, "scheduled_start"] = opened - over * pd.Timedelta("15min")


@edge("D1_peak_hours")
def of_150_sessions_68_in_the_peak(d: Data, over: int) -> None:
    day = d["sessions"]["scheduled_start"].dt.normalize()
    starts(d, day + pd.Series([pd.Timedelta(hours=17 if i < 68 - over else 14) for i in range(150)]))


@edge("D2_busy_weekdays")
def a_week_that_is_busiest_by_one_session(d: Data, over: int) -> None:
    close = pd.Timestamp(d.settings.main.as_of)
    days = [close - pd.Timedelta(days=1 + i % 28) for i in range(140)] + [close - pd.Timedelta("30D")] * 10
    monday = next(i for i in range(140) if days[i].day_of_week == 0)
    busy = next(day for day in days if day.day_of_week == 2 and abs((day - days[monday]).days) < 7)
    days[monday] = days[monday] if over else busy
    starts(d, [day + pd.Timedelta("16h") for day in days])


@edge("D3_durations")
def of_150_sessions_105_of_a_usual_length(d: Data, over: int) -> None:
    d["sessions"]["scheduled_duration"] = [60] * (105 - over) + [30] * (22 + over) + [90] * 23


@edge("D4_recency")
def of_150_sessions_82_in_the_newer_half(d: Data, over: int) -> None:
    close = pd.Timestamp(d.settings.main.as_of)
    starts(d, [close - pd.Timedelta(days=3 if i < 82 - over else 20) + pd.Timedelta("16h") for i in range(150)])


@edge("P5_few_tutors")
def six_of_twenty_students_have_three_tutors(d: Data, over: int) -> None:
    students, tutors = list(d["students"]["user_id"]), list(d["tutors"]["user_id"])
    frame = d["sessions"]
    turn = frame.groupby("student_id").cumcount()
    passed_on = frame["student_id"].isin(students[: 6 + over])
    frame["tutor_id"] = [tutors[n % 3 if many else 0] for n, many in zip(turn, passed_on, strict=True)]


@edge("P7_punctuality")
def stars_are_late_once_more(d: Data, over: int) -> None:
    theirs = d.sessions(f"{DONE} and tutor == 'star'")
    n = floor(0.03 * len(theirs) + 1) + over
    frame = d["sessions"]
    for ids, minutes in ((theirs, 5), (theirs[:n], 6)):
        mine = frame["id"].isin(ids)
        frame.loc[mine, "actual_start"] = frame.loc[mine, "scheduled_start"] + pd.Timedelta(minutes=minutes)
