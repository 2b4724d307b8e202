-- Students whose weighted score is not the mean of their completed sessions, weighted as the rules on churn_weight say,
-- or of whom the answer key says otherwise than their status.
WITH mean AS (
    SELECT student_id, sum(weight * overall_session_score) / sum(weight) AS due
    FROM session_fact
    JOIN churn_weight ON session_id = id
    WHERE status = 'completed' AND overall_session_score IS NOT NULL
    GROUP BY student_id
    HAVING sum(weight) > 0
)
SELECT user_id AS offender, unnest([
    {'label': 'weighted_session_score',
     'wrong': due IS NOT NULL AND coalesce(abs(student_fact.weighted_session_score - due) > {tolerance}, true)},
    {'label': 'churned agrees with students.status',
     'wrong': truth_churn.churned IS DISTINCT FROM student_fact.churned}
], recursive := true), student_fact.weighted_session_score, due, status, truth_churn.churned
FROM student_fact
LEFT JOIN mean ON mean.student_id = user_id
LEFT JOIN truth_churn ON truth_churn.student_id = user_id
