-- A number for each tutor and each student who has a session: numbers sort faster than IDs.
SELECT id, row_number() OVER ()::INTEGER AS number
FROM (SELECT tutor_id AS id FROM sessions UNION SELECT student_id FROM sessions)
