-- Texts with an unfilled slot, and texts that claim what the session's numbers deny.
WITH told AS (
    SELECT kind, words, session_fact.*
    FROM said
    LEFT JOIN session_fact ON id = session_id
    WHERE list_contains({texts}, kind) AND words IS NOT NULL
),
claim AS (  -- What a wording claims; each is looked through once.
    SELECT kind, words, unnest(list_filter(CASE kind
        WHEN 'summary' THEN {summary_claims}
        WHEN 'feedback' THEN {feedback_claims}
        WHEN 'highlight' THEN {highlight_claims}
    END, lambda claim: claim IS NOT NULL)) AS claim
    FROM (SELECT DISTINCT kind, words FROM told)
),
claimed AS (
    SELECT id, kind, words, claim, CASE claim
{claims_hold}
    END AS holds
    FROM told
    JOIN claim USING (kind, words)
)
SELECT id AS offender, kind || ': no unfilled slot' AS label, words, regexp_matches(words, '[{}]') AS wrong
FROM told
UNION ALL BY NAME
SELECT id AS offender, kind || ': ' || claim AS label, words, coalesce(NOT holds, true) AS wrong
FROM claimed
UNION ALL BY NAME
SELECT id AS offender, 'summary: minutes' AS label, words, actual_duration, scheduled_duration,
       TRY_CAST(regexp_extract(words, '\b(\d+)[- ]minutes?\b', 1) AS INTEGER) AS minutes,
       coalesce(minutes <> actual_duration, true) AND coalesce(minutes <> scheduled_duration, true) AS wrong
FROM told
WHERE kind = 'summary' AND minutes IS NOT NULL
