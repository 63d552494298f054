"""Cells, their flags, and the folder that belongs to one study."""

import pytest
from hand_made import make

from tfgan.cli import flags as flags_lib
from tfgan.comparison import study
from tfgan.runs.config import Config


def test_every_product_is_a_cell_seeds_outermost(tmp_path):
    made = make(tmp_path, penalties=("none", "r1+r2"), datasets=("ring8", "digits"), seeds=2)
    assert len(made.cells) == len({cell.name for cell in made.cells}) == 16
    assert [cell.seed for cell in made.cells] == [0] * 8 + [1] * 8
    assert made.cells[1].name == "ring8-nonsat-r1+r2-s0"


def test_a_cells_config_has_its_own_and_the_shared(tmp_path):
    made = make(tmp_path, penalties=("r1:gamma=1e+3,every=4+r2",), steps=7, metrics={"ring8": ("modes",)})
    config = made.config(made.cells[-1])
    assert (config.loss, config.seed, config.steps, config.metrics, config.export) == (
        "hinge",
        2,
        7,
        ("modes",),
        False,
    )
    assert config.penalty == ("none", "r1:gamma=1e+3,every=4", "r2")
    assert config.run_dir == str(tmp_path / "runs" / "ring8-hinge-r1-gamma=1e+3-every=4+r2-s2")


def test_flags_give_the_config_again(tmp_path):
    from absl import flags

    made = make(tmp_path, penalties=("r1+r2",), xla=False, steps=7, g_lr=1e-4)
    wanted = made.config(made.cells[-1])
    values = flags.FlagValues()
    flags_lib.define_flags(Config, values)
    values(["train", *study.to_flags(wanted)])
    assert flags_lib.from_flags(Config, values) == wanted


def test_names_may_carry_options():
    assert study.split_names("losses", ["nonsat,hinge:margin=2", "lsgan:real=1,fake=0,wgan"]) == (
        "nonsat",
        "hinge:margin=2",
        "lsgan:real=1,fake=0",
        "wgan",
    )


def test_a_name_that_is_there_twice_is_refused():
    with pytest.raises(ValueError, match="--losses: expected each name once, got 'hinge' twice"):
        study.split_names("losses", ["hinge,nonsat", "hinge"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": ("nonsat", "hige")}, "did you mean 'hinge'"),
        ({"penalties": ("r1+r3",)}, "unknown penalty 'r3'"),
        ({"datasets": ("ring9",)}, "did you mean 'ring8'"),
        (
            {"pairing": "paired", "losses": ("nonsat", "ebgan")},
            r"--pairing: 'ebgan' has none.*in the run of ring8, ebgan",
        ),
        ({"losses": ("hinge:margin=2", "hinge-margin=2")}, "unknown"),
    ],
)
def test_every_cell_is_checked_before_any_is_run(tmp_path, changes, words):
    with pytest.raises(ValueError, match=words):
        study.check(make(tmp_path, **changes))


def test_the_same_study_may_have_its_folder_again(tmp_path):
    study.claim(make(tmp_path, steps=7))
    study.claim(make(tmp_path, steps=7, max_minutes=5, log_every=5))  # how a run is looked at is free


def test_more_seeds_and_objectives_extend_a_study(tmp_path):
    study.claim(make(tmp_path))
    study.claim(make(tmp_path, losses=("nonsat", "hinge", "wgan"), seeds=5))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 2}, "--seeds: 0,1,2 there, 0,1 here"),
        ({"losses": ("nonsat", "wgan")}, "--losses: nonsat,hinge there, nonsat,wgan here"),
        ({"steps": 8}, "--steps: 7 there, 8 here"),
        ({"width": 16}, "--width: 'its default' there, 16 here"),
        ({"metrics": {"ring8": ("modes",)}}, "--metrics of ring8: none there, modes here"),
    ],
)
def test_another_study_is_refused_with_the_difference(tmp_path, changes, words):
    study.claim(make(tmp_path, steps=7))
    before = (tmp_path / study.RECORD).read_text()
    with pytest.raises(ValueError, match=words):
        study.claim(make(tmp_path, **{"steps": 7, **changes}))
    assert (tmp_path / study.RECORD).read_text() == before


def test_a_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match="other files in it"):
        study.claim(make(tmp_path))
