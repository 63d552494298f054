"""Split the low-quality samples of mixtures into Gaussian tails and the rest: `python benchmarks/mixture_tails.py`.

The input is the width and the high quality of each cell of studies.jsonl; nothing is trained.
"""

import math

import studies

LIMIT = 4.5  # half the square of the 3 sigma within which a sample is of high quality
WIDEST = 3.0  # where bisection for a mode's deviation begins, in sigmas


def width(deviation):
    """Return `width` of a Gaussian mode whose deviation is in sigmas: the second moment of a Rayleigh cut at 3 sigma."""
    a = LIMIT / deviation**2
    return deviation * math.sqrt(1 - a * math.exp(-a) / (1 - math.exp(-a)))


def tails(found):
    """Return the share beyond 3 sigma of Gaussian modes that have the width `found`, by bisection."""
    low, high = 0.1, WIDEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if width(middle) < found else (low, middle)
    return math.exp(-LIMIT / low**2)


def table(names=("ring8", "grid25", "grid100")):
    """Return a Markdown table with a row a variant: percent of samples beyond 3 sigma, of tails, of the rest, by seed."""
    lines = studies.read()
    rows = ["| variant | seeds | beyond 3 sigma % | of it tails % | the rest % |", "|---|---|---|---|---|"]
    for name in names:
        for variant in studies.STUDIES[name].variants:
            asked = [cell for cell in studies.STUDIES[name].cells(name) if cell[1] == variant]
            chosen = [lines[cell] for cell in asked if lines.get(cell, {}).get("scores", {}).get("width")]
            if not chosen:
                continue
            far = [100 * (1 - line["scores"]["high_quality"]) for line in chosen]
            own = [100 * tails(line["scores"]["width"]) for line in chosen]
            rest = [a - b for a, b in zip(far, own, strict=True)]
            seeds = ", ".join(str(line["seed"]) for line in chosen)
            shown = [", ".join(f"{value:.1f}" for value in values) for values in (far, own, rest)]
            rows.append(f"| {name}: {variant} | {seeds} | {' | '.join(shown)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
