-- Texts that are there more often among the people of one cohort (a circle of people who book each other) than they may.
-- With fewer lines than people to say them, repeats are as rare as can be; a highlight's slots allow one more.
WITH line AS (
    SELECT place, row_key, words, circle, '' AS kind FROM written JOIN person_circle ON person = row_key
    WHERE list_contains({columns}, place)
    UNION ALL
    SELECT 'session_transcript_highlights.text', h.id, text, circle, highlight_type || '|' || speaker
    FROM session_transcript_highlights AS h
    JOIN sessions ON sessions.id = session_id
    JOIN person_circle ON person = tutor_id
    WHERE list_contains({columns}, 'session_transcript_highlights.text')
),
often AS (
    SELECT place, circle, words, count(*) AS said FROM line WHERE words IS NOT NULL GROUP BY ALL HAVING said > {most}
),
group_size AS (
    SELECT place, circle, kind, sum(n) OVER (PARTITION BY place, circle) AS whole, n
    FROM (SELECT place, circle, kind, count(*) AS n FROM line WHERE words IS NOT NULL GROUP BY ALL)
),
may AS (
    SELECT place, circle, kind, ceil(n / coalesce(free, 1)) AS least,
           greatest({most}, ceil({most} * whole / {per}),
                    least + (place = 'session_transcript_highlights.text' AND least > 1)::INTEGER) AS most
    FROM group_size
    LEFT JOIN text_lines USING (place, kind)
)
SELECT row_key AS offender, line.place || ': said too often in its cohort' AS label, line.words, said, most,
       coalesce(said > most, false) AS wrong
FROM line
LEFT JOIN often ON often.place = line.place AND often.circle = line.circle AND often.words = line.words
LEFT JOIN may ON said IS NOT NULL AND may.place = line.place AND may.circle = line.circle
    AND may.kind IS NOT DISTINCT FROM line.kind
WHERE line.words IS NOT NULL;

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
