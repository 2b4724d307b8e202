-- Texts with an unfilled slot, and texts that claim what the session's numbers deny.
WITH told AS (
    SELECT text, kind, words, session_fact.*
    FROM said
    LEFT JOIN session_fact ON id = session_id
    WHERE list_contains({texts}, kind) AND words IS NOT NULL
),
claimed AS (
    SELECT id, kind, words, claim, CASE claim
{claims_hold}
    END AS holds
    FROM told
    JOIN (SELECT DISTINCT text, claim FROM sentence_of JOIN claim USING (sentence)) USING (text)
    JOIN claim_kind USING (kind, claim)
)
SELECT id AS offender, kind || ': no unfilled slot' AS label, words,
       contains(words, chr(123)) OR contains(words, chr(125)) AS wrong
FROM told
UNION ALL BY NAME
SELECT id AS offender, kind || ': ' || claim AS label, words, coalesce(NOT holds, true) AS wrong
FROM claimed
UNION ALL BY NAME
SELECT id AS offender, 'summary: minutes' AS label, words, actual_duration, scheduled_duration,
       TRY_CAST(regexp_extract(words, '\b(\d+)[- ]minutes?\b', 1) AS INTEGER) AS minutes,
       coalesce(minutes <> actual_duration, true) AND coalesce(minutes <> scheduled_duration, true) AS wrong
FROM told
WHERE kind = 'summary' AND contains(words, 'minute') AND minutes IS NOT NULL
