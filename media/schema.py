"""JSON for the nouns: pydantic over plain dataclasses, so that the nouns themselves need nothing."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


def dump(value: Any, indent: int | None = 2) -> bytes:
    """Write a noun as UTF-8 JSON that ends in a newline."""
    return bytes(TypeAdapter(type(value)).dump_json(value, indent=indent)) + b"\n"


def load(kind: type[T], data: bytes | str) -> T:
    """Read a noun back; raises ``ValueError`` (pydantic's ``ValidationError``) for what does not fit."""
    return TypeAdapter(kind).validate_json(data)


def canonical(value: Any) -> bytes:
    """Write plain data in the one form that hashes alike: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
