"""Where things are kept: in a folder of this machine, or at any URL that fsspec opens (s3://, gs://, memory://).

A place is a path. That of a URL (of universal_pathlib, which comes with Dagster) is no `pathlib.Path`, but answers like
one; only what is done differently there asks which of the two it has.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from seed_pipeline.settings.secret import redacted
from seed_pipeline.store.errors import StoreError

if TYPE_CHECKING:
    from typing_extensions import Buffer


_URL = re.compile(r"[a-z][a-z0-9+.:-]*://")


def place(where: str | Path) -> Path:
    """The folder or URL. Raises StoreError for a URL of a kind that nothing here opens."""
    if not isinstance(where, str) or not _URL.match(where):
        return Path(where) if isinstance(where, str) else where
    if where.startswith("file://"):
        return Path(unquote(urlsplit(where).path))
    from upath import UPath

    with spoken(where):
        found = UPath(where, use_listings_cache=False)  # others write there, too
        _ = found.fs
    return cast(Path, found)


def report_on(artifacts: Path) -> Path:
    """Where the report on artifacts goes: beside their folder, and never where another folder's report is."""
    return artifacts.with_name("report.html" if artifacts.name == "artifacts" else f"{artifacts.name}.report.html")


def is_local(path: Path) -> bool:
    """Whether it is a folder or file of this machine."""
    return isinstance(path, Path)


def is_shared(path: Path) -> bool:
    """Whether other processes see what is written there."""
    return is_local(path) or filesystem(path).protocol not in ("memory", ("memory",))


def filesystem(path: Path) -> Any:
    """fsspec's filesystem of a URL."""
    return cast(Any, path).fs


def put(path: Path, content: "Buffer") -> None:
    """Put a file in its place in one step: whoever reads sees the old one or the new one, or none."""
    if not is_local(path):
        with spoken(path):
            path.write_bytes(bytes(content))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def spoken(where: str | Path) -> Iterator[None]:
    """Whatever a filesystem cannot do, in a sentence: each has errors of its own. What is not there stays that."""
    try:
        yield
    except (StoreError, FileNotFoundError, FileExistsError):
        raise
    except ImportError as error:
        why = f"the package for such URLs is missing ({error})"
        raise StoreError(redacted(str(where)), None, why, "install it") from None
    except Exception as error:
        why = f"it cannot be read or written ({' '.join(str(error).split()) or type(error).__name__})"
        remedy = "check the address and the credentials, which come from the environment"
        raise StoreError(redacted(str(where)), None, why, remedy, retry=True) from None
