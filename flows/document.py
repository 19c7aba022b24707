"""Write what the documentation says of the code: the table of settings, the record's fields, and the schemas.

``make docs`` runs it; a test fails where a file is not what it would write.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from votd.config.settings import Settings
from votd.media.model import Transcript
from votd.media.record import Record

ROOT = Path(__file__).resolve().parent.parent
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[Path, str]:
    """Return every generated text by its path in the repository."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = _between(readme, "settings", settings_table())
    readme = _between(readme, "record", record_table())
    return {
        ROOT / "README.md": readme,
        ROOT / "media" / "record.schema.json": _schema(Record.model_json_schema(mode="serialization")),
        ROOT / "media" / "transcript.schema.json": _schema(TypeAdapter(Transcript).json_schema()),
    }


def settings_table() -> str:
    """Return the table of settings as Markdown."""
    rows = ["| votd.toml | environment | default | what it is |", "|---|---|---|---|"]
    for section, model in (("", Settings), ("s3", Settings.model_fields["s3"].annotation)):
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items():
            if name == "s3":
                continue
            toml = f"{section}.{name}" if section else name
            variable = "VOTD_" + "__".join(part.upper() for part in (section, name) if part)
            default = "" if field.default is None else f"`{field.default}`"
            rows.append(f"| `{toml}` | `{variable}` | {default} | {field.description} |")
    return "\n".join(rows)


def record_table() -> str:
    """Return the record's fields as Markdown, from its schema."""
    schema = Record.model_json_schema(mode="serialization")
    rows = ["| field | type | |", "|---|---|---|"]
    for name, field in schema["properties"].items():
        rows.append(f"| `{name}` | {_type(field)} | {field.get('description', '')} |")
        for inner, deep in _inside(schema, field):
            rows.append(
                f"| `{name}{'[]' if field.get('type') == 'array' else ''}.{inner}` | {_type(deep)} "
                f"| {deep.get('description', '')} |"
            )
    return "\n".join(rows)


def _inside(schema: dict[str, Any], field: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = re.search(r"#/\$defs/(\w+)", json.dumps(field))
    return list(schema["$defs"][found[1]]["properties"].items()) if found else []


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "$ref" in field:
        return "object"
    if field.get("type") == "array":
        return f"array of {_type(field['items'])}"
    return str(field.get("format") or field["type"])


def _schema(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": SCHEMA_DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def _between(text: str, name: str, body: str) -> str:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}{body}\n{found[2]}", text)


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
