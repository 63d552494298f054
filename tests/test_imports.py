"""A folder imports lower floors only; the root holds commands, and nothing else."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "tfgan"
FLOORS = [
    {"core", "pretrained"},
    {"kinds", "layers", "distributed"},
    {"losses", "penalties", "augment", "networks", "features", "metrics", "data", "callbacks", "tracking"},
    {"training", "theory"},
    {"models"},
    {"evaluation", "export", "methods"},
    {"runs"},
    {"cli", "comparison", "serving"},
]
FLOOR = {folder: floor for floor, folders in enumerate(FLOORS) for folder in folders}
TO_COME = {"serving"}  # folders that have a floor before they exist
# The lazy surface, and the doors to commands that explain losses and describe data
EXCEPTIONS = {Path("__init__.py"), Path("losses/__main__.py"), Path("data/__main__.py")}
CATALOGUES = [
    f"{package}/_catalogue.py"
    for package in (
        *("losses", "penalties", "augment", "data", "features", "networks", "metrics", "kinds"),
        *("methods", "tracking"),
    )
]
TREES = {
    path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))
}


def folder_of(path):
    """Return the folder of a module; None for one at the root."""
    return path.parts[0] if len(path.parts) > 1 else None


def imported(tree):
    """Return the dotted names that a module imports, function bodies included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def refusal(path, name):
    """Return why a module may not import this name, or None."""
    package, *parts = name.split(".")
    if package != "tfgan" or not parts or path in EXCEPTIONS:
        return None
    own, other = folder_of(path), parts[0]
    if other == own or own is None:
        return None
    if other not in FLOOR:
        return None if other.startswith("__") else "is not in a folder"
    return None if FLOOR[other] < FLOOR[own] else f"is on floor {FLOOR[other]}, not below {FLOOR[own]}"


def test_a_folder_imports_lower_floors_only():
    """Folders of one floor do not import each other; commands, at the root, import any folder, and each other."""
    found = []
    for path, tree in TREES.items():
        found += [
            f"{path} imports {name}, which {why}" for name in imported(tree) if (why := refusal(path, name))
        ]
    assert "\n".join(found) == ""


def test_every_folder_has_a_floor():
    assert {folder for path in TREES if (folder := folder_of(path))} | TO_COME == set(FLOOR)


def test_the_root_holds_commands_only():
    """A module of the root is run as `python -m tfgan.NAME`, and the list of commands names it."""
    from tfgan.__main__ import COMMANDS

    modules = {path for path in TREES if folder_of(path) is None and not path.name.startswith("__")}
    assert {f"tfgan.{path.stem}" for path in modules} <= set(COMMANDS)
    runs = {
        path for path in modules if 'if __name__ == "__main__":' in (ROOT / path).read_text(encoding="utf-8")
    }
    assert modules == runs


def test_absl_is_known_to_commands_only():
    uses = {
        path for path, tree in TREES.items() if any(name.split(".")[0] == "absl" for name in imported(tree))
    }
    assert [str(path) for path in sorted(uses) if folder_of(path) not in ("cli", None)] == []


def test_durations_are_of_a_clock_that_does_not_jump():
    """`time.time` and `datetime` follow the wall clock, which is set back and forth."""
    wrong = {"datetime", "datetime.datetime", "time.time"}
    found = []
    for path, tree in TREES.items():
        nodes = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        ]
        read = {"time.time"} & {f"{node.value.id}.{node.attr}" for node in nodes}
        found += [f"{path}: {name}" for name in sorted(read | (wrong & set(imported(tree))))]
    assert "\n".join(found) == ""


def test_catalogues_import_nothing():
    allowed = {"tfgan.core.registry.Entry", "collections.abc.Mapping", "typing.Any", "__future__.annotations"}
    found = (
        f"{path} imports {name}"
        for path in CATALOGUES
        for name in sorted(set(imported(TREES[Path(path)])) - allowed)
    )
    assert "\n".join(found) == ""


def test_imports_are_absolute():
    """A relative import would pass the test of floors unread."""
    relative = {
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert [str(path) for path in sorted(relative)] == []


def test_catalogues_point_into_their_own_package():
    found = []
    for path in CATALOGUES:
        nodes = [
            node
            for node in ast.walk(TREES[Path(path)])
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        targets = [node.value for node in nodes if node.value.startswith("tfgan.") and ":" in node.value]
        assert targets, path
        found += [
            f"{path}: {target}" for target in targets if not target.startswith(f"tfgan.{Path(path).parent}.")
        ]
    assert "\n".join(found) == ""
