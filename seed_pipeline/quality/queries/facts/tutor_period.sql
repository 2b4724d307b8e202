-- What each tutor's sessions come to in the period that ends at as_of, and in the one before.
SELECT
    tutor_id,
    if(scheduled_start >= {main.as_of}::TIMESTAMP - to_days({alerts.dashboard.days}), 'current', 'previous') AS period,
    count(*) AS sessions,
    count(*) FILTER (WHERE status = 'completed') AS completed_sessions,
    count(*) FILTER (WHERE status = 'completed' AND session_number = 1) AS first_sessions,
    count(*) FILTER (WHERE status = 'completed' AND session_number = 1 AND follow_up_booked) AS rebooked,
    count(*) FILTER (WHERE status = 'no_show_tutor') AS tutor_no_shows,
    count(*) FILTER (WHERE status = 'no_show_student') AS student_no_shows,
    count(*) FILTER (WHERE rescheduled_by = 'tutor') AS reschedules_by_tutor,
    count(*) FILTER (WHERE status = 'completed' AND minutes_late > {alerts.dashboard.late_after}) AS late_arrivals,
    sum(round(10 * overall_session_score)) FILTER (WHERE status = 'completed') AS tenths,
    count(overall_session_score) FILTER (WHERE status = 'completed') AS scored,
    sum(student_satisfaction_rating) FILTER (WHERE status = 'completed') AS stars,
    count(student_satisfaction_rating) FILTER (WHERE status = 'completed') AS rated,
    {at_risk} AS at_risk,
    CASE WHEN {high_risk} THEN 2 WHEN {medium_risk} THEN 1 ELSE 0 END AS risk_level
FROM session_fact
WHERE tutor_id IS NOT NULL AND scheduled_start < {main.as_of}
    AND scheduled_start >= {main.as_of}::TIMESTAMP - to_days(2 * {alerts.dashboard.days})
GROUP BY tutor_id, period
