says(words, pattern) AS coalesce(regexp_matches(words, pattern, 'i'), false)
is_reserved(address) AS says(address, '(?:^|[.@/])(?:example\.(?:com|net|org)|[a-z0-9-]+\.(?:example|test|invalid)|(?:example|test|invalid))$')
spoken(words) AS regexp_replace(' ' || lower(words) || ' ', '[^\p{L}\p{N}+#]+', '  ', 'g')
