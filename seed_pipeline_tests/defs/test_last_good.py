"""A broken setting leaves the graph as it was, and says so where a user looks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from seed_pipeline.defs.last_good import FILE
from seed_pipeline.settings import SHIPPED

SHOWN = """
import json
from seed_pipeline.definitions import defs
graph = defs.resolve_asset_graph()
nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
print(json.dumps({
    "versions": {n.key.to_user_string(): n.code_version for n in nodes},
    "checks": sorted(str(key) for key in graph.asset_check_keys),
    "described": {n.key.to_user_string(): n.description for n in nodes},
    "schedules": {s.name: [str(s.cron_schedule), s.description] for s in defs.get_repository_def().schedule_defs},
}))
"""


def shown(project: Path) -> dict:
    """What a code server of the project loads now."""
    env = {**os.environ, "PYTHONPATH": str(project), "DAGSTER_HOME": str(project)}
    run = subprocess.run(
        [sys.executable, "-c", SHOWN], cwd=project, env=env, capture_output=True, text=True, check=True
    )
    return dict(json.loads(run.stdout))


def test_a_setting_that_cannot_be_changes_descriptions_alone(tmp_path: Path) -> None:
    """A contradiction, then a file that cannot be read: graph, checks, versions and schedule stay as they were."""
    shutil.copytree(SHIPPED.parent / "seed_pipeline", tmp_path / "seed_pipeline")
    shutil.copytree(SHIPPED, tmp_path / "configs")
    file = tmp_path / "configs" / "probabilities.yaml"
    good, before = file.read_text(encoding="utf-8"), shown(tmp_path)
    assert "target" not in json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["main"]
    for broken, says in [
        (good.replace("feedback: 0.4", "feedback: 0.9", 1), "availability.feedback = 0.9"),
        (good + "\nnonsense: [", "probabilities.yaml, line"),
    ]:
        assert broken != good
        file.write_text(broken, encoding="utf-8")
        now = shown(tmp_path)
        assert (now["versions"], now["checks"]) == (before["versions"], before["checks"])
        assert all(says in text.splitlines()[0] for text in now["described"].values())
        assert [cron for cron, _ in now["schedules"].values()] == [cron for cron, _ in before["schedules"].values()]
        assert all(says in text for _, text in now["schedules"].values())
    (tmp_path / FILE).unlink()
    assert shown(tmp_path)["checks"] == before["checks"], "before anything was kept, as the version came"
