says(words, pattern) AS coalesce(regexp_matches(words, pattern, 'i'), false)
is_reserved(address) AS says(address, '(?:^|[.@/])(?:example\.(?:com|net|org)|[a-z0-9-]+\.(?:example|test|invalid)|(?:example|test|invalid))$')
spoken(words) AS regexp_replace(' ' || replace(lower(words), ' ', '  ') || ' ', ' *[^\p{L}\p{N}+# ][^\p{L}\p{N}+#]*|   +', '  ', 'g')
has_digit(words) AS contains(words, '0') OR contains(words, '1') OR contains(words, '2') OR contains(words, '3') OR contains(words, '4') OR contains(words, '5') OR contains(words, '6') OR contains(words, '7') OR contains(words, '8') OR contains(words, '9')
