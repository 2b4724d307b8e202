-- One row per student: persona, sessions, churn, and whether the stories of N2 to N4 are theirs.
WITH counted AS (
    SELECT
        student_id,
        count(*) AS sessions,
        count(*) FILTER (WHERE status = 'completed') AS completed_sessions,
        count(DISTINCT tutor_id) AS tutors_met,
        count(*) FILTER (WHERE status = 'completed' AND list_contains({probabilities.churn.safe.tutors}, tutor_persona))
            AS with_safe_tutors,
        count(*) FILTER (WHERE status = 'completed' AND list_contains({probabilities.churn.lost.tutors}, tutor_persona))
            AS with_lost_tutors,
        bool_or(status = 'no_show_tutor') AS met_tutor_no_show,
        bool_or(tutor_persona = {cascade_tutors}) AS in_cascade_pair,
        bool_or(tutor_persona = {cascade_tutors} AND status = 'no_show_tutor') AS met_cascade_no_show
    FROM session_fact
    GROUP BY student_id
)
SELECT
    user_id,
    status,
    status = 'churned' AS churned,
    churned_date,
    truth_personas.persona AS student_persona,
    coalesce(sessions, 0) AS sessions,
    coalesce(completed_sessions, 0) AS completed_sessions,
    coalesce(tutors_met, 0) AS tutors_met,
    coalesce(persona = {probabilities.churn.safe.persona} AND with_safe_tutors > completed_sessions / 2, false) AS safe,
    coalesce(persona = {probabilities.churn.lost.persona} AND with_lost_tutors > completed_sessions / 2, false) AS lost,
    coalesce(met_tutor_no_show, false) AS met_tutor_no_show,
    coalesce(in_cascade_pair, false) AS in_cascade_pair,
    coalesce(met_cascade_no_show, false) AS met_cascade_no_show,
    truth_churn.churn_probability,
    truth_churn.weighted_session_score
FROM students
LEFT JOIN counted ON counted.student_id = user_id
LEFT JOIN truth_personas USING (user_id)
LEFT JOIN truth_churn ON truth_churn.student_id = user_id
