"""Where figures were measured: cores, memory, load and versions, and no names or paths."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def described(packages: Sequence[str], load: float) -> str:
    """One line: the day, the machine, the load that others put on it before, the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {cores()} cores ({platform.machine()}, {platform.system()}), "
        f"{memory:.0f} GiB, load {load:.1f} before; Python {platform.python_version()}, {versions}."
    )
