"""Each kind of data from a model to the user's hands: samples by seed, files, conditions, exported models, scores of files."""

import csv
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfgan
from tfgan import data, evaluate, generate, networks
from tfgan.evaluation import sampler as sampler_lib

SETS = {"table": "health", "series": "wti", "text": "words", "sequences": "chloroplast"}
FILES = {"table": "made.csv", "series": "made.csv", "text": "made.txt", "sequences": "made.fa"}
FOREIGN_READER = """
import json, sys
sys.modules["tfgan"] = None
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
found = model.signatures[sys.argv[2]](seeds=tf.range(5, dtype=tf.int64))
print(json.dumps([text.decode() for text in found[sys.argv[3]].numpy().ravel()]))
"""


@pytest.fixture(params=SETS, scope="module")
def kind_name(request):
    return request.param


@pytest.fixture(scope="module")
def made(kind_name, exported):
    """An untrained model of the kind, its data, and the folder of its export."""
    network = "conv1d" if kind_name in ("series", "sequences") else "mlp"
    return exported(dataset=SETS[kind_name], network=network, penalty=("none",))


def text_of(records):
    """Return records as text, to compare them."""
    return (
        {name: [str(value) for value in column] for name, column in records.items()}
        if isinstance(records, dict)
        else records
    )


def test_a_record_is_a_function_of_its_seed(made):
    gan, _, _ = made
    few, many = gan.sample([5, 7]), gan.sample(9)
    if isinstance(few, dict):
        assert text_of(few) == {name: [column[5], column[7]] for name, column in text_of(many).items()}
    elif isinstance(few, list):
        assert few == [many[5], many[7]]
    else:
        np.testing.assert_allclose(few, many[[5, 7]], rtol=1e-4, atol=1e-6)


def test_records_come_back_from_values(made):
    _, source, _ = made
    x, _ = source.held_out(20)
    values = source.kind.decode(x)
    again = source.kind.values(source.kind.records(values))
    np.testing.assert_allclose(again, values, rtol=1e-6)


def test_generated_files_are_read_and_scored(kind_name, made, tmp_path, capsys):
    _, source, folder = made
    out = tmp_path / FILES[kind_name]
    assert generate.main(generate.GenerateFlags(saved_model=str(folder), seeds="0-99", out=str(out))) == 0
    values = source.kind.read(out)
    expected = sampler_lib.from_saved_model(folder)[0].by_seed(np.arange(100))
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    capsys.readouterr()
    (metric, *_) = source.kind.default_metrics(0)
    flags = evaluate.EvaluateFlags(
        samples=str(out),
        dataset=SETS[kind_name],
        metrics=(metric.partition("_")[0] if False else metric,),
        num_samples=100,
    )
    assert evaluate.main(flags) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert any(name.startswith("simple_") or "/simple_" in name for name in scores)
    assert any("real_" in name for name in scores)


def test_scores_see_an_encoded_example(made):
    """Distances of features need no extractor: examples with every choice made."""
    from tfgan.evaluation import scorer

    gan, source, _ = made
    scores = scorer.build_scorer(source, ["kid_100/encoded", "density_coverage_100/encoded"])(
        sampler_lib.from_gan(gan, source.kind)
    )
    assert np.isfinite(scores["kid_100/encoded"])
    assert scores["coverage_100/encoded"] < scores["density_coverage_100/encoded/real_coverage"]


def test_a_model_is_fitted_to_records(kind_name, made):
    """A model takes a list of texts or a frame with columns as it stands, and remembers the kind in its file."""
    _, source, _ = made
    if kind_name == "series":
        pytest.skip("windows are arrays, which fit takes as any array")
    records = source.kind.records(source.kind.decode(source.examples(np.arange(32))[0]))
    frame = Frame(records) if isinstance(records, dict) else records
    network = networks.get("mlp", image_shape=source.shape, kind=source.kind, latent_dim=3, width=4)
    gan = tfgan.GAN(network.generator(), network.discriminator(), kind=source.kind)
    gan.compile(jit_compile=False)
    gan.fit(frame, batch_size=8, epochs=1, verbose=0)
    assert int(gan.state.step) == 4
    again = type(gan).from_config(gan.get_config())
    assert again.kind == source.kind


class Frame:
    """The part of a pandas or polars frame that is looked at."""

    def __init__(self, columns):
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return Column(self._columns[name])

    def __len__(self):
        return len(self._columns[self.columns[0]])

    def to_numpy(self):
        return np.array([list(column) for column in self._columns.values()], object).T


class Column(list):
    def to_numpy(self):
        return np.array(self, object)

    def to_list(self):
        return list(self)


OUTPUTS = {
    "table": ("sample_csv", "lines"),
    "text": ("sample", "text"),
    "sequences": ("sample_fasta", "fasta"),
}


@pytest.mark.slow
def test_another_program_draws_the_same_rows(kind_name, made, tmp_path):
    """TensorFlow alone, without this package, returns the lines that `generate` writes."""
    _, _source, folder = made
    if kind_name == "series":
        pytest.skip("its outputs are numbers, as the outputs of points")
    signature, output = OUTPUTS[kind_name]
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN_READER, str(folder), signature, output],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    drawn = json.loads(done.stdout.splitlines()[-1])
    out = tmp_path / FILES[kind_name]
    generate.main(generate.GenerateFlags(saved_model=str(folder), seeds="0-4", out=str(out)))
    lines = out.read_text().splitlines()
    assert letters_of("\n".join(drawn).splitlines()) == letters_of(
        lines[1:] if kind_name == "table" else lines
    )


@pytest.mark.slow
def test_the_command_of_the_page_draws_lines(exported, tmp_path):
    """The client of TensorFlow, with the arguments that docs/tables.md gives it."""
    folder = exported(dataset="health", network="mlp", penalty=("none",))[2]
    page = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("saved_model_cli run")]
    _, *arguments = shlex.split(line.replace("saved_models/patients/12000", str(folder)))
    client = Path(sys.executable).with_name("saved_model_cli")
    done = subprocess.run([str(client), *arguments], capture_output=True, text=True, check=True)
    out = tmp_path / "made.csv"
    generate.main(generate.GenerateFlags(saved_model=str(folder), seeds="0-2", out=str(out)))
    assert all(row in done.stdout for row in out.read_text().splitlines()[1:])


def letters_of(lines):
    """Return lines without the headers of FASTA, where `generate` alone knows the seeds."""
    return [line for line in lines if line and not line.startswith(">")]


def test_conditions_hold(exported, tmp_path, capsys):
    _, source, folder = exported(dataset="health", network="mlp", penalty=("none",))
    column = next(column for column in source.kind.columns if column.is_category)
    value = sampler_lib.from_saved_model(folder)[0].by_seed(np.arange(50))
    names = [each.name for each in source.kind.columns]
    common = column.values[int(np.bincount(value[:, names.index(column.name)].astype(int)).argmax())]
    out = tmp_path / "some.csv"
    flags = {"saved_model": str(folder), "seeds": "0-19", "out": str(out)}
    assert generate.main(generate.GenerateFlags(**flags, where=(f"{column.name}={common}",))) == 0
    assert "rows meet the condition" in capsys.readouterr().out
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert {row[column.name] for row in rows} == {common}


REFUSED = {
    ("nowhere=1",): "no column 'nowhere'",
    ("noequals",): "expected COLUMN=VALUE, got 'noequals'",
}


@pytest.mark.parametrize("where", REFUSED)
def test_wrong_conditions_are_refused(where, exported, tmp_path, capsys):
    folder = exported(dataset="health", network="mlp", penalty=("none",))[2]
    flags = generate.GenerateFlags(saved_model=str(folder), out=str(tmp_path / "a.csv"), where=where)
    with pytest.raises(SystemExit):
        generate.main(flags)
    assert REFUSED[where] in capsys.readouterr().err


def test_no_samples_are_no_records(made, kind_name):
    """Of every kind: the columns, the texts or the windows of nothing."""
    none = made[0].sample(0)
    assert {len(column) for column in none.values()} == {0} if kind_name == "table" else len(none) == 0


def test_conditions_of_two_sorts_exclude_each_other(exported, tmp_path, capsys):
    folder = exported(condition="projection")[2]
    flags = generate.GenerateFlags(
        saved_model=str(folder), out=str(tmp_path / "a.npz"), where=("a=b",), labels="3"
    )
    with pytest.raises(SystemExit):
        generate.main(flags)
    assert "--where: expected no --labels or --codes beside it" in capsys.readouterr().err


def test_other_kinds_have_no_columns_to_condition_on(exported, tmp_path, capsys):
    folder = exported()[2]
    with pytest.raises(SystemExit):
        generate.main(
            generate.GenerateFlags(saved_model=str(folder), out=str(tmp_path / "a.npz"), where=("a=b",))
        )
    assert "--where: expected a model of tables" in capsys.readouterr().err


def test_a_file_of_another_kind_is_refused(tmp_path, capsys):
    path = tmp_path / "words.txt"
    path.write_text("UPPER\n")
    for samples, said in ((path, "--samples: "), (tmp_path / "none.txt", "expected a file, got")):
        with pytest.raises(SystemExit):
            evaluate.main(evaluate.EvaluateFlags(samples=str(samples), dataset="words"))
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate.main(evaluate.EvaluateFlags(samples=str(path)))
    assert "--dataset: expected the data set" in capsys.readouterr().err
    assert data.open_source("words").kind.name == "text"
