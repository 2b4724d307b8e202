-- The sentences of each text.
SELECT text, sentence
FROM (SELECT text, unnest(string_split(words, {full_stop})) AS words FROM said)
JOIN sentence USING (words)
