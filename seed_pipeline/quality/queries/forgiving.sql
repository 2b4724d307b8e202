-- Kind ratings of poor sessions: at least one, or in large data near the configured share of them.
WITH sums AS (
    SELECT count(*) AS n, count(*) FILTER (WHERE overall_session_score < {probabilities.stories.poor_score}) AS poor,
           count(*) FILTER (WHERE overall_session_score < {probabilities.stories.poor_score}
                            AND student_satisfaction_rating >= {kind}) AS kind
    FROM session_fact
    WHERE has_feedback
)
SELECT 'kind share of feedback on poor sessions' AS label, poor AS n, kind / poor AS observed,
       {probabilities.stories.forgiving} AS expected, {times}[1] * expected AS low, {times}[2] * expected AS high
FROM sums
CROSS JOIN dataset
WHERE large AND {probabilities.stories.forgiving} > 0
UNION ALL BY NAME
SELECT 'kind ratings of poor sessions' AS label, if(sessions >= small_at, n, 0) AS n, kind AS observed, 1 AS low
FROM sums
CROSS JOIN dataset
WHERE NOT large AND {probabilities.stories.forgiving} > 0
