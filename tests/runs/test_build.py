"""Every objective and every penalty by its name on the command line: built from a config, and trained."""

import json
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses, networks, penalties, train
from tfgan.networks import mlp
from tfgan.runs import build, config

BATCH = 8


@pytest.fixture(scope="module")
def sources():
    return {
        name: build.open_source(config.resolve(config.Config(dataset=name, batch_size=BATCH)))
        for name in ("ring8", "digits")
    }


def two_steps(source, **settings):
    """Train two steps, uncompiled; return the model."""
    resolved = config.resolve(
        config.Config(dataset=source.name, batch_size=BATCH, width=8, xla=False, **settings)
    )
    resolved = build.fill_network(resolved, source)
    gan = build.build_gan(resolved, source)
    before = [
        variable.numpy()
        for variable in (*gan.generator.trainable_variables, *gan.discriminator.trainable_variables)
    ]
    batches = iter(source.dataset(BATCH, seed=0))
    for _ in range(2):
        logs = gan.train_step(next(batches))
    assert bool(gan.state.finite.numpy())
    assert all(np.isfinite(float(value)) for value in logs.values())
    after = [
        variable.numpy()
        for variable in (*gan.generator.trainable_variables, *gan.discriminator.trainable_variables)
    ]
    assert sum(not np.array_equal(a, b) for a, b in zip(after, before, strict=True)) > len(after) / 2
    return gan


@pytest.mark.parametrize("name", losses.names())
def test_every_objective_trains_on_ring8(name, sources):
    two_steps(sources["ring8"], loss=name)


@pytest.mark.parametrize("name", ["ring8", "digits"])
def test_a_learned_prior_trains_with_any_network(name, sources):
    gan = two_steps(sources[name], prior="gaussians", prior_size=5)
    assert [
        each.count for each in (gan.generator.get_layer("prior"), gan.ema_generator.get_layer("prior"))
    ] == [5, 5]


@pytest.mark.parametrize(("loss", "link"), [("lsgan", "least_squares"), ("lsgan_pm1", "least_squares_pm1")])
def test_a_form_that_pushes_fakes_the_wrong_way_is_warned_of(loss, link, sources):
    """By the flag and by the name of before; the form of the paper is built in silence."""

    def built(**settings):
        resolved = config.resolve(
            config.Config(dataset="ring8", batch_size=BATCH, width=8, xla=False, **settings)
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            build.build_gan(build.fill_network(resolved, sources["ring8"]), sources["ring8"])
        return [str(warning.message) for warning in caught if "generator_form" in str(warning.message)]

    expected = f"generator_form: zero_sum with the link {link} is not monotone: where D wins, it pushes fakes further down"
    for settings in ({"loss": loss, "generator_form": "zero_sum"}, {"loss": f"{loss}_zero_sum"}):
        (text,) = built(**settings)
        assert text.startswith(expected)
    assert built(loss=loss) == []


@pytest.mark.parametrize("name", ["ebgan", "began", "cramer", "mmd", "dual_contrastive"])
def test_objectives_beyond_one_logit_train_on_images(name, sources):
    gan = two_steps(sources["digits"], loss=name, penalty=("r1",))
    assert isinstance(gan.discriminator.output, dict) == gan.loss.uses_reconstruction
    expected = (
        (None, 8, 8, 1)
        if gan.loss.uses_reconstruction
        else (None, 16)
        if gan.loss.uses_embeddings
        else (None, 1)
    )
    assert gan.discriminator.output_shape == expected


@pytest.mark.parametrize("dataset", ["ring8", "digits"])
@pytest.mark.parametrize("name", penalties.names())
def test_every_penalty_trains(name, dataset, sources):
    two_steps(sources[dataset], penalty=(name,))


def test_discriminators_lose_their_batch_normalization_under_gradient_penalties_only():
    """At 16x16, where D has some."""
    for specs, kept in (((), True), (("cr", "lecam"), True), (("cr", "r1"), False)):
        resolved = config.resolve(
            config.Config(dataset="digits", image_size=16, batch_size=BATCH, width=4, penalty=specs)
        )
        source = build.open_source(resolved)
        gan = build.build_gan(build.fill_network(resolved, source), source)
        assert any("batch_norm" in weight.path for weight in gan.discriminator.weights) == kept


def test_gradients_are_clipped_by_their_global_norm(sources):
    """With a clip of 1e-3 the first moment of Adam after one step is (1 - beta_1) times a gradient of that norm."""
    resolved = config.resolve(
        config.Config(dataset="ring8", batch_size=BATCH, width=8, xla=False, clip_norm=1e-3)
    )
    gan = build.build_gan(build.fill_network(resolved, sources["ring8"]), sources["ring8"])
    logs = gan.train_step(next(iter(sources["ring8"].dataset(BATCH, seed=0))))
    assert float(logs["gradients/discriminator"]) > 1e-2  # logged before it is clipped
    moments = [v.numpy() for v in gan.d_optimizer.variables if "momentum" in v.path]
    norm = np.sqrt(sum((moment.astype(float) ** 2).sum() for moment in moments)) / (
        1 - gan.d_optimizer.beta_1
    )
    assert norm == pytest.approx(1e-3, rel=1e-4)


def test_the_noise_of_a_run_is_annealed_over_its_steps():
    assert config.resolve(config.Config(penalty=("instance_noise",), steps=70)).penalty == (
        "instance_noise:anneal_steps=70",
    )
    assert config.resolve(config.Config(penalty=("instance_noise:anneal_steps=5",))).penalty == (
        "instance_noise:anneal_steps=5",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "dataset", "signatures"), [("began", "digits", True), ("mmd", "ring8", False)]
)
def test_runs_of_objectives_beyond_one_logit_resume_and_serve(loss, dataset, signatures, tmp_path):
    """2 steps, then 2 more in the same folder, compiled; the SavedModel scores where D has a logit of one example."""
    for steps in (2, 4):
        flags = train.TrainFlags(
            loss=loss,
            dataset=dataset,
            penalty=("lecam",),
            steps=steps,
            log_every=2,
            sample_every=2,
            save_every=2,
            eval_every=4,
            width=8,
            batch_size=BATCH,
            lr_schedule="constant",
            run_dir=str(tmp_path / "run"),
            export_dir=str(tmp_path / "models"),
        )
        assert train.main(flags) == 0
    served = tf.saved_model.load(tmp_path / "models" / "run" / "4")
    assert ("score" in served.signatures) == signatures
    if signatures:
        assert served.signatures["score"](images=tf.zeros((3, 8, 8, 1)))["logits"].shape == (3, 1)


def test_autoencoders_take_every_shape_that_their_network_takes():
    for shape in ((8, 8, 1), (9, 13, 3), (28, 28, 1)):
        network = networks.get("dcgan", image_shape=shape, latent_dim=4, width=4, discriminator_norm=False)
        model = network.autoencoder()
        assert model.output["reconstruction"].shape == (None, *shape)
        assert not any("batch_norm" in weight.path for weight in model.weights)
    assert networks.get("mlp", image_shape=(3,), latent_dim=2).autoencoder().output[
        "reconstruction"
    ].shape == (None, 3)


def test_a_critic_may_return_a_vector():
    for name, shape in (("mlp", (2,)), ("dcgan", (8, 8, 1))):
        assert networks.get(
            name, image_shape=shape, latent_dim=4, outputs=5
        ).discriminator().output_shape == (None, 5)


def test_a_layer_without_bfloat16_is_refused_before_anything_is_made(monkeypatch, sources):
    """A Fourier transform has no bfloat16 kernel, and Keras's own layers have."""

    class Spectrum(keras.layers.Layer):
        def call(self, x):
            return tf.abs(tf.signal.rfft(x, [4]))

        def compute_output_spec(self, x):
            return keras.KerasTensor((None, 3))

    class WithSpectrum(mlp.MLP):
        def discriminator(self):
            source = keras.Input(self.image_shape)
            return keras.Model(source, keras.layers.Dense(1)(Spectrum()(source)), name="discriminator")

    monkeypatch.setattr(mlp, "MLP", WithSpectrum)
    settings = {"loss": "nonsat", "penalty": ("r1",)}
    two_steps(sources["ring8"], **settings)
    with pytest.raises(ValueError, match="--precision: mlp has a layer that bfloat16 cannot do"):
        two_steps(sources["ring8"], precision="bfloat16", **settings)


@pytest.mark.parametrize("dataset", ["ring8", "digits"])
def test_the_networks_train_in_bfloat16(dataset, sources):
    two_steps(sources[dataset], precision="bfloat16")


@pytest.mark.slow
def test_the_losses_in_bfloat16_follow_those_in_float32(tmp_path):
    """DCGAN on the digits, 200 steps: D's mean loss of each 20 differs by at most .01, a tenth of what it moves by; seed fixed."""
    curves = {}
    for precision in ("float32", "bfloat16"):
        folder = tmp_path / precision
        flags = {
            "precision": precision,
            "network": "dcgan",
            "g_lr": 5e-4,
            "d_lr": 5e-4,
            "width": 16,
            "batch_size": 32,
            "steps": 200,
            "log_every": 20,
            "export": False,
        }
        assert train.main(train.TrainFlags(loss="nonsat", run_dir=str(folder), **flags)) == 0
        records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        curves[precision] = [
            record["loss/discriminator"] for record in records if "loss/discriminator" in record
        ]
    exact, rough = (np.array(curve) for curve in curves.values())
    assert exact.shape == (10,)
    assert np.ptp(exact) > 0.1
    assert np.abs(exact - rough).max() <= 0.01
