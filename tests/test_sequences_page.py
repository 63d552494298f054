"""docs/sequences.md: its Python example runs, and its tables of chains and floors are today's."""

import re
from pathlib import Path

import numpy as np
import pytest

from tfgan import data, metrics
from tfgan.metrics import Samples

PAGE = (Path(__file__).parents[1] / "docs" / "sequences.md").read_text(encoding="utf-8")


def test_its_python_trains_on_a_list_of_names(monkeypatch, tmp_path, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "sequences.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()[-1]
    assert len(eval(printed)) == 5


def table(title):
    """Return the cells of the table whose first cell is `title`, a list a row, without the first column."""
    found = re.search(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)[1]
    return [[cell.strip() for cell in line.strip("|").split("|")][1:] for line in found.splitlines()]


def shown(cell, value):
    """Return whether a cell is the value, to the cell's digits: a share, a percentage, "all", or a number in 10,000."""
    if cell == "all":
        return value == 1
    number = float(cell.removesuffix(" %"))
    scale = 100 if cell.endswith("%") else 10_000 if number >= 10 else 1
    digits = len(cell.removesuffix(" %").partition(".")[2])
    return abs(value * scale - number) <= 0.51 * 10.0**-digits


@pytest.mark.parametrize(
    ("name", "scored", "columns", "prefixes"),
    [
        (
            "words",
            ("ngram_js", "strings"),
            ("js4", "held_out_strings", "training_strings", "distinct", "length_w1"),
            ("real", "simple", "markov_2", "markov_4"),
        ),
        (
            "chloroplast",
            ("kmer_js", "gc"),
            ("js3", "js6", "gc_mean", "gc_deviation"),
            ("real", "simple", "markov_5"),
        ),
    ],
)
def test_its_tables_are_the_scores(name, scored, columns, prefixes):
    """Each number to the digits that the page shows; the scores are functions of fixed seeds."""
    source = data.open_source(name)
    codes = source.arrays[0].astype(np.int64)
    held_out = Samples(codes[source.held_out_indices], kind=source.kind)
    real = Samples(codes[source.train_indices], kind=source.kind, second=held_out)
    fake = Samples(codes[source.train_indices][:10_000], kind=source.kind)
    found = {}
    for metric in scored:
        found |= metrics.get(metric)(real, fake)
    for cells, prefix in zip(table(name), prefixes, strict=True):
        for column, cell in zip(columns, cells, strict=True):
            assert shown(cell, found[f"{prefix}_{column}"]), (prefix, column, found[f"{prefix}_{column}"])
