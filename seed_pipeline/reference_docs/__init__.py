"""Reference pages written from the settings themselves, so that they cannot say anything else than what is in force.

    python -m seed_pipeline.reference_docs          writes docs/contract.md and docs/settings.md

`pages()` makes the texts from the shipped configs/ without touching a file; a test compares them with what is there.
"""

from datetime import date
from pathlib import Path

from seed_pipeline.reference_docs.contract import contract_page
from seed_pipeline.reference_docs.settings import settings_page
from seed_pipeline.settings import SHIPPED, load

DOCS = SHIPPED.parent / "docs"
_ANY_DAY = date(2026, 1, 1)  # stands for `today`, which no page tells


def pages(config: Path = SHIPPED) -> dict[str, str]:
    """File name and text of each page. Raises SettingsError where the settings cannot be read."""
    return {"contract.md": contract_page(load(config, today=_ANY_DAY)), "settings.md": settings_page(config)}
