"""The first commands of docs/tables.md, series.md and sequences.md run word for word, on small files of the embedded data."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tfgan import data, evaluate, generate, train
from tfgan.cli import command
from tfgan.cli import data as data_command

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"tables": "health", "series": "wti", "sequences": "words"}
ROWS = 400
SHORT = ["--steps=2", "--width=4", "--noxla", "--log_every=1", "--batch_size=8", "--metrics=kid_100/encoded"]
FEW = ["--num_samples=200"]


def commands(page):
    """Return the arguments of the commands in the first block of a page."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(.*?)```", text, re.DOTALL)[1]
    return [
        shlex.split(line, comments=True) for line in block.splitlines() if line.startswith("python -m tfgan.")
    ]


def write_data(page, path):
    """Write some of the embedded data as a user's file."""
    source = data.open_source(PAGES[page])
    if page == "series":
        with np.load(DOCS.parent / "tfgan" / "data" / "files" / "wti.npz") as file:
            path.write_text(
                "time,close\n" + "\n".join(f"day {i},{x:.2f}" for i, x in enumerate(file["prices"][:2000]))
            )
        return
    values = source.kind.decode(source.examples(np.arange(ROWS))[0])
    with path.open("wb"):
        source.kind.write(path, ".csv" if page == "tables" else ".txt", [values], np.arange(ROWS))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_file_of_ones_own_becomes_a_scored_exported_model(page, tmp_path, monkeypatch, capsys):
    lines = commands(page)
    assert len(lines) >= 3
    monkeypatch.chdir(tmp_path)
    (name,) = {
        match[1] for line in lines for part in line if (match := re.match(r"--dataset=\w+:(.+)", part))
    }
    write_data(page, tmp_path / name)
    for _, _, module, *arguments in lines:
        extra = {"tfgan.train": SHORT, "tfgan.generate": [], "tfgan.evaluate": FEW, "tfgan.data": []}[module]
        if module == "tfgan.data":
            assert (
                data_command.main(command._parse(["x", *arguments], data_command.DataFlags, "", None, None))
                == 0
            )
            assert '"columns"' in capsys.readouterr().out
            continue
        program = {"tfgan.train": train, "tfgan.generate": generate, "tfgan.evaluate": evaluate}[module]
        (flags,) = [
            getattr(program, each)
            for each in ("TrainFlags", "GenerateFlags", "EvaluateFlags")
            if hasattr(program, each)
        ]
        assert program.main(command._parse(["x", *arguments, *extra], flags, "", None, None)) == 0
    assert list((tmp_path / "saved_models").glob("*/2/saved_model.pb"))
    assert '"scores"' in capsys.readouterr().out
