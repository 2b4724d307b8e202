-- Circles of people who book each other: connected parts of the graph of tutors and students.
WITH sums AS (SELECT (SELECT count(*) FROM sessions) AS n, count(DISTINCT circle) AS circles FROM person_circle)
SELECT 'circles' AS label, circles AS observed, n, {cohorts} AS low, {cohorts} AS expected FROM sums
