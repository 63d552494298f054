"""Listings of objectives and penalties, the facts of one, its plot, and the page docs/objectives.md. Imports no TensorFlow."""

from __future__ import annotations

import re

import numpy as np

from tfgan import penalties
from tfgan.core import images
from tfgan.core.registry import nearest
from tfgan.losses import links, objectives
from tfgan.losses.link import LinkFacts
from tfgan.theory import dirac, dirac_penalties, loss_facts
from tfgan.theory.curves import build_curves, differentiate

SPAN = 6.0  # of the plots: s from -SPAN to SPAN


def describe(name: str) -> str:
    """Return the facts of one objective or penalty, one line each.

    Args:
        name: options allowed ("hinge:margin=2", "r1:gamma=0.5").

    Raises:
        ValueError: an unknown name or option.
    """
    kind = registry_of(name)
    rows = [f"{label:<18}{text}" for label, text in collect_facts(name).items()]
    return "\n".join([f"{name}: {kind.entry(name.partition(':')[0]).help}", "", *rows])


def render_table() -> str:
    """Return one line for each objective (w, G's gradient where D wins, help) and each penalty."""
    width = max(map(len, [*objectives.names(), *penalties.names()])) + 2
    rows = [
        ("objective", "w", "where D wins, G's gradient", "definition"),
        *map(_describe_row, objectives.names()),
    ]
    lines = [f"{name:<{width}}{w:<7}{pull:<46}{help}" for name, w, pull, help in rows]
    lines += [
        "",
        "other names",
        *(f"{alias:<{width}}{objectives.entry(alias).help}" for alias in objectives.aliases),
    ]
    lines += ["", f"{'penalty':<{width}}{'Dirac-GAN of nonsat':<53}definition"]
    for name in penalties.names():
        verdict = (
            dirac_penalties.describe_convergence("nonsat", name) if penalties.penalties.facts(name) else ""
        )
        lines.append(f"{name:<{width}}{verdict:<53}{penalties.penalties.entry(name).help}")
    return "\n".join(lines)


def collect_facts(name: str) -> dict[str, str]:
    """Return the facts of an objective or a penalty, `{label: text}`; empty if there are none."""
    if registry_of(name) is penalties.penalties:
        return _collect_penalty_facts(name)
    objective, options = objectives.parse(name)
    smoothing = options.pop("label_smoothing", 0.0)
    own, row = loss_facts.OBJECTIVES.get(objective), objectives.entry(objective)
    known = {}
    if _has_formulas(objective):
        point = {**row.options, **options}
        hard = objective + ":" * bool(options) + ",".join(f"{key}={value}" for key, value in options.items())
        known |= (
            _collect_formulas(point)
            | _collect_game_facts(hard)
            | {"Cost": loss_facts.COSTS[point["pairing"]]}
        )
    if own:
        known |= {**own.known, "Where D wins": f"G's gradient {own.pull}"}
    known |= {label: text for label, text in (("When to use it", row.when), ("Source", row.source)) if text}
    if options and not _has_formulas(objective):
        known["Options"] = "these facts hold for the default options; the class documents the others"
    if smoothing:
        known["Label smoothing"] = (
            f"{smoothing:g}: only D's target on reals moves; the formulas above are for hard labels"
        )
        if row.options.get("link") == "logistic":
            known["Label smoothing"] += f"; label_smoothing={2 * smoothing:g} in Keras and TF-GAN"
    return known


def registry_of(name: str):
    """Return the registry that knows a name; raise `ValueError` with the nearest of all when none does."""
    bare = name.partition(":")[0]
    for registry in (objectives, penalties.penalties):
        if bare in registry:
            return registry
    known = [*objectives.names(), *objectives.aliases, *penalties.names()]
    raise ValueError(
        f"unknown objective or penalty {bare!r}{nearest(bare, known)}; expected one of: {', '.join(known)}"
    )


def _describe_row(name: str) -> tuple[str, str, str, str]:
    help = objectives.entry(name).help
    if _has_formulas(name):
        return name, f"{dirac.frequency(name):.3g}", dirac.pull_where_d_wins(name), help
    return name, "", loss_facts.OBJECTIVES[name].pull if name in loss_facts.OBJECTIVES else "", help


def _collect_penalty_facts(penalty: str) -> dict[str, str]:
    name, _ = penalties.penalties.parse(penalty)
    row, proved = penalties.penalties.entry(name), penalties.penalties.facts(name)
    known = {"D": proved.d, "G pays": proved.g, "Cost": proved.cost} if proved else {}
    known["When to use it"] = row.when
    if proved:
        known |= {"In other code": proved.elsewhere, "Dirac-GAN": proved.game}
        known |= {
            f"  {objective}": dirac_penalties.describe_convergence(objective, penalty)
            for objective in ("nonsat", "wgan", "rpgan", "hinge")
        }
    return {label: text for label, text in {**known, "Source": row.source}.items() if text}


def _list_penalties_with_facts() -> list[str]:
    return [name for name in penalties.names() if penalties.penalties.facts(name)]


def _has_formulas(name: str) -> bool:
    link = objectives.entry(name).options.get("link")
    return link is not None and links.facts(link) is not None


def _collect_formulas(point) -> dict[str, str]:
    """Return the losses and the divergence that they measure, for one link, pairing and form."""
    link, pairing, form = point["link"], point["pairing"], point["generator_form"]
    row = links.facts(link)
    d, g = (_fill_formula(text, row) for text in loss_facts.EXPECTATIONS[pairing, form])
    known = {
        "Point": f"link {link}, pairing {pairing}, generator form {form}",
        "D minimizes": d,
        "G minimizes": g,
    }
    if pairing == "independent":
        return known | {
            "D's best logit": row.best,
            "D's least loss": row.least,
            "G then descends": getattr(row, form),
        }
    measured = loss_facts.PAIRED_DIVERGENCE if pairing == "paired" else loss_facts.AVERAGE_DIVERGENCE
    return known | {"It measures": measured}


def _fill_formula(text: str, row: LinkFacts) -> str:
    """Return `"E {a:r - f}"` with the link's formula in place of the braces."""
    sides = {"a": row.real, "b": row.fake, "fool": row.fool}

    def fill(match: re.Match) -> str:
        argument = match[2] if re.fullmatch(r"\w+", match[2]) else f"({match[2]})"
        formula = re.sub(r"\bs\b", argument, sides[match[1]]).replace("**", "^")
        formula = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", formula)
        is_sum = re.search(r" [-+/*] ", re.sub(r"\([^()]*\)", "", formula)) or formula.startswith("-")
        return f"[{formula}]" if is_sum else formula

    return re.sub(r"\{(\w+):([^}]*)\}", fill, text)


def _collect_game_facts(objective: str) -> dict[str, str]:
    """Return the facts about G's gradient where D wins and about the Dirac-GAN."""
    w = dirac.frequency(objective)
    game = "w = 0: this D has no bias, and one player's field no linear part; no verdict, with a penalty or without"
    if w > 0:
        one, both = (_format_numbers(dirac.eigenvalues(objective, damping)) for damping in (1.0, 2.0))
        game = (
            f"w = {w:.4g}. No penalty: eigenvalues +-{w:.4g}i, no local convergence. r1 or r2 at gamma 1: {one}; both: {both}. "
            f"Critical gamma of one: {2 * w:.4g}"
        )
    known = {"Where D wins": f"G's gradient {dirac.pull_where_d_wins(objective)}", "Dirac-GAN": game}
    if w > 0:
        verdicts: dict[str, list[str]] = {}
        for penalty in _list_penalties_with_facts():
            verdicts.setdefault(dirac_penalties.describe_convergence(objective, penalty), []).append(penalty)
        known["With a penalty"] = "; ".join(
            f"{verdict} under {' '.join(names)}" for verdict, names in sorted(verdicts.items())
        )
    return known


def _format_numbers(values) -> str:
    """Return a pair of eigenvalues as text.

    The error of a double one is the square root of the derivatives' error.
    """
    first, second = sorted(values, key=lambda value: -value.real)
    if abs(first.imag) > 1e-3:
        return f"{first.real:.4g} +- {abs(first.imag):.4g}i"
    return (
        f"{first.real:.4g} and {second.real:.4g}"
        if abs(first - second) > 1e-3
        else f"{first.real:.4g}, twice"
    )


def plot(objective: str) -> bytes:
    """Plot both players' terms and their derivatives; return a PNG file's content.

    Raises:
        ValueError: an unknown name, or an objective without facts.
        ModuleNotFoundError: matplotlib is not installed.
    """
    axis, terms = build_curves(objective)
    s = np.linspace(-SPAN, 0.0 if "energy" in axis else SPAN, 601)
    with np.errstate(over="ignore"):
        values = {label: curve(s) + 0 * s for label, curve in terms.items()}
        slopes = {label: differentiate(curve, s) for label, curve in terms.items()}
    return images.draw_curves(
        f"{objective}", axis, s, {"losses of each player": values, "their derivatives in s": slopes}
    )


def render_page() -> str:
    """Return docs/objectives.md."""
    known = objectives.names()
    parts = [
        _HEAD,
        _render_objectives(),
        "",
        *(_render_section(name) for name in known),
        *_render_aliases(),
        "## Notes",
        "",
        loss_facts.NOTES,
        "",
    ]
    parts += [
        "# Penalties",
        "",
        _render_penalties(),
        "",
        *(_render_section(name) for name in penalties.names()),
        _render_product(),
        "",
        _render_games(),
    ]
    return "\n".join(parts)


_HEAD = """\
# Objectives

<!-- Written by `python -m tfgan.losses --page > docs/objectives.md`; a test fails when it is stale. -->

An objective is a link (the loss of one logit) x a pairing (the logit or the difference that the link sees) x a generator form.
`--loss=NAME` sets all three; `--pairing` and `--generator_form` override. High logits mean real. The column w is of the
Dirac-GAN, two players with one weight each, near its equilibrium under simultaneous gradient descent with small steps: with
no penalty they turn about it at the frequency w and do not converge locally; with r1 or r2 of any gamma > 0 they do if w > 0,
fastest at gamma = 2 w. The table after the penalties has every objective under every penalty.
"""


def _render_objectives() -> str:
    rows = ["| name | definition | w | where D wins, G's gradient |", "|---|---|---|---|"]
    for name, w, pull, help in map(_describe_row, objectives.names()):
        rows.append(f"| [`{name}`](#{name}) | {_escape(help)} | {w} | {pull} |")
    return "\n".join(rows)


def _render_aliases() -> list[str]:
    rows = ["| name | definition |", "|---|---|"]
    rows += [f"| `{alias}` | {_escape(objectives.entry(alias).help)} |" for alias in objectives.aliases]
    return [
        "## Other names",
        "",
        "These names are accepted wherever the name of an objective is, and will stay.",
        "",
        *rows,
        "",
    ]


def _render_penalties() -> str:
    rows = ["| name | definition |", "|---|---|"]
    rows += [
        f"| [`{name}`](#{name}) | {_escape(penalties.penalties.entry(name).help)} |"
        for name in penalties.names()
    ]
    return "\n".join(rows)


def _render_section(name: str) -> str:
    """Return the paragraph of an objective or a penalty: its help, then its facts, formulas as code."""
    formulas = ("minimizes", "pays", "D")
    rows = [
        f"- **{label.strip()}:** {f'`{text}`' if label.split()[-1] in formulas else _escape(text)}"
        for label, text in collect_facts(name).items()
    ]
    return "\n".join([f"## {name}", "", f"{_escape(registry_of(name).entry(name).help)}", "", *rows, ""])


def _render_product() -> str:
    """Return the table of every objective under every penalty in the Dirac-GAN."""
    listed = [name for name in objectives.names() if _has_formulas(name)]
    columns = _list_penalties_with_facts()
    cells = {
        name: [dirac_penalties.describe_convergence(name, penalty) for penalty in columns] for name in listed
    }
    same = _find_without_effect(cells, columns)
    shown = [column for column in columns if column not in same]
    rows = [
        "## Every objective under every penalty",
        "",
        "The Dirac-GAN near its equilibrium, penalties with their default options. A number is the rate at which the distance",
        "falls, exp(-rate t): it converges. `turns`: eigenvalues on the imaginary axis, no local convergence. `leaves`: D does",
        "not rest at the equilibrium. `-`: no verdict, w = 0. Penalties that are not shown leave it turning, as with no penalty:",
        f"{', '.join(same)}.",
        "",
        f"| | {' | '.join(shown)} |",
        f"|---|{'---|' * len(shown)}",
    ]
    for name, verdicts in cells.items():
        row = [verdict.removeprefix("converges, ").replace("no verdict", "-") for verdict in verdicts]
        rows.append(
            f"| {name} | {' | '.join(cell for cell, column in zip(row, columns, strict=True) if column in shown)} |"
        )
    return "\n".join(rows)


def _find_without_effect(cells: dict[str, list[str]], columns: list[str]) -> list[str]:
    """Return the penalties under which every objective turns or has no verdict."""
    return [
        column
        for index, column in enumerate(columns)
        if {row[index] for row in cells.values()} <= {"turns", "no verdict"}
    ]


def _render_games() -> str:
    """Return the table of simulated Dirac-GANs."""
    rows = [
        "## Dirac-GAN, simulated",
        "",
        "Distance to the equilibrium after 500 simultaneous steps of 0.2 from theta = 1; D starts high on the data at psi = -1, on",
        "the fakes at psi = +1 (the games of Mescheder et al. 2018, whose D has the other sign).",
        "",
        f"| from | {' | '.join(dirac_penalties.GAMES)} |",
        f"|---|{'---|' * len(dirac_penalties.GAMES)}",
    ]
    for psi in (-1.0, 1.0):
        cells = (
            f"{dirac_penalties.final_distance(*game, psi=psi):.4g}" for game in dirac_penalties.GAMES.values()
        )
        rows.append(f"| psi = {psi:+.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _escape(text: str) -> str:
    """Escape the characters that Markdown or HTML would interpret."""
    return re.sub(r"([|*<>_])", r"\\\1", text)
