"""The words about objectives: complete, import-free, and the same on the page."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfgan import losses, penalties
from tfgan.theory import curves, loss_facts, report

ROOT = Path(__file__).parents[2]


def test_the_page_is_not_stale():
    written = (ROOT / "docs" / "objectives.md").read_text(encoding="utf-8").rstrip("\n")
    assert written == report.render_page().rstrip("\n"), (
        "run: python -m tfgan.losses --page > docs/objectives.md"
    )


@pytest.mark.parametrize("name", losses.names())
def test_every_objective_says_what_it_is(name):
    text = report.describe(name)
    labels = ["D minimizes", "G minimizes", "Where D wins", "Dirac-GAN", "Cost", "When to use it", "Source"]
    assert [label for label in labels if label not in text] == []
    assert name in report.render_table()


@pytest.mark.parametrize("name", penalties.names())
def test_every_penalty_says_what_it_is(name):
    text = report.describe(name)
    assert [label for label in ("Cost", "When to use it", "Dirac-GAN", "Source") if label not in text] == []
    assert ("D   " in text) or ("G pays" in text)
    assert name in report.render_table()


@pytest.mark.parametrize("name", losses.names())
def test_every_objective_has_curves(name):
    """Finite on [-6, 0], with a slope that central differences of the value confirm."""
    _, terms = curves.build_curves(name)
    s = np.linspace(-5.9, -0.1, 59)
    for curve in terms.values():
        values = curve(s) + 0 * s
        assert np.isfinite(values).all()
        assert curves.differentiate(curve, s)[:-1].mean() * 5.7 == pytest.approx(
            values[-1] - values[0], rel=0.2, abs=0.2
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsat:label_smoothing=0.1", "label_smoothing=0.2 in Keras and TF-GAN"),
        ("r1", "its reg_param=10 is gamma=20 here"),
        ("r2", "its reg_param=10 is gamma=20 here"),
        ("feature_matching", "its weight of 1 on squares is 1/d here"),
    ],
)
def test_weights_of_other_code_are_said(name, words):
    assert words in report.describe(name)


def test_label_smoothing_is_said():
    text = report.describe("nonsat:label_smoothing=0.1")
    assert "0.1: only D's target on reals moves" in text
    assert "E softplus(-r) + E softplus(f)" in text


def test_facts_beside_those_of_links_are_of_objectives_without_one():
    assert set(loss_facts.OBJECTIVES) == {
        name for name in losses.names() if "link" not in losses.objectives.entry(name).options
    }


def test_formulas_are_written_out():
    text = report.describe("rahinge")
    assert "E [relu(margin - (r - E f))] + E [relu(margin + (f - E r))]" in text
    assert "E softplus(-r) + E softplus(f)" in report.describe("nonsat")
    assert "-E [f^2 / 2]" in report.describe("lsgan:generator_form=zero_sum")


def test_aliases_are_listed_apart_and_described_as_what_they_stand_for():
    listing, _, others = report.render_table().partition("\nother names\n")
    for name in losses.objectives.aliases:
        assert not any(line.startswith(f"{name} ") for line in listing.splitlines())
        assert "alias of" in next(line for line in others.splitlines() if line.startswith(f"{name} "))
    heading, nonsat = (report.describe(name).splitlines() for name in ("log_loss", "nonsat"))
    assert heading[0].startswith("log_loss: alias of nonsat: ")
    assert heading[1:] == nonsat[1:]


def test_a_name_of_before_is_described_with_its_warning():
    assert "not monotone" in report.describe("lsgan_zero_sum").splitlines()[0]
    assert "G's gradient points the wrong way" in report.describe("lsgan_zero_sum")
    assert "lsgan_zero_sum" not in report.render_table() + report.render_page()


def test_an_option_changes_what_is_said():
    assert "generator form zero_sum" in report.describe("hinge:generator_form=zero_sum")
    assert "vanishes" in report.describe("hinge:generator_form=zero_sum")


def test_options_that_the_words_do_not_follow_are_said():
    assert "hold for the default options" in report.describe("mmd:kernel=gaussian")
    assert "hold for the default options" not in report.describe("hinge:margin=2") + report.describe("mmd")


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match=r"unknown objective or penalty 'rpgn' \(did you mean 'rpgan'\?\)"):
        report.describe("rpgn")


def test_an_objective_without_facts_is_described_by_its_help():
    losses.objectives.register("mystery", "nobody knows")(type("Mystery", (), {}))
    try:
        assert report.describe("mystery") == "mystery: nobody knows\n"
        assert "nobody knows" in report.render_table()
    finally:
        del losses.objectives._entries["mystery"]


def test_describing_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys; from tfgan.theory import report; report.describe('rpgan'); report.render_table()\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
