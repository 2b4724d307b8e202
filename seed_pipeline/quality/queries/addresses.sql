-- Names that are not full, and addresses outside the domains that belong to nobody (RFC 2606).
SELECT id AS offender, 'users.name is a full name' AS label, NOT says(name, '^\S+( \S+)+$') AS wrong, name
FROM users
UNION ALL BY NAME
SELECT id AS offender, 'users.email is reserved' AS label, NOT is_reserved(email) AS wrong, email
FROM users
WHERE email IS NOT NULL
UNION ALL BY NAME
SELECT id AS offender, 'users.avatar_url is reserved' AS label, avatar_url,
       NOT is_reserved(regexp_replace(avatar_url, '^[a-z]+://([^/]+).*$', '\1')) AS wrong
FROM users
WHERE avatar_url IS NOT NULL
UNION ALL BY NAME
SELECT user_id AS offender, 'students.parent_email is reserved' AS label, NOT is_reserved(parent_email) AS wrong,
       parent_email
FROM students
WHERE parent_email IS NOT NULL
