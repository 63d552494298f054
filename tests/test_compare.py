"""The comparing command, with real runs: two objectives of a few steps."""

import csv
import json

import pytest
import tensorflow as tf

from tfgan import compare, train
from tfgan.comparison import running

SMALL = {
    "dataset": "ring8",
    "width": 8,
    "batch_size": 16,
    "steps": 4,
    "log_every": 2,
    "save_every": 2,
    "sample_every": 4,
    "eval_every": 2,
}
TWO = {"losses": ("nonsat,hinge",), "seeds": 1, "metrics": ("w2_50,mmd_50",)}


def flags(folder, **changes):
    return compare.CompareFlags(**{**SMALL, **TWO, "out": str(folder), **changes})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "study"
    assert compare.main(flags(folder)) == 0
    return folder


def test_a_study_leaves_runs_and_reports(whole):
    assert {path.name for path in (whole / "runs").iterdir()} == {
        "ring8-nonsat-none-s0",
        "ring8-hinge-none-s0",
    }
    assert all((whole / name).stat().st_size > 300 for name in ("report.html", "report.md", "results.csv"))


def test_figures_are_those_of_the_runs(whole):
    lines = list(csv.DictReader((whole / "results.csv").open()))
    for line in lines:
        scores = json.loads(
            (whole / "runs" / f"ring8-{line['loss']}-none-s0" / "evaluation.json").read_text()
        )["scores"]
        assert float(line["w2_50"]) == scores["w2_50"]
    assert [line["state"] for line in lines] == ["finished", "finished"]
    assert all(float(line["peak_mib"]) > 100 for line in lines)


def test_one_seed_claims_no_interval(whole):
    text = (whole / "report.md").read_text()
    assert "no interval and no test is claimed" in text
    assert "nothing to say" not in text


def test_tensorboards_hparams_hold_every_run_with_its_scores(whole):
    from tensorboard.backend.event_processing import event_multiplexer
    from tensorboard.plugins.hparams import metadata

    multiplexer = event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(whole / "tensorboard"))
    multiplexer.Reload()
    found = {}
    for name, content in multiplexer.PluginRunToTagToContent(metadata.PLUGIN_NAME).items():
        for tag, data in content.items():
            found[name, tag] = (
                metadata.parse_session_start_info_plugin_data(data)
                if "session_start" in tag
                else metadata.parse_experiment_plugin_data(data)
            )
    assert [one.name.tag for one in found[".", metadata.EXPERIMENT_TAG].metric_infos] == [
        "score/w2_50",
        "score/mmd_50",
    ]
    started = found["ring8-hinge-none-s0", metadata.SESSION_START_INFO_TAG].hparams
    assert (started["loss"].string_value, started["dataset"].string_value, started["seed"].number_value) == (
        "hinge",
        "ring8",
        0,
    )
    scores = json.loads((whole / "runs" / "ring8-hinge-none-s0" / "evaluation.json").read_text())["scores"]
    (event,) = multiplexer.Tensors("ring8-hinge-none-s0", "score/w2_50")
    assert float(tf.make_ndarray(event.tensor_proto)) == pytest.approx(scores["w2_50"])


def test_a_finished_study_is_not_run_again(whole, monkeypatch):
    monkeypatch.setattr(running, "build_command", lambda *_: pytest.fail("run again"))
    assert compare.main(flags(whole)) == 0


def test_runs_are_listed_with_their_state(whole, capsys):
    assert compare.main(flags(whole, list=True, seeds=2)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "   0  ring8-nonsat-none-s0  finished",
        "   1  ring8-hinge-none-s0  finished",
        "   2  ring8-nonsat-none-s1  not run",
        "   3  ring8-hinge-none-s1  not run",
    ]


def test_a_run_that_diverges_is_a_result_and_the_job_of_an_array(tmp_path, capsys):
    """One cell alone, at a rate of 1e30; the report then counts it."""
    wild = flags(tmp_path / "study", losses=("hinge,wgan",), g_lr=1e30, d_lr=1e30)
    assert compare.main(train.dataclasses.replace(wild, cell=1)) == 0
    assert not (tmp_path / "study" / "report.html").exists()
    assert compare.main(train.dataclasses.replace(wild, report=True)) == 0
    assert "2 runs: 1 not run, 1 diverged" in capsys.readouterr().out
    assert "NaN or infinite" in (tmp_path / "study" / "report.html").read_text()


def test_methods_run_beside_losses(tmp_path):
    """Two runs, each with its own steps and the same number of examples a step; the report names both."""
    wanted = {"losses": (), "methods": ("gan,flow:steps=2",), "method_steps": ("2,4",), "metrics": ("w2_50",)}
    made = flags(tmp_path / "study", **wanted)
    assert compare.main(made) == 0
    lines = list(csv.DictReader((tmp_path / "study" / "results.csv").open()))
    assert [(line["method"], line["loss"], line["state"], line["step"]) for line in lines] == [
        ("gan", "nonsat", "finished", "2"),
        ("flow:steps=2", "", "finished", "4"),
    ]
    assert (tmp_path / "study" / "runs" / "ring8-flow-steps=2-s0" / "evaluation.json").exists()
    assert "| flow:steps=2 | 1 of 1 |" in (tmp_path / "study" / "report.md").read_text()
    record = json.loads((tmp_path / "study" / "study.json").read_text())
    assert (record["methods"], record["flags"]["method_steps"]) == (
        ["gan", "flow:steps=2"],
        {"gan": 2, "flow:steps=2": 4},
    )


def test_dry_run_prints_commands_that_train_takes(tmp_path, capsys):
    made = flags(tmp_path / "study", penalties=("r1:gamma=0.5+r2",), dry_run=True, cell=1)
    assert compare.main(made) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert (
        "-m tfgan.train --loss=hinge --penalty=none --penalty=r1:gamma=0.5 --penalty=r2 --dataset=ring8 --width=8 --steps=4"
        in line
    )
    assert not (tmp_path / "study").exists()


def test_penalties_of_the_flags_are_those_of_all(tmp_path):
    made = compare._build_study(flags(tmp_path, penalty=("gp0", "none", "r1", "r2")))
    assert made.penalties == ("r1+r2",)


def test_each_data_set_takes_the_metrics_that_suit_it(tmp_path):
    wanted = flags(
        tmp_path,
        datasets=("ring8,digits",),
        metrics=("modes,kid_50/digits_cnn,ms_ssim_50",),
        dataset="digits",
    )
    assert compare._build_study(wanted).metrics == {
        "ring8": ("modes",),
        "digits": ("kid_50/digits_cnn", "ms_ssim_50"),
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": ("nonsat,hige",)}, "did you mean 'hinge'"),
        ({"losses": ("hinge,hinge",)}, "--losses: expected each name once"),
        ({"methods": ("mmd,flow",)}, "--losses: expected gan among --methods, got mmd, flow"),
        ({"methods": ("gan,mm",)}, "--method: unknown method 'mm' (did you mean 'mmd'?)"),
        (
            {"methods": ("gan,mmd",), "method_steps": ("3",)},
            "--method_steps: expected 2 whole numbers above 0",
        ),
        (
            {"methods": ("gan,mmd",), "precision": "bfloat16"},
            "--precision: expected --method=gan beside it, got mmd",
        ),
        ({"cell": 2}, "--cell: expected a number from 0 to 1, got 2"),
        ({"run_dir": "x"}, "--run_dir: expected --out"),
        (
            {"condition": "acgan", "num_examples": 12, "batch_size": 8, "dataset": "digits"},
            "--condition: expected examples of every class",
        ),
        ({"metrics": ("w3_50",)}, "did you mean 'w2'"),
        (
            {"metrics": ("kid_3",)},
            "--metrics: kid_3 cannot be taken of ring8: metric 'kid': real: expected at least 4 samples, got 3",
        ),
        ({"steps": 5}, "belongs to another study (--steps: 4 there, 5 here)"),
        ({"losses": ("nonsat",)}, "--losses: nonsat,hinge there, nonsat here"),
        (
            {"datasets": ("ring8,grid25",), "metrics": ("w2_50,ms_ssim_50",)},
            "--metrics: expected metrics that suit one of ring8, grid25, got ms_ssim_50",
        ),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(whole, capsys, changes, words):
    before = (whole / "study.json").read_text()
    with pytest.raises(SystemExit) as exit:
        compare.main(flags(whole, **changes))
    error = capsys.readouterr().err
    assert exit.value.code == 2
    assert error.count("\n") == 1
    assert words in error
    assert (whole / "study.json").read_text() == before
