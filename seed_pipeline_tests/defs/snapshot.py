"""The graph, its checks, jobs and sensors as plain values; run as a module, it renews the committed snapshot, and the
settings that stand in for a file of configs/ that is broken from the first."""

import gzip
import json
from pathlib import Path
from typing import Any

from seed_pipeline.definitions import defs
from seed_pipeline.defs.last_good import PACKED, SOME_DAY, content_of
from seed_pipeline.pipeline.wishes import Wishes

SNAPSHOT = Path(__file__).with_name("snapshot.json")


def taken() -> dict[str, Any]:
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    assets = {}
    for key in sorted(graph.materializable_asset_keys):
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "owners": sorted(node.owners),
            "kinds": sorted(node.kinds),
            "tags": {name: value for name, value in sorted(node.tags.items()) if not name.startswith("dagster/")},
            "description": (node.description or "").splitlines(),
            "reads": sorted(parent.to_user_string() for parent in node.parent_keys),
            "checks": {c.name: _said(graph.get(c)) for c in sorted(node.check_keys, key=lambda c: c.name)},
        }
    jobs = {
        job.name: {
            "description": job.description,
            "assets": sorted(k.to_user_string() for k in job.asset_layer.executable_asset_keys),
        }
        for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
        if not job.name.startswith("__")
    }
    sensors = {sensor.name: sensor.description for sensor in repository.sensor_defs}
    schedules = {s.name: [s.job_name, str(s.cron_schedule), s.description] for s in repository.schedule_defs}
    places = sorted(key.to_user_string() for key in graph.get_all_asset_keys() - graph.materializable_asset_keys)
    return {"assets": assets, "places": places, "jobs": jobs, "schedules": schedules, "sensors": sensors}


def _said(check: Any) -> list[str]:
    return ["blocking" if check.blocking else "warns", check.description]


if __name__ == "__main__":
    PACKED.write_bytes(gzip.compress(content_of(Wishes().settings(SOME_DAY)).encode(), mtime=0))
    SNAPSHOT.write_text(json.dumps(taken(), indent=1) + "\n", encoding="utf-8")
