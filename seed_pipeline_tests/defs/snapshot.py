"""The graph, its checks, jobs and sensors as plain values; run as a module, it renews the committed snapshot."""

import json
from pathlib import Path
from typing import Any

from seed_pipeline.definitions import defs

SNAPSHOT = Path(__file__).with_name("snapshot.json")


def taken() -> dict[str, Any]:
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    assets = {}
    for key in sorted(graph.materializable_asset_keys):
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "reads": sorted(parent.to_user_string() for parent in node.parent_keys),
            "checks": sorted(check.name for check in node.check_keys),
        }
    jobs = {
        job.name: sorted(k.to_user_string() for k in job.asset_layer.executable_asset_keys)
        for job in repository.get_all_jobs()
    }
    jobs = {name: keys for name, keys in sorted(jobs.items()) if not name.startswith("__")}
    sensors = sorted(sensor.name for sensor in repository.sensor_defs)
    schedules = sorted(schedule.name for schedule in repository.schedule_defs)
    return {"assets": assets, "jobs": jobs, "schedules": schedules, "sensors": sensors}


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(taken(), indent=1) + "\n", encoding="utf-8")
