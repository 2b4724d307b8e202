"""The peers' own environments, apart from ours: data/peers/, made once, by the ordinary clients of their registries."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / "data" / "peers"


class MissingError(Exception):
    """What a peer needs and this machine does not have, by name."""


def python() -> Path:
    """The interpreter with dbldatagen, pandas and Faker. Raises MissingError."""
    home = PLACE / "python"
    found = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if _stale(home, HERE / "requirements.txt"):
        print("Setting up data/peers/python (once, some 600 MB) ...", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        _asked([sys.executable, "-m", "venv", str(home)], "the venv module")
        wanted = ["-r", str(HERE / "requirements.txt")]
        _asked(
            [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], "packages of PyPI"
        )
        _settled(home, HERE / "requirements.txt")
    return found


def node() -> Path:
    """The folder with drizzle-seed and our program for it. Raises MissingError."""
    home = PLACE / "node"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise MissingError("Node.js with npm")
    if _stale(home, HERE / "package.json"):
        print("Setting up data/peers/node (once) ...", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        shutil.copy(HERE / "package.json", home)
        _asked(["npm", "install", "--silent", "--no-audit", "--no-fund"], "packages of npm", home)
        _settled(home, HERE / "package.json")
    shutil.copy(HERE / "drizzle_seed.mjs", home)
    return home


def java() -> None:
    """Raise MissingError unless Spark finds a Java."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise MissingError("Java 17 or newer (Debian and Ubuntu: apt install openjdk-17-jre-headless)")


def _stale(home: Path, wanted: Path) -> bool:
    kept = home / ".ready"
    return not kept.exists() or kept.read_bytes() != wanted.read_bytes()


def _settled(home: Path, wanted: Path) -> None:
    (home / ".ready").write_bytes(wanted.read_bytes())


def _asked(command: list[str], what: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise MissingError(f"{what} ({' '.join(last)[:200]})")
