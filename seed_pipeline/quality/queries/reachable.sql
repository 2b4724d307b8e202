-- Texts with a phone number that is not fictional, or an address outside the domains that belong to nobody.
SELECT row_key AS offender, place || ' reaches nobody' AS label, words,
       -- Few texts have a digit, an @ or ://, and only those are looked through.
       CASE WHEN has_digit(words) OR contains(words, '@') OR contains(words, '://') THEN
           says(words, '(?:\+\d[\d ()-]{7,}\d|\(\d{3}\) ?\d{3}-\d{4}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b)')
           AND NOT says(words, '555[-. ]?01\d\d')
           OR len(list_filter(
               regexp_extract_all(words, '(?:[\w.+-]+@|https?://)([\w-]+(?:\.[\w-]+)*)', 1),
               lambda domain: NOT is_reserved(domain)
           )) > 0
       ELSE false END AS wrong
FROM written
WHERE list_contains({columns}, place)
