-- Texts that are there more often among the people of one cohort (a circle of people who book each other) than they may.
-- With fewer lines than people to say them, repeats are as rare as can be; a highlight's slots allow one more.
WITH line AS (
    SELECT place, row_key, words, circle, '' AS kind FROM written JOIN person_circle ON person = row_key
    UNION ALL
    SELECT 'session_transcript_highlights.text', h.id, text, circle, highlight_type || '|' || speaker
    FROM session_transcript_highlights AS h
    JOIN sessions ON sessions.id = session_id
    JOIN person_circle ON person = tutor_id
),
counted AS (
    SELECT place, row_key, words, count(*) OVER (PARTITION BY place, circle, words) AS said,
           ceil({most} * count(*) OVER (PARTITION BY place, circle) / {per}) AS allowed,
           ceil(count(*) OVER (PARTITION BY place, circle, kind) / coalesce(free, 1)) AS least
    FROM line
    LEFT JOIN text_lines USING (place, kind)
    WHERE list_contains({columns}, place) AND words IS NOT NULL
)
SELECT row_key AS offender, place || ': said too often in its cohort' AS label, words, said,
       greatest({most}, allowed, least + (place = 'session_transcript_highlights.text' AND least > 1)::INTEGER) AS most,
       said > most AS wrong
FROM counted;

-- In large data, no text makes up more than a share of all (three times its part, where lines are few).
WITH sums AS (
    SELECT place, words, count(*) AS n FROM written
    WHERE list_contains({columns}, place) AND words IS NOT NULL
    GROUP BY place, words
)
SELECT place || ': share of the most frequent' AS label, sum(n) AS n, max(n) / sum(n) AS observed, 0 AS expected, 0 AS low,
       greatest({share}, 3 / (SELECT sum(lines) FROM text_lines WHERE text_lines.place = sums.place)) AS high
FROM sums
CROSS JOIN dataset
WHERE {share} IS NOT NULL AND sessions >= {from_sessions}
GROUP BY place
ORDER BY place
