"""The tutorial and the how-tos, followed to the letter in a copy of the project. Takes minutes.

Every fence marked `bash` is run, in the document's order, and has to succeed; the lines of a `text` fence behind it
have to be in its output. A fence marked `sh` is for reading: it names servers that are not here.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seed_pipeline_tests.defs.server import ROOT
from seed_pipeline_tests.store.servers import database, raw
from seed_pipeline_tests.store.servers import running as postgres

IN_DAGSTER = ("materialize-all", "rerun-feedback", "review-failures", "load-tests", "warehouses", "nightly-staging")
GRADING = ("grade-your-services", "alerts", "churn", "scoring", "dashboards")
HOW_TOS = (*IN_DAGSTER, *GRADING)
FENCE = re.compile(r"^```(bash|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, as it were, with the environment that `make setup` made."""
    copy = tmp_path_factory.mktemp("clone")
    for name in ("configs", "seed_pipeline", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "workspace.yaml", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, copy / name)
        os.utime(copy / name, (0, 0))  # older than the environment, so that make finds it ready
    (copy / ".dagster_home").mkdir()
    shutil.copy(ROOT / ".dagster_home" / "dagster.yaml", copy / ".dagster_home")
    (copy / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    return copy


def run(commands: str, project: Path, **environment: str) -> str:
    """What the commands print, as a shell runs them; AssertionError if one of them fails."""
    env = {key: value for key, value in os.environ.items() if key not in ("DAGSTER_HOME", "MAKEFLAGS", "MAKELEVEL")}
    env |= {"PYTHONPATH": str(project), **environment}
    shell = ["bash", "-euc", commands]
    found = subprocess.run(shell, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"{commands}\n{found.stdout}\n{found.stderr}"
    return found.stdout


def follow(guide: str, project: Path, **environment: str) -> None:
    """Run a guide's commands; AssertionError says which one did not do what the guide says."""
    said = ""
    for kind, content in FENCE.findall((project / "docs" / f"{guide}.md").read_text(encoding="utf-8")):
        if kind == "bash":
            said = run(content, project, **environment)
        else:
            assert [line for line in content.splitlines() if line not in said.splitlines()] == [], said


@pytest.mark.slow
def test_a_stranger_can_follow_the_tutorial(project: Path) -> None:
    """Every command works in the order given, and prints what the tutorial says."""
    follow("tutorial", project)


@pytest.mark.slow
@pytest.mark.parametrize("guide", IN_DAGSTER)
def test_a_how_to_does_what_it_says(project: Path, guide: str) -> None:
    """After the tutorial's first step, each can be followed by itself. Staging is a real PostgreSQL."""
    run("make seed", project)
    with postgres() as server, database(server) as url:
        follow(f"how-to/{guide}", project, SEED_STAGING_URL=raw(url))


@pytest.mark.slow
@pytest.mark.parametrize("guide", GRADING)
def test_the_old_promises_can_be_followed(project: Path, guide: str) -> None:
    """Dashboards, alert generation, churn predictions and scoring: seed, let a service run, grade."""
    follow(f"how-to/{guide}", project)


@pytest.mark.parametrize("guide", ["tutorial", *(f"how-to/{name}" for name in HOW_TOS)])
def test_links_lead_somewhere(guide: str) -> None:
    """Every link between the documents is to a file that is there."""
    path = ROOT / "docs" / f"{guide}.md"
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
