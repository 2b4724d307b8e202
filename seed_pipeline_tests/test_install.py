"""Installed as a package, without its checkout, the pipeline has everything it reads."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from seed_pipeline import CONFIGS

ROOT = CONFIGS.parent


@pytest.mark.slow
def test_a_wheel_holds_the_settings_and_every_file_that_is_read(tmp_path: Path) -> None:
    """configs/ goes into the package, and what lies beside the modules goes along."""
    source = tmp_path / "source"
    for name in ("seed_pipeline", "configs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as found:
        names = set(found.namelist())
    wanted = {f"seed_pipeline/{p.relative_to(ROOT)}" for p in CONFIGS.rglob("*.yaml")}
    package = (ROOT / "seed_pipeline").rglob("*")
    wanted |= {str(p.relative_to(ROOT)) for p in package if p.is_file() and "__pycache__" not in p.parts}
    assert wanted - names == set()
