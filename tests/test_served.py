"""An exported model under tools that are not ours: Sessions, `saved_model_cli`, a C program and the LiteRT converter.

`tf.saved_model.load` in Python restores what a Session does not, and hides variables that nothing restores.
"""

import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import sessions
import tensorflow as tf

import tfgan
from tfgan import evaluate, generate, kinds
from tfgan.evaluation import sampler
from tfgan.export import saved_model
from tfgan.runs.config import Config

HERE = Path(__file__).parent
SEEDS = np.array([5, -1, 2**40])

# Networks by conditions stand in test_conditions.py.
FAMILIES = {
    "dcgan": {},
    "sn_resnet": {"network": "sn_resnet"},
    "r3gan": {"network": "r3gan"},
    "mlp": {"dataset": "ring8"},
    "cramer": {"loss": "cramer"},
    "mmd": {"loss": "mmd"},
    "ebgan": {"loss": "ebgan"},
    "began": {"loss": "began"},
    "bfloat16": {"precision": "bfloat16"},
}
PROJECTION = {"condition": "projection"}
INFO = {"info_categorical": 3, "info_continuous": 1}
CLASSIFY = {"task": "classify", "labels_per_class": 2}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "r3gan" else []) for name in FAMILIES]
)
def test_every_signature_runs_in_a_session(name, exported):
    gan, source, target = exported(**FAMILIES[name])
    sessions.assert_session_equals(target, sessions.calls(gan, source.kind, SEEDS))


def test_networks_whose_weights_bear_the_same_names_keep_them_apart(tmp_path):
    """In a Session a resource is found by its name."""

    def network(name, units):
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, name="dense")], name=name)

    gan = tfgan.GAN(network("generator", 2), network("discriminator", 1))
    gan.compile(jit_compile=False)
    sessions.assert_session_equals(
        saved_model.save(gan, tmp_path / "model"), sessions.calls(gan, kinds.of(gan.example_shape), SEEDS)
    )


@pytest.mark.parametrize(
    ("name", "read"), [("cramer", ["ema_generator"]), ("dcgan", ["ema_generator", "discriminator"])]
)
def test_only_weights_that_a_signature_reads_are_written(name, read, exported):
    gan, _, target = exported(**FAMILIES[name])
    written = [
        shape
        for name, shape in tf.train.list_variables(str(target / "variables" / "variables"))
        if "OBJECT_GRAPH" not in name
    ]
    assert sorted(written) == sorted(
        list(weight.shape) for network in read for weight in getattr(gan, network).weights
    )


# Shapes and values


@pytest.mark.parametrize(
    ("flags", "signature", "inputs", "outputs"),
    [
        ({}, "score", {"images": [-1, 8, 8, 1]}, {"logits": [-1, 1]}),
        ({}, "sample", {"seeds": [-1]}, {"images": [-1, 8, 8, 1]}),
        ({"loss": "ebgan"}, "score", {"images": [-1, 8, 8, 1]}, {"logits": [-1, 1]}),
        (PROJECTION, "score", {"images": [-1, 8, 8, 1], "labels": [-1]}, {"logits": [-1, 1]}),
        (INFO, "recover", {"images": [-1, 8, 8, 1]}, {"codes": [-1, 4]}),
        (CLASSIFY, "classify", {"images": [-1, 8, 8, 1]}, {"probabilities": [-1, 10], "labels": [-1]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_signatures_declare_their_shapes(flags, signature, inputs, outputs, exported):
    from tensorflow.python.saved_model import loader_impl

    declared = (
        loader_impl.parse_saved_model(str(exported(**flags)[2])).meta_graphs[0].signature_def[signature]
    )
    for tensors, shapes in ((declared.inputs, inputs), (declared.outputs, outputs)):
        assert {
            key: [dim.size for dim in tensor.tensor_shape.dim] for key, tensor in tensors.items()
        } == shapes


def images(value=0.0, shape=(3, 8, 8, 1), row=1):
    """Black-and-white pictures, one of them with `value` in a corner."""
    pictures = np.ones(shape, np.float32)
    pictures[row, -1, -1, -1] = value
    return pictures


def latents(value, row=2):
    vectors = np.zeros((4, 3), np.float32)
    vectors[row, 1] = value
    return vectors


def one_code(*values):
    return np.array([[1, 0, 0, 0], values], np.float32)


LABELS = np.array([3] * 31 + [10], np.int32)
CODES = r"codes: expected 3 entries that choose a category \(one 1, others 0\) and 1 values from -2 to 2.*"
PIXELS = r"images: expected values from -1 to 1 .*"
WRONG = [
    (
        {},
        "serving_default",
        {"latents": latents(np.nan)},
        r"latents: expected finite numbers.*\[-?nan\] \[in row\] \[2\]",
    ),
    (
        {},
        "serving_default",
        {"latents": latents(np.inf)},
        r"latents: expected finite numbers.*\[inf\] \[in row\] \[2\]",
    ),
    (
        {},
        "serving_default",
        {"latents": np.zeros((2, 4), np.float32)},
        r"latents: .*shape \(n, 3\), got\] \[shape\] \[2 4\]",
    ),
    (
        {},
        "serving_default",
        {"latents": np.zeros((3,), np.float32)},
        r"latents: .*shape \(n, 3\), got\] \[shape\] \[3\]",
    ),
    ({}, "serving_default", {"latents": np.float32(0)}, r"latents: .*shape \(n, 3\), got\] \[shape\] \[\]"),
    (
        {},
        "sample",
        {"seeds": np.zeros((2, 2), np.int64)},
        r"seeds: expected whole numbers of int64, shape \(n,\), got\] \[shape\] \[2 2\]",
    ),
    ({}, "score", {"images": images(255.0)}, PIXELS + r"\[255\] \[in row\] \[1\]"),
    ({}, "score", {"images": images(np.nan)}, PIXELS + r"\[-?nan\] \[in row\] \[1\]"),
    (
        {},
        "score",
        {"images": images(shape=(2, 7, 7, 1))},
        PIXELS + r"shape \(n, 8, 8, 1\), got\] \[shape\] \[2 7 7 1\]",
    ),
    ({}, "score", {"images": images(shape=(2, 16, 4, 1))}, PIXELS + r"got\] \[shape\] \[2 16 4 1\]"),
    (CLASSIFY, "classify", {"images": images(255.0)}, PIXELS + r"\[255\] \[in row\] \[1\]"),
    (CLASSIFY, "classify", {"images": images(shape=(2, 16, 4, 1))}, PIXELS + r"got\] \[shape\] \[2 16 4 1\]"),
    (INFO, "recover", {"images": images(255.0)}, PIXELS + r"\[255\] \[in row\] \[1\]"),
    (INFO, "recover", {"images": images(shape=(2, 8, 8, 3))}, PIXELS + r"got\] \[shape\] \[2 8 8 3\]"),
    (
        INFO,
        "sample",
        {"seeds": [1, 2], "codes": one_code(0, 1, 0, 1e6)},
        CODES + r"\[\[0 1 0 1e\+06\]\] \[in row\] \[1\]",
    ),
    (
        INFO,
        "sample",
        {"seeds": [1, 2], "codes": one_code(1, 1, 0, 0)},
        CODES + r"\[\[1 1 0 0\]\] \[in row\] \[1\]",
    ),
    (
        INFO,
        "sample",
        {"seeds": [1, 2], "codes": np.zeros((2, 5), np.float32)},
        CODES + r"got\] \[shape\] \[2 5\]",
    ),
    (
        PROJECTION,
        "sample",
        {"seeds": range(32), "labels": LABELS},
        r"labels: expected whole numbers from 0 to 9.*\[10\] \[in row\] \[31\]",
    ),
    (
        PROJECTION,
        "sample",
        {"seeds": [1, 2], "labels": np.int32([1])},
        r"labels: .*got\] \[shape\] \[1\] \[and n =\] \[2\]",
    ),
    (
        {"dataset": "ring8"},
        "score",
        {"samples": np.float32([[0, 0], [np.nan, 0]])},
        r"samples: expected fin.*\[-?nan\] \[in row\] \[1\]",
    ),
    (
        {"dataset": "ring8"},
        "score",
        {"samples": np.zeros((2, 3), np.float32)},
        r"samples: .*shape \(n, 2\), got\] \[shape\] \[2 3\]",
    ),
]


@functools.cache
def loaded(target):
    """The restored model, loaded once."""
    return tf.saved_model.load(str(target))


@pytest.mark.parametrize(
    ("flags", "signature", "inputs", "message"),
    WRONG,
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_wrong_inputs_are_refused_by_name_and_row(flags, signature, inputs, message, exported):
    """Called as a restored function, which compares no shapes. A Session refuses shapes at its feeds, and values as here."""
    target = exported(**flags)[2]
    tensors = {
        name: tf.constant(value, tf.int64 if name == "seeds" else None) for name, value in inputs.items()
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        loaded(target).signatures[signature](**tensors)


def test_a_session_refuses_values_and_shapes_too(exported):
    with sessions.session(exported()[2]) as run:
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"latents: expected finite numbers.*\[in row\] \[2\]"
        ):
            run("serving_default", latents=latents(np.nan))
        with pytest.raises(ValueError, match=r"serving_default_latents:0, which has shape \(None, 3\)"):
            run("serving_default", latents=np.zeros((2, 4), np.float32))


def test_empty_batches_are_served(exported):
    with sessions.session(exported(**PROJECTION)[2]) as run:
        none = np.zeros((0,), np.int32)
        assert run("sample", seeds=none.astype(np.int64), labels=none)["images"].shape == (0, 8, 8, 1)
        assert run("score", images=np.zeros((0, 8, 8, 1), np.float32), labels=none)["logits"].shape == (0, 1)


@pytest.mark.parametrize(
    ("flags", "read", "x", "message"),
    [
        (
            {},
            "score",
            images(255.0),
            r"^x: expected values from -1 to 1 .*, shape \(n, 8, 8, 1\), got 255 in row 1 of float32",
        ),
        (
            {},
            "score",
            images(shape=(2, 7, 7, 1)),
            r"^x: .* shape \(n, 8, 8, 1\), got float32 of shape \(2, 7, 7, 1\)",
        ),
        ({"loss": "ebgan"}, "reconstruct", images(255.0), r"^x: .* got 255 in row 1"),
        (CLASSIFY, "classify", images(shape=(2, 16, 4, 1)), r"^x: .* got float32 of shape \(2, 16, 4, 1\)"),
        (INFO, "recover", images(np.nan), r"^x: .* got nan in row 1"),
        (
            {},
            "generate",
            latents(np.nan),
            r"^latents: expected finite numbers, shape \(n, 3\), got nan in row 2",
        ),
        ({}, "generate", np.zeros((2, 4)), r"^latents: .* got float64 of shape \(2, 4\)"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_the_model_in_python_refuses_the_same(flags, read, x, message, exported):
    with pytest.raises(ValueError, match=message):
        getattr(exported(**flags)[0], read)(x)


# Other programs


def lite_difference(target):
    """Convert `serving_default` to LiteRT; return the largest difference from the SavedModel."""
    content = tf.lite.TFLiteConverter.from_saved_model(
        str(target), signature_keys=["serving_default"]
    ).convert()
    serve = tf.saved_model.load(str(target)).signatures["serving_default"]
    rows = {
        "latents": np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32),
        "labels": np.array([1, 9], np.int32),
        "codes": np.array([[1, 0, 0, 0.5], [0, 0, 1, -1]], np.float32),
    }
    inputs = {name: rows[name] for name in serve.structured_input_signature[1]}
    found = tf.lite.Interpreter(model_content=content).get_signature_runner("serving_default")(**inputs)
    expected = serve(**{name: tf.constant(value) for name, value in inputs.items()})
    return max(np.abs(found[name] - expected[name]).max() for name in expected)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize(
    "flags",
    [
        {"network": "sn_resnet"},
        {"dataset": "ring8"},
        *(
            pytest.param(flags, marks=pytest.mark.slow)
            for flags in ({}, {"network": "r3gan"}, PROJECTION, INFO)
        ),
    ],
    ids=str,
)
def test_litert_computes_what_serving_default_does(flags, exported):
    assert lite_difference(exported(**flags)[2]) <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "texts"),
    [(PROJECTION, ["seeds=[1,2]", "labels=[3,9]"]), ({"loss": "cramer"}, ["seeds=[1,2]"])],
    ids=str,
)
def test_saved_model_cli_runs_it(flags, texts, exported, tmp_path):
    program = shutil.which("saved_model_cli", path=str(Path(sys.executable).parent))
    assert program, "expected saved_model_cli beside the Python that TensorFlow is installed in"
    gan, _, target = exported(**flags)
    command = [
        program,
        "run",
        "--dir",
        str(target),
        "--tag_set",
        "serve",
        "--signature_def",
        "sample",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, "--input_exprs", ";".join(texts)], check=True, capture_output=True)
    rows = None if gan.condition is None else np.array([3, 9])
    expected = sampler.from_gan(gan).by_seed(np.array([1, 2]), rows)
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy"), np.rint((expected + 1) * 127.5))


@pytest.mark.slow
def test_a_c_program_runs_it(exported, tmp_path):
    """Against the libraries of the installed TensorFlow: the loader of TensorFlow Serving, without Python."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: the C API was not tried")
    libraries = Path(tf.sysconfig.get_lib())
    program = tmp_path / "serve"
    link = [
        f"-L{libraries}",
        f"-Wl,-rpath,{libraries}",
        "-l:libtensorflow_cc.so.2",
        "-l:libtensorflow_framework.so.2",
    ]
    subprocess.run(
        [compiler, str(HERE / "serve.c"), f"-I{tf.sysconfig.get_include()}", "-o", str(program), *link],
        check=True,
    )
    gan, _, target = exported()

    def serve(numbers):
        with sessions.session(target) as run:
            signature = run.signatures["serving_default"]
        names = [signature.inputs["latents"].name, signature.outputs["images"].name]
        command = [str(program), str(target), *names, *map(str, numbers.shape)]
        return subprocess.run(
            command, input=" ".join(map(str, numbers.ravel())), capture_output=True, text=True, check=False
        )

    z = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    done = serve(z)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.array(done.stdout.split(), np.float32), gan.generate(z).numpy().ravel())
    for wrong, message in (
        (np.zeros((2, 4)), "latents: expected finite numbers, shape (n, 3), got] [shape] [2 4]"),
        (z * np.nan, "[nan]"),
    ):
        refused = serve(wrong)
        assert refused.returncode == 1
        assert message in refused.stderr


# Pictures, records, models of before


@pytest.mark.parametrize(("side", "compression"), [(8, -1), (48, 1)])
def test_png_of_large_pictures_is_compressed_fast(side, compression, tmp_path):
    target = saved_model.save(_grey(side), tmp_path / "model")
    function = tf.saved_model.load(str(target)).signatures["sample_png"]
    definitions = function.graph.as_graph_def().library.function
    levels = {
        node.attr["compression"].i
        for definition in definitions
        for node in definition.node_def
        if node.op == "EncodePng"
    }
    assert levels == {compression}
    (png,) = function(seeds=tf.constant([1], tf.int64))["image_bytes"].numpy()
    expected = tf.saved_model.load(str(target)).signatures["sample"](seeds=tf.constant([1], tf.int64))[
        "images"
    ][0]
    np.testing.assert_array_equal(tf.io.decode_png(png), expected)


def _grey(side):
    """A GAN of pictures of one grey each."""
    shape = (side, side, 1)
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(side * side, "tanh"), keras.layers.Reshape(shape)]
    )
    discriminator = keras.Sequential(
        [keras.Input(shape), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    )
    gan = tfgan.GAN(generator, discriminator)
    gan.compile(jit_compile=False)
    return gan


def test_the_record_lists_signatures_classes_and_codes(exported):
    record = json.loads((exported(**INFO)[2] / "assets.extra" / "tfgan.json").read_text())
    assert record["format"] == 2
    assert set(record["signatures"]) == {"serving_default", "sample", "sample_png", "score", "recover"}
    sample = record["signatures"]["sample"]
    assert sample["inputs"]["seeds"] == {
        "dtype": "int64",
        "shape": [None],
        "range": [-(2**63), 2**63 - 1],
        "unit": "seed of one example",
    }
    assert sample["outputs"]["images"] == {
        "dtype": "uint8",
        "shape": [None, 8, 8, 1],
        "range": [0, 255],
        "unit": "pixel level",
    }
    score = record["signatures"]["score"]
    assert score["inputs"]["images"] == {
        "dtype": "float32",
        "shape": [None, 8, 8, 1],
        "range": [-1, 1],
        "unit": "pixel / 127.5 - 1",
    }
    assert score["outputs"]["logits"]["shape"] == [None, 1]
    assert [(code["kind"], code["columns"]) for code in record["codes"]] == [
        ("categorical", [0, 3]),
        ("continuous", [3, 4]),
    ]


def test_the_page_loads_a_model_as_it_says(exported, tmp_path, monkeypatch):
    """docs/saved-model.md, word for word but for the folder."""
    (code,) = re.findall(
        r"```python\n(.*?)```",
        (HERE.parent / "docs" / "saved-model.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    folder = tmp_path / re.search(r'load\("(.*?)"\)', code)[1]
    shutil.copytree(exported()[2], folder)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, "saved-model.md", "exec"), names)
    assert names["images"].shape == (3, 8, 8, 1)


def test_the_page_describes_every_key_of_the_record(finished_run):
    page = (HERE.parent / "docs" / "saved-model.md").read_text(encoding="utf-8")
    record = json.loads((finished_run[1] / "assets.extra" / "tfgan.json").read_text())
    assert not [key for key in record if f"`{key}`" not in page]


def test_the_record_of_a_run_names_its_classes(finished_run):
    record = json.loads((finished_run[1] / "assets.extra" / "tfgan.json").read_text())
    assert (record["num_classes"], record["class_names"]) == (10, [str(digit) for digit in range(10)])


def test_the_record_of_a_run_holds_no_folder(finished_run):
    """The run was made in a temporary folder, of which the SavedModel says nothing, in its graph either."""
    run, target = finished_run
    files = [path for path in target.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if str(run.parents[1]).encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("npz:/home/me/cats.npz", "npz:cats.npz"),
        ("csv:/home/me/patients.csv", "csv:patients.csv"),
        ("fasta:../me/x.fa", "fasta:x.fa"),
        ("npz:cats.npz", "npz:cats.npz"),
        ("folder:../private/cats/", "folder:cats"),
        ("folder:~/cats", "folder:cats"),
        ("tfds:coco/2017", "tfds:coco/2017"),
        ("kid_2k/fashion_cnn", "kid_2k/fashion_cnn"),
        ("precision_recall_5k:k=5/pixels", "precision_recall_5k:k=5/pixels"),
        ("fid_2k/model:/home/me/net.keras", "fid_2k/model:net.keras"),
        ("fid_2k//home/me/net.keras", "fid_2k/net.keras"),
        ("fid_2k/nets/net.keras", "fid_2k/net.keras"),
        ("fid_2k/inception:weights=/home/me/pt.pth", "fid_2k/inception:weights=pt.pth"),
        (r"npz:C:\data\cats.npz", "npz:cats.npz"),
    ],
)
def test_a_record_keeps_kind_and_name_of_a_path(text, public, make_gan, tmp_path):
    local = {
        "config": {"dataset": text, "run_dir": "/r", "data_dir": "/d", "init_from": "/i", "export_dir": "/e"},
        "scores": {text: 1.0},
    }
    assert saved_model._without_folders(local) == {"config": {"dataset": public}, "scores": {public: 1.0}}


def test_a_model_exported_before_is_still_read(tmp_path, capsys):
    """Format 1: Keras models tracked, no list of signatures. `expected.npz` is what `generate` made of it then."""
    old = HERE / "exported_format_1"
    assert (
        generate.main(
            generate.GenerateFlags(saved_model=str(old / "2"), seeds="0-3", out=str(tmp_path / "now.npz"))
        )
        == 0
    )
    with np.load(tmp_path / "now.npz") as now, np.load(old / "expected.npz") as before:
        np.testing.assert_allclose(now["images"], before["images"], atol=1e-6)
        np.testing.assert_array_equal(now["seeds"], before["seeds"])
    capsys.readouterr()
    flags = evaluate.EvaluateFlags(saved_model=str(old), metrics=("sliced_wasserstein_50/pixels",))
    assert evaluate.main(flags) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 2


# Scores of an exported model whose data are elsewhere


@pytest.fixture
def npz_model(exported, tmp_path):
    """A model of points exported with the record of a run on an .npz file, and that file, which lies elsewhere now."""
    gan, _, _ = exported(dataset="ring8")
    file = tmp_path / "moved" / "points.npz"
    file.parent.mkdir()
    np.savez(file, points=np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32))
    config = {"dataset": f"npz:{tmp_path}/before/points.npz", "batch_size": 8}
    return saved_model.save(gan, tmp_path / "model", record={"config": config}), file


def refused(capsys, **flags):
    """The line in which `evaluate` refuses."""
    with pytest.raises(SystemExit) as status:
        evaluate.main(evaluate.EvaluateFlags(metrics=("w2_50",), **flags))
    assert status.value.code == 2
    return capsys.readouterr().err


def test_evaluate_is_told_where_the_data_are(npz_model, capsys):
    target, file = npz_model
    assert "--dataset" in refused(capsys, saved_model=str(target))
    assert (
        evaluate.main(
            evaluate.EvaluateFlags(saved_model=str(target), dataset=f"npz:{file}", metrics=("w2_50",))
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["scores"]


def test_evaluate_refuses_data_of_another_shape(npz_model, capsys):
    target, _ = npz_model
    assert "--dataset: expected examples of shape (2,)" in refused(
        capsys, saved_model=str(target), dataset="digits"
    )


def test_evaluate_asks_for_data_where_the_record_names_none(exported, capsys):
    target = exported(dataset="ring8")[2]
    assert "--dataset: expected a data set, got none" in refused(capsys, saved_model=str(target))


def test_config_settings_that_say_where_things_are_exist():
    assert set(saved_model.LOCAL) <= {field for field in Config.__dataclass_fields__}
