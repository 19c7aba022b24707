"""The objects of one version as local files, and how one of them names another. Thin."""

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from votd.media.verify.report import Fault

LARGEST_TEXT = 32 << 20
"""Bytes of a playlist or another text: four hours of one-second segments have a tenth of it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files by store key. What is looked for and not there is kept in ``faults``, once; so is what cannot be read."""

    files: Mapping[str, Path]
    wanted: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def find(self, key: str, named_by: str) -> Path | None:
        """Return the file of a key that ``named_by`` names, ``None`` where it is missing or empty.

        SRT has no header: where nobody speaks it is empty by right.
        """
        known = key in self.wanted
        self.wanted.setdefault(key, named_by)
        file = self.files.get(key)
        if file is not None and file.is_file() and (file.stat().st_size or key.endswith(".srt")):
            return file
        if not known:
            what = "is not there" if file is None or not file.is_file() else "is empty"
            self.faults.append((key, f"{what}, and {named_by} names it"))
        return None

    def resolve(self, base: str, uri: str) -> str | None:
        """Return the key that a relative reference in ``base`` means; ``None`` for one that leaves the bundle."""
        parts = urlsplit(uri)
        key = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path)))
        if parts.scheme or parts.netloc or not parts.path or key.startswith(("/", "..")):
            self.fault(base, f"names {uri[:100]!r}, which leaves the bundle")
            return None
        return key

    def text(self, key: str, named_by: str) -> str | None:
        """Read a text; ``None`` where it is missing or no UTF-8."""
        file = self.find(key, named_by)
        if file is None:
            return None
        try:
            if file.stat().st_size > LARGEST_TEXT:
                raise ValueError("it is too large")
            return file.read_bytes().decode("utf-8")
        except ValueError as e:
            self.fault(key, f"cannot be read: {e}")
            return None

    def json(self, key: str) -> dict[str, Any]:
        """Read a JSON object; an empty one where there is none."""
        text = self.text(key, "the pointer")
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError) as e:
            self.fault(key, f"is no JSON: {e}")
            return {}
        return found if isinstance(found, dict) else {}

    def fault(self, subject: str, detail: str) -> None:
        """Keep a fault once."""
        if (subject, detail) not in self.faults:
            self.faults.append((subject, detail))
