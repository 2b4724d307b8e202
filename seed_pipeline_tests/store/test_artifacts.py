"""Artifacts: what an asset made is kept whole, comes back as it was, and says by its digests what it holds."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seed_pipeline.schema import ASSETS
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store import synthetic

COHORTS = 4


def chunks(asset: str, size: int, seed: int = 1) -> Iterator[Tables]:
    for at in range(0, COHORTS, size):
        yield synthetic.parts(seed, range(at, at + size), sessions=30)[asset]


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


@pytest.fixture
def complete(artifacts: Artifacts) -> Artifacts:
    for asset in ASSETS:
        artifacts.write(asset, chunks(asset, 2))
    return artifacts


@pytest.mark.parametrize("asset", ASSETS)
def test_fingerprint_knows_the_values_and_not_the_chunks(artifacts: Artifacts, asset: str) -> None:
    """The same rows cut into one, two or four chunks have the same digests; another seed has others."""
    manifests = [artifacts.write(asset, chunks(asset, size)) for size in (1, 2, 4)]
    assert len({m.fingerprint for m in manifests}) == 1
    assert all(m.tables == manifests[0].tables for m in manifests)
    assert [m.chunks for m in manifests] == [4, 2, 1]
    assert artifacts.write(asset, chunks(asset, 2, seed=2)).fingerprint != manifests[0].fingerprint


def test_a_changed_value_changes_its_columns_digest_alone(artifacts: Artifacts) -> None:
    """Digests say which column of which table is different: a value, a null, a text cut in another place."""
    base = pd.DataFrame({"n": pd.array([1, 2, None], "Int32"), "f": [0.5, np.nan, 2.0], "s": ["ab", "c", None]})
    first = artifacts.write("x", [{"work_t": base}]).tables["work_t"].columns
    for column, values in (("n", pd.array([1, 0, None], "Int32")), ("f", [0.5, 0.0, 2.0]), ("s", ["a", "bc", None])):
        other = artifacts.write("x", [{"work_t": base.assign(**{column: values})}]).tables["work_t"].columns
        assert {c for c in first if first[c] != other[c]} == {column}


def test_writing_twice_gives_the_same_bytes(artifacts: Artifacts) -> None:
    """Every file of an asset, the manifest included, is the same byte for byte when it is made again."""

    def content() -> dict[str, bytes]:
        return {str(p.relative_to(artifacts.root)): p.read_bytes() for p in artifacts.root.rglob("*") if p.is_file()}

    artifacts.write("metrics", chunks("metrics", 2), {"note": "ä"})
    before = content()
    artifacts.write("metrics", chunks("metrics", 2), {"note": "ä"})
    assert content() == before
    assert "metrics/session_audio_metrics/part-00001.parquet" in before


def test_a_failure_while_writing_leaves_the_old_artifacts(artifacts: Artifacts) -> None:
    """When the second chunk cannot be made, the asset still has its former chunks and nothing lies about."""
    old = artifacts.write("metrics", chunks("metrics", 2))

    def failing() -> Iterator[Tables]:
        yield next(chunks("metrics", 2, seed=2))
        raise RuntimeError("no second chunk")

    with pytest.raises(RuntimeError):
        artifacts.write("metrics", failing())
    assert artifacts.manifest("metrics") == old
    assert artifacts.read("metrics", 1)
    assert [p.name for p in artifacts.root.iterdir()] == ["metrics"]


def test_a_crash_at_any_step_of_the_swap_leaves_whole_artifacts(artifacts: Artifacts) -> None:
    """A draft left behind is no asset; between the two renames the old folder is read under its other name."""
    old = artifacts.write("metrics", chunks("metrics", 2))
    (artifacts.root / "metrics").rename(artifacts.root / ".metrics.old")
    draft = artifacts.root / ".metrics.new"
    draft.mkdir()
    (draft / "manifest.json").write_text("{}")
    assert artifacts.manifest("metrics") == old
    assert artifacts.assets() == ("metrics",)
    assert artifacts.read("metrics", 1)
    new = artifacts.write("metrics", chunks("metrics", 2, seed=2))
    assert artifacts.manifest("metrics") == new != old
    assert [p.name for p in artifacts.root.iterdir()] == ["metrics"]


def test_tables_come_back_with_the_schemas_types(complete: Artifacts) -> None:
    """Ids are text, enumerations categoricals in the platform's order, moments whole seconds, nullable counts Int32."""
    made = synthetic.parts(1, range(2), sessions=30)["sessions"]["sessions"]
    found = complete.read("sessions", 0)["sessions"]
    assert found["id"].tolist() == made["id"].tolist()
    assert str(found["id"].dtype) == "str"
    assert found["status"].cat.categories[0] == "scheduled"
    assert found["status"].astype(str).tolist() == made["status"].tolist()
    assert str(found["scheduled_start"].dtype) == "datetime64[s]"
    assert (found["scheduled_duration"].dtype, found["actual_duration"].dtype) == (np.dtype("int32"), pd.Int32Dtype())
    assert found["actual_duration"].isna().tolist() == made["actual_duration"].isna().tolist()
    assert found["technical_issues"].dtype == bool
    assert str(complete.read("tutors", 0)["tutors"]["member_since"].dtype) == "datetime64[s]"


def test_working_tables_come_back_as_they_were(artifacts: Artifacts) -> None:
    """Tables named `work_…` keep their own types, and need no place in the schema."""
    frame = pd.DataFrame(
        {
            "small": np.arange(3, dtype=np.int8),
            "kind": pd.Categorical(["x", None, "y"], categories=["y", "x", "z"]),
            "moment": np.array(["2025-01-01T00:00:01"] * 3, "datetime64[s]"),
            "count": pd.array([1, None, 3], "Int32"),
            "text": pd.Series(["a", None, "“ü”"], dtype="str"),
        }
    )
    artifacts.write("sessions", [{"work_plan": frame}, {"work_plan": frame.iloc[:0]}])
    pd.testing.assert_frame_equal(artifacts.read("sessions", 0)["work_plan"], frame)
    assert len(artifacts.read("sessions", 1)["work_plan"]) == 0


def test_values_that_do_not_fit_are_refused_by_name(artifacts: Artifacts) -> None:
    """A fraction in a count is an error that names table and column, and nothing is written."""
    with pytest.raises(StoreError, match=r"^sessions\.scheduled_duration: values do not fit"):
        artifacts.write("sessions", [{"sessions": pd.DataFrame({"id": ["a"], "scheduled_duration": [45.5]})}])
    assert artifacts.assets() == ()


def test_chunks_of_one_table_have_the_same_columns(artifacts: Artifacts) -> None:
    """A later chunk with another type or without a column is refused: digests would mean nothing."""
    good = pd.DataFrame({"a": [1], "b": ["x"]})
    for bad in (good[["a"]], good.assign(a=["text"])):
        with pytest.raises(StoreError, match="work_t: chunk 1 does not have the columns and types"):
            artifacts.write("x", [{"work_t": good}, {"work_t": bad}])


def swap(part: Path) -> None:
    part.write_bytes(part.with_name("part-00001.parquet").read_bytes())


def flip(part: Path) -> None:
    content = bytearray(part.read_bytes())
    content[len(content) // 3] ^= 4
    part.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "swapped": swap,
    "one bit flipped": flip,
    "truncated": lambda part: part.write_bytes(part.read_bytes()[:-7]),
    "emptied": lambda part: part.write_bytes(b""),
    "no Parquet at all": lambda part: part.write_text("dear diary"),
    "deleted": lambda part: part.unlink(),
    "its whole folder deleted": lambda part: shutil.rmtree(part.parent),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("table", ["session_audio_metrics", "work_nothing"])
def test_a_damaged_part_is_named(artifacts: Artifacts, table: str, damage: Callable[[Path], object]) -> None:
    """Whatever happened to it, and were it empty: file, what is wrong, what to do; then it can be made again."""
    nothing = pd.DataFrame({"a": [1]})
    made = zip(chunks("metrics", 2), (nothing.iloc[:0], nothing), strict=True)
    whole_chunks = [{**tables, "work_nothing": frame} for tables, frame in made]
    artifacts.write("metrics", whole_chunks)
    part = artifacts.root / "metrics" / table / "part-00000.parquet"
    damage(part)
    with pytest.raises(StoreError, match=r"part-00000\.parquet: the part is (not what was written|missing).*again"):
        artifacts.read("metrics", 0)
    artifacts.write("metrics", whole_chunks)
    assert list(artifacts.read("metrics", 0)) == list(artifacts.manifest("metrics").tables)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b'"x"', b"{}", b'{"tables": 3}', b"\xff\xfe"])
def test_a_damaged_manifest_is_named(complete: Artifacts, content: bytes) -> None:
    """A manifest that is cut off, emptied or another file's is no traceback; the asset can be made again."""
    (complete.root / "metrics" / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"metrics/manifest\.json: the manifest is damaged.*materialize"):
        next(complete.release())
    complete.write("metrics", chunks("metrics", 2))
    assert next(complete.release())


@pytest.mark.parametrize(
    "theirs",
    ["sessions/notes.md", "sessions/todo", "sessions/sessions/part-00000.csv", "sessions/mine/deep/a.md", "notes.md"],
)
def test_what_we_did_not_write_is_never_replaced(artifacts: Artifacts, theirs: str) -> None:
    """A folder of somebody's own, or a note among our parts: refused before anything is written."""
    path = artifacts.root / theirs
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(StoreError, match="this pipeline did not write it"):
        artifacts.write("sessions", chunks("sessions", 2))
    path.rename(artifacts.root.with_name("aside"))
    shutil.rmtree(artifacts.root)
    artifacts.write("sessions", chunks("sessions", 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    artifacts.root.with_name("aside").rename(path)
    if theirs == "notes.md":  # beside our folders it is in nobody's way
        artifacts.write("sessions", chunks("sessions", 2))
    else:
        with pytest.raises(StoreError, match=theirs.split("/")[-1].split(".")[0] if "/mine" not in theirs else "mine"):
            artifacts.claim(ASSETS)
    assert path.read_text() == "mine"


def test_a_link_is_not_followed_and_not_replaced(artifacts: Artifacts, tmp_path: Path) -> None:
    """An asset's folder that leads elsewhere may hold anything: it is refused."""
    (tmp_path / "elsewhere").mkdir()
    artifacts.root.mkdir()
    (artifacts.root / "sessions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="did not write it"):
        artifacts.write("sessions", chunks("sessions", 2))


def test_release_gives_complete_tables_chunk_by_chunk(complete: Artifacts) -> None:
    """A release is what `whole` makes of each chunk of every asset; without the answer key on demand."""
    for chunk, tables in enumerate(complete.release()):
        expected = whole(synthetic.parts(1, range(2 * chunk, 2 * chunk + 2), sessions=30))
        assert list(tables) == list(expected)
        for name, frame in tables.items():
            pd.testing.assert_frame_equal(frame, expected[name])
    assert not any(name.startswith("truth_") for name in next(complete.release(answer_key=False)))


def test_assets_of_different_runs_do_not_make_a_release(complete: Artifacts) -> None:
    """Assets cut into different numbers of chunks do not belong together, and the message lists them."""
    complete.write("feedback", chunks("feedback", 4))
    with pytest.raises(StoreError, match=r"metrics 2, feedback 1.*different numbers of chunks"):
        next(complete.release())


def test_what_is_missing_is_named(artifacts: Artifacts) -> None:
    """An asset never made, a chunk beyond the last: an error says so, not a stack of file names."""
    with pytest.raises(StoreError, match="never materialized"):
        artifacts.manifest("metrics")
    artifacts.write("metrics", chunks("metrics", 2))
    with pytest.raises(StoreError, match="chunks 0 to 1"):
        artifacts.read("metrics", 2)
    assert artifacts.assets() == ("metrics",)


def test_metadata_is_kept_and_no_part_of_the_fingerprint(artifacts: Artifacts) -> None:
    """Anything JSON can say goes along, also what is known only after the last chunk."""
    seen: list[int] = []

    def counted() -> Iterator[Tables]:
        for tables in chunks("metrics", 2):
            seen.append(len(tables))
            yield tables

    first = artifacts.write("metrics", counted(), lambda: {"chunks seen": len(seen)})
    assert first.metadata == artifacts.manifest("metrics").metadata == {"chunks seen": 2}
    assert artifacts.write("metrics", chunks("metrics", 2)).fingerprint == first.fingerprint
