-- Sessions in a subject that their tutor does not teach, or their student does not study.
SELECT id AS offender, unnest([
    {'label': 'the tutor''s subject', 'wrong': taught.subject_id IS NULL},
    {'label': 'the student''s subject', 'wrong': studied.subject_id IS NULL}
], recursive := true), sessions.tutor_id, sessions.student_id, sessions.subject_id
FROM sessions
LEFT JOIN (SELECT DISTINCT tutor_id, subject_id FROM tutor_subjects) AS taught
    ON taught.tutor_id = sessions.tutor_id AND taught.subject_id = sessions.subject_id
LEFT JOIN (SELECT DISTINCT student_id, subject_id FROM student_subjects) AS studied
    ON studied.student_id = sessions.student_id AND studied.subject_id = sessions.subject_id
