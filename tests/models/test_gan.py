"""The step computes what the algorithm says, keeps all its state, and is a function of its seed."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.core import noise as noise_lib
from tfgan.losses.hinge import Hinge
from tfgan.penalties.inputs import FAKE, Interpolated
from tfgan.training.gradients import Batch, Weights, critic_on, generate

BATCH = 16


@pytest.fixture(scope="module")
def batches():
    points = np.random.default_rng(0).normal(size=(20, BATCH, 2)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices(points)


def sgd(rate):
    return keras.optimizers.SGD(rate)


def trained(make_gan, batches, steps, **arguments):
    gan = make_gan(**arguments)
    gan.fit(batches.take(steps * arguments.get("d_steps", 1)), verbose=0)
    return gan


def test_discriminator_step_is_gradient_descent_on_its_loss(make_gan, batches):
    """One SGD step of D from the formula: w - rate * d/dw mean(softplus(-r) + softplus(f)), on the step's own noise."""
    gan = make_gan(g_optimizer=sgd(0.1), d_optimizer=sgd(0.1), jit_compile=False)
    real = next(iter(batches))
    fake = gan.generator(gan.sample_noise(BATCH, 0)["latents"])
    before = [tf.identity(v) for v in gan.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.nn.softplus(-gan.discriminator(real)) + tf.nn.softplus(gan.discriminator(fake))
        )
    gradients = tape.gradient(loss, [v.value for v in gan.discriminator.trainable_variables])
    gan.train_step(real)
    for old, gradient, variable in zip(before, gradients, gan.discriminator.trainable_variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), old - 0.1 * gradient, atol=1e-6)


def test_generator_step_descends_under_the_updated_discriminator(make_gan, batches):
    """G's step uses D after its own update: w - rate * d/dw mean(softplus(-D_new(G(z)))), same latents."""
    gan = make_gan(g_optimizer=sgd(0.1), d_optimizer=sgd(0.5), jit_compile=False)
    real = next(iter(batches))
    latents = gan.sample_noise(BATCH, 0)["latents"]
    before = [tf.identity(v) for v in gan.generator.trainable_variables]
    gan.train_step(real)
    moved = [tf.identity(v) for v in gan.generator.trainable_variables]
    for variable, old in zip(gan.generator.trainable_variables, before, strict=True):
        variable.assign(old)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-gan.discriminator(gan.generator(latents))))
    gradients = tape.gradient(loss, [v.value for v in gan.generator.trainable_variables])
    for old, gradient, new in zip(before, gradients, moved, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * gradient, atol=1e-6)


def test_discriminator_gradient_includes_penalties(make_gan, batches):
    """Logged penalty/r1 is gamma/2 mean |dD/dx|^2 at the real points, before the update."""
    gan = make_gan(penalties=["r1:gamma=2"], jit_compile=False)
    real = next(iter(batches))
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = gan.discriminator(real)
    expected = tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, real) ** 2, axis=1))
    assert float(gan.train_step(real)["penalty/r1"]) == pytest.approx(float(expected), rel=1e-5)


def test_lazy_penalty_counts_k_times_every_k_steps(make_gan, batches):
    """With every=2 the penalty is 2 r1 in steps 0, 2, ... and 0 between."""
    gan = make_gan(penalties=["r1:every=2"], g_optimizer=sgd(1e-9), d_optimizer=sgd(1e-9), jit_compile=False)
    plain = make_gan(penalties=["r1"], g_optimizer=sgd(1e-9), d_optimizer=sgd(1e-9), jit_compile=False)
    real = next(iter(batches))
    logged = []
    for _ in range(3):
        gan.reset_metrics()
        logged.append(float(gan.train_step(real)["penalty/r1"]))
    once = float(plain.train_step(real)["penalty/r1"])
    np.testing.assert_allclose(logged, [2 * once, 0.0, 2 * once], rtol=1e-4)


@pytest.mark.parametrize("every", [1, 2])
def test_a_penalty_is_as_strong_as_its_schedule_says(make_gan, batches, every):
    """From gamma = 1 to 3 over 8 steps: at step 4 gamma is 2, whatever the interval."""
    fixed, falling = (
        make_gan(penalties=[f"r1:every={every}{more}"], jit_compile=False)
        for more in ("", ",gamma_end=3,over=8")
    )
    logged = []
    for gan in (fixed, falling):
        gan.state.step.assign(4)
        logged.append(float(gan.train_step(next(iter(batches)))["penalty/r1"]))
    assert logged[1] == pytest.approx(2 * logged[0], rel=1e-5)


def passes(gan, monkeypatch):
    """Count D's forward passes from now on."""
    made = []
    call = gan.call_discriminator
    monkeypatch.setattr(
        gan, "call_discriminator", lambda *arguments, **named: (made.append(1), call(*arguments, **named))[1]
    )
    return made


@pytest.mark.parametrize(
    ("loss", "penalties", "count"),
    [
        ("nonsat", [], 2 + 1),  # real, fake; fake in G's step
        ("rpgan", [], 2 + 2),  # G compares with the reals
        ("rpgan", ["r1", "r2", "drift", "lecam"], 2 + 2),  # all on the passes that the loss needs
        ("nonsat", ["wgan_gp", "gp0", "max_gp"], 3 + 1),  # one more point for the three of them
        # Reals moved, fakes moved, around the reals, nearby fakes
        ("nonsat", ["cr", "bcr", "dragan", "zcr"], 2 + 4 + 1),
        ("nonsat", ["feature_matching", "mode_seeking", "clip", "instance_noise"], 2 + 2),
        ("cramer", ["r1", "r2"], 2 + 2),
    ],
)
def test_one_forward_pass_of_d_a_point(make_gan, batches, monkeypatch, loss, penalties, count):
    gan = make_gan(loss=loss, penalties=penalties, jit_compile=False)
    made = passes(gan, monkeypatch)
    gan.train_step(next(iter(batches)))
    assert len(made) == count


def test_each_example_is_mixed_by_its_own_fraction(make_gan, batches):
    """What D sees between real and fake is a real + (1 - a) fake, row by row."""
    gan = make_gan(penalties=["gp0"], jit_compile=False)
    real, noise = next(iter(batches)), gan.sample_noise(BATCH, 0)
    batch = Batch(real, noise, {}, tf.constant(0))
    batch.generated, _ = generate(gan, Weights.of(gan.generator), batch)
    seen = critic_on(gan, Weights.of(gan.discriminator), batch)[Interpolated()].x
    fraction = noise["Interpolated()"]["fractions"][:, None]
    np.testing.assert_allclose(seen, fraction * real + (1 - fraction) * batch.generated[FAKE], rtol=1e-6)


def test_penalties_of_several_intervals_share_a_step(make_gan, batches):
    """r1 every step, gp0 and cr every 2nd, drift every 3rd: each is k times its cost in its own steps, 0 between."""
    names = ["r1", "gp0", "cr", "drift"]
    lazy = make_gan(
        penalties=["r1", "gp0:every=2", "cr:every=2", "drift:every=3"],
        g_optimizer=sgd(1e-9),
        d_optimizer=sgd(1e-9),
    )
    plain = make_gan(penalties=names, g_optimizer=sgd(1e-9), d_optimizer=sgd(1e-9), jit_compile=False)
    real = next(iter(batches))
    for step in range(4):
        lazy.reset_metrics()
        plain.reset_metrics()
        found, once = lazy.train_step(real), plain.train_step(real)
        for name, every in zip(names, (1, 2, 2, 3), strict=True):
            expected = every * float(once[f"penalty/{name}"]) if step % every == 0 else 0.0
            assert float(found[f"penalty/{name}"]) == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_clip_bounds_every_weight_of_d(make_gan, batches):
    gan = trained(make_gan, batches, 2, penalties=["clip:limit=0.02"], jit_compile=False)
    assert max(np.abs(v.numpy()).max() for v in gan.discriminator.trainable_variables) <= np.float32(0.02)
    assert max(np.abs(v.numpy()).max() for v in gan.generator.trainable_variables) > 0.02


def test_instance_noise_is_seen_by_d_and_by_no_gradient_norm(make_gan, batches):
    """With sigma of 100 the logits move; the noise differs from step to step and from real to fake."""
    gan, plain = (
        make_gan(penalties=penalties, jit_compile=False) for penalties in (["instance_noise:sigma=100"], [])
    )
    real = next(iter(batches))
    noise = gan.sample_noise(BATCH, 0)["instance_noise"]
    assert not np.array_equal(noise["Real()"], noise["Fake()"])
    assert (
        abs(float(gan.train_step(real)["logits/real"]) - float(plain.train_step(real)["logits/real"])) > 0.1
    )


def test_terms_of_g_reach_g(make_gan, batches):
    """One SGD step of G moves along d/dw (mean softplus(-D(G(z))) + weight |E x - E G(z)|^2) when D's features are x itself."""
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    source = keras.Input((2,))
    linear = keras.Model(source, keras.layers.Dense(1)(source))
    gan = tfgan.GAN(network.generator(), linear)
    gan.compile(
        penalties=["feature_matching:weight=5"],
        g_optimizer=sgd(0.1),
        d_optimizer=sgd(1e-12),
        jit_compile=False,
    )
    real, latents = next(iter(batches)), gan.sample_noise(BATCH, 0)["latents"]
    before = [tf.identity(v) for v in gan.generator.trainable_variables]
    with tf.GradientTape() as tape:
        fake = gan.generator(latents)
        matched = tf.reduce_sum((tf.reduce_mean(real, axis=0) - tf.reduce_mean(fake, axis=0)) ** 2)
        loss = tf.reduce_mean(tf.nn.softplus(-linear(fake))) + 5 * matched
    gradients = tape.gradient(loss, [v.value for v in gan.generator.trainable_variables])
    gan.train_step(real)
    for old, gradient, variable in zip(before, gradients, gan.generator.trainable_variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), old - 0.1 * gradient, atol=1e-6)


def autoencoding(**arguments):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    gan = tfgan.GAN(network.generator(), network.autoencoder())
    gan.compile(**arguments)
    return gan


def test_began_balances_by_the_formula(batches):
    """k <- clip(k + 0.1 (0.5 E|x - D(x)| - E|G(z) - D(G(z))|), 0, 1), from what D said before its update."""
    gan = autoencoding(loss="began:k_rate=0.1", jit_compile=False)
    for real in batches.take(3):
        fake = gan.generator(gan.sample_noise(BATCH, 0)["latents"])
        energies = [
            float(tf.reduce_mean(tf.abs(x - gan.discriminator(x)["reconstruction"]))) for x in (real, fake)
        ]
        k = float(gan.running.vector[0])
        gan.reset_metrics()
        logs = gan.train_step(real)
        assert float(gan.running.vector[0]) == pytest.approx(
            np.clip(k + 0.1 * (0.5 * energies[0] - energies[1]), 0, 1), abs=1e-6
        )
        assert float(logs["began/k"]) == pytest.approx(k)
        assert float(logs["began/convergence"]) == pytest.approx(
            energies[0] + abs(0.5 * energies[0] - energies[1]), rel=1e-5
        )
        assert float(logs["loss/discriminator"]) == pytest.approx(energies[0] - k * energies[1], rel=1e-5)


def test_gradients_of_an_energy_flow_through_the_input_too(batches):
    """r1 at -E(x), E = mean (x - D(x))^2: the gradient is that of the whole expression, not of the reconstruction alone."""
    gan = autoencoding(loss="ebgan", penalties=["r1:gamma=2"], jit_compile=False)
    real = next(iter(batches))
    with tf.GradientTape() as tape:
        tape.watch(real)
        energy = tf.reduce_mean((real - gan.discriminator(real)["reconstruction"]) ** 2, axis=1)
    expected = tf.reduce_mean(tf.reduce_sum(tape.gradient(energy, real) ** 2, axis=1))
    assert float(gan.train_step(real)["penalty/r1"]) == pytest.approx(float(expected), rel=1e-5)


def test_an_objective_and_a_discriminator_that_do_not_fit_are_refused(make_gan):
    with pytest.raises(
        ValueError,
        match=r"EBGAN expected one that returns reconstruction, got logits; build it with `network.autoencoder",
    ):
        make_gan(loss="ebgan")
    with pytest.raises(
        ValueError,
        match=r"Adversarial expected one that returns logits, got reconstruction; build it with `network.disc",
    ):
        autoencoding(loss="nonsat")


@pytest.mark.parametrize("penalties", [["r1"], ["feature_matching"]])
def test_sequential_networks_train(batches, tmp_path, penalties):
    dense = keras.layers.Dense
    generator = keras.Sequential([keras.Input((3,)), dense(8, activation="relu"), dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), dense(8, activation="relu"), dense(1)])
    gan = tfgan.GAN(generator, discriminator)
    gan.compile(penalties=penalties, jit_compile=False)
    before = gan.discriminator.get_weights()[0]
    gan.train_step(next(iter(batches)))
    assert not np.array_equal(before, gan.discriminator.get_weights()[0])
    gan.save(tmp_path / "gan.keras")
    assert tfgan.load(tmp_path / "gan.keras").get_compile_config() == gan.get_compile_config()


def test_batch_normalization_under_a_penalty_on_each_example_is_warned_of():
    network = tfgan.networks.get("dcgan", image_shape=(16, 16, 1), latent_dim=4, width=4)
    inner = network.discriminator()
    nested = keras.Sequential([keras.Input((16, 16, 1)), inner])
    for discriminator in (inner, nested):
        gan = tfgan.GAN(network.generator(), discriminator)
        with pytest.warns(
            UserWarning, match=r"r1: expected a discriminator that treats each example alone, got 'batch_norm"
        ):
            gan.compile(penalties=["r1", "lecam"], jit_compile=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan.compile(penalties=["lecam"], jit_compile=False)


def test_score_is_the_logit(batches):
    real = next(iter(batches))
    gan = autoencoding(loss="began", jit_compile=False)
    expected = -tf.reduce_mean(
        tf.abs(real - gan.discriminator(real)["reconstruction"]), axis=1, keepdims=True
    )
    np.testing.assert_allclose(gan.score(real), expected, rtol=1e-6)


def test_compiled_step_equals_uncompiled(make_gan, batches):
    """XLA changes rounding only: after 3 steps the weights agree to 1e-4 of their size."""
    arguments = {
        "loss": "ragan",
        "penalties": ["r1", "wgan_gp:every=2", "lecam", "zcr", "cr:every=2"],
        "ema_half_life": 100.0,
        "d_steps": 2,
    }
    fast = trained(make_gan, batches, 3, **arguments, jit_compile=True)
    plain = trained(make_gan, batches, 3, **arguments, jit_compile=False)
    for a, b in zip(fast.weights, plain.weights, strict=True):
        np.testing.assert_allclose(np.float64(a.numpy()), np.float64(b.numpy()), atol=2e-4, err_msg=a.path)


def test_average_follows_the_half_life(make_gan, batches):
    """decay = 2^(-batch / min(half_life, 0.05 images seen)); the first step sees `batch` images."""
    gan = make_gan(ema_half_life=1000.0, jit_compile=False)
    start = [w.numpy() for w in gan.generator.weights]
    gan.train_step(next(iter(batches)))
    decay = 0.5 ** (BATCH / min(1000.0, 0.05 * BATCH))
    for average, weight, old in zip(gan.ema_generator.weights, gan.generator.weights, start, strict=True):
        np.testing.assert_allclose(
            average.numpy(), weight.numpy() + decay * (old - weight.numpy()), atol=1e-6
        )


def test_average_includes_batch_statistics():
    """The averaged generator's moving mean leaves its initial zeros as G's does."""
    network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=4, width=4)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(ema_half_life=1.0, jit_compile=False)
    gan.train_step(tf.zeros((8, 8, 8, 1)))
    moving_mean = next(w for w in gan.ema_generator.weights if "moving_mean" in w.path)
    assert np.abs(moving_mean.numpy()).max() > 0


def test_only_discriminator_updates_write_its_batch_statistics():
    """D's moving mean after a step is what one real and one fake forward leave; G's update adds none."""
    network = tfgan.networks.get("dcgan", image_shape=(16, 16, 1), latent_dim=4, width=4)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(g_optimizer=sgd(1e-9), d_optimizer=sgd(1e-9), jit_compile=False)
    twin = keras.models.clone_model(gan.discriminator)
    twin.set_weights(gan.discriminator.get_weights())
    real = tf.random.stateless_normal((8, 16, 16, 1), (1, 2))
    twin(real, training=True)
    twin(gan.generator(gan.sample_noise(8, 0)["latents"], training=True), training=True)
    gan.train_step(real)
    for ours, theirs in zip(
        gan.discriminator.non_trainable_variables, twin.non_trainable_variables, strict=True
    ):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-6)


def test_d_steps_consumes_fresh_batches(make_gan, batches):
    """20 batches at 5 a step make 4 steps, and D's optimizer runs 20 times, G's 4."""
    gan = trained(make_gan, batches, 4, d_steps=5, jit_compile=False)
    assert int(gan.state.step.numpy()) == 4
    assert int(gan.d_optimizer.iterations.numpy()) == 20
    assert int(gan.g_optimizer.iterations.numpy()) == 4


def test_d_steps_takes_no_data_that_it_would_split_wrongly(make_gan, batches, monkeypatch):
    gan = make_gan(d_steps=2, jit_compile=False)
    with pytest.raises(ValueError, match="x: d_steps=2 expected as many batches for a step, got fewer"):
        gan.fit(np.zeros((8, 2), "float32"))
    gan.fit(np.zeros((8, 2), "float32"), batch_size=2, verbose=0)
    assert int(gan.d_optimizer.iterations.numpy()) == 4
    several = type("Strategy", (), {"num_replicas_in_sync": 2})()
    monkeypatch.setattr(type(gan), "distribute_strategy", property(lambda self: several))
    with pytest.raises(ValueError, match=r"several replicas expected a tf.distribute.DistributedDataset"):
        gan.fit(batches)


def test_same_seed_same_weights(make_gan, batches):
    a, b = (trained(make_gan, batches, 5, jit_compile=False) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def test_another_seed_draws_other_noise(make_gan):
    a, b = (make_gan(seed=seed, jit_compile=False).sample_noise(4, 0)["latents"].numpy() for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_noise_is_a_function_of_the_step(make_gan):
    gan = make_gan(jit_compile=False)
    expected = noise_lib.normal(noise_lib.key(0, 7, 0, "latents"), (4, 2))
    gan.state.step.assign(7)
    np.testing.assert_array_equal(gan.sample_noise(4, 0)["latents"], expected)


def test_saved_model_continues_bit_for_bit(make_gan, batches, tmp_path):
    """4 steps = 2 steps, save, load, 2 steps: weights, optimizers, average and compile state all survive."""
    penalties = ["r1:gamma=0.5", "lecam:every=2", "instance_noise:anneal_steps=9"]
    arguments = {"loss": "rphinge", "penalties": penalties, "ema_half_life": 50.0, "jit_compile": False}
    whole = trained(make_gan, batches, 4, **arguments)
    half = trained(make_gan, batches, 2, **arguments)
    half.save(tmp_path / "gan.keras")
    loaded = tfgan.load(tmp_path / "gan.keras")
    loaded.fit(batches.skip(2).take(2), verbose=0)

    def state(gan):
        return [v.numpy() for v in [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]]

    assert loaded.loss == whole.loss
    assert all(np.array_equal(x, y) for x, y in zip(state(loaded), state(whole), strict=True))


@pytest.mark.parametrize(
    "loss",
    [
        tfgan.losses.Adversarial(Hinge(margin=2.0), "paired", "zero_sum"),
        "fgan_alpha:alpha=2",
        "nonsat:label_smoothing=0.1",
        "ebgan:margin=3",
        "began:gamma=0.7",
        "cramer:dimensions=3",
        "mmd:kernel=gaussian",
        "dual_contrastive:generator_form=nonsat",
    ],
    ids=str,
)
def test_every_kind_of_objective_survives_the_file(loss, batches, tmp_path):
    """Saved after a step with options that are not the default ones, loaded, one more step: the same weights and state."""
    objective = tfgan.losses.get(loss)
    network = tfgan.networks.get(
        "mlp", image_shape=(2,), latent_dim=2, width=4, outputs=3 if objective.uses_embeddings else 1
    )
    gan = tfgan.GAN(
        network.generator(),
        network.autoencoder() if objective.uses_reconstruction else network.discriminator(),
    )
    gan.compile(loss=loss, penalties=["r2"], jit_compile=False)
    first, second = batches.take(2)
    gan.train_step(first)
    gan.save(tmp_path / "gan.keras")
    loaded = tfgan.load(tmp_path / "gan.keras")
    assert (loaded.loss, loaded.get_compile_config()) == (objective, gan.get_compile_config())
    for model in (gan, loaded):
        model.train_step(second)
    trained = [
        (model.generator.weights + model.discriminator.weights + model.running.weights)
        for model in (gan, loaded)
    ]
    assert all(np.array_equal(x.numpy(), y.numpy()) for x, y in zip(*trained, strict=True))


def test_every_penalty_survives_the_file(make_gan, tmp_path):
    gan = make_gan(penalties=tfgan.penalties.names(), jit_compile=False)
    gan.save(tmp_path / "gan.keras")
    assert tfgan.load(tmp_path / "gan.keras").get_compile_config() == gan.get_compile_config()


def test_loaded_model_keeps_its_compile_arguments(make_gan, tmp_path):
    gan = make_gan(
        loss="hinge:margin=2", penalties=["gp0:gamma=3"], d_steps=3, ema_half_life=9.0, jit_compile=False
    )
    gan.save(tmp_path / "gan.keras")
    assert tfgan.load(tmp_path / "gan.keras").get_compile_config() == gan.get_compile_config()


def test_non_finite_loss_is_noted(make_gan):
    gan = make_gan(jit_compile=False)
    gan.train_step(tf.fill((4, 2), np.float32(np.nan)))
    assert not bool(gan.state.finite.numpy())


def test_finite_run_is_noted_as_finite(make_gan, batches):
    assert bool(trained(make_gan, batches, 2, jit_compile=False).state.finite.numpy())


def test_logs_carry_the_documented_tags(make_gan, batches):
    logs = make_gan(penalties=["r2"], jit_compile=False).train_step(next(iter(batches)))
    documented = {
        f"{kind}/{side}" for kind in ("logits", "accuracy", "diversity") for side in ("real", "fake")
    }
    documented |= {
        "loss/discriminator",
        "loss/generator",
        "loss/total",
        "penalty/r2",
        "gradients/discriminator",
        "gradients/generator",
    }
    assert set(logs) == documented | {"speed/waiting_for_data", "loss"}
    assert float(logs["loss"]) == float(logs["loss/total"])  # the name that Keras's callbacks look for


def test_total_is_the_sum_of_both_losses(make_gan, batches):
    logs = make_gan(jit_compile=False).train_step(next(iter(batches)))
    assert float(logs["loss/total"]) == pytest.approx(
        float(logs["loss/discriminator"] + logs["loss/generator"]), rel=1e-6
    )


def test_bfloat16_networks_train_with_float32_losses(batches):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
        gan = tfgan.GAN(network.generator(), network.discriminator())
    finally:
        keras.config.set_dtype_policy("float32")
    gan.compile(penalties=["r1"], jit_compile=False)
    logs = gan.train_step(next(iter(batches)))
    assert {v.dtype for v in logs.values()} == {tf.float32}
    assert bool(gan.state.finite.numpy())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "nonsatt"}, "did you mean 'nonsat'"),
        ({"penalties": ["r1", "r1:gamma=2"]}, "'r1' twice"),
        ({"d_steps": 0}, "d_steps"),
        ({"ema_half_life": 0.0}, "ema_half_life"),
    ],
)
def test_compile_refuses(make_gan, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_gan(**arguments)


def test_one_optimizer_for_both_networks_is_refused(make_gan):
    both = sgd(0.1)
    with pytest.raises(ValueError, match="optimizer of its own"):
        make_gan(g_optimizer=both, d_optimizer=both)


def test_networks_of_different_shapes_are_refused():
    points = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4)
    space = tfgan.networks.get("mlp", image_shape=(3,), latent_dim=2, width=4)
    with pytest.raises(ValueError, match="discriminator: expected input shape"):
        tfgan.GAN(points.generator(), space.discriminator())
