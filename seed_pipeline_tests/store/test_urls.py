"""URLs as providers, ORMs and drivers hand them out."""

import pytest

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import parse, redact


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("postgres://me@h/db", "postgresql://me@h/db"),
        ("postgresql+asyncpg://me@h/db?prepared_statement_cache_size=0", "postgresql://me@h/db"),
        ("postgresql+psycopg2://me@h/db", "postgresql://me@h/db"),
        (
            "postgres://me@ep-x-pooler.eu.aws.neon.tech/db?sslmode=require&channel_binding=require",
            "postgresql://me@ep-x-pooler.eu.aws.neon.tech/db?channel_binding=require&sslmode=require",
        ),
        ("postgres://me@h:6543/db?pgbouncer=true&connection_limit=1", "postgresql://me@h:6543/db"),
        ("postgres://me@h/db?sslmode=require&supa=base-pooler.x", "postgresql://me@h/db?sslmode=require"),
        ("postgres://me@h/db?sslmode=no-verify", "postgresql://me@h/db?sslmode=require"),
        ("postgres://me@h/db?ssl=true&uselibpqcompat=true", "postgresql://me@h/db?sslmode=require"),
        ("postgres://me@h/db?schema=app", "postgresql://me@h/db?schema=app"),
        ("postgres://me@h/db?currentSchema=app&prepareThreshold=0", "postgresql://me@h/db?schema=app"),
        ("postgres://me@h/db?options=endpoint%3Dep-x", "postgresql://me@h/db?options=endpoint%3Dep-x"),
    ],
)
def test_parameters_of_others_are_understood(written: str, understood: str) -> None:
    """What is meant for libpq goes there, a schema is the platform's, hints to other drivers' pools say nothing new."""
    assert redact(parse(written)) == understood


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("postgres://me:hush@one:5432,two:5432/db", r"several hosts.*\?host=one:5432&host=two:5432"),
        ("postgres://me:hush@h/db%00", "cannot be printed"),
        ("sqlite:///hush%00.db", "cannot be printed"),
        ("sqlite:///~/seed.db", "write sqlite:////"),
        ("env:", "write env:NAME"),
        ("env: NOWHERE", "environment variable NOWHERE: it is not set"),
    ],
)
def test_what_leads_nowhere_is_refused_with_what_to_write(written: str, said: str) -> None:
    """A list of hosts, a NUL in disguise, a shell's home, a variable without a name."""
    with pytest.raises(StoreError, match=said) as caught:
        parse(written)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sslaccept=strict", "sslaccept.*take sslaccept out"),
        ("sslmod=require", "sslmod.*sslmode=require"),
        ("ssl=maybe", "ssl=maybe.*verify-full"),
        ("schema=a,b", "no single schema"),
        ("connect_timeout=soon", "connect_timeout=soon.*no whole number"),
    ],
)
def test_parameters_that_nobody_knows_are_refused_by_name(query: str, said: str) -> None:
    """The message names the parameter and what to write, and shows no password."""
    with pytest.raises(StoreError, match=said) as caught:
        parse(f"postgres://me:hush@h/db?{query}")
    assert "hush" not in str(caught.value)
