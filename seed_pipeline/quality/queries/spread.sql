-- The spread of scores around the mean of their cell of tutor and student persona, technical issues aside and sessions whose
-- talk and checks both leave the persona's ranges, as on off days (whatever the answer key calls them): the persona with the
-- smallest configured spread is the steadiest, by the contract's margin.
WITH sums AS (
    SELECT tutor_persona, student_persona, count(*) AS n, sum(overall_session_score::DOUBLE) AS total,
           sum(overall_session_score::DOUBLE * overall_session_score) AS squares
    FROM session_fact
    JOIN persona ON role = 'tutor' AND name = tutor_persona
    WHERE session_fact.status = 'completed' AND NOT technical_issues AND overall_session_score IS NOT NULL
        AND (off_days_share IS NULL OR tutor_talk_ratio BETWEEN talk_ratio_low AND talk_ratio_high
            OR tutor_checks_understanding_count BETWEEN understanding_checks_low AND understanding_checks_high)
    GROUP BY tutor_persona, student_persona
),
cell AS (
    SELECT tutor_persona, n - 1 AS freedom, greatest(0, squares - total * total / n) AS squares FROM sums WHERE n > 1
),
tutor AS (
    SELECT *, row_number() OVER (ORDER BY score_spread, position) = 1 AS steady
    FROM persona
    LEFT JOIN (
        SELECT tutor_persona AS name, sum(freedom) AS n, sqrt(sum(squares)) / sqrt(sum(freedom)) AS spread
        FROM cell
        GROUP BY tutor_persona
    ) USING (name)
    WHERE role = 'tutor'
)
SELECT name AS label, n, spread AS observed, score_spread AS expected, 0 AS low FROM tutor WHERE n > 0
UNION ALL BY NAME
SELECT steady.name || ' against ' || other.name AS label, other.n, steady.spread / other.spread AS observed,
       {at_most} AS high
FROM tutor AS steady
JOIN tutor AS other ON steady.steady AND NOT other.steady AND other.score_spread > 1.2 * steady.score_spread
WHERE other.n > 0 AND steady.n > 0
