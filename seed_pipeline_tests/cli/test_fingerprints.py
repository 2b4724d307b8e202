"""An upgrade never changes a user's data silently (X7)."""

import json

import pytest

from seed_pipeline_tests.cli.conftest import AS_OF, Command

PINNED = {
    "--seed 1": "9560c957a3f47238",
    "--seed 42": "35735a83a9518fcd",
    "--seed 777 --sessions 600": "886f1b9dce47f38e",
    "--seed 42 --disable-rule high_talk_ratio --disable-rule first_session": "8fae52814b459cf2",
    "--seed 42 --preset edge_cases_valid": "24b534985f89bd23",
}
"""First digits of the fingerprint of each world. Moving one is a commit of its own that says why."""


LARGER = {
    "--seed 1 --sessions 600": "741a6df357741ba0",
    "--seed 777": "85e76cb40ecf462c",
    "--seed 1 --sessions 15000": "3e04b652a0a3b271",
    "--seed 42 --sessions 15000": "898a63ccd15381e4",
    "--seed 777 --sessions 15000 --set main.chunk_cohorts=7 --set main.processes=3": "0cc2020c3eb55eaf",
    "--seed 42 --sessions 15000 --disable-rule high_talk_ratio --disable-rule first_session": "59d4beb2c4e5a4c8",
    "--seed 42 --sessions 15000 --preset edge_cases --set main.processes=2": "e5f2c4373b01886f",
}
"""The same at sizes, chunks and process counts that make test has no time for."""


@pytest.mark.parametrize("world", [*PINNED, *(pytest.param(world, marks=pytest.mark.slow) for world in LARGER)])
def test_the_world_is_the_one_that_was_released(command: Command, world: str) -> None:
    """The same seed, settings and as_of give the values that users have."""
    answer = command("generate", "--out", "made", "--json", *AS_OF, *world.split())
    assert json.loads(answer.out)["fingerprint"].startswith((PINNED | LARGER)[world])
