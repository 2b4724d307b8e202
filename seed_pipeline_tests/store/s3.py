"""A server that speaks S3 (moto's), fetched with s3fs from PyPI into a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SERVED = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
os.environ["AWS_ENDPOINT_URL"] = url = "http://%s:%s" % server.get_host_and_port()
import s3fs
s3fs.S3FileSystem().mkdir("bucket")
print("URL", url, flush=True)
sys.stdin.read()
"""


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which s3fs finds the server, which has a bucket named `bucket`."""
    own = str(folder / "own")
    fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--target", own, "moto[server]", "s3fs"]
    if subprocess.run(fetch, capture_output=True).returncode:
        pytest.skip("moto and s3fs cannot be fetched from PyPI")
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = os.environ | keys | {"PYTHONPATH": own}
    command = [sys.executable, "-c", _SERVED]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as server:
        try:
            url = next(line.split()[1] for line in server.stdout if line.startswith("URL "))
            yield environment | {"AWS_ENDPOINT_URL": url}
        finally:
            server.kill()


def pipeline(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """`seed-pipeline WORDS` there."""
    command = [sys.executable, "-c", "from seed_pipeline.cli import main; main()", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
