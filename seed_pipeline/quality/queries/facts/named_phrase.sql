-- The phrases of the vocabulary in each sentence; a longer one hides those inside it.
WITH word AS (  -- As written, with the comma that follows; `token` is what is spoken of it.
    SELECT word, count(*) AS times FROM (SELECT unnest(string_split(words, ' ')) AS word FROM sentence) GROUP BY word
),
token AS (SELECT word, times, unnest(string_split(trim(spoken(word)), '  ')) AS token FROM word),
-- Only phrases whose rarest word is there are looked for.
rarest AS (
    SELECT phrase, arg_min(token, times) AS token
    FROM (SELECT DISTINCT phrase, unnest(string_split(trim(phrase), '  ')) AS token FROM topic_phrase)
    JOIN (SELECT token, sum(times) AS times FROM token GROUP BY token) USING (token)
    GROUP BY phrase
),
likely AS (
    SELECT DISTINCT sentence, phrase
    FROM (SELECT sentence, unnest(string_split(words, ' ')) AS word FROM sentence)
    JOIN (SELECT DISTINCT word, phrase FROM token JOIN rarest USING (token)) USING (word)
),
found AS (
    SELECT sentence, said, phrase
    FROM likely
    JOIN (SELECT sentence, spoken(words) AS said FROM sentence SEMI JOIN likely USING (sentence)) USING (sentence)
    WHERE contains(said, phrase)
),
hidden AS (
    SELECT short.sentence, short.phrase
    FROM found AS short
    JOIN found AS long ON long.sentence = short.sentence AND length(long.phrase) > length(short.phrase)
    WHERE contains(long.phrase, short.phrase) AND NOT contains(replace(long.said, long.phrase, ' '), short.phrase)
)
SELECT sentence, phrase FROM found ANTI JOIN hidden USING (sentence, phrase)
