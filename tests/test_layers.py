"""Imports point down the layers, or stay in their own package."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "tfgan"
LEVELS = [
    {"_backend", "_checked_backend", "_registry", "_gradients", "_noise", "_files", "_options", "_pictures", "_registration", "_schedules"}
    | {"_sizes"},
    {"augment", "losses", "penalties", "layers", "data", "features", "metrics"},
    {"networks"},
    {"models", "callbacks"},
    {"config", "build", "export", "run_dir", "checkup", "fitting", "recognition", "scoring", "sampling"}
    | {"games", "cluster", "workers", "comparison"},
    {"command", "train", "evaluate", "generate", "export_model", "compare", "describe", "__main__"},
]
SIBLINGS_APART = {1, 2, 3}
ABSL_ALLOWED = {"config", "command"}
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def room(path):
    """Return where a module stands; a package's __main__ is a command."""
    return "__main__" if path.name == "__main__.py" else path.parts[0].removesuffix(".py")


def imported(path):
    """Return the dotted names that a module imports, function bodies included."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_down(path):
    own = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "tfgan" or len(parts) == 1:
            continue
        other = parts[1]
        assert other in LEVEL, f"{path} imports {name}, which stands on no level"
        if other != own:
            assert LEVEL[other] <= LEVEL[own], f"{path} imports {name}, which stands above it"
            assert LEVEL[other] != LEVEL[own] or LEVEL[own] not in SIBLINGS_APART, f"{path} imports its sibling {name}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_absl_is_known_to_commands_only(path):
    uses = any(name.split(".")[0] == "absl" for name in imported(path))
    assert not uses or room(path) in ABSL_ALLOWED


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_durations_are_of_a_clock_that_does_not_jump(path):
    """`time.time` and `datetime` follow the wall clock, which is set back and forth."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))))
    read = [f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    assert "time.time" not in read
    assert not {"datetime", "datetime.datetime", "time.time"} & set(imported(path))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_stands_on_a_level(path):
    assert room(path) in LEVEL


@pytest.mark.parametrize("package", ["losses", "penalties", "augment", "data", "features", "networks", "metrics"])
def test_catalogues_import_nothing(package):
    assert set(imported(Path(package) / "_catalogue.py")) <= {
        "tfgan.core.registry.Entry",
        "collections.abc.Mapping",
        "typing.Any",
        "__future__.annotations",
    }


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_are_absolute(path):
    """A relative import would pass the test of layers unread."""
    nodes = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize("package", ["losses", "penalties", "augment", "data", "features", "networks", "metrics"])
def test_catalogues_point_into_their_own_package(package):
    tree = ast.parse((ROOT / package / "_catalogue.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    targets = [text for text in texts if text.startswith("tfgan.") and ":" in text]
    assert targets
    assert all(target.startswith(f"tfgan.{package}.") for target in targets)


def test_levels_name_only_what_exists():
    assert set(LEVEL) == {room(path) for path in MODULES}
