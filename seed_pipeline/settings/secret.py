"""Secrets in what people write: a type for addresses that may hold one, and what a text looks like without.

A password may be in a URL, in a query or in libpq's own words, percent-encoded or not, under a mistyped key. What is
blacked out is therefore found by form, and rather too much than too little.
"""

import re
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from seed_pipeline.settings.ranges import Printable

# The last @ ends the password: one that is not percent-encoded may have an @ of its own. A path folds its slashes.
_IN_URL = re.compile(r"(\w:/+[^:/@\s]*):[^\n]*@")
_NO_HOST = re.compile(r"(\w:/+[^:/@\s]+):(?!\d*(?:[/?,:\s'\"\]})]|$))(?!\*\*\*)[^/\s]+")
_NAMED = re.compile(
    r"(?i)\b((?:\w*pass(?:word|wd|phrase)?|pwd|pw|secret|token)\s*=\s*)('[^'\n]*'|\"[^\"\n]*\"|[^\s&;,'\"]+)"
)
_WITHOUT_SCHEME = re.compile(r"(?<![\w/*])([\w.-]+):[^\s:/@]+@(?=[\w.-]+[:/])")


def redacted(text: str) -> str:
    """The text with every password in it blacked out."""
    for form in (_IN_URL, _WITHOUT_SCHEME):
        text = form.sub(r"\1:***@", text)
    return _NAMED.sub(r"\1***", _NO_HOST.sub(r"\1:***", text))


def holds_secret(text: str) -> bool:
    """Whether something would have to be blacked out."""
    return redacted(text) != text


class Address(str):
    """Where a database is. The value is the whole text; wherever it is turned into text for somebody, no secret is."""

    def __str__(self) -> str:
        return redacted(str.__str__(self[:]))

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from a text; written out without secrets."""
        text = handler.generate_schema(Printable)
        return core_schema.no_info_after_validator_function(
            cls, text, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )
