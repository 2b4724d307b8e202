"""The reference pages say what is in force, and the written ones what is in the tables."""

import re
from datetime import date
from pathlib import Path

import pytest

from seed_pipeline.reference_docs import DOCS, pages
from seed_pipeline.reference_docs.contract import BY_TESTS
from seed_pipeline.schema import ANSWER_KEY, metadata
from seed_pipeline.settings import load

ROOT = DOCS.parent
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


@pytest.mark.parametrize("name", ["contract.md", "settings.md"])
def test_the_reference_is_up_to_date(name) -> None:
    """After a change of configs/: python -m seed_pipeline.reference_docs."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run: python -m seed_pipeline.reference_docs"


def test_every_statement_and_every_knob_is_there() -> None:
    """No statement of targets.yaml and no key of main.yaml is left out."""
    made, settings = pages(), load(today=date(2026, 1, 1))
    for name, target in settings.targets.statements.items():
        assert f"| `{name}` on {target.entity}" in made["contract.md"]
    for key in (*type(settings.main).model_fields, "tutors.*.talk_ratio", "rules.*.when", "churn.per_score"):
        assert f"| `{key}` |" in made["settings.md"]


def test_another_configuration_has_its_own_reference(tmp_path) -> None:
    """The pages follow the folder they are made from."""
    from shutil import copytree

    from seed_pipeline.settings import SHIPPED

    folder = copytree(SHIPPED, tmp_path / "configs")
    main = folder / "main.yaml"
    main.write_text(main.read_text(encoding="utf-8").replace("seed: 42", "seed: 4711"), encoding="utf-8")
    assert "| `seed` | whole number | `4711` | X1, X2." in pages(folder)["settings.md"]


def test_tests_named_in_the_contract_exist() -> None:
    """What no single dataset can show is held by a test of that name."""
    for _, tests in BY_TESTS.values():
        for test in tests:
            file, _, function = test.partition("::")
            assert f"def {function}(" in (ROOT / "seed_pipeline_tests" / file).read_text(encoding="utf-8")


def test_the_answer_keys_page_knows_every_table_and_example() -> None:
    """Tables, columns and scripts that it names exist."""
    page = (DOCS / "answer_key.md").read_text(encoding="utf-8")
    for table in ANSWER_KEY:
        assert f"`{table}`" in page
    for table, column in re.findall(r"`(truth_\w+)\.(\w+)`", page):
        assert column in metadata.tables[table].columns
    named = {Path(name).name for name in re.findall(r"`examples/(\w+\.py)`", page)}
    assert named == {path.name for path in (ROOT / "examples").glob("*.py")}


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_why_what_it_costs_and_what_else(path) -> None:
    """Each page is dated, in its name and below its title, and has the same four parts."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"\d{4}-\d{2}-\d{2}-", path.name)
    assert lines[2] == path.name[:10]
    assert [line[3:] for line in lines if line.startswith("## ")] == ["What", "Why", "What it costs", "Alternatives"]


def test_links_between_the_pages_lead_somewhere() -> None:
    """No link to a page that is not there."""
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
