"""A Dagster pipeline that fills a tutoring platform's database with a month of realistic, reproducible activity."""

from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).resolve().parent
CONFIGS = _HERE / "configs" if (_HERE / "configs").is_dir() else _HERE.parent / "configs"
"""The shipped settings: inside an installed package, beside the package in a checkout."""
