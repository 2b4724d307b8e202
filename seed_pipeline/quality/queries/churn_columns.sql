-- What is said of leaving, where the student's status says otherwise.
WITH last_session AS (SELECT student_id, max(local_start) AS last_start FROM session_fact GROUP BY student_id),
reason AS (SELECT student_id, count(*) AS reasons FROM student_churn_reasons GROUP BY student_id)
SELECT user_id AS offender, status, coalesce(status = 'churned', false) AS churned, unnest([
    {'label': 'churned_date', 'wrong': (churned_date IS NOT NULL) <> churned},
    {'label': 'no session after churned_date',
     'wrong': churned AND coalesce(last_start::DATE > churned_date::DATE, false)},
    {'label': 'churned by as_of', 'wrong': churned AND coalesce(churned_date > {main.as_of}, false)},
    {'label': 'a reason', 'wrong': (reasons IS NOT NULL) <> churned},
    {'label': 'survey response only of the churned', 'wrong': churn_survey_response IS NOT NULL AND NOT churned}
], recursive := true), churned_date, last_start, reasons
FROM students
LEFT JOIN last_session ON last_session.student_id = user_id
LEFT JOIN reason ON reason.student_id = user_id
