"""Who makes the chunks on one machine."""

from types import SimpleNamespace
from typing import Any

import pytest

from seed_pipeline.pipeline import hands


@pytest.mark.parametrize(
    ("asked", "started"),
    [
        ({"sessions": 150}, 0),
        ({"sessions": 60_000}, 0),
        ({"sessions": 75_000}, 1),
        ({"sessions": 1_500_000}, 3),
        ({"sessions": 1_500_000, "overrides": ["main.processes=1"]}, 0),
        ({"sessions": 1_500_000, "workers": 2}, 0),
    ],
)
def test_whoever_asks_for_much_finds_helpers_ready_when_the_settings_are_read(
    asked: dict[str, Any], started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are cores and work for; nobody starts a process to make the default dataset."""
    begun: list[tuple] = []
    monkeypatch.setattr(hands, "cores", lambda: 4)
    pool = SimpleNamespace(submit=lambda *call: begun.append(call))
    monkeypatch.setattr(hands, "_pool", lambda processes: pool)
    hands.expect({"overrides": [], **asked})
    assert len(begun) == started
