"""Scores while training: the best checkpoint, the end for want of improvement, the table."""

import json

import pytest

from tfgan import evaluate, export_model, train
from tfgan.callbacks import Monitor, evaluation_history
from tfgan.evaluation import scorer
from tfgan.runs import build
from tfgan.runs import folder as folder_lib

SMALL = {
    "dataset": "ring8",
    "width": 8,
    "batch_size": 16,
    "log_every": 2,
    "save_every": 2,
    "sample_every": 20,
    "export": False,
}
SCORED = {"eval_every": 2, "metrics": ("w2_50", "mmd_50"), "keep_best": "mmd_50"}


def flags(folder, **changes):
    return train.TrainFlags(
        **{**SMALL, **SCORED, "lr_schedule": "constant", "run_dir": str(folder), **changes}
    )


def planned(monkeypatch, values, key="mmd_50"):
    """Let the scores of a run be these, by step / 2 - 1."""

    def judge(source, names=None, count=None, on_failure=None):
        def score(sampler):
            step = int(current[0].state.step.numpy())
            return {"w2_50": 1.0, key: values[step // 2 - 1]}

        return score

    current = []
    gan = build.build_gan
    monkeypatch.setattr(
        build, "build_gan", lambda config, source: current.append(gan(config, source)) or current[0]
    )
    monkeypatch.setattr(scorer, "build_sampler_scorer", judge)


def past(*values):
    return [
        {"step": 2 * index, "seconds": 60.0 * index, "scores": {"a": value}}
        for index, value in enumerate(values, start=1)
    ]


def test_the_best_is_the_earliest_of_equals():
    assert Monitor("a", "lower").best(past(3.0, 1.0, 1.0)) == {"step": 4, "figure": "a", "value": 1.0}


def test_higher_may_be_better():
    assert Monitor("a", "higher").best(past(3.0, 1.0, None, float("nan"))) == {
        "step": 2,
        "figure": "a",
        "value": 3.0,
    }


@pytest.mark.parametrize(
    ("values", "ended"), [((3.0, 1.0, 2.0), False), ((3.0, 1.0, 2.0, 1.0), True), ((None, None), True)]
)
def test_patience_counts_scores_since_the_best(values, ended):
    """Equal to the best is no improvement; nor is a score without the figure."""
    assert Monitor("a", "lower", patience=2).is_exhausted(past(*values)) is ended


def test_the_table_marks_the_best():
    assert evaluation_history.format_table(past(3.0, 0.25), ["a"], 4).splitlines() == [
        "step  minutes     a",
        "   2      1.0     3",
        "  *4      2.0  0.25",
        "* the best",
    ]


def test_the_best_checkpoint_is_kept(tmp_path, monkeypatch, capsys):
    planned(monkeypatch, [0.3, 0.1, 0.2])
    assert train.main(flags(tmp_path / "run", steps=6)) == 0
    record = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    said = capsys.readouterr().err
    assert record["best"] == {"step": 4, "figure": "mmd_50", "value": 0.1}
    assert record["step"] == 6
    assert "*4" in said
    best = str(tmp_path / "run" / "checkpoints" / folder_lib.BEST)
    assert int(build.open_run(best)[2].state.step.numpy()) == 4


def test_training_ends_for_want_of_improvement_and_stays_ended(tmp_path, monkeypatch, capsys):
    planned(monkeypatch, [0.3, 0.1, 0.2, 0.2, 0.05])
    assert train.main(flags(tmp_path / "run", steps=20, patience=2)) == 0
    assert folder_lib.list_checkpoints(tmp_path / "run")[0].name == "step_00000008.keras"
    assert "ended at step 8 of 20: no better mmd_50 in 2 scores" in capsys.readouterr().err
    before = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert train.main(flags(tmp_path / "run", steps=20, patience=2)) == 0
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == before


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored") / "run"
    assert train.main(flags(folder, steps=4)) == 0
    return folder


def test_scores_are_those_asked_for(scored):
    record = json.loads((scored / "evaluation.json").read_text())
    assert record["finished"]
    assert record["figures"] == {
        "w2_50": {"better": "lower", "real": "w2_50/real_w2"},
        "sliced_w2_50": {"better": "lower", "real": "w2_50/real_sliced_w2"},
        "mmd_50": {"better": "lower", "real": "mmd_50/real_mmd"},
    }
    assert {"w2_50/real_w2", "mmd_50/real_mmd"} <= set(record["scores"])


def test_the_best_may_be_scored_and_the_runs_file_stays(scored, capsys):
    before = (scored / "evaluation.json").read_text()
    best = str(scored / "checkpoints" / folder_lib.BEST)
    assert evaluate.main(evaluate.EvaluateFlags(run_dir=best, metrics=("mmd_50",))) == 0
    printed = json.loads(capsys.readouterr().out)
    record = json.loads(before)
    assert printed["scores"]["mmd_50"] == pytest.approx(record["best"]["value"], rel=1e-5, abs=1e-7)
    assert (scored / "evaluation.json").read_text() == before


def test_the_best_may_be_exported(scored, tmp_path):
    best = json.loads((scored / "evaluation.json").read_text())["best"]["step"]
    path = str(scored / "checkpoints" / folder_lib.BEST)
    assert export_model.main(export_model.ExportFlags(run_dir=path, export_dir=str(tmp_path))) == 0
    assert (tmp_path / "run" / str(best) / "saved_model.pb").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ("mdm_50",)}, "--metrics: unknown metric 'mdm'"),
        ({"metrics": ("kid_2k/fashion_cnn",)}, "whose points are their own"),
        ({"keep_best": "reverse_k"}, "--keep_best: unknown figure 'reverse_k'"),
        (
            {"keep_best": "largest_share", "dataset": "digits", "metrics": (), "log_every": 1},
            "which should equal the score of the reals",
        ),
        ({"eval_every": None}, "--keep_best: expected --eval_every"),
        ({"keep_best": None, "patience": 2}, "--patience: expected --keep_best"),
    ],
)
def test_what_cannot_be_watched_is_refused(tmp_path, capsys, changes, words):
    with pytest.raises(SystemExit) as exit:
        train.main(flags(tmp_path / "run", **{"steps": 4, **changes}))
    assert exit.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_metric_adds_itself_and_stands_for_its_first_figure():
    from tfgan import data

    names, watched = scorer.select_monitor(data.open_source("digits"), [], "precision_recall_50/pixels")
    assert names == ["class_histogram", "precision_recall_50/pixels"]
    assert (watched.figure, watched.better) == ("precision_50/pixels", "higher")


@pytest.mark.parametrize(
    ("name", "dataset", "fit"),
    [
        ("modes", "ring8", True),
        ("modes", "digits", False),
        ("kid_2k/digits_cnn", "digits", True),
        ("kid_2k/fashion_cnn", "digits", False),
    ],
)
def test_which_metric_fits_which_data(name, dataset, fit):
    from tfgan import data

    assert scorer.fits(name, data.open_source(dataset)) is fit
