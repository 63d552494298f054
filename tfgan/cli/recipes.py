"""Recipes: shipped files of flags, by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tfgan.core.registry import nearest, table


def list_recipes() -> dict[str, Path]:
    """Return the shipped recipes, flagfiles by name: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).parents[1]
    folder = here / "launch" if (here / "launch").is_dir() else here.parent / "launch"
    return {path.stem: path for path in sorted(folder.glob("*.flags"))}


def format_recipes() -> str:
    """Return the recipes and the first line of each, a line each."""
    first = {
        name: path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        for name, path in list_recipes().items()
    }
    return table("Names for --recipe:", first)


def expand_recipes(arguments: Sequence[str]) -> list[str]:
    """Replace `--recipe=NAME` or `--recipe NAME` by `--flagfile=` its shipped copy."""
    expanded, rest = [], iter(arguments)
    for argument in rest:
        if argument in ("--recipe", "-recipe"):
            argument += f"={next(rest, '')}"
        if match := re.fullmatch(r"--?recipe=(.*)", argument):
            known = list_recipes()
            if match[1] not in known:
                raise ValueError(
                    f"--recipe: unknown recipe {match[1]!r}{nearest(match[1], known)}; expected one of: {', '.join(known)}"
                )
            argument = f"--flagfile={known[match[1]]}"
        expanded.append(argument)
    return expanded
