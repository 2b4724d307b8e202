-- Circles of people who book each other: connected parts of the graph of tutors and students.
SELECT 'circles' AS label, count(DISTINCT circle) AS observed, (SELECT count(*) FROM sessions) AS n,
       {cohorts} AS low, {cohorts} AS expected
FROM person_circle
