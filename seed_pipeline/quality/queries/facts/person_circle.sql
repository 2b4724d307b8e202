-- Who belongs together: every person takes over the lowest name among those they meet, until nobody changes any more.
WITH RECURSIVE link AS (
    SELECT DISTINCT tutor_id, student_id
    FROM sessions
    SEMI JOIN tutors ON tutors.user_id = tutor_id
    SEMI JOIN students ON students.user_id = student_id
),
meets AS (SELECT tutor_id AS one, student_id AS other FROM link UNION ALL SELECT student_id, tutor_id FROM link),
circle (person, lowest) USING KEY (person) AS (
    SELECT user_id, user_id FROM (SELECT user_id FROM tutors UNION ALL SELECT user_id FROM students)
    UNION
    SELECT other, min(circle.lowest)
    FROM circle
    JOIN meets ON one = person
    JOIN recurring.circle AS known ON known.person = other
    WHERE circle.lowest < known.lowest
    GROUP BY other
)
SELECT person, lowest AS circle FROM circle
