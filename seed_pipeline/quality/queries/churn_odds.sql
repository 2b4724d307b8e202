-- The odds of churn of students in the story's pairs who met a tutor no-show there, against those who did not; half a
-- student is added to every count.
WITH sums AS (
    SELECT met_cascade_no_show AS met, count(*) AS n, count(*) FILTER (WHERE churned) AS gone
    FROM student_fact
    WHERE in_cascade_pair
    GROUP BY met
),
odds AS (SELECT met, n, (gone + 0.5) / (n - gone + 0.5) AS odds FROM sums)
SELECT 'odds ratio' AS label, met.n, met.odds / unmet.odds AS observed, {at_least} AS low
FROM odds AS met
JOIN odds AS unmet ON met.met AND NOT unmet.met
