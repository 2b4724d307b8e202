-- What exists for a session, where its status says otherwise.
SELECT id AS offender, status, coalesce(status = 'completed', false) AS done, unnest([
    {'label': 'tutor_showed_up', 'wrong': (tutor_showed_up IS false) <> coalesce(status = 'no_show_tutor', false)},
    {'label': 'student_showed_up', 'wrong': (student_showed_up IS false) <> coalesce(status = 'no_show_student', false)},
    {'label': 'rescheduled_by', 'wrong': (rescheduled_by IS NOT NULL) <> coalesce(status = 'rescheduled', false)},
    {'label': 'actual_start', 'wrong': (actual_start IS NOT NULL) <> done},
    {'label': 'actual_duration', 'wrong': (actual_duration IS NOT NULL) <> done},
    {'label': 'completed_at', 'wrong': (completed_at IS NOT NULL) <> done},
    {'label': 'completed_at = actual_start + actual_duration',
     'wrong': done AND completed_at IS DISTINCT FROM actual_start + to_minutes(actual_duration)},
    {'label': 'completed by as_of', 'wrong': done AND coalesce(completed_at > {main.as_of}, true)},
    {'label': 'technical issues only where completed', 'wrong': technical_issues IS true AND NOT done},
    {'label': 'technical issues described', 'wrong': issues_described <> (technical_issues IS true)},
    {'label': 'homework only where completed', 'wrong': homework_assigned IS true AND NOT done}
], recursive := true), tutor_showed_up, student_showed_up, rescheduled_by, actual_start, actual_duration, completed_at,
    technical_issues, homework_assigned
FROM session_fact
