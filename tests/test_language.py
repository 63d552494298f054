"""Docstrings, comments, messages and pages are plain sentences in the field's words (CONTRIBUTING.md, "Language")."""

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATTERNS = {
    "a headless clause: name the thing in place of 'what'": r"\b[Ww]hat\b(?! (is|are|do|does|can|did)\b[^.]*\?)",
    "'that of': repeat the noun": r"\bthat of\b|\bthose of\b",
    "a chain of 'of which'": r"\bof which\b|\bin which case\b|\bof whom\b",
    "British spelling": r"\b(\w*labell(ed|ing)|grey\w*|colour\w*|neighbour\w*|behaviour\w*|\w+isation|favour\w*|centre\w*"
    r"|(regular|normal|optim|initial|general|recogn|minim|maxim)is(e|ed|es|ing|er|ers))\b",
    "'are given', 'is told': say who does it": r"\b(is|are) (told|asked|paid)\b",
}
# From Python 3.12 on f-strings have tokens of their own.
STRINGS = (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
# In an f-string's braces, with underscores, and an argument before its text.
IDENTIFIERS = r"\{[^{}]*\}|\b\w*_\w*|^ +\*{0,2}\w+: "
ALLOWED: dict[str, set[str]] = {}  # file -> lines that may stay; to be empty


def prose(path):
    """Yield (line number, text) of the docstrings, comments and messages of a module, or of the text of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        fenced = False
        for number, line in enumerate(text.splitlines(), 1):
            fenced ^= line.startswith("```")
            if not fenced:
                yield number, re.sub(r"`[^`]*`", "", line)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type in STRINGS and " " in token.string):
            words = re.sub(r"`[^`]*`", lambda code: "\n" * code[0].count("\n"), token.string)
            for offset, line in enumerate(words.splitlines()):
                yield token.start[0] + offset, re.sub(IDENTIFIERS, "", line)


def offenders(paths):
    for path in paths:
        name = str(path.relative_to(ROOT))
        for number, line in prose(path):
            for reason, pattern in PATTERNS.items():
                if re.search(pattern, line) and line.strip() not in ALLOWED.get(name, ()):
                    yield f"{name}:{number}: {reason}: {line.strip()[:110]}"


def test_the_package_speaks_plainly():
    found = list(offenders(sorted((ROOT / "tfgan").rglob("*.py"))))
    assert not found, f"{len(found)} lines:\n" + "\n".join(found)


def test_the_pages_speak_plainly():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = list(offenders(pages))
    assert not found, f"{len(found)} lines:\n" + "\n".join(found)


def test_the_rule_finds_what_it_forbids():
    """Each pattern matches an example of its fault, and none matches plain sentences."""
    bad = [
        "Return what D says",
        "that of G alone",
        "the batch, of which half is real",
        "labelled examples",
        "what G is paid",
    ]
    assert all(any(re.search(pattern, line) for pattern in PATTERNS.values()) for line in bad)
    good = [
        "Return D's logits.",
        "Adam beta_1 of G (default: --beta_1)",
        "labeled examples",
        "The mean over the batch.",
    ]
    assert not any(re.search(pattern, line) for pattern in PATTERNS.values() for line in good)


def test_code_in_text_is_not_language(tmp_path):
    """Backticks over lines, an f-string's braces, names with underscores and names of arguments are code; the words beside them count."""
    module = tmp_path / "module.py"
    module.write_text(
        '''def f(grey):\n    """Read `labelled(\n    grey)`.\n\n    grey: one channel; must define _labelled.\n    """\n'''
        """    raise ValueError(f"{what}: expected {grey!r}")  # labelled rows\n"""
    )
    found = [
        line for line in prose(module) if any(re.search(pattern, line[1]) for pattern in PATTERNS.values())
    ]
    assert found == [(7, "# labelled rows")]
