"""The words about objectives: complete, import-free, and the same on the page."""

import subprocess
import sys
from pathlib import Path

import pytest

from tfgan import losses
from tfgan.losses import _facts, describe

ROOT = Path(__file__).parents[2]


def test_the_page_is_not_stale():
    written = (ROOT / "docs" / "objectives.md").read_text(encoding="utf-8").rstrip("\n")
    assert written == describe.page().rstrip("\n"), "run: python -m tfgan.losses.describe > docs/objectives.md"


@pytest.mark.parametrize("name", losses.names())
def test_every_objective_says_what_it_is(name):
    text = describe.describe(name)
    labels = ["D minimizes", "G minimizes", "Where D wins", "Dirac-GAN", "Cost", "When to use it", "Source"]
    assert [label for label in labels if label not in text] == []
    assert name in describe.table()


def test_facts_name_nothing_else():
    assert list(_facts.LINKS) == losses.links.names()
    assert set(_facts.OBJECTIVES) == set(losses.names())


def test_formulas_are_written_out():
    text = describe.describe("rahinge")
    assert "E [relu(margin - (r - E f))] + E [relu(margin + (f - E r))]" in text
    assert "E softplus(-r) + E softplus(f)" in describe.describe("nonsat")
    assert "-E [f^2 / 2]" in describe.describe("lsgan_zero_sum")


def test_aliases_and_warnings_are_listed_as_such():
    listing = describe.table()
    for name in ("cross_entropy", "log_loss", "max_cross_entropy", "min_cross_entropy"):
        assert "alias of" in next(line for line in listing.splitlines() if line.startswith(f"{name} "))
    for name in ("lsgan_zero_sum", "lsgan_pm1_zero_sum"):
        assert "WARNING" in next(line for line in listing.splitlines() if line.startswith(name))


def test_an_option_changes_what_is_said():
    assert "generator form zero_sum" in describe.describe("hinge:generator_form=zero_sum")
    assert "vanishes" in describe.describe("hinge:generator_form=zero_sum")


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match=r"unknown loss 'rpgn' \(did you mean 'rpgan'\?\)"):
        describe.describe("rpgn")


def test_an_objective_without_facts_is_described_by_its_help():
    losses.objectives.register("mystery", "nobody knows")(type("Mystery", (), {}))
    try:
        assert describe.describe("mystery") == "mystery: nobody knows\n"
        assert "nobody knows" in describe.table()
    finally:
        del losses.objectives._entries["mystery"]


def test_describing_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys; from tfgan.losses import describe; describe.describe('rpgan'); describe.table()\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
