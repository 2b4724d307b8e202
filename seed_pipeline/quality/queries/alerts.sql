-- Alerts of one source that the stored values demand and the answer key lacks, and alerts that it should not have; a wrong
-- severity, tutor or session is both.
WITH stated AS (
    SELECT id, truth_alerts.source, alert_type, severity, alert_rule.name IS NOT NULL AS known,
           CASE
               WHEN on_window THEN tutor_id || '/' || coalesce(session_id, '-') || '/' || coalesce(student_id, '-')
               WHEN per = 'session' THEN session_id
               WHEN per = 'tutor' THEN tutor_id
               WHEN per = 'pair' THEN tutor_id || '/' || student_id
               WHEN per = 'student' THEN student_id
           END AS subject,
           row_number() OVER (PARTITION BY truth_alerts.source, alert_type, subject, severity ORDER BY id) AS time
    FROM truth_alerts
    LEFT JOIN alert_rule ON alert_rule.name = alert_type AND alert_rule.source = truth_alerts.source
)
SELECT subject || ' ' || severity AS offender, alert_type || ': raised where demanded' AS label, severity,
       id IS NULL AS wrong
FROM demanded_alert
LEFT JOIN stated USING (source, alert_type, subject, severity)
WHERE source = {source}
UNION ALL BY NAME
SELECT id AS offender, alert_type || ': raised nowhere else' AS label, subject, severity,
       demanded_alert.subject IS NULL OR time > 1 AS wrong
FROM stated
LEFT JOIN demanded_alert USING (source, alert_type, subject, severity)
WHERE source = {source} AND known
UNION ALL BY NAME
SELECT id AS offender, 'of a configured type' AS label, alert_type, NOT known AS wrong FROM stated WHERE source = {source}
UNION ALL BY NAME
SELECT id AS offender, 'of a known source' AS label, source, source NOT IN ('platform', 'seed') AS wrong FROM truth_alerts
