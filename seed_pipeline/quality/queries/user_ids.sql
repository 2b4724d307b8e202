-- People whose ID does not have the form of a random UUID, as the platform's own have.
SELECT id AS offender, 'users.id is a UUID' AS label, role,
       NOT regexp_matches(id, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$') AS wrong
FROM users
