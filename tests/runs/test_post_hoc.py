"""Post-hoc EMA of a run: its averages, its snapshots, the lengths that evaluate scores and export_model takes."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import evaluate, export_model, train
from tfgan.callbacks import Monitor
from tfgan.core import power_ema
from tfgan.evaluation import sampler
from tfgan.runs import build, post_hoc
from tfgan.runs import folder as folder_lib

STEPS = 12
RUN = {
    "dataset": "ring8",
    "network": "mlp:depth=1",
    "width": 4,
    "batch_size": 16,
    "xla": False,
    "lr_schedule": "constant",
    "steps": STEPS,
    "log_every": 1,
    "save_every": 1,
    "sample_every": STEPS,
    "metrics": ("w2_50",),
    "export": False,
}


def small_gan(**arguments):
    """Return a GAN of points whose G has batch normalization, compiled without XLA."""
    x = keras.Input((2,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4, kernel_initializer="ones")(x))
    generator = keras.Model(x, keras.layers.Dense(2, kernel_initializer="ones")(hidden))
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(0))]
    )
    gan = tfgan.GAN(generator, discriminator)
    gan.compile(**{"jit_compile": False, **arguments})
    return gan


def take(gan, steps, start=0):
    """Train on fixed data from a step on; return G's weights after each update, batch statistics included."""
    data = np.random.default_rng(0).normal(size=(start + steps, 8, 2)).astype("float32")[start:]
    step, seen = tf.function(gan.train_step, autograph=False), []
    for batch in data:
        step(tf.constant(batch))
        seen.append([weight.numpy() for weight in gan.generator.weights])
    return seen


def test_the_averages_are_those_of_the_profile():
    """Float64 sums over G after each of 20 updates, for each tracked length."""
    gan = small_gan(post_hoc_ema=True)
    seen = take(gan, 20)
    assert any("moving" in weight.name for weight in gan.generator.weights)
    for index, averages in enumerate(gan.power_averages.weights):
        theta = np.stack([weights[index] for weights in seen]).astype(np.float64)
        for sigma, average in zip(power_ema.TRACKED, averages.numpy(), strict=True):
            shares = np.diff((np.arange(21) / 20) ** (power_ema.gamma_of(sigma) + 1))
            np.testing.assert_allclose(average, np.tensordot(shares, theta, 1), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("compiled", [False, True])
def test_training_does_not_notice_the_averages(compiled):
    """The same bits in G, D and the averaged G, with and without XLA."""
    both = [small_gan(post_hoc_ema=on, jit_compile=compiled) for on in (False, True)]
    for gan in both:
        take(gan, 5)
    assert both[0].power_averages is None
    for plain, other in zip(*([w.numpy() for w in gan.weights] for gan in both), strict=False):
        np.testing.assert_array_equal(plain, other)


def test_a_saved_model_goes_on_with_its_averages(tmp_path):
    whole, part = small_gan(post_hoc_ema=True), small_gan(post_hoc_ema=True)
    take(whole, 6)
    take(part, 3)
    part.save(tmp_path / "part.keras")
    loaded = tfgan.load(tmp_path / "part.keras")
    take(loaded, 3, start=3)
    for first, second in zip(whole.power_averages.weights, loaded.power_averages.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())


def flags(folder, **changes):
    return train.TrainFlags(**{**RUN, "post_hoc_ema": True, "run_dir": str(folder), **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("post_hoc") / "run"
    assert train.main(flags(folder)) == 0
    return folder


def read(file):
    with np.load(file) as arrays:
        return [arrays[name] for name in arrays]


def test_a_run_leaves_a_snapshot_at_each_checkpoint(run):
    files = post_hoc.list_snapshots(run)
    assert [folder_lib.step_of(file) for file in files] == list(range(1, STEPS + 1))
    gan = build.open_run(str(run))[2]
    for array, average in zip(read(files[-1]), gan.power_averages.weights, strict=True):
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, average.numpy())


def test_a_resumed_run_leaves_the_same_snapshots(run, tmp_path):
    """Snapshots after the checkpoint that a run goes on from are dropped: those of steps taken back, and one of no step."""
    folder = tmp_path / "run"
    assert train.main(flags(folder, steps=8)) == 0
    newest = folder_lib.list_checkpoints(folder)[0]
    newest.unlink()  # to step 7
    (folder / "ema" / "step_00000099.npz").touch()
    assert train.main(flags(folder)) == 0
    first, second = post_hoc.list_snapshots(run), post_hoc.list_snapshots(folder)
    assert [file.name for file in first] == [file.name for file in second]
    for one, other in zip(first, second, strict=True):
        for expected, found in zip(read(one), read(other), strict=True):
            np.testing.assert_array_equal(expected, found)


def test_a_run_without_the_flag_has_no_snapshots_and_is_not_continued_with_it(tmp_path, capsys):
    folder = tmp_path / "run"
    assert train.main(flags(folder, steps=1, post_hoc_ema=False)) == 0
    assert not (folder / "ema").exists()
    assert refusal(capsys, train.main, flags(folder, steps=2)).count("--post_hoc_ema: False there, True here")
    asked = evaluate.EvaluateFlags(run_dir=str(folder), ema="0.05", metrics=("w2_50",))
    said = refusal(capsys, evaluate.main, asked)
    assert said == (
        f"error: --ema: expected a run that was trained with --post_hoc_ema, got {folder} without snapshots\n"
    )


def refusal(capsys, main, asked):
    """Run a command that ends with status 2; return its line."""
    with pytest.raises(SystemExit) as exit:
        main(asked)
    assert exit.value.code == 2
    return capsys.readouterr().err


def test_snapshots_stay_evenly_spaced():
    """Of 500 saves 48 stay: the newest, and none farther from the next than a 24th of all steps."""
    kept = []
    for step in range(1, 501):
        kept.append(step)
        if len(kept) > post_hoc.MOST:
            del kept[post_hoc.find_dispensable(kept)]
    assert (len(kept), kept[-1]) == (post_hoc.MOST, 500)
    assert np.diff([0, *kept]).max() <= 500 / 24
    shortest, longest = post_hoc.find_span(kept, 500)
    assert (shortest < 0.02, longest > 0.25) == (True, True)


def test_no_more_snapshots_than_the_most_are_kept(run, tmp_path, monkeypatch):
    gan = build.open_run(str(run))[2]
    monkeypatch.setattr(post_hoc, "MOST", 3)
    for step in (10, 20, 30, 40, 50):
        gan.state.step.assign(step)
        post_hoc.save_snapshot(tmp_path, gan)
    assert [folder_lib.step_of(file) for file in post_hoc.list_snapshots(tmp_path)] == [20, 40, 50]


def test_a_damaged_snapshot_is_left_out(run, tmp_path, caplog):
    gan = build.open_run(str(run))[2]
    (tmp_path / "ema").mkdir()
    for file in post_hoc.list_snapshots(run):
        (tmp_path / "ema" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "ema" / "step_00000006.npz").write_bytes(b"PK")
    whole, damaged = (post_hoc.reconstruct(folder, gan, [0.15])[0] for folder in (run, tmp_path))
    assert "step_00000006.npz cannot be read" in caplog.text
    assert whole.residual < damaged.residual
    np.testing.assert_allclose(whole.weights[0], damaged.weights[0], atol=1e-3)


@pytest.fixture(scope="module")
def scored(run, tmp_path_factory):
    """The run after `evaluate --ema`: its evaluation.json."""
    asked = evaluate.EvaluateFlags(run_dir=str(run), ema="0.05,0.15,0.1", metrics=("w2_50",))
    assert evaluate.main(asked) == 0
    return json.loads((run / "evaluation.json").read_text())


def test_each_length_has_a_row_and_the_best_is_the_lowest(scored):
    rows = scored["ema"]["rows"]
    assert [row["sigma_rel"] for row in rows] == [None, 0.05, 0.15, 0.1]
    assert rows[0]["scores"] == scored["scores"]
    values = [row["scores"]["w2_50"] for row in rows]
    assert len(set(values)) == 4
    best = rows[int(np.argmin(values))]["sigma_rel"]
    assert scored["ema"]["best"] == {"sigma_rel": best, "figure": "w2_50", "value": min(values)}


def test_scores_of_lengths_stay_until_another_step(scored, run):
    """`evaluate` without --ema at the same step keeps them."""
    assert evaluate.main(evaluate.EvaluateFlags(run_dir=str(run), metrics=("w2_50",))) == 0
    record = json.loads((run / "evaluation.json").read_text())
    assert (record["ema"], record["finished"]) == (scored["ema"], True)
    (run / "evaluation.json").write_text(json.dumps({**record, "step": STEPS - 1}))
    assert evaluate.main(evaluate.EvaluateFlags(run_dir=str(run), metrics=("w2_50",))) == 0
    assert "ema" not in json.loads((run / "evaluation.json").read_text())
    (run / "evaluation.json").write_text(json.dumps(record))


def test_the_table_marks_the_best(scored):
    lines = post_hoc.format_rows(scored["ema"], ["w2_50"]).splitlines()
    assert lines[0].split() == ["ema", "w2_50"]
    assert [line.split()[0].lstrip("*") for line in lines[1:-1]] == ["own", "0.05", "0.15", "0.1"]
    assert sum(line.lstrip().startswith("*") for line in lines[:-1]) == 1
    assert lines[-1] == "* the best by w2_50"


def rows_of(*scores):
    """Return rows of the run's own average and of lengths 1, 2, ... with these scores."""
    return [{"sigma_rel": index or None, "scores": score} for index, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        (({"a": 8, "b": 3.0}, {"a": 8, "b": 1.0}, {"a": 7, "b": 0.0}), (1, "b", 1.0)),
        (({"a": 8, "b": 1.0}, {"a": 8, "b": 1.0}), (None, "b", 1.0)),
        (({"a": 7, "b": 1.0}, {"a": 8, "b": 2.0}), (1, "a", 8)),
        (({"b": None}, {"b": 2.0}), (1, "b", 2.0)),
    ],
)
def test_the_first_figure_chooses_and_the_next_among_equals(scores, best):
    """`a` should be high, `b` low; of equals in both the run's own average is best."""
    figures = [Monitor("a", "higher"), Monitor("b", "lower")]
    assert post_hoc._choose(rows_of(*scores), figures) == dict(
        zip(("sigma_rel", "figure", "value"), best, strict=True)
    )


def test_without_a_figure_no_length_is_best():
    assert post_hoc._choose(rows_of({}, {}), []) is None


@pytest.mark.parametrize(
    ("keep_best", "names", "figures"),
    [
        (None, ["modes"], ["modes", "high_quality", "reverse_kl"]),
        ("reverse_kl", ["modes"], ["reverse_kl", "modes", "high_quality"]),
        ("mmd_50", ["modes", "mmd_50"], ["mmd_50", "modes", "high_quality", "reverse_kl"]),
        ("overfitting", ["modes"], ["modes", "high_quality", "reverse_kl"]),
    ],
)
def test_the_runs_keep_best_comes_first(keep_best, names, figures):
    """A metric that it names is added; D's `overfitting` chooses no average of G."""
    found, ranked = post_hoc.select_figures(["modes"], keep_best, None)
    assert (found, [figure.figure for figure in ranked]) == (names, figures)


def exported(run, folder, capsys, ema):
    """Export an average; return the line that says so and the examples of four seeds with the card."""
    asked = export_model.ExportFlags(run_dir=str(run), export_dir=str(folder), ema=ema)
    assert export_model.main(asked) == 0
    said = capsys.readouterr().out.strip()
    drawn, record = sampler.from_saved_model(said.split()[1])
    return said, drawn.by_seed(np.arange(4)), record


def test_a_length_is_exported_beside_the_runs_own_average(run, scored, tmp_path, capsys):
    """Each under a version of its own, once; the card tells the length, and the examples are those of that average."""
    _, source, gan = build.open_run(str(run))
    own, _, plain = exported(run, tmp_path, capsys, None)
    assert own == f"SavedModel: {tmp_path}/run/{STEPS}"
    assert "ema" not in plain
    said, examples, record = exported(run, tmp_path, capsys, "0.15")
    note = f"average of length 0.15; step {STEPS}; version {STEPS} there is another average"
    assert said == f"SavedModel: {tmp_path}/run/{STEPS + 1}   ({note})"
    assert (record["ema"]["sigma_rel"], record["step"]) == (0.15, STEPS)
    assert record["scores"] == scored["ema"]["rows"][2]["scores"]
    (average,) = post_hoc.reconstruct(run, gan, [0.15])
    gan.ema_generator.set_weights(average.weights)
    np.testing.assert_allclose(
        examples, sampler.from_gan(gan, source.kind).by_seed(np.arange(4)), rtol=1e-5, atol=1e-6
    )
    assert exported(run, tmp_path, capsys, "0.15")[0].endswith("(already there)")
    best = exported(run, tmp_path, capsys, "best")[2].get("ema", {"sigma_rel": None})
    assert best["sigma_rel"] == scored["ema"]["best"]["sigma_rel"]


@pytest.mark.parametrize("ema", ["worst", "0.05,0.1", "0.5"])
def test_export_refuses_what_is_no_length(ema, run, capsys):
    said = refusal(capsys, export_model.main, export_model.ExportFlags(run_dir=str(run), ema=ema))
    assert said == f"error: --ema: expected best, or one length above 0 and at most 0.2887, got {ema!r}\n"


def test_export_refuses_the_best_of_no_scores(run, tmp_path, capsys):
    """The scores are of another step than this checkpoint's."""
    checkpoint = str(folder_lib.list_checkpoints(run)[1])
    said = refusal(capsys, export_model.main, export_model.ExportFlags(run_dir=checkpoint, ema="best"))
    assert "--ema: best expected scores of lengths at the newest checkpoint, got none" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"ema": "0.05,x"},
            "--ema: expected lengths above 0 and at most 0.2887, as in 0.02,0.05,0.1, got '0.05,x'",
        ),
        ({"ema": "0.001"}, "which the 12 snapshots of"),
        (
            {"ema": "0.05", "run_dir": None, "saved_model": "models"},
            "--ema: expected --run_dir beside it, got --saved_model",
        ),
    ],
)
def test_lengths_that_cannot_be_scored_are_refused(changes, words, run, capsys):
    asked = evaluate.EvaluateFlags(**{"run_dir": str(run), "metrics": ("w2_50",), **changes})
    said = refusal(capsys, evaluate.main, asked)
    assert words in said
    assert said.count("\n") == 1
