-- The phrases of the vocabulary in each wording; a longer one hides those inside it. Each wording is looked through once.
SELECT words, unnest(list_distinct(regexp_extract_all(spoken(words), {phrases}))) AS phrase
FROM (SELECT DISTINCT words FROM said WHERE words IS NOT NULL)
