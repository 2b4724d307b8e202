-- Students who match the story of the lost, where a group of that persona books those tutors for most of its sessions.
WITH sums AS (SELECT count(*) AS n, count(*) FILTER (WHERE lost) AS lost FROM student_fact),
asked AS (
    SELECT group_name, sum(sessions) FILTER (WHERE list_contains({probabilities.churn.lost.tutors}, tutor_persona))
        > 0.75 * sum(sessions) AS mostly
    FROM booking
    WHERE student_persona = {probabilities.churn.lost.persona}
    GROUP BY group_name
)
SELECT 'students' AS label, n, lost AS observed, 1 AS low FROM sums WHERE (SELECT bool_or(mostly) FROM asked)
