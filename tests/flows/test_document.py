"""What the documentation says is what the code does."""

from pathlib import Path

import pytest

from votd.flows.document import ROOT, documents


@pytest.mark.parametrize("path", sorted(documents()), ids=lambda path: path.name)
def test_generated_documents_are_fresh(path: Path) -> None:
    """Run ``make docs`` where this fails."""
    assert path.read_text(encoding="utf-8") == documents()[path]


def test_the_readme_has_both_tables() -> None:
    """The markers that the tables are written between are there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| `VOTD_HOME` |" in text
    assert "| `captions[].vtt` |" in text
