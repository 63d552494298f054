"""The promises of CONTRIBUTING: a new link, penalty or command is one file, one line and one row, and nothing else is edited.

Each is added to a copy of the package and of its tests, which must then pass, and the commands must know it.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LINK = '''
"""The sharp link: the cross-entropy of a multiple of the logit."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import Positive
from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Sharp(Link):
    """real(s) = softplus(-c s) / c, fake(s) = softplus(c s) / c, fool(s) = real(s).

    Args:
        sharpness: c.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="softplus(-sharpness * s) / sharpness",
        fake="softplus(sharpness * s) / sharpness",
        fool="softplus(-sharpness * s) / sharpness",
        best="ln(p / q) / sharpness",
        least="(2 ln 2 - 2 JSD(p, q)) / sharpness",
        zero_sum="2 JSD(p, q) / sharpness",
        nonsat="(KL(q || p) - 2 JSD(p, q)) / sharpness",
    )

    sharpness: Positive = 2.0

    def real(self, logits):
        return ops.softplus(-self.sharpness * logits) / self.sharpness

    def fake(self, logits):
        return ops.softplus(self.sharpness * logits) / self.sharpness

    fool = real
'''
LINK_LINE = (
    '"sharp": Entry("tfgan.losses.sharp:Sharp", "sharp cross-entropy", when="to test", source="a test"),'
)
LINK_ROW = '"sharp": Link(lambda s: softplus(-2 * s) / 2, lambda s: softplus(2 * s) / 2, lambda s: softplus(-2 * s) / 2),'

PENALTY = '''
"""A penalty on the fourth power of the slope."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import NonNegative
from tfgan.penalties.facts import BACKWARD, PenaltyFacts
from tfgan.penalties.inputs import REAL, CriticInput
from tfgan.penalties.penalty import GradientPenalty


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Quartic(GradientPenalty):
    """Keep D flat on the data: weight E |grad_x D(x)|^4 at real x.

    Args:
        weight: of the term.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E |grad D(x)|^4, x real",
        cost=f"{BACKWARD} on the reals, whose forward pass it shares",
        game="is of fourth order: nothing near (0, 0)",
        game_d="weight * psi**4",
    )

    critic_input: ClassVar[CriticInput] = REAL
    weight: NonNegative = 1.0

    def cost(self, squared_norm):
        return self.weight * ops.square(squared_norm)
'''
PENALTY_LINE = '"quartic": Entry("tfgan.penalties.quartic:Quartic", "weight |grad D|^4 on real", when="to test", source="a test"),'
PENALTY_ROW = '"quartic": lambda world: (world.slope(world.real) ** 4).mean(),'

COMMAND = '''
"""Count the objectives: `python -m tfgan.count`."""

from __future__ import annotations

import dataclasses

from tfgan import losses
from tfgan.cli import command
from tfgan.runs.config import option


@dataclasses.dataclass(frozen=True)
class CountFlags:
    """What to count."""

    links: bool = option(False, "count links and not objectives", "What")


def main(flags: CountFlags) -> int:
    """Print a number."""
    print(len((losses.links if flags.links else losses.objectives).names()))
    return command.DONE


if __name__ == "__main__":
    command.run(main, CountFlags, "Count the objectives.")
'''
COMMAND_LINE = '"tfgan.count": "count the objectives",'

# Tests of other names cost time and say nothing of the new ones. Besides those of the new ones, these compare whole tables.
WHOLE_TABLES = "every_name or every_penalty_has or every_link or facts_beside or exponentials or floor or root or catalogues or not_stale"
OF_THE_NEW = f"(sharp or quartic or {WHOLE_TABLES}) and not second_derivatives_match"

OF_ALL = "not compile and not xla and not graph and not finite_differences"  # XLA and graphs know no names


def rows():
    """Return the rows of the table of CONTRIBUTING, by their first cell."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("| new | file |") :]
    cells = [line.strip("|\n ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {first: rest for first, *rest in cells[1:]}


def defined(folder):
    """Return the names of classes, functions and attributes in the modules of a folder."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in folder.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.name for node in nodes if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    assigned = [
        target for node in nodes for target in getattr(node, "targets", [getattr(node, "target", None)])
    ]
    return names | {target.id for target in assigned if isinstance(target, ast.Name)}


@pytest.mark.parametrize("thing", rows())
def test_what_the_table_names_is_there(thing):
    """Folders, catalogues, the methods of the interface, and the files of tests and docs that get a row."""
    file, catalogue, interface = rows()[thing]
    folder = ROOT / re.search(r"`(tfgan/.*?)<name>.py`", file)[1]
    assert folder.is_dir()
    tables = re.findall(r"`([A-Z_]+)` in `([\w/.]+)`", catalogue)
    assert tables
    for table, path in tables:
        path = ROOT / path if path.startswith("tfgan/") else ROOT / "tfgan" / path
        assert re.search(rf"^{table} = ", path.read_text(encoding="utf-8"), re.MULTILINE), (table, path)
    known = (
        defined(folder)
        | defined(folder.parent)
        | set(dir(object))
        | {"LINKS"}
        | (defined(ROOT / "tfgan/cli") if thing == "command" else set())
    )
    for word in re.findall(r"`(.*?)`", interface):
        if "/" in word:
            assert (ROOT / word).exists(), word
        else:
            assert word.partition("(")[0].rpartition(".")[2] in known, word
    assert all((ROOT / page).exists() for page in re.findall(r"docs/\w+\.md", interface))


def add_line(path, after, line):
    """Put a line behind the first that is `after`."""
    head, found, rest = path.read_text(encoding="utf-8").partition(after)
    assert found, f"{path} has no {after!r}"
    path.write_text(f"{head}{found}    {line}\n{rest}", encoding="utf-8")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Return a copy of the package, its tests of losses and penalties and the page, with the three additions."""
    house = tmp_path_factory.mktemp("house")
    for folder in ("tfgan", "docs", "tests/losses", "tests/penalties", "tests/theory"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "tests/conftest.py", "tests/test_imports.py"):
        shutil.copy(ROOT / file, house / file)
    for file, text in (("losses/sharp", LINK), ("penalties/quartic", PENALTY), ("count", COMMAND)):
        (house / "tfgan" / f"{file}.py").write_text(text.lstrip(), encoding="utf-8")
    for file, after, line in (
        ("tfgan/losses/_catalogue.py", "\nLINKS = {\n", LINK_LINE),
        ("tfgan/penalties/_catalogue.py", "\nPENALTIES = {\n", PENALTY_LINE),
        ("tfgan/__main__.py", "\nCOMMANDS = {\n", COMMAND_LINE),
        ("tests/losses/loss_reference.py", "\nLINKS = {\n", LINK_ROW),
        ("tests/penalties/penalty_reference.py", "\nDISCRIMINATOR = {\n", PENALTY_ROW),
    ):
        add_line(house / file, after, line)
    page = call(house, "tfgan.losses", "--page").stdout
    (house / "docs" / "objectives.md").write_text(page, encoding="utf-8")
    return house


def call(house, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=house,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(["-k", OF_THE_NEW], id="new"),
        pytest.param(["-k", OF_ALL], id="all", marks=pytest.mark.slow(minutes=1.5)),
    ],
)
def test_the_tests_take_up_what_is_new(house, which):
    folders = ["tests/losses", "tests/penalties", "tests/theory", "tests/test_imports.py"]
    done = call(house, "pytest", "-vv", "-p", "no:cacheprovider", *which, *folders)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    for test in (
        "test_values.py::test_losses_equal_the_formula[sharp-paired-zero_sum]",
        "test_contract.py::test_round_trips[sharp]",
        "test_adversarial.py::test_name_has_the_value_of_its_paper[sharp-generator]",
        "test_divergences.py::test_printed_best_logit_is_where_the_loss_of_d_is_least[sharp]",
        "test_dirac.py::test_printed_formulas_are_the_code[sharp]",
        "test_dirac.py::test_frequency[sharp]",
        "test_penalties.py::test_what_d_pays_is_the_closed_form[quartic]",
        "test_dirac_penalties.py::test_slopes_in_the_game_are_those_of_the_code[quartic]",
        "test_dirac_penalties.py::test_simulation_agrees_with_the_eigenvalues[sharp-quartic]",
    ):
        assert f"{test} PASSED" in done.stdout, test


def test_the_command_line_takes_them(house):
    done = call(
        house, "tfgan.train", "--loss=sharp:sharpness=3", "--penalty=quartic:weight=2", "--print_config"
    )
    assert done.returncode == 0, done.stderr
    config = json.loads(done.stdout)
    assert (config["loss"], config["penalty"]) == ("sharp:sharpness=3", ["quartic:weight=2.0"])
    done = call(house, "tfgan.train", "--loss=sharp:sharpness=0", "--print_config")
    assert (done.returncode, "sharpness: expected a number above 0, got 0" in done.stderr) == (2, True)
    listing = call(house, "tfgan.train", "--help").stdout
    assert any(
        line.split()[:3] == ["sharp", "sharp", "cross-entropy"] and "sharpness" in line
        for line in listing.splitlines()
    )
    assert any(line.split()[:2] == ["quartic", "weight"] for line in listing.splitlines())


def test_they_are_explained(house):
    link = call(house, "tfgan.losses", "sharp").stdout
    for text in (
        "ln(p / q) / sharpness",
        "w = 0.5",
        "to test",
        "a test",
        "converges, 0.5 under r1 r2 gp0",
        "quartic",
    ):
        assert text in link
    penalty = call(house, "tfgan.losses", "quartic:weight=2").stdout
    for text in ("weight E |grad D(x)|^4, x real", "is of fourth order", "nonsat          turns", "a test"):
        assert text in penalty
    table = call(house, "tfgan.losses").stdout.splitlines()
    assert [line.split()[:2] for line in table if line.startswith("sharp ")] == [["sharp", "0.5"]]
    assert [line.split()[:2] for line in table if line.startswith("quartic ")] == [["quartic", "turns"]]


def test_a_command_is_listed_and_answers(house):
    assert "python -m tfgan.count" in call(house, "tfgan").stdout
    counts = [int(call(house, "tfgan.count", *flags).stdout) for flags in ([], ["--links"])]
    names = (
        (ROOT / "docs" / "objectives.md")
        .read_text(encoding="utf-8")
        .partition("\n# Penalties")[0]
        .count("| [`")
    )
    assert counts == [names + 1, 16]
    assert call(house, "tfgan.count", "--lnks").returncode == 2


@pytest.mark.slow
def test_they_train(house):
    done = call(
        house,
        "tfgan.train",
        "--loss=sharp",
        "--penalty=quartic",
        "--dataset=ring8",
        "--steps=2",
        "--noexport",
        "--nodoctor",
        "--noxla",
        "--width=8",
    )
    assert done.returncode == 0, done.stderr
