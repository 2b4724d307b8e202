-- Texts with a phone number that is not fictional, or an address outside the domains that belong to nobody.
WITH text AS (
    SELECT *, regexp_extract_all(words, '(?:[\w.+-]+@|https?://)([\w-]+(?:\.[\w-]+)*)', 1) AS domains,
           says(words, '(?:\+\d[\d ()-]{7,}\d|\(\d{3}\) ?\d{3}-\d{4}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b)') AS phone
    FROM written
    WHERE list_contains({columns}, place)
)
SELECT row_key AS offender, place || ' reaches nobody' AS label, words,
       (phone AND NOT says(words, '555[-. ]?01\d\d'))
       OR coalesce(len(list_filter(domains, lambda domain: NOT is_reserved(domain))) > 0, false) AS wrong
FROM text
