"""The report: one accessible HTML file that needs no other, says the same for the same data, and hides no failure."""

import os
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from seed_pipeline.blast_radius import Version, blast_radius, kept, remember
from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.pipeline.making import Opened, generate, made
from seed_pipeline.pipeline.reporting import of_artifacts, of_target
from seed_pipeline.pipeline.running import run
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.scope import of_frames
from seed_pipeline.quality.shown import queries_of
from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.views.page import page_of, refuse, written
from seed_pipeline.views.source import Source
from seed_pipeline_tests.quality.datasets import TODAY

VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "circle"}
WISHES = Wishes(as_of="2026-03-01")


class Page(HTMLParser):
    """What is in a page; AssertionError where tags are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts and a database, made and loaded."""
    place = tmp_path_factory.mktemp("report")
    wishes = replace(WISHES, target=f"sqlite:///{place / 'seed.db'}")
    assert run(wishes.settings(TODAY), place / "artifacts").loaded is not None
    return place


@pytest.fixture(scope="module")
def source(folder: Path) -> Source:
    return of_artifacts(Wishes(), folder / "artifacts")


@pytest.fixture(scope="module")
def html(source: Source) -> str:
    return page_of(source)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_is_well_formed(html: str, page: Page) -> None:
    """Tags close in order, IDs are unique, links on the page lead somewhere, the language is said."""
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"] for a in page.all("a")} <= {f"#{i}" for i in ids}
    assert html.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert {a["aria-labelledby"] for a in page.all("section")} <= set(ids)


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    """One h1, and no level is left out: a screen reader's outline is the page's."""
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_whoever_cannot_see_is_told(page: Page) -> None:
    """Pictures have words, tables captions, header cells scopes; there are landmarks and a way past the navigation."""
    assert all(len(a["alt"] or "") > 60 for a in page.all("img"))
    assert len(page.all("img")) == 6
    assert all(a["role"] == "img" and a["aria-label"] for a in page.all("svg"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in page.tags}
    assert page.all("a")[0]["href"] == "#main"


def test_the_page_needs_no_other_file(html: str, page: Page) -> None:
    """No script, no style sheet, no font and no picture from elsewhere."""
    assert not page.all("script", "link", "iframe", "object", "embed")
    assert all((a["src"] or "").startswith("data:image/png;base64,") for a in page.all("img"))
    assert not re.search(r"(?:src|href)=\"(?!#|data:)|url\(|@import|https?://", html)


def _contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_stand_out_from_what_is_behind_them(html: str) -> None:
    """In light and dark every colour of text has a contrast of at least 4.5 against every ground it stands on."""
    schemes = [
        dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", html, re.S)
    ]
    assert len(schemes) == 2
    grounds = ("paper", "card", "code")
    on = {"ink": (*grounds, "good-bg", "bad-bg", "warn-bg"), "soft": grounds, "brand": grounds[:2]}
    on |= {kind: (*grounds[:2], f"{kind}-bg") for kind in ("good", "bad", "warn")}
    for scheme in schemes:
        low = [(w, g) for w, behind in on.items() for g in behind if _contrast(scheme[w], scheme[g]) < 4.5]
        assert low == []


def test_every_statement_has_its_query(html: str) -> None:
    """Folded, with parameters filled in, as `check --sql NAME` says it."""
    wanted = WISHES.settings(TODAY)
    found = [unescape(text) for text in re.findall(r'<details class="query">.*?<code>(.*?)</code>', html, re.S)]
    assert sorted(found) == sorted(queries_of(name, wanted) for name in wanted.targets.statements)


def test_the_same_data_give_the_same_bytes(folder: Path, html: str) -> None:
    """Made again, the page is the same to the last byte."""
    assert page_of(of_artifacts(Wishes(), folder / "artifacts")) == html


def test_a_database_tells_what_its_artifacts_tell(folder: Path, page: Page) -> None:
    """From the database come the same people, figures and stories, and the fingerprint of its release."""
    other = Page(page_of(of_target(replace(WISHES, target=f"sqlite:///{folder / 'seed.db'}"))))
    for part in ("The cast", "Pictures", "Stories"):
        assert _section(other, part) == _section(page, part)
    assert re.search(r"Fingerprint of the data (\w{16})", other.text)[1] in page.text  # type: ignore[index]


def _section(page: Page, title: str) -> str:
    """The text from one heading of the second level to the next."""
    words = [w.strip() for w in page.words if w.strip()]
    start = len(words) - 1 - words[::-1].index(title)
    ends = {"Pictures", "Stories", "Demo script"}
    return " ".join(next(words[start:i] for i in range(start + 1, len(words)) if words[i] in ends))


def test_people_and_stories_are_named(source: Source, page: Page) -> None:
    """Everybody of the cast by name and ID, each persona's portrait, the stories, the scenes, the command."""
    with source.opened() as scope:
        users = scope.rows("SELECT id, name FROM users WHERE role <> 'admin'")
    assert [user for user in users if user["name"] not in page.text or user["id"] not in page.text] == []
    for name in (
        "No-show, poor sessions, then gone",
        "Good tutors have off days",
        "Who teaches whom",
        "First impressions",
    ):
        assert name in page.text
    assert page.text.count("Declared Observed") == 7
    assert sum((a.get("id") or "").startswith("demo_") for _, a in page.tags) == 11
    assert "seed-pipeline run --seed 42 --sessions 150 --as-of 2026-03-01" in page.text
    assert f" of {len(source.verdicts)} checks hold, none fails" in page.text


def test_what_people_wrote_is_text_and_never_markup(source: Source, folder: Path) -> None:
    """Names and comments with tags in them are shown as they are written."""
    nasty = "<script>alert('x')</script> & \"Co\""
    tables = database.read(database.connect(f"sqlite:///{folder / 'seed.db'}", writable=False))
    for name, column in (("users", "name"), ("session_feedback", "feedback_text")):
        tables = {**tables, name: tables[name].astype({column: object}).assign(**{column: nasty})}
    html = page_of(replace(source, opened=lambda: of_frames([tables], source.settings)))
    assert "<script" not in html
    assert nasty in Page(html).text


def test_what_fails_is_said_first(folder: Path) -> None:
    """A failed check is on top, with what was observed and expected, on how many, and what to do."""
    wishes = Wishes(overrides=("targets.statements.O1_completed.expected=0.5",))
    target = replace(WISHES, target=f"sqlite:///{folder / 'seed.db'}", overrides=wishes.overrides)
    source = of_target(target)
    page = Page(page_of(source))
    assert [v.name for v in source.failed] == ["O1_completed"], "one cause is one failure"
    told = f"1 of {len(source.verdicts)} checks fails. This data must not be relied on. O1_completed"
    assert told in page.text
    headings = [w for w in page.words if w in ("What does not hold", "The cast")]
    assert headings[-2:] == ["What does not hold", "The cast"]
    assert "O1_completed on sessions : observed 0.88 , expected 0.5" in page.text.replace("sessions:", "sessions :")
    assert "Other settings" in page.text


@pytest.mark.slow
def test_what_changed_against_the_version_before_is_told(folder: Path, tmp_path: Path) -> None:
    """Rows of every table that is not as it was; nothing where nothing is known; nothing of an older version."""
    artifacts = generate(WISHES.settings(TODAY), tmp_path / "artifacts")
    assert "Not known here" in Page(page_of(of_artifacts(Wishes(), artifacts.root))).text
    more = replace(WISHES, overrides=("probabilities.rating.spread=0.6",))
    upstream = {
        name: Opened(artifacts.root, name) for name in ("reference", "tutors", "students", "sessions", "metrics")
    }
    with kept(artifacts, "feedback") as before:
        made("feedback", more.settings(TODAY), upstream).write(artifacts)
        remember(artifacts, "feedback", before, blast_radius(before, Version.of(artifacts, "feedback")))
    for entity in ENTITIES[ENTITIES.index("feedback") + 1 :]:
        everything = {name: Opened(artifacts.root, name) for name in UPSTREAM[entity]}
        made(entity, more.settings(TODAY), everything).write(artifacts)
    page = Page(page_of(of_artifacts(Wishes(overrides=more.overrides), artifacts.root)))
    assert re.search(r"session_feedback 0 0 \d+ \d+ student_satisfaction_rating", page.text)
    made("feedback", WISHES.settings(TODAY), upstream).write(artifacts)
    assert of_artifacts(Wishes(overrides=more.overrides), artifacts.root).changes == {}


def test_without_the_answer_key_the_rest_is_told(tmp_path: Path) -> None:
    """No persona and no cause is guessed; pictures, counts and the scenes that need none are there."""
    wishes = replace(WISHES, target=f"sqlite:///{tmp_path / 'seed.db'}", answer_key=False)
    assert run(wishes.settings(TODAY)).loaded is not None
    page = Page(page_of(of_target(wishes)))
    assert "Who was made from which persona is in the answer key, which this data came without" in page.text
    assert "needs the answer key" in page.text
    assert len(page.all("img")) == 4
    assert "--no-answer-key" in page.text


def test_many_casts_make_no_longer_page(tmp_path: Path, html: str) -> None:
    """People are named from the first cast only, figures are of everybody, and the chunks' size does not matter."""
    wishes = Wishes(as_of="2026-03-01", sessions=600, overrides=("main.chunk_cohorts=2",))
    artifacts = generate(wishes.settings(TODAY), tmp_path / "few")
    text = page_of(of_artifacts(Wishes(), artifacts.root))
    assert len(text) < 1.3 * len(html)
    assert "People are named from the first of 4 casts" in Page(text).text
    assert Page(text).text.count("✗ fails") == 0
    assert artifacts.n_chunks("sessions") == 2


def test_a_report_replaces_the_one_before_in_one_step(tmp_path: Path) -> None:
    """No half page is ever there, and no draft is left."""
    written("<title>Seed data report: one", tmp_path / "report.html")
    written("two", tmp_path / "report.html")
    assert [(p.name, p.read_text("utf-8")) for p in tmp_path.iterdir()] == [("report.html", "two")]


def test_a_place_that_cannot_be_is_refused_first(tmp_path: Path) -> None:
    """A missing folder, or a folder for a file, is said before any work."""
    with pytest.raises(StoreError, match="there is no folder"):
        refuse(tmp_path / "nowhere" / "report.html")
    with pytest.raises(StoreError, match="it is a folder"):
        refuse(tmp_path)


def test_only_a_report_is_replaced(tmp_path: Path) -> None:
    """A file of somebody's own, a link, a pipe, a device: refused and left as it is; an empty file may be filled."""
    mine, link, pipe = tmp_path / "thesis.html", tmp_path / "link.html", tmp_path / "pipe"
    mine.write_text("<title>My thesis")
    link.symlink_to(mine)
    os.mkfifo(pipe)
    for there in (mine, link, pipe, Path("/dev/null")):
        with pytest.raises(StoreError, match=f"{there.name}: something else than a report of ours"):
            written("page", there)
    assert (mine.read_text(), link.is_symlink(), pipe.is_fifo()) == ("<title>My thesis", True, True)
    (tmp_path / "empty.html").touch()
    written("page", tmp_path / "empty.html")
