"""Takes the pictures of docs/images anew: `make screens`. Needs Chromium (CHROMIUM names it) and what `make seed` made.

Starts the UI on a free port, opens pages in a headless browser, waits until they stop changing, and saves them.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import FloatRect, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
CHECK = "/assets/sessions?view=checks&checkDetail=O1_completed"
UPSTREAM = "/assets/database?view=lineage&lineageScope=upstream"
PAGES: dict[str, tuple[str, int, int, FloatRect | None]] = {
    "asset_graph": (UPSTREAM, 2600, 2100, {"x": 520, "y": 300, "width": 1800, "height": 1510}),
    "asset": ("/assets/feedback?view=overview", 1700, 1250, None),
    "check_passed": (CHECK, 1500, 950, None),
    "schedule": ("/locations/seed_pipeline/schedules/staging_refresh_nightly", 1500, 420, None),
    "report": ((ROOT / "data" / "report.html").as_uri(), 1280, 1400, None),
    "check_failed": (CHECK, 1500, 1400, None),
}
"""Picture → the page it shows (of the UI, unless it is a whole address), its
width and height, and the part of it to keep."""

ELSEWHERE = """root => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.nodeValue = texts.currentNode.nodeValue.replace(root, "/home/you/seed");
}"""
"""Where this machine has the project is nobody's business."""


def main(names: list[str]) -> None:
    """Take the named pictures (default: all)."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("No Chromium found. Install it, or name it: make screens CHROMIUM=/path/to/chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with _ui() as address:
        _take([name for name in names or PAGES if name != "check_failed"], address, chromium)
        if not names or "check_failed" in names:
            _judge("targets.statements.O1_completed.expected=0.5")
            _take(["check_failed"], address, chromium)
            _judge()


def _take(names: list[str], address: str, chromium: str) -> None:
    with _browser(chromium) as page:
        for name in names:
            path, width, height, part = PAGES[name]
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path if path.startswith("file:") else address + path)
            if name == "asset":  # What it is made of is long, and what came out of it below.
                page.get_by_text("Columns", exact=True).first.click()
            (IMAGES / f"{name}.png").write_bytes(_still(page, part))
            print(f"docs/images/{name}.png")


def _judge(*overrides: str) -> None:
    """Judge the artifacts again, with a contract that they cannot meet, or with the one they do."""
    from seed_pipeline.defs.launch import materialize
    from seed_pipeline.pipeline.wishes import Wishes

    wishes = Wishes(overrides=overrides)
    materialize(wishes, wishes.settings(), ROOT / "data" / "artifacts", job="recheck_and_load")


@contextmanager
def _ui() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [f"{sys.prefix}/bin/dg", "dev", "-w", "workspace.yaml", "--host", "127.0.0.1", "--port", port]
    env = {**os.environ, "DAGSTER_HOME": str(ROOT / ".dagster_home"), "DAGSTER_DISABLE_TELEMETRY": "1"}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=ROOT, env=env)
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _browser(chromium: str) -> Iterator[Page]:
    env = {**os.environ, "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8"}  # A POSIX locale leaves Dagster's pages blank.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], env=env)
        yield browser.new_page(locale="en-US")
        browser.close()


def _still(page: Page, part: FloatRect | None) -> bytes:
    """The page as PNG, once two pictures two seconds apart are the same (at most 40 seconds on)."""
    page.wait_for_timeout(6000)
    page.evaluate(ELSEWHERE, str(ROOT))
    before, shot = b"", page.screenshot(clip=part)
    for _ in range(17):
        if shot == before:
            break
        page.wait_for_timeout(2000)
        before, shot = shot, page.screenshot(clip=part)
    return shot


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
