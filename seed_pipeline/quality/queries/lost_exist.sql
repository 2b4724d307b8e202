-- Students who match the story of the lost, where a group of that persona books those tutors for most of its sessions.
WITH asked AS (
    SELECT group_name, sum(sessions) FILTER (WHERE list_contains({probabilities.churn.lost.tutors}, tutor_persona))
        > 0.75 * sum(sessions) AS mostly
    FROM booking
    WHERE student_persona = {probabilities.churn.lost.persona}
    GROUP BY group_name
)
SELECT 'students' AS label, count(*) AS n, count(*) FILTER (WHERE lost) AS observed, 1 AS low
FROM student_fact
HAVING (SELECT bool_or(mostly) FROM asked)
