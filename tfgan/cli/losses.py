"""Explain objectives and penalties: `python -m tfgan.losses [NAME] [--plot=FILE.png]`.

Without a name it prints a table of all; with a name it prints the facts of that one; `--page` prints
docs/objectives.md. It imports no TensorFlow.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfgan import penalties
from tfgan.cli import command
from tfgan.core import files
from tfgan.core.options import FilePath
from tfgan.runs.config import option
from tfgan.theory import report


@dataclasses.dataclass(frozen=True)
class LossesFlags:
    """Flags of `python -m tfgan.losses`."""

    name: str | None = option(
        None, "loss or penalty to explain, with options if any; --name= may be left out", "Explanation"
    )
    plot: FilePath | None = option(
        None, "PNG file for a plot of the losses of D and G and their derivatives", "Explanation"
    )
    page: bool = option(False, "print docs/objectives.md", "Explanation")


def main(flags: LossesFlags) -> int:
    """Print a table of all objectives and penalties, or the facts of one."""
    with command.checking_input():
        if flags.plot and flags.name is None:
            raise ValueError("--plot: expected an objective to draw, got none; write the name first")
        text = (
            report.render_page()
            if flags.page
            else report.describe(flags.name)
            if flags.name
            else report.render_table()
        )
        if flags.plot:
            if Path(flags.plot).is_dir():
                raise ValueError(f"--plot: expected a PNG file to write, got the folder {flags.plot}")
            if report.registry_of(flags.name) is penalties.penalties:
                raise ValueError(f"--plot: expected an objective, got the penalty {flags.name!r}")
            try:
                picture = report.plot(flags.name)
            except ModuleNotFoundError:
                raise ValueError("--plot: matplotlib is not installed; pip install 'tfgan[plot]'") from None
            files.write_bytes(Path(flags.plot), picture)
    print(text)
    return command.DONE


def run() -> None:
    """Parse the command line and run `main`."""
    command.run(
        main,
        LossesFlags,
        "Explain adversarial objectives and penalties: all in a table, or one.",
        positional="name",
    )
