"""Takes the pictures of docs/images anew: `make screens`. Needs Chromium (CHROMIUM names it) and what `make seed` made.

Starts the UI on a free port, opens pages in a headless browser, waits until they stop changing, and saves them.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
UPSTREAM = "/assets/database?view=lineage&lineageScope=upstream"
PAGES: dict[str, tuple[str, int, int, tuple[int, int, int, int] | None]] = {
    "asset_graph": (UPSTREAM, 2600, 2100, (520, 300, 1800, 1510)),
    "asset": ("/assets/feedback?view=overview", 1500, 1100, None),
    "check_passed": ("/assets/sessions?view=checks&checkDetail=O1_completed", 1500, 950, None),
    "schedule": ("/locations/seed_pipeline/schedules/staging_refresh_nightly", 1500, 700, None),
    "report": ((ROOT / "data" / "report.html").as_uri(), 1280, 1400, None),
    "check_failed": ("/assets/sessions?view=checks&checkDetail=O1_completed", 1500, 1400, None),
}
"""Picture → the page it shows (of the UI, unless it is a whole address), its
width and height, and the part of it to keep (x, y, width, height)."""

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-US",
    "--force-device-scale-factor=1",
]


def main(names: list[str]) -> None:
    """Take the named pictures (default: all)."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("No Chromium found. Install it, or name it: make screens CHROMIUM=/path/to/chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with _ui() as address, _browser(chromium) as page:
        for name in names or PAGES:
            path, width, height, part = PAGES[name]
            if name == "check_failed":
                _judge("targets.statements.O1_completed.expected=0.5")
            place = path if path.startswith("file:") else address + path
            (IMAGES / f"{name}.png").write_bytes(_picture(page, place, width, height, part))
            print(f"docs/images/{name}.png")
            if name == "check_failed":
                _judge()


def _judge(*overrides: str) -> None:
    """Judge the artifacts again, with a contract that they cannot meet, or with the one they do."""
    from seed_pipeline.cli.app import ARTIFACTS
    from seed_pipeline.defs.launch import materialize
    from seed_pipeline.pipeline.wishes import Wishes

    wishes = Wishes(overrides=overrides)
    materialize(wishes, wishes.settings(), ARTIFACTS, job="recheck_and_load")


@contextmanager
def _ui() -> Iterator[str]:
    port = _free_port()
    command = [f"{sys.prefix}/bin/dg", "dev", "-w", "workspace.yaml", "--host", "127.0.0.1", "--port", str(port)]
    home = {"DAGSTER_HOME": str(ROOT / ".dagster_home"), "DAGSTER_DISABLE_TELEMETRY": "1"}
    with _running(command, cwd=ROOT, env={**os.environ, **home}):
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/server_info")
        yield address


@contextmanager
def _browser(chromium: str) -> Iterator[ClientConnection]:
    port = _free_port()
    # A POSIX locale leaves Dagster's pages blank.
    env = {**os.environ, "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", "LANGUAGE": "en_US"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", f"--remote-debugging-port={port}", "about:blank"]
        with _running(command, env=env):
            _wait_for(f"http://127.0.0.1:{port}/json/version")
            pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list"))
            address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
            with connect(address, max_size=None) as page:
                yield page


@contextmanager
def _running(command: list[str], **options: Any) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _picture(page: ClientConnection, address: str, width: int, height: int, part: tuple[int, ...] | None) -> bytes:
    """The page as PNG, once two pictures two seconds apart are the same (at most 40 seconds on)."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    _ask(page, "Emulation.setDeviceMetricsOverride", size)
    _ask(page, "Page.navigate", {"url": address})
    time.sleep(6)
    before, shot = "", _shot(page, part)
    for _ in range(17):
        if shot == before:
            break
        time.sleep(2)
        before, shot = shot, _shot(page, part)
    return base64.b64decode(shot)


def _shot(page: ClientConnection, part: tuple[int, ...] | None) -> str:
    clip = {"clip": {**dict(zip(("x", "y", "width", "height"), part, strict=True)), "scale": 1}} if part else {}
    return str(_ask(page, "Page.captureScreenshot", {"format": "png", **clip})["data"])


def _ask(page: ClientConnection, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    page.send(json.dumps({"id": 1, "method": method, "params": parameters}))
    while True:
        answer: dict[str, Any] = json.loads(page.recv(60))
        if answer.get("id") == 1:
            return dict(answer["result"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


if __name__ == "__main__":
    main(sys.argv[1:])
