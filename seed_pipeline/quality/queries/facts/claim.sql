-- What each sentence claims; only sentences that claim something at all are looked through claim by claim.
SELECT sentence, unnest(list_filter({claims}, lambda claim: claim IS NOT NULL)) AS claim
FROM (SELECT sentence, words FROM sentence WHERE says(words, {any_claim}))
