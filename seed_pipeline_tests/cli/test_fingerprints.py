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


@pytest.mark.parametrize("world", PINNED)
def test_the_world_is_the_one_that_was_released(command: Command, world: str) -> None:
    """The same seed, settings and as_of give the values that users have."""
    answer = command("generate", "--out", "made", "--json", *AS_OF, *world.split())
    assert json.loads(answer.out)["fingerprint"].startswith(PINNED[world])
