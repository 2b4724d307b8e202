"""What a person sees who clicks: the real UI in a real Chromium. `make e2e`; takes minutes.

CHROMIUM names the browser, where it is not found by itself; none is downloaded.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from seed_pipeline.core.dataset import ENTITIES, READS
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.defs.server import EVERYTHING, ROOT, Server, running

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install it, or name it with CHROMIUM="),
]
SOON, LONG = 30_000, 200_000
"""Milliseconds that a page may take, and a run that has to wait for its turn."""
TALK = ("targets.yaml", "inside: personas.tutors.*.talk_ratio", "inside: [0.3, 0.62]")
"""A contract that tutors who talk much do not keep."""


@dataclass
class Person:
    """Somebody with a copy of the project, its UI and a browser."""

    project: Path
    server: Server
    page: Page

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of configs/."""
        path = self.project / "configs" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def go(self, place: str) -> None:
        self.page.goto(f"{self.server.address}/{place}")

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def launch(self, name: str) -> None:
        """A button that launches a run, until the server has taken it; who goes elsewhere before that cancels it."""
        with self.page.expect_response(lambda a: "LaunchPipelineExecution" in (a.request.post_data or "")):
            self.click(name)

    def reload(self) -> None:
        """The button *Reload definitions*, until the UI says that it is done."""
        self.go("asset-groups")
        self.click("Reload definitions")
        self.sees("Definitions reloaded!")

    def sees(self, said: str | re.Pattern[str], long: int = SOON) -> Locator:
        """Something said on the page."""
        found = self.page.get_by_text(said).first
        expect(found).to_be_visible(timeout=long)
        return found

    def opens_run(self, ended: str, how_many: int = 1) -> None:
        """The newest run, once so many of the list have ended so."""
        self.go("runs")
        expect(self.page.get_by_text(ended, exact=True)).to_have_count(how_many, timeout=LONG)
        self.page.locator("a[href^='/runs/']").first.click()

    def unsynced(self) -> list[str]:
        """What *Materialize unsynced* offers; the dialog stays open."""
        self.go("asset-groups")
        self.page.get_by_role("button", name="Materialize all").locator("xpath=following::button[1]").click()
        self.page.get_by_text("Materialize unsynced", exact=True).click()
        dialog = self.page.get_by_role("dialog").filter(has_text="Materialize unsynced assets")
        expect(dialog.get_by_role("button", name=re.compile(r"Materialize \d+ assets|Dismiss"))).to_be_visible()
        return sorted({line for line in dialog.inner_text().splitlines() if line in EVERYTHING})

    def fingerprints(self) -> dict[str, str]:
        artifacts = Artifacts(self.project / "data" / "artifacts")
        return {asset: artifacts.manifest(asset).fingerprint for asset in ENTITIES}


@pytest.fixture(scope="module")
def chromium() -> Iterator[BrowserContext]:
    # A POSIX locale leaves Dagster's pages blank.
    env = {**os.environ, "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], env=env)
        yield browser.new_context(locale="en-US", viewport={"width": 1600, "height": 2200})
        browser.close()


@contextmanager
def sitting_at(folder: Path, chromium: BrowserContext, at: str = "02:00", **environment: str) -> Iterator[Person]:
    """A person with a copy of the project whose configs/ may be edited; what they saw last is kept as last.png."""
    for name in ("configs", "seed_pipeline"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "workspace.yaml", folder)
    main = folder / "configs" / "main.yaml"
    main.write_text(main.read_text(encoding="utf-8").replace('"02:00"', f'"{at}"'), encoding="utf-8")
    with running(folder, folder, **environment) as server:
        page = chromium.new_page()
        page.set_default_timeout(SOON)
        try:
            yield Person(folder, server, page)
        finally:
            page.screenshot(path=folder / "last.png")
            page.close()


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory, chromium: BrowserContext) -> Iterator[Person]:
    with sitting_at(tmp_path_factory.mktemp("clicked"), chromium) as found:
        yield found


def test_everything_twice_at_once(person: Person) -> None:
    """*Materialize all*, and again four seconds later: both runs succeed, dev alone was made, nothing is unsynced."""
    person.go("asset-groups")
    button = f"Materialize all ({len(EVERYTHING)})"
    person.launch(button)
    person.page.wait_for_timeout(4000)
    person.launch(button)
    person.opens_run("Success", 2)
    person.sees("140 checks")
    person.go("assets/staging/database?view=events")
    person.sees("No events found")
    assert not person.server.stale(*ENTITIES, "database")


def test_a_tweak_marks_feedback_alone(person: Person) -> None:
    """Another share of feedback: after *Reload definitions* it is unsynced, nothing else; it alone is made."""
    before = person.fingerprints()
    person.edit("probabilities.yaml", "feedback: 0.40", "feedback: 0.45")
    person.reload()
    assert person.unsynced() == ["feedback"]
    person.launch("Materialize 1 assets")
    person.opens_run("Success", 3)
    after = person.fingerprints()
    assert [asset for asset in ENTITIES if after[asset] != before[asset]] == ["feedback"]
    person.go("assets/feedback?view=overview")
    person.sees("what changed")
    expect(person.page.locator("img[alt='Feedback and stars by score']")).to_be_visible()
    assert "feedback" not in person.unsynced()


def test_what_builds_on_it_is_offered_then(person: Person) -> None:
    """*Materialize unsynced* again: the rest of what the tweak reaches, loaded; then nothing is left to do."""
    runs = 3
    while names := person.unsynced():
        assert "feedback" not in names
        person.launch(f"Materialize {len(names)} assets")
        runs += 1
        person.opens_run("Success", runs)
    assert runs > 3
    person.edit("probabilities.yaml", "feedback: 0.45", "feedback: 0.40")
    person.reload()
    assert person.server.launch() == "SUCCESS"


def test_an_edited_key_marks_exactly_the_assets_that_read_it(person: Person) -> None:
    """After reloading; what is expected of the data is no part of what is made, and marks nothing."""
    person.edit("probabilities.yaml", "high_score_rebooking: 0.85", "high_score_rebooking: 0.86")
    person.edit("targets.yaml", "small_at: 150", "small_at: 140")
    person.reload()
    key = "probabilities.stories.high_score_rebooking"
    assert person.server.edited(*ENTITIES, "database") == {entity for entity in ENTITIES if key in READS[entity]}
    person.edit("probabilities.yaml", "high_score_rebooking: 0.86", "high_score_rebooking: 0.85")
    person.edit("targets.yaml", "small_at: 140", "small_at: 150")
    person.reload()
    assert not person.server.stale(*ENTITIES, "database")


def test_a_failing_check_is_reviewed(person: Person) -> None:
    """A contract that the data do not keep: the run is red, the check's page has what fails on top, and what to do."""
    person.edit(*TALK)
    person.go("locations/seed_pipeline/jobs/recheck_and_load")
    person.page.get_by_role("link", name="Launchpad", exact=True).click()
    person.launch("Launch Run")
    person.opens_run("Failure")
    person.go("assets/answer_key?view=checks&checkDetail=T1_talk")
    person.sees("Failed")
    groups = person.page.locator("tr", has_text=re.compile("^observed against expected")).locator("tbody tr")
    assert [row.split()[0::6] for row in groups.all_inner_texts()][:2] == [
        ["at_risk", "false"],
        ["struggling", "false"],
    ]
    person.sees("offending rows")
    person.sees(re.compile(r"expected by targets\.yaml, statements\.T1_talk\.inside"))
    person.edit(*(TALK[i] for i in (0, 2, 1)))
    person.launch("Execute all")
    person.go("assets/answer_key?view=checks&checkDetail=T1_talk")
    person.sees("Passed", LONG)


def test_a_contradiction_and_back(person: Person) -> None:
    """Reloaded, the graph is there and says everywhere what is wrong; mended and reloaded, it says so no more."""
    wrong = re.compile(r"configs/ cannot be used.*availability\.feedback = 0\.9.*What to do: set", re.DOTALL)
    person.edit("probabilities.yaml", "feedback: 0.40", "feedback: 0.90")
    person.reload()
    person.sees(f"Materialize all ({len(EVERYTHING)})")
    for place in ("assets/feedback?view=overview", "locations/seed_pipeline/schedules/staging_refresh_nightly"):
        person.go(place)
        person.sees(wrong)
    person.edit("probabilities.yaml", "feedback: 0.90", "feedback: 0.40")
    person.reload()
    person.go("assets/feedback?view=overview")
    person.sees(re.compile("What students said afterwards"))
    expect(person.page.get_by_text(wrong)).to_have_count(0)
    assert not person.server.stale(*ENTITIES, "database")


def test_staging_is_switched_on(tmp_path: Path, chromium: BrowserContext) -> None:
    """The schedule's switch, before its time: with SEED_STAGING_URL staging is filled; without, the run fails where
    everybody sees it, naming the variable, and so does the alarm."""
    soon = (datetime.now(UTC) + timedelta(seconds=150)).strftime("%H:%M")
    url = f"sqlite:///{tmp_path}/with/staging.db"
    with ExitStack() as stack:
        people = {}
        for name, variable in (("with", {"SEED_STAGING_URL": url}), ("without", {})):
            (tmp_path / name).mkdir()
            people[name] = stack.enter_context(sitting_at(tmp_path / name, chromium, at=soon, **variable))
            people[name].go("automation")
            people[name].page.get_by_role("link", name="staging_refresh_nightly").click()
            people[name].sees("Execution timezone")
            with people[name].page.expect_response(lambda a: "StartThisSchedule" in (a.request.post_data or "")):
                people[name].page.locator("label:has(input)").click()
            expect(people[name].page.get_by_role("checkbox")).to_be_checked()
        people["with"].opens_run("Success")
        assert (tmp_path / "with" / "staging.db").exists()
        people["without"].opens_run("Failure")
        people["without"].sees(re.compile("SEED_STAGING_URL.*not set"))
        people["without"].page.wait_for_timeout(40_000)  # The sensor looks every half minute.
        people["without"].page.reload()
        people["without"].sees(re.compile('Sensor "failed_runs" acted on run status FAILURE'))
