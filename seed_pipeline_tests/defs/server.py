"""The real webserver and daemon, with an instance and artifacts of their own, spoken to in GraphQL."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.launch import HOME

ROOT = HOME.parent
EVERYTHING = (*ENTITIES, "database", "report")
DONE = ("SUCCESS", "FAILURE", "CANCELED")
REPOSITORY = {"repositoryLocationName": "seed_pipeline", "repositoryName": "__repository__"}

LAUNCH = """mutation ($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on RunConfigValidationInvalid { errors { message } } } }"""
STATUS = "query ($i: ID!) { runOrError(runId: $i) { ... on Run { status } } }"
CHECKS = """query ($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode { assetChecksOrError {
  ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } } } } }"""
STALE = """query ($k: [AssetKeyInput!]!) { assetNodes(assetKeys: $k) {
  assetKey { path } staleStatus staleCauses { category } } }"""
RELOAD = """mutation ($l: String!) { reloadRepositoryLocation(repositoryLocationName: $l) {
  __typename ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } } } }"""
SCHEDULES = """query ($s: RepositorySelector!) { schedulesOrError(repositorySelector: $s) {
  ... on Schedules { results { name } } } }"""
TICK = """mutation ($s: ScheduleSelector!, $t: Float!) { scheduleDryRun(selectorData: $s, timestamp: $t) {
  __typename ... on DryRunInstigationTick {
    evaluationResult { runRequests { runConfigYaml } error { message } } } } }"""


@dataclass
class Server:
    """A running UI."""

    address: str
    folder: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """The `data` of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def launch(
        self,
        *assets: str,
        job: str = "__ASSET_JOB",
        checks: Sequence[Any] | None = None,
        config: dict[str, Any] | None = None,
        **settings: Any,
    ) -> str:
        """Launch and wait; the run's last status. `checks=[]` deselects all checks."""
        selector: dict[str, Any] = {**REPOSITORY, "pipelineName": job}
        wanted = assets or (EVERYTHING if job == "__ASSET_JOB" else ())
        selector |= {"assetSelection": [{"path": [asset]} for asset in wanted]} if wanted else {}
        selector |= {"assetCheckSelection": checks} if checks is not None else {}
        run_config = config or {"resources": {"settings": {"config": settings}}}
        parameters = {"mode": "default", "selector": selector, "runConfigData": run_config}
        launched = self.ask(LAUNCH, p=parameters)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return self._end_of(launched["run"]["runId"])

    def refusal(self, **settings: Any) -> str:
        """What a launch of everything with settings that cannot be is answered."""
        selector = {**REPOSITORY, "pipelineName": "__ASSET_JOB"}
        config = {"resources": {"settings": {"config": settings}}}
        parameters = {"mode": "default", "selector": selector, "runConfigData": config}
        launched = self.ask(LAUNCH, p=parameters)["launchPipelineExecution"]
        assert launched["__typename"] == "RunConfigValidationInvalid", launched
        return "\n".join(error["message"] for error in launched["errors"])

    def _end_of(self, run: str) -> str:
        end = time.monotonic() + 240
        while (status := self.ask(STATUS, i=run)["runOrError"]["status"]) not in DONE:
            assert time.monotonic() < end, f"the run is still {status}"
            time.sleep(0.5)
        return str(status)

    def checks(self, asset: str) -> dict[str, str | None]:
        """The latest verdict on the latest materialization, by check."""
        node = self.ask(CHECKS, k={"path": [asset]})["assetNodeOrError"]
        found = {c["name"]: c["executionForLatestMaterialization"] for c in node["assetChecksOrError"]["checks"]}
        return {name: last and last["status"] for name, last in found.items()}

    def stale(self, *assets: str) -> set[str]:
        """Those of the assets that the UI shows as unsynced."""
        nodes = self.ask(STALE, k=[{"path": [asset]} for asset in assets])["assetNodes"]
        return {node["assetKey"]["path"][0] for node in nodes if node["staleStatus"] == "STALE"}

    def edited(self, *assets: str) -> set[str]:
        """Those of the assets that the UI shows as unsynced because their code or settings are others now."""
        nodes = self.ask(STALE, k=[{"path": [asset]} for asset in assets])["assetNodes"]
        causes = {node["assetKey"]["path"][0]: {c["category"] for c in node["staleCauses"]} for node in nodes}
        return {asset for asset, found in causes.items() if "CODE" in found}

    def reload(self) -> None:
        """What the button *Reload definitions* does."""
        found = self.ask(RELOAD, l=REPOSITORY["repositoryLocationName"])["reloadRepositoryLocation"]
        assert found["locationOrLoadError"]["__typename"] == "RepositoryLocation", found

    def tick(self, schedule: str) -> dict[str, Any]:
        """What the schedule would launch now."""
        selector = {**REPOSITORY, "scheduleName": schedule}
        return dict(self.ask(TICK, s=selector, t=time.time())["scheduleDryRun"]["evaluationResult"])


@contextmanager
def running(folder: Path, project: Path = ROOT, **environment: str) -> Iterator[Server]:
    """The UI in a folder of its own, of this project or of a copy of it."""
    home = folder / "home"
    home.mkdir()
    shutil.copy(HOME / "dagster.yaml", home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        f"{sys.prefix}/bin/dg",
        "dev",
        "-w",
        str(project / "workspace.yaml"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    here = {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(project)}
    env = {**os.environ, **here, **environment}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            server = Server(f"http://127.0.0.1:{port}", folder)
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(60)
            with suppress(ProcessLookupError):  # what outlived it, such as a code server that minds no SIGTERM
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(server: Server, process: subprocess.Popen) -> None:
    end = time.monotonic() + 180
    while True:
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < end, "the server does not answer"
        try:
            if server.ask(SCHEDULES, s=REPOSITORY)["schedulesOrError"].get("results"):
                return
        except OSError:
            pass
        time.sleep(0.5)
