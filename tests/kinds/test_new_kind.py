"""A new kind is one file and one row of the catalogue: data, training, samples, files and exported models take it from there."""

import json
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import generate, kinds, networks
from tfgan.callbacks import SampleGrid
from tfgan.core.registry import Entry
from tfgan.data.source import in_memory
from tfgan.evaluation import sampler, scorer
from tfgan.export import saved_model
from tfgan.runs import build
from tfgan.runs.config import Config, resolve

FILE = '''
"""Directions in degrees: vectors (d,) from -180 to 180, in half turns for training."""

import dataclasses

import numpy as np

from tfgan.kinds.kind import Kind, Output, Signature


@dataclasses.dataclass(frozen=True)
class Directions(Kind):
    name = "directions"
    default_network = "mlp"
    limits = (-180, 180)
    expected = "degrees from -180 to 180"
    unit = "degree"
    output = "directions"
    array = "directions"
    writers = {**Kind.writers, ".txt": "write_text"}
    own_features = True

    def encode(self, x):
        return x / np.float32(180)

    def decode(self, x):
        return x * np.float32(180)

    def legal(self, values):
        return abs(values) <= 180.001

    def metric_refusal(self, protocol, metric, data):
        return "expected no features" if protocol.features else None

    def default_metrics(self, num_classes):
        return ["w2"]

    def stand_ins(self, count):
        return np.resize(np.arange(2.0 * count) % 180, (count, *self.shape))

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        return np.uint8(np.rint(np.abs(np.concatenate([*batches])[..., None])) % 256)

    def write_text(self, path, batches, seeds):
        np.savetxt(path, np.concatenate([*batches]))

    def signatures(self):
        turns = Signature({"turns": Output((-0.5, 0.5), "turn")}, lambda x: {"turns": x / 360})
        return super().signatures() | {"sample_turns": turns}
'''


@pytest.fixture(scope="module")
def directions(tmp_path_factory):
    """The kind, from a file of its own and a row of the catalogue."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "toys").mkdir()
    (folder / "toys" / "directions.py").write_text(FILE)
    rows = kinds.kinds._entries
    sys.path.insert(0, str(folder))
    rows["directions"] = Entry("toys.directions:Directions", "degrees from -180 to 180")
    yield kinds.kinds.load("directions")
    del rows["directions"]
    sys.path.remove(str(folder))
    for name in ("toys", "toys.directions"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def source(directions):
    degrees = np.random.default_rng(0).uniform(-180, 180, (100, 3)).astype(np.float32)
    return in_memory("compass", degrees, None, kind="directions")


@pytest.fixture(scope="module")
def gan(source):
    network = networks.get(source.kind.default_network, image_shape=source.shape, latent_dim=2, width=4)
    return tfgan.GAN(network.generator(), network.discriminator())


@pytest.fixture(scope="module")
def exported(gan, source, tmp_path_factory):
    return saved_model.save(gan, tmp_path_factory.mktemp("exported") / "compass", kind=source.kind)


def test_a_shape_alone_does_not_tell_it(source):
    """Vectors of any numbers remain points."""
    assert source.kind.name == "directions"
    assert kinds.of((3,)).name == "points"


def test_batches_are_in_its_training_units(source):
    x, _ = next(iter(source.dataset(8, seed=0)))
    assert 0.5 < np.abs(x).max() <= 1


def test_a_run_names_its_network_and_metrics(source):
    assert build.fill_network(resolve(Config(dataset="ring8", network=None)), source).network == "mlp"
    assert scorer.suitable_metrics(source) == ["w2"]


def test_a_record_of_a_run_keeps_it(source):
    facts = json.loads(json.dumps(build.data_facts(source)))
    assert facts["kind"] == "directions"
    described = build.source_from_record({"dataset": "compass", "data": facts})
    assert described.kind == source.kind
    assert source.as_recorded(facts).kind == source.kind


def test_samples_are_in_the_units_of_the_user(gan, source):
    seeds = np.arange(5)
    samples = sampler.from_gan(gan, source.kind).by_seed(seeds)
    raw = sampler.from_gan(gan).by_seed(seeds)  # as points: in training units
    np.testing.assert_allclose(samples, 180 * raw, atol=1e-3)


def test_the_sample_grid_draws_it(gan, source, tmp_path):
    grid = SampleGrid(tmp_path, kind=source.kind, count=6)
    grid.set_model(gan)
    grid.act(1)
    assert (tmp_path / "samples" / "step_00000001.png").exists()


def test_an_exported_model_has_its_signatures(exported, gan, source):
    record = json.loads((exported / "assets.extra" / "tfgan.json").read_text())
    assert (record["kind"], record["shape"]) == ("directions", [3])
    assert set(record["signatures"]) == {"serving_default", "sample", "sample_turns", "score"}
    (out,) = record["signatures"]["sample_turns"]["outputs"].items()
    assert out == ("turns", {"dtype": "float32", "shape": [None, 3], "range": [-0.5, 0.5], "unit": "turn"})
    assert list(record["signatures"]["score"]["inputs"]) == ["directions"]
    made, found = sampler.from_saved_model(exported)
    assert made.kind.name == found["kind"] == "directions"
    seeds = np.arange(4)
    np.testing.assert_allclose(
        made.by_seed(seeds), sampler.from_gan(gan, source.kind).by_seed(seeds), rtol=1e-4, atol=1e-3
    )
    model = tf.saved_model.load(str(exported))
    with pytest.raises(tf.errors.InvalidArgumentError, match="directions: expected degrees from -180 to 180"):
        model.signatures["score"](directions=tf.constant([[0.0, 0.0, 500.0]]))


@pytest.mark.parametrize("suffix", [".png", ".npz", ".txt"])
def test_generate_writes_its_files(suffix, exported, tmp_path):
    out = tmp_path / f"a{suffix}"
    assert (
        generate.main(generate.GenerateFlags(saved_model=str(exported), out=str(out), seeds="0-5", batch=4))
        == 0
    )
    assert out.stat().st_size > 20


def test_an_ending_of_another_kind_is_refused(directions, exported, make_gan, tmp_path, capsys):
    """The model makes points, which no kind but directions writes as text."""
    target = saved_model.save(make_gan(jit_compile=False), tmp_path / "points")
    with pytest.raises(SystemExit):
        generate.main(
            generate.GenerateFlags(saved_model=str(target), out=str(tmp_path / "a.txt"), seeds="0-3")
        )
    assert "--out: expected a name ending in .png or .npz for points, got '.txt'" in capsys.readouterr().err
    assert not (tmp_path / "a.txt").exists()
