"""`tfgan/kinds/` is the one place that tells kinds of data apart: other modules ask an instance of `Kind`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "tfgan"
INNER = r"(?:[^()]|\([^()]*\))*"  # text with parentheses of one level
PATTERNS = {
    "the length of a shape": rf"\blen\({INNER}(shape|size|dims)\b{INNER}\)\s*(==|!=|in\b|not in\b|[<>]=?)\s*[\d(\[{{]",
    "the rank of an array": r"(\.ndim|\brank|ndim\([^()]*\))\s*(==|!=|in\b|[<>]=?)\s*[2-5]",
    "the name of a kind": r"(?<!dtype)\.kind\s*(==|!=|in\b|not in\b)|\bkind\.name\s*(==|!=|in\b|not in\b)",
    "a question of the kind": r"\b(are_images|are_points|is_image|is_images|is_picture|is_points)\b",
    "a class of a kind": r"isinstance\([^)]*\b(Images|Points)\b",
}
CHECKS_OF_INPUT = {  # number of lines that refuse an array or a shape, and choose no kind
    "data/npz.py": 2,  # the arrays `images` and `points` of a user's file
    "features/cache.py": 2,  # features (n, d)
    "features/extractor.py": 2,  # the shape of images that an extractor takes
    "losses/kernels.py": 1,  # embeddings (n, d)
    "losses/objective.py": 3,  # weights of examples (n,), and logits
    "metrics/_windows.py": 1,  # windows, as the caller of the metric hands them over
    "metrics/_checks.py": 3,  # features (n, d), or images, as the caller of a metric hands them over
    "models/training_data.py": 1,  # labels (n, 1) beside the examples
    "networks/conv1d.py": 1,  # the image_shape that a network along one axis takes
    "networks/image.py": 1,  # the image_shape that a network of images takes
}


def offenders(text):
    for number, line in enumerate(text.splitlines(), 1):
        yield from (
            f"{number}: asks for {reason}: {line.strip()}"
            for reason, pattern in PATTERNS.items()
            if re.search(pattern, line)
        )


def modules():
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py"))
    }


def test_no_other_module_tells_kinds_apart():
    found = []
    for path, text in modules().items():
        lines = [f"{path}:{line}" for line in offenders(text)]
        if not path.startswith("kinds/") and len(lines) != CHECKS_OF_INPUT.get(path, 0):
            found += lines or [f"{path}: its checks of input are gone; take its row out"]
    assert "\n".join(found) == ""


def test_no_other_module_imports_a_certain_kind():
    certain = {"tfgan.kinds.images", "tfgan.kinds.points"}
    found = []
    for path, text in modules().items():
        for node in ast.walk(ast.parse(text)):
            names = (
                [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            )
            whole = (
                {f"{node.module}.{name}" for name in names} | {node.module}
                if isinstance(node, ast.ImportFrom)
                else set(names)
            )
            if whole & certain and not path.startswith("kinds/"):
                found.append(path)
    assert found == []


def test_the_patterns_find_their_faults():
    faults = [
        "if len(self.shape) == 3:",
        "kind = 'images' if len(gan.generator.output_shape) == 4 else 'points'",
        "if len(x.shape[1:]) in (1, 2):",
        "if first.ndim == 2:",
        "if np.ndim(samples) == 4:",
        'if source.kind != "images":',
        'if self.kind.name in ("images",):',
        "return self.are_images",
        "isinstance(kind, Images)",
    ]
    assert [fault for fault in faults if not list(offenders(fault))] == []
    fine = [
        "if array.dtype.kind in 'iu':",
        "if len(x) == 3:",
        "kind.preview_tiles",
        "spec.shape.rank is None",
        "x.ndim != 1 + len(dims)",
    ]
    assert [line for line in fine if list(offenders(line))] == []
