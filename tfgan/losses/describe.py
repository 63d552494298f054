"""What an objective is, in words: one of them, a table of all, and the page docs/objectives.md. Imports no TensorFlow.

`python -m tfgan.losses.describe > docs/objectives.md` writes the page.
"""

from __future__ import annotations

import re

from tfgan.losses import _facts, dirac, objectives


def describe(objective: str) -> str:
    """Return what is known of one objective, a fact a paragraph.

    Args:
        objective: a name, options allowed ("hinge:margin=2").

    Raises:
        ValueError: an unknown name or option.
    """
    name, _ = objectives.parse(objective)
    rows = [f"{label:<18}{text}" for label, text in facts(objective).items()]
    return "\n".join([f"{objective}: {objectives.entry(name).help}", "", *rows])


def table() -> str:
    """Return one line an objective: name, the frequency w of its Dirac-GAN, G's gradient where D wins, what it is."""
    width = max(map(len, objectives.names())) + 2
    rows = [("name", "w", "where D wins, G's gradient", "what it is"), *map(_row, objectives.names())]
    return "\n".join(f"{name:<{width}}{w:<7}{pull:<28}{help}" for name, w, pull, help in rows)


def _row(name: str) -> tuple[str, str, str, str]:
    help = objectives.entry(name).help
    return (name, f"{dirac.frequency(name):.3g}", dirac.pull_where_d_wins(name), help) if _has_formulas(name) else (name, "", "", help)


def facts(objective: str) -> dict[str, str]:
    """Return `{label: text}` of what is known of an objective; empty if there are no facts of it."""
    name, options = objectives.parse(objective)
    own = _facts.OBJECTIVES.get(name)
    known = {}
    if _has_formulas(name):
        point = {**objectives.entry(name).options, **options}
        known |= _formula_facts(point) | _game_facts(objective) | {"Cost": _facts.COSTS[point["pairing"]]}
    if own:
        known |= {"When to use it": own.when, "Source": own.source}
    return known


def _has_formulas(name: str) -> bool:
    return objectives.entry(name).options.get("link") in _facts.LINKS


def _formula_facts(point) -> dict[str, str]:
    """Return the losses and what they measure, at a point of link x pairing x form."""
    link, pairing, form = point["link"], point["pairing"], point["generator_form"]
    row = _facts.LINKS[link]
    d, g = (_filled(text, row) for text in _facts.EXPECTATIONS[pairing, form])
    known = {"Point": f"link {link}, pairing {pairing}, generator form {form}", "D minimizes": d, "G minimizes": g}
    if pairing == "independent":
        return known | {"D's best logit": row.best, "D's least loss": row.least, "G then descends": getattr(row, form)}
    measured = _facts.PAIRED_DIVERGENCE if pairing == "paired" else _facts.AVERAGE_DIVERGENCE
    return known | {"It measures": measured}


def _filled(text: str, row: _facts.LinkFacts) -> str:
    """Return `"E {a:r - f}"` with the link's formula in place of the braces."""
    sides = {"a": row.real, "b": row.fake, "fool": row.fool}

    def fill(match: re.Match) -> str:
        argument = match[2] if re.fullmatch(r"\w+", match[2]) else f"({match[2]})"
        formula = re.sub(r"\bs\b", argument, sides[match[1]]).replace("**", "^")
        formula = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", formula)
        is_sum = re.search(r" [-+/*] ", re.sub(r"\([^()]*\)", "", formula)) or formula.startswith("-")
        return f"[{formula}]" if is_sum else formula

    return re.sub(r"\{(\w+):([^}]*)\}", fill, text)


def _game_facts(objective: str) -> dict[str, str]:
    """Return how G is pulled where D wins, and what the Dirac-GAN does."""
    w = dirac.frequency(objective)
    game = "w = 0: this D has no bias, and one player's field no linear part; no verdict, with a penalty or without"
    if w > 0:
        one, both = (_numbers(dirac.eigenvalues(objective, damping)) for damping in (1.0, 2.0))
        game = (
            f"w = {w:.4g}. No penalty: eigenvalues +-{w:.4g}i, no local convergence. r1 or r2 at gamma 1: {one}; both: {both}. "
            f"Critical gamma of one: {2 * w:.4g}"
        )
    return {"Where D wins": f"G's gradient {dirac.pull_where_d_wins(objective)}", "Dirac-GAN": game}


def _numbers(values) -> str:
    """Return a pair of eigenvalues as text; a double one is known to the root of its slopes' error."""
    first, second = sorted(values, key=lambda value: -value.real)
    if abs(first.imag) > 1e-3:
        return f"{first.real:.4g} +- {abs(first.imag):.4g}i"
    return f"{first.real:.4g} and {second.real:.4g}" if abs(first - second) > 1e-3 else f"{first.real:.4g}, twice"


def page() -> str:
    """Return docs/objectives.md."""
    return "\n".join(
        [_HEAD, _page_table(), "", *(_section(name) for name in objectives.names()), "## Notes", "", _facts.NOTES, "", _games()]
    )


_HEAD = """\
# Objectives

<!-- Written by `python -m tfgan.losses.describe > docs/objectives.md`; a test fails when it is stale. -->

An objective is a link (what one logit costs) x a pairing (which logit or difference the link sees) x a generator form.
`--loss=NAME` sets all three; `--pairing` and `--generator_form` override. High logits mean real. The column w is of the
Dirac-GAN, two players with one weight each, near its equilibrium under simultaneous gradient descent with small steps: with
no penalty they turn about it at the frequency w and do not converge locally; with r1 or r2 of any gamma > 0 they do if w > 0,
fastest at gamma = 2 w.
"""


def _page_table() -> str:
    rows = ["| name | what it is | w | where D wins, G's gradient |", "|---|---|---|---|"]
    for name, w, pull, help in map(_row, objectives.names()):
        rows.append(f"| [`{name}`](#{name}) | {_escaped(help)} | {w} | {pull} |")
    return "\n".join(rows)


def _section(name: str) -> str:
    """Return an objective's paragraph: its help, then its facts, formulas as code."""
    rows = [f"- **{label}:** {f'`{text}`' if label.endswith('minimizes') else _escaped(text)}" for label, text in facts(name).items()]
    return "\n".join([f"## {name}", "", f"{_escaped(objectives.entry(name).help)}", "", *rows, ""])


def _games() -> str:
    """Return the table of simulated Dirac-GANs."""
    rows = [
        "## Dirac-GAN, simulated",
        "",
        "Distance to the equilibrium after 500 simultaneous steps of 0.2 from theta = 1; D starts high on the data at psi = -1, on",
        "the fakes at psi = +1 (the games of Mescheder et al. 2018, whose D has the other sign).",
        "",
        f"| from | {' | '.join(dirac.GAMES)} |",
        f"|---|{'---|' * len(dirac.GAMES)}",
    ]
    for psi in (-1.0, 1.0):
        cells = (f"{dirac.final_distance(psi=psi, **game):.4g}" for game in dirac.GAMES.values())
        rows.append(f"| psi = {psi:+.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _escaped(text: str) -> str:
    """Return text whose bars, stars and angles Markdown leaves alone."""
    return re.sub(r"([|*<>_])", r"\\\1", text)


if __name__ == "__main__":
    print(page())
