"""An upgrade never changes a user's data silently (X7)."""

import json

import pytest

from seed_pipeline_tests.cli.conftest import AS_OF, Command

PINNED = {
    "--seed 1": "f832b8d26cea4400",
    "--seed 42": "17b412e472969718",
    "--seed 777 --sessions 600": "a92869060fc96438",
    "--seed 42 --disable-rule high_talk_ratio --disable-rule first_session": "5bffdc2b3b7e76c9",
    "--seed 42 --preset edge_cases_valid": "b926e82a79597300",
}
"""First digits of the fingerprint of each world. Moving one is a commit of its own that says why."""


LARGER = {
    "--seed 1 --sessions 600": "9391c1daa81921f3",
    "--seed 777": "9925102a66472a85",
    "--seed 1 --sessions 15000": "0f007e85183c34a9",
    "--seed 42 --sessions 15000": "c78515f14dbbafdc",
    "--seed 777 --sessions 15000 --set main.chunk_cohorts=7 --set main.processes=3": "8bdc7f89c3b9769b",
    "--seed 42 --sessions 15000 --disable-rule high_talk_ratio --disable-rule first_session": "097d2340beb1bfd7",
    "--seed 42 --sessions 15000 --preset edge_cases --set main.processes=2": "7d26e46b0ec3871d",
}
"""The same at sizes, chunks and process counts that make test has no time for."""


@pytest.mark.parametrize("world", [*PINNED, *(pytest.param(world, marks=pytest.mark.slow) for world in LARGER)])
def test_the_world_is_the_one_that_was_released(command: Command, world: str) -> None:
    """The same seed, settings and as_of give the values that users have."""
    answer = command("generate", "--out", "made", "--json", *AS_OF, *world.split())
    assert json.loads(answer.out)["fingerprint"].startswith((PINNED | LARGER)[world])
