"""The benchmarks can be read, and the arithmetic that they quote is counted right."""

import importlib
import math
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"

WIDTH, LATENT, BATCH = 3, 5, 4
# Kernels of 4x4 at each of the 4x4 places of the coarse map
DENSE_G, CONV = 4 * 4 * WIDTH * LATENT, 4 * 4 * WIDTH * 4 * 4
DENSE_D = 4 * 4 * WIDTH


@pytest.fixture
def benchmark(monkeypatch):
    """Import a benchmark by name, as it imports its neighbors."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


@pytest.fixture
def tiny_gan():
    """A DCGAN of 8x8: G is a dense layer and a transposed convolution, D a convolution and a dense layer."""
    import tfgan

    network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=LATENT, width=WIDTH)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="nonsat")
    return gan


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_imports_and_says_what_it_is_for(benchmark, name):
    assert benchmark(name).__doc__


def test_every_row_has_its_contenders(benchmark):
    needed = {name for row in benchmark("step").ROWS.values() for name in row.contenders}
    assert needed == set(benchmark("contenders").CONTENDERS)


def test_every_measured_row_has_its_setting(benchmark):
    """`python benchmarks/paths.py` prints the rows of the catalogue again; it may know further sides."""
    from tfgan import networks

    rows = {name: networks.networks.entry(name).measured for name in networks.names()}
    measured = {name: set(row["time"]) for name, row in rows.items() if row}
    settings = benchmark("paths").SETTINGS
    assert all(set(sides) <= set(settings[name]) for name, sides in measured.items())
    for name, of_sides in settings.items():
        for side, setting in of_sides.items():
            assert (setting.spec.partition(":")[0], setting.shape[0]) == (name, side)


def test_the_page_has_the_measured_rows(benchmark):
    """`python benchmarks/paths.py --table` prints the table of the page."""
    text = (FOLDER.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert benchmark("paths").table() in text


def test_operations_of_the_step(benchmark, tiny_gan):
    """G runs once, D three times (reals, fakes, the same fakes after D's update).

    Backward, in D's update: the weights of both layers, and the input of the dense one, for reals and for
    fakes. In G's: the inputs of both of D's layers, both of G's layers' weights, and the input of G's
    convolution. A multiply-add is two.
    """
    forward = DENSE_G + CONV + 3 * (CONV + DENSE_D)
    backward_d = 2 * (CONV + DENSE_D) + 2 * DENSE_D
    backward_g = CONV + DENSE_D + DENSE_G + CONV + CONV
    assert benchmark("operations").step_operations(tiny_gan.generator, tiny_gan.discriminator) == 2 * (
        forward + backward_d + backward_g
    )


def test_operations_of_the_compiled_step(benchmark, tiny_gan):
    """XLA does what the shapes say, but for the input gradients of D's dense layer: of one column, it multiplies element by element."""
    operations = benchmark("operations")
    counted = operations.step_operations(tiny_gan.generator, tiny_gan.discriminator)
    assert operations.compiled_operations(tiny_gan, BATCH) == counted - 2 * 3 * DENSE_D


def test_products_of_groups_are_counted(benchmark):
    """Three products of (5, 7) and (7, 11) at once, which XLA writes as one with `lhs_batch_dims`."""
    import tensorflow as tf

    grouped = tf.function(lambda x, kernels: tf.einsum("gni,gio->gno", x, kernels), jit_compile=True)
    program = grouped.experimental_get_compiler_ir(tf.zeros((3, 5, 7)), tf.zeros((3, 7, 11)))(
        stage="optimized_hlo"
    )
    assert "lhs_batch_dims={0}" in program
    assert benchmark("operations").program_multiply_adds(program) == 3 * 5 * 7 * 11


def test_a_layer_that_cannot_be_counted_is_refused(benchmark):
    import keras

    layer = keras.layers.SeparableConv2D(2, 3)
    layer.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="SeparableConv2D"):
        benchmark("operations").multiply_adds(layer)


@pytest.mark.parametrize("norm", [True, False])
def test_pytorch_networks_have_the_weights_of_ours(benchmark, norm):
    pytest.importorskip("torch", reason="PyTorch is an optional dependency of the benchmarks")
    contenders = benchmark("contenders")
    ours = contenders.network(contenders.Size(width=WIDTH), discriminator_norm=norm)
    theirs = benchmark("pytorch").networks(WIDTH, discriminator_norm=norm)
    for network, other in zip((ours.generator(), ours.discriminator()), theirs, strict=True):
        counted = sum(math.prod(weight.shape) for weight in network.trainable_weights)
        assert sum(parameter.numel() for parameter in other.parameters()) == counted


def test_folded_weights_are_the_trained_network(benchmark):
    """Batch normalization in its place, with moments unlike 0 and 1, against layers that took it in; float16 keeps 11 bits."""
    import keras
    import numpy as np

    from tfgan.features.small_cnn import SmallCNN

    training = benchmark("train_features")
    keras.utils.set_random_seed(0)
    model = training.trainable(
        training.RECIPES["digits_cnn"]._replace(filters=(4, 5), hidden=6), (8, 8, 1), 3
    )
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weights.shape) for weights in layer.get_weights()])
    images = random.uniform(-1, 1, (16, 8, 8, 1)).astype(np.float32)
    expected = keras.ops.softmax(model(images, training=False)).numpy()
    assert np.ptp(expected, axis=0).max() > 10 * 2e-3  # of the tolerance: the images are told apart
    folded = SmallCNN("folded", 1, (8, 8, 1), training.folded(model))
    np.testing.assert_allclose(folded.probabilities(images), expected, atol=2e-3)


def test_confusion_table_counts_runs_by_what_they_were_told(benchmark):
    """Two runs of one group: one told what was due in time and something else besides, one told nothing."""
    doctor = benchmark("doctor")
    told = [
        [[150, "divergence", "far"], [200, "mode_collapse", "alike"], [400, "mode_collapse", "alike"]],
        [],
    ]
    lines = {
        ("one image", seed): {"diagnoses": said, "status": 0, "last_step": 600}
        for seed, said in enumerate(told)
    }
    (row,) = [line for line in doctor.table(lines).splitlines() if line.startswith("| data of one image |")]
    assert (
        row == "| data of one image | 2 |  | 1 |  | 1 |  |  | 1 | mode collapse: 1 of 2 (step 200, never) |"
    )


@pytest.mark.parametrize(
    "ended",
    [{"status": 1, "last_step": 600}, {"status": 0, "last_step": 400}, {"status": 3, "last_step": 600}],
)
def test_a_run_that_did_not_end_well_is_counted_apart(benchmark, ended):
    lines = {("one image", 0): {"diagnoses": [], **ended}}
    (row,) = benchmark("doctor").table(lines).splitlines()[2:]
    assert row.startswith("| data of one image | 0 (1 more failed) |")


def test_a_run_that_diverged_as_it_should_counts(benchmark):
    lines = {("lr x 100 nonsat", 0): {"diagnoses": [[50, "divergence", "far"]], "status": 3, "last_step": 50}}
    (row,) = benchmark("doctor").table(lines).splitlines()[2:]
    assert row.endswith("divergence: 1 of 1 (step 50) |")


def test_the_page_of_the_doctor_has_its_results(benchmark):
    """`python benchmarks/doctor.py --page docs/doctor.md` would change nothing."""
    text = (FOLDER.parent / "docs" / "doctor.md").read_text(encoding="utf-8")
    doctor = benchmark("doctor")
    assert doctor.page(text) == text
    assert text.count("<!-- table: doctor -->") == 1
    assert f"trains {len(doctor.CELLS)} short runs" in text


def test_doctors_cells_are_thirty_or_more_and_every_failure_has_some(benchmark):
    doctor = benchmark("doctor")
    assert len(doctor.CELLS) >= 30
    assert {case.expected for case in doctor.CASES.values()} == {
        None,
        "vanishing_gradients",
        "dead_discriminator",
        "mode_collapse",
        "divergence",
        "discriminator_overfitting",
        "oscillation",
    }


@pytest.mark.parametrize(
    ("name", "page", "least"),
    [("studies", "networks", 10), ("which_loss", "which-loss", 6), ("which_method", "which-method", 3)],
)
def test_a_page_has_todays_results(benchmark, name, page, least):
    """`python benchmarks/NAME.py --page docs/PAGE.md` would change nothing."""
    text = (FOLDER.parent / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert benchmark(name).page(text) == text
    assert len(re.findall(r"<!-- table: \w+ -->\n\|", text)) >= least


def test_every_study_has_flags_that_resolve(benchmark):
    from tfgan.runs import config

    for name, study in benchmark("studies").STUDIES.items():
        for variant in study.variants:
            assert config.resolve(parsed(config.Config, study.command(variant, 0))).seed == 0, name


def parsed(config_class, arguments):
    """Return what a command line says."""
    from absl import flags

    from tfgan.cli import flags as flags_lib
    from tfgan.cli import recipes

    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(config_class, values)
    values(["command", *recipes.expand_recipes(arguments)])
    return flags_lib.from_flags(config_class, values)


def test_every_part_of_which_loss_is_a_study(benchmark):
    from tfgan import compare

    studies = {
        name: compare._build_study(parsed(compare.CompareFlags, part.command[2:]))
        for name, part in benchmark("which_loss").PARTS.items()
    }
    assert {len(study.seeds) for study in studies.values()} == {3}
    assert all(len(studies[name].losses) >= 10 for name in ("digits", "ring8"))
    assert len(studies["fashion"].losses) >= 4


def test_every_part_of_which_method_is_a_study_for_equal_time(benchmark):
    from tfgan import compare

    for part in benchmark("which_method").PARTS.values():
        study = compare._build_study(parsed(compare.CompareFlags, part.command[2:]))
        assert (len(study.seeds), study.methods) == (3, benchmark("which_method").METHODS)
        assert study.method_steps == tuple(part.steps.values())


def test_lines_of_which_loss_are_what_the_runs_left(benchmark, tmp_path):
    which_loss = benchmark("which_loss")
    run = tmp_path / "runs" / "ring8-nonsat-r1+r2-s1"
    run.mkdir(parents=True)
    run.joinpath("metrics.jsonl").write_text(
        '{"step": 1, "doctor/slope": 0.5}\n{"step": 2, "doctor/slope": 0.25}\n{"step": 2}\n'
    )
    heads = "dataset,loss,penalty,seed,state,processor_seconds,diagnoses,modes,reverse_kl"
    rows = "ring8,nonsat,r1+r2,1,finished,90,mode_collapse at 600; divergence at 800,7,"
    tmp_path.joinpath("results.csv").write_text(f"{heads}\n{rows}\n")
    [line] = which_loss.lines("overtrained", tmp_path)
    assert line["scores"] == {"modes": 7.0, "slope": 0.25}
    assert (line["seed"], line["minutes"], which_loss.said([line])) == (
        1,
        1.5,
        "divergence 1, mode collapse 1",
    )
