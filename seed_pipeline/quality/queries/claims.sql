-- Texts with an unfilled slot, and texts that claim what the session's numbers deny.
WITH told AS (
    SELECT kind, words, session_fact.*
    FROM said
    LEFT JOIN session_fact ON id = session_id
    WHERE list_contains({texts}, kind) AND words IS NOT NULL
),
claimed AS (
    SELECT *, unnest(CASE kind
        WHEN 'summary' THEN {summary_claims}
        WHEN 'feedback' THEN {feedback_claims}
        WHEN 'highlight' THEN {highlight_claims}
    END, recursive := true)
    FROM told
)
SELECT id AS offender, kind || ': no unfilled slot' AS label, words, regexp_matches(words, '[{}]') AS wrong
FROM told
UNION ALL BY NAME
SELECT id AS offender, kind || ': ' || claim AS label, words, coalesce(NOT holds, true) AS wrong
FROM claimed
WHERE claims
UNION ALL BY NAME
SELECT id AS offender, 'summary: minutes' AS label, words, actual_duration, scheduled_duration,
       TRY_CAST(regexp_extract(words, '\b(\d+)[- ]minutes?\b', 1) AS INTEGER) AS minutes,
       coalesce(minutes <> actual_duration, true) AND coalesce(minutes <> scheduled_duration, true) AS wrong
FROM told
WHERE kind = 'summary' AND minutes IS NOT NULL
