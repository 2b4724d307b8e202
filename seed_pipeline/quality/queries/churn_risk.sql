-- The prediction service's risk and the student page's level of every student, by whether the student left; and the names
-- and the sum of the weights that both use.
WITH done AS (
    SELECT *, row_number() OVER (PARTITION BY student_id ORDER BY scheduled_start, id) = 1 AS opening
    FROM session_fact
    WHERE status = 'completed'
),
met AS (
    SELECT student_id, count(*) AS n, count(DISTINCT tutor_id) AS tutors,
           max(overall_session_score::DOUBLE) FILTER (WHERE opening) AS first,
           1 - avg(follow_up_booked::INTEGER) AS unbooked, 1 - avg(overall_session_score::DOUBLE) / 10 AS badly,
           1 - avg(student_engagement_score::DOUBLE) / 10 AS absently
    FROM done
    GROUP BY student_id
),
factor AS (
    SELECT *, least(1, (1 - first / 10) * if(first < 6.5, 1.5, 1)) AS opened,
           greatest(0, 1 - n / 20) AS seldom, least(1, greatest(0, (10 - n) / 8)) AS seldom_shown,
           least(1, 0.15 * greatest(0, tutors - 2)) AS passed_on, least(1, (tutors - 1) / 2) AS passed_on_shown
    FROM met
),
latest AS (
    SELECT factor_category AS name, weight::DOUBLE AS weight
    FROM churn_algorithm_weights
    WHERE version = (SELECT max(version) FROM churn_algorithm_weights)
),
weight AS (
    SELECT coalesce(max(weight) FILTER (WHERE name = 'first_session_satisfaction'), 0) AS a,
           coalesce(max(weight) FILTER (WHERE name = 'sessions_completed'), 0) AS b,
           coalesce(max(weight) FILTER (WHERE name = 'follow_up_booking_rate'), 0) AS c,
           coalesce(max(weight) FILTER (WHERE name = 'avg_session_score'), 0) AS d,
           coalesce(max(weight) FILTER (WHERE name = 'tutor_consistency'), 0) AS e,
           coalesce(max(weight) FILTER (WHERE name = 'student_engagement'), 0) AS f
    FROM latest
),
risk AS (
    SELECT churned, a * opened + b * seldom + c * unbooked + d * badly + e * passed_on + f * absently AS predicted,
           a * opened + b * seldom_shown + c * unbooked + d * badly + e * passed_on_shown + f * absently AS shown
    FROM factor
    CROSS JOIN weight
    JOIN student_fact ON user_id = student_id
),
sums AS (
    SELECT churned, round(predicted, 9) AS predicted, shown >= 0.4 AS raised, count(*) AS n FROM risk GROUP BY ALL
),
placed AS (  -- Of equals each has the middle of their places.
    SELECT churned, n, sum(n) OVER (ORDER BY predicted RANGE UNBOUNDED PRECEDING)
           - (sum(n) OVER (PARTITION BY predicted) - 1) / 2 AS place
    FROM sums
),
gone AS (
    SELECT sum(n) FILTER (WHERE churned) AS gone, sum(n) FILTER (WHERE NOT churned) AS stayed,
           sum(n * place) FILTER (WHERE churned) AS places
    FROM placed
)
SELECT 'weights that the platform knows by name' AS label, count(*) AS n,
       count(known.name) - (count(*) - count(known.name)) AS observed,
       any_value(factors) AS expected, any_value(factors) AS low, any_value(factors) AS high
FROM latest
LEFT JOIN churn_weight_name AS known USING (name)
CROSS JOIN (SELECT count(*) AS factors FROM churn_weight_name)
UNION ALL BY NAME
SELECT 'weights add up to' AS label, count(*) AS n, round(sum(weight), 6) AS observed, 1 AS expected, 1 AS low, 1 AS high
FROM latest
UNION ALL BY NAME
SELECT 'AUC' AS label, if({judged}, least(gone, stayed), 0) AS n,
       (places - gone * (gone + 1) / 2) / nullif(gone * stayed, 0) AS observed, if(large, {large}, {small}) AS low, 1 AS high
FROM gone
CROSS JOIN dataset
UNION ALL BY NAME
SELECT if(churned, 'left', 'stayed') || ': medium or high' AS label, if({judged}, sum(n), 0) AS n,
       coalesce(sum(n) FILTER (WHERE raised), 0) / sum(n) AS observed, if(churned, 0.5, 0) AS low, if(churned, 1, 0.5) AS high
FROM sums
GROUP BY churned
