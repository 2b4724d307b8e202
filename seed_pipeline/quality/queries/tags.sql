-- Tags that fit neither the rating nor the session.
WITH given_tag AS (
    SELECT session_id, tag, session_fact.* EXCLUDE (id),
           bool_or(tag = 'too_fast') OVER of_session AND bool_or(tag = 'too_slow') OVER of_session AS contradicts
    FROM session_feedback_tags
    LEFT JOIN session_fact ON id = session_id
    WINDOW of_session AS (PARTITION BY session_id)
)
SELECT session_id AS offender, unnest([
    {'label': 'praise on good ratings', 'wrong': tag IN (
        'clear_explanations', 'patient', 'encouraging', 'helpful_examples', 'good_pace', 'made_learning_fun'
    ) AND coalesce(student_satisfaction_rating < {praise_from}, true)},
    {'label': 'complaints on poor ratings', 'wrong': tag IN (
        'too_fast', 'too_slow', 'didnt_check_understanding', 'too_much_talking', 'confusing_examples'
    ) AND coalesce(student_satisfaction_rating > {complaints_to}, true)},
    {'label': 'too_much_talking where talk is high',
     'wrong': tag = 'too_much_talking' AND coalesce(tutor_talk_ratio <= {talk_above}, true)},
    {'label': 'technical_issues where there were some',
     'wrong': tag = 'technical_issues' AND technical_issues IS NOT true},
    {'label': 'didnt_check_understanding where checks are few',
     'wrong': tag = 'didnt_check_understanding'
        AND coalesce(tutor_checks_understanding_count > {checks_to}, true)},
    {'label': 'both too fast and too slow', 'wrong': contradicts AND tag IN ('too_fast', 'too_slow')},
    {'label': 'of a session with feedback', 'wrong': student_satisfaction_rating IS NULL}
], recursive := true), tag, student_satisfaction_rating, tutor_talk_ratio, technical_issues,
    tutor_checks_understanding_count
FROM given_tag
