"""The command that explains objectives: what it prints, draws and refuses."""

import sys
from unittest import mock

import pytest

from tfgan.cli import losses
from tfgan.theory import report


def ask(capsys, *arguments):
    """Run the command; return its exit status, and what it printed on either stream."""
    with mock.patch.object(sys, "argv", ["tfgan.losses", *arguments]), pytest.raises(SystemExit) as ended:
        losses.run()
    return ended.value.code, *capsys.readouterr()


def test_command(capsys, tmp_path):
    assert ask(capsys)[:2] == (0, report.render_table() + "\n")
    assert ask(capsys, "rpgan")[:2] == (0, report.describe("rpgan") + "\n")
    assert ask(capsys, "--nopage", "rpgan")[:2] == (0, report.describe("rpgan") + "\n")
    assert ask(capsys, "--page")[1].startswith("# Objectives")
    code, out, _ = ask(capsys, "hinge:margin=2", f"--plot={tmp_path / 'a.png'}")
    assert (code, out) == (0, report.describe("hinge:margin=2") + "\n")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rpgn"], "unknown objective or penalty 'rpgn' (did you mean 'rpgan'?)"),
        (["hinge:margn=2"], "has no option 'margn' (did you mean 'margin'?)"),
        (["r1", "--plot=a.png"], "--plot: expected an objective, got the penalty 'r1'"),
        (["--plot=a.png"], "--plot: expected an objective to draw, got none"),
        (["rpgan", "--plot=."], "--plot: expected a PNG file to write, got the folder ."),
    ],
)
def test_command_refuses(capsys, arguments, message):
    code, _, error = ask(capsys, *arguments)
    assert code == 2
    assert message in error
    assert len(error.splitlines()) == 1
