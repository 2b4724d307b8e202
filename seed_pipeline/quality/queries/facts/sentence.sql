-- The sentences of all texts, each once: what they mean is looked up once, however often they are said.
SELECT row_number() OVER ()::INTEGER AS sentence, words
FROM (SELECT DISTINCT unnest(string_split(words, {full_stop})) AS words FROM said)
WHERE words <> ''
