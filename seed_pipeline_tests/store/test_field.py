"""Whatever a server, a role or a pooler is set to: every command does its work or says in a sentence why it cannot."""

import pytest
import sqlalchemy as sa

from seed_pipeline_tests.store.field import CASES, COMMANDS, POOLED, Case, play, pooler, table

ALL = (pytest.mark.slow, pytest.mark.field)
CHEAP = ("many settings at once",)


@pytest.fixture(scope="module", autouse=True)
def header() -> None:
    print(f"\n{'':<48}" + " ".join(f"{c:<8}" for c in COMMANDS))


def marked(case: Case) -> object:
    return pytest.param(case, id=case.name, marks=() if case.name in CHEAP else ALL)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_every_command_works_or_refuses_in_words(case: Case, server: sa.URL) -> None:
    """No traceback, no row lost; a refusal names what is in the way and leaves the database as it was."""
    outcomes = list(play(case, server))
    print(table(case.name, outcomes))
    assert [(o.command, o.bad, o.said[-600:]) for o in outcomes if o.bad] == []


@pytest.mark.slow
@pytest.mark.field
def test_a_transaction_pooler_does_no_harm(server: sa.URL) -> None:
    """Through PgBouncer in transaction mode every command works, twice, one connection after the other."""
    try:
        with pooler(server) as folder:
            outcomes = [o for _ in range(2) for o in play(POOLED, server, through=folder)]
    except FileNotFoundError:
        pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")
    print(table(POOLED.name, outcomes))
    assert [(o.command, o.bad, o.said[-600:]) for o in outcomes if o.bad] == []
