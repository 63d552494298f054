"""Models that pay terms of their own: their formulas, whom they reach, what they refuse, and that they survive the file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.penalties.inputs import FAKE
from tfgan.penalties.inputs import REAL as AT_REAL
from tfgan.training.critic import Critic, RealFake
from tfgan.training.gradients import Batch, critic_on, discriminator_gradients, generate, generator_gradients

BATCH, K = 12, 3
NETWORKS = ("generator", "discriminator")
RNG = np.random.default_rng(0)
REAL = tf.constant(RNG.normal(size=(BATCH, 2)), tf.float32)
LABELS = tf.constant(RNG.integers(0, K, BATCH), tf.int32)
FEW = {"labeled_x": REAL[:5] + 1.0, "labeled_labels": LABELS[:5], "labels": LABELS}


def model(kind, loss="nonsat", seed=0, own=None, **arguments):
    """Return a small compiled model of points: `kind` is a condition, "info" or "classify"."""
    options = {
        "info": {"info_categorical": 3, "info_continuous": 2},
        "classify": {"task": "classify", "num_classes": K},
    }
    options = options.get(kind, {"condition": kind, "num_classes": K})
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, seed=seed, **options)
    cls, extra = {
        "info": (tfgan.InfoGAN, {"categorical": 3, "continuous": 2}),
        "classify": (tfgan.SemiSupervisedGAN, {}),
        "acgan": (tfgan.ACGAN, {"num_classes": K}),
    }.get(kind, (tfgan.ConditionalGAN, {"num_classes": K}))
    gan = cls(network.generator(), network.discriminator(), **extra, **(own or {}))
    gan.compile(loss=loss, **{"jit_compile": False, **arguments})
    return gan


KINDS = ["concat", "projection", "acgan", "info", "classify"]


def rows(gan):
    """Return the noise of a step with what the data bring."""
    return gan.sample_noise(BATCH, 0) | {name: FEW[name] for name in gan.batch_fields}


def batch_of(gan, g):
    """Return a batch for the model, with its fakes, the tape that recorded how G's weights `g` made them, and G's new state."""
    _, _, scalars, step = gan._read_variables()
    batch = Batch(REAL, rows(gan), scalars, step)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(g.trainable)
        batch.generated, g_state = generate(gan, g, batch)
    return batch, tape, g_state


def evaluated(gan):
    """Return D at a batch for the model, and that batch."""
    g, d, _, _ = gan._read_variables()
    batch, _, _ = batch_of(gan, g)
    return critic_on(gan, d, batch), batch


def own_losses(gan, player, critic, batch):
    """Return the losses that the model adds to those of its criterion, by tag."""
    losses, plain = (getattr(of, f"{player}_loss")(critic, batch) for of in (gan, gan.criterion))
    assert set(plain) <= set(losses)
    return {tag: loss for tag, loss in losses.items() if tag not in plain}


def floats(scalars):
    return {tag: float(value) for tag, value in scalars.items()}


def cross_entropy(labels, logits):
    logits = np.float64(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return -(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))[
        np.arange(len(logits)), np.asarray(labels)
    ].mean()


def test_class_terms_of_acgan_are_cross_entropies():
    gan = model("acgan", own={"class_weight": 2.0})
    critic, batch = evaluated(gan)
    real, fake = (2.0 * cross_entropy(LABELS, critic[at].heads["classes"]) for at in (AT_REAL, FAKE))
    assert floats(own_losses(gan, "discriminator", critic, batch)) == pytest.approx(
        {"class/real": real, "class/fake": fake}, rel=1e-5
    )
    assert floats(own_losses(gan, "generator", critic, batch)) == pytest.approx(
        {"class/generator": fake}, rel=1e-5
    )


def test_classes_of_fakes_can_be_left_out_of_d_alone():
    gan = model("acgan", own={"class_on_fakes": False})
    critic, batch = evaluated(gan)
    assert set(own_losses(gan, "discriminator", critic, batch)) == {"class/real"}
    assert set(own_losses(gan, "generator", critic, batch)) == {"class/generator"}


def test_information_is_entropy_less_the_surprise():
    """ln 3 - CE for the category; ln 2 + ln N(c; mean, (.1 + softplus(s))^2) for each continuous code."""
    gan = model("info")
    critic, batch = evaluated(gan)
    codes, head = np.float64(batch.noise["codes"]), np.float64(critic[FAKE].heads["codes"])
    category = np.log(3) - cross_entropy(codes[:, :3].argmax(axis=1), head[:, :3])
    deviation = 0.1 + np.log1p(np.exp(head[:, 5:]))
    surprise = (
        0.5 * ((codes[:, 3:] - head[:, 3:5]) / deviation) ** 2 + np.log(deviation) + 0.5 * np.log(2 * np.pi)
    )
    expected = {"categorical": category, "continuous": (np.log(2) - surprise).sum(axis=1).mean()}
    bounds = gan.information(batch.noise["codes"], critic[FAKE].heads["codes"])
    assert {kind: np.mean(bound) for kind, bound in bounds.items()} == pytest.approx(expected, rel=1e-5)
    metrics = {f"information/{kind}": value for kind, value in expected.items()}
    assert floats(gan.extra_metrics(critic, batch)) == pytest.approx(metrics, rel=1e-5)


def test_a_head_that_knows_the_codes_says_all_there_is_to_know():
    """With the right category certain and means right at the least deviation: ln K, and ln 2 - ln(.1 sqrt(2 pi)) a code."""
    gan = model("info")
    codes = gan.codes.rows(np.array([0, 2]), np.array([[0.5, -1.0], [0.0, 1.0]]))
    said = tf.concat([100.0 * codes[:, :3], codes[:, 3:], tf.fill((2, 2), -100.0)], axis=1)
    bounds = gan.information(codes, said)
    np.testing.assert_allclose(bounds["categorical"], np.log(3), rtol=1e-6)
    np.testing.assert_allclose(
        bounds["continuous"], 2 * (np.log(2) - np.log(0.1 * np.sqrt(2 * np.pi))), rtol=1e-5
    )


def test_both_players_are_paid_for_information_by_its_weight():
    gan = model("info", own={"categorical_weight": 3.0, "continuous_weight": 0.5})
    critic, batch = evaluated(gan)
    information = gan.information(batch.noise["codes"], critic[FAKE].heads["codes"])
    bounds = {kind: float(tf.reduce_mean(bound)) for kind, bound in information.items()}
    for player in ("discriminator", "generator"):
        expected = {"categorical": -3.0 * bounds["categorical"], "continuous": -0.5 * bounds["continuous"]}
        expected = {f"information/{kind}_{player}": value for kind, value in expected.items()}
        assert floats(own_losses(gan, player, critic, batch)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_own_terms_reach_their_players(kind):
    """Each side's gradients are those of the plain model's costs and of the model's own terms, added by hand."""
    gan = model(kind)
    g, d, _, _ = gan._read_variables()
    batch, g_tape, g_state = batch_of(gan, g)
    d_found = discriminator_gradients(gan, d, batch)
    with tf.GradientTape() as tape:
        tape.watch(d.trainable)
        critic = critic_on(gan, d, batch)
        paid = gan.criterion.discriminator_loss(critic, batch)
        total = tf.add_n([*paid.values(), *own_losses(gan, "discriminator", critic, batch).values()])
    for found, expected in zip(
        d_found.gradients, tape.gradient(total, d.trainable, unconnected_gradients="zero"), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    g_found = generator_gradients(gan, g, d, batch, g_tape, g_state)
    with tf.GradientTape() as tape:
        tape.watch(g.trainable)
        batch.generated, _ = generate(gan, g, batch)
        critic = critic_on(gan, d, batch)
        paid = gan.criterion.generator_loss(critic, batch)
        total = tf.add_n([*paid.values(), *own_losses(gan, "generator", critic, batch).values()])
    expected = tape.gradient(total, g.trainable)
    assert max(np.abs(gradient).max() for gradient in expected) > 0
    for found, gradient in zip(g_found.gradients, expected, strict=True):
        np.testing.assert_allclose(found, gradient, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_finds_what_two_find(kind, one_pass_and_two):
    gan = model(kind, schedule="simultaneous", penalties=["r1"])
    (d_both, g_both), (d_alone, g_alone) = one_pass_and_two(gan, REAL, rows(gan))
    assert floats(d_both.losses) == pytest.approx(floats(d_alone.losses))
    for one, two in zip(
        d_both.gradients + g_both.gradients, d_alone.gradients + g_alone.gradients, strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-5 * max(1.0, np.abs(two).max()))


@pytest.mark.parametrize("kind", ["projection", "acgan", "info"])
def test_slices_of_the_batch_add_up_to_the_batch(kind):
    after = []
    for micro_batch in (None, 4):
        # Adam would magnify gradients that are rounding
        sgd = {f"{player}_optimizer": keras.optimizers.SGD(0.1) for player in "gd"}
        gan = model(kind, loss="ragan", micro_batch=micro_batch, **sgd)
        gan.train_step((REAL, LABELS))
        after.append(gan.get_weights())
    for one, two in zip(*after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_fit_logs_own_tags_and_the_file_keeps_the_model(kind, tmp_path):
    gan = model(kind, own={"seed": 3})
    data = tf.data.Dataset.from_tensors((REAL, FEW if kind == "classify" else LABELS)).repeat()
    logs = gan.fit(data, steps_per_epoch=2, verbose=0).history
    own = {"acgan": "class/real", "info": "information/categorical", "classify": "accuracy/class_labelled"}
    assert np.isfinite(logs[own.get(kind, "loss/total")][0])
    gan.save(tmp_path / "gan.keras")
    loaded = tfgan.load(tmp_path / "gan.keras")
    assert type(loaded) is type(gan)
    own = [
        {key: value for key, value in each.get_config().items() if key not in NETWORKS}
        for each in (gan, loaded)
    ]
    assert own[0] == own[1]
    for each in (gan, loaded):
        each.fit(data, steps_per_epoch=1, verbose=0)
    for one, two in zip(gan.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_generated_by_class_are_what_g_makes_of_the_class():
    gan = model("projection")
    latents = tf.random.stateless_normal((4, 2), (0, 1))
    expected = gan.ema_generator([latents, tf.constant([0, 1, 2, 0])])
    np.testing.assert_allclose(gan.generate(latents, [0, 1, 2, 0]), expected, rtol=1e-6)
    assert np.abs(gan.generate(latents, [1, 1, 1, 1]) - expected).max() > 1e-4


def test_a_label_beyond_those_trained_with_is_refused():
    with pytest.raises(ValueError, match="labels: expected whole numbers from 0 to 2, shape"):
        model("concat").generate(tf.zeros((2, 2)), [0, 3])


def test_a_code_of_the_wrong_width_is_refused():
    with pytest.raises(
        ValueError, match=r"codes: expected 3 entries .* shape \(2, 5\), got float32 of shape \(2, 4\)"
    ):
        model("info").generate(tf.zeros((2, 2)), np.zeros((2, 4), np.float32))


def test_a_model_of_latents_alone_refuses_labels(make_gan):
    with pytest.raises(ValueError, match="GAN expected latents alone"):
        make_gan().generate(tf.zeros((2, 2)), [0, 1])


def test_training_by_class_without_labels_is_refused():
    with pytest.raises(ValueError, match="ConditionalGAN expected labels beside each batch, got nothing"):
        model("concat").train_step(REAL)


def test_training_with_labels_out_of_range_stops():
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels: expected whole numbers from 0 to 2"):
        model("concat").train_step((REAL, LABELS + 1))


def test_classifying_without_labelled_examples_is_refused():
    with pytest.raises(
        ValueError, match="SemiSupervisedGAN expected labeled_x, labeled_labels beside each batch, got labels"
    ):
        model("classify").train_step((REAL, LABELS))


def test_recovered_codes_are_probabilities_and_means():
    gan = model("info")
    head = gan.discriminator(REAL, training=False)["codes"].numpy()
    recovered = gan.recover(REAL).numpy()
    np.testing.assert_allclose(
        recovered[:, :3], np.exp(head[:, :3]) / np.exp(head[:, :3]).sum(axis=1, keepdims=True), rtol=1e-5
    )
    np.testing.assert_array_equal(recovered[:, 3:], head[:, 3:5])


def test_classes_are_probabilities():
    np.testing.assert_allclose(tf.reduce_sum(model("classify").classify(REAL), axis=1), 1.0, rtol=1e-6)


def test_score_of_a_conditional_discriminator_needs_the_class():
    gan = model("projection")
    np.testing.assert_array_equal(gan.score(REAL, LABELS), gan.discriminator([REAL, LABELS]))
    with pytest.raises(
        ValueError, match="labels: expected whole numbers from 0 to 2, one for each of 12 examples, got none"
    ):
        gan.score(REAL)


def test_features_alone_leave_the_adversarial_loss_to_be_logged():
    """G's gradient is that of feature matching; the loss is logged all the same."""
    gradients = []
    for penalties in (["feature_matching:alone=true"], ["feature_matching"]):
        gan = model("classify", penalties=penalties)
        g, d, _, _ = gan._read_variables()
        found = generator_gradients(gan, g, d, *batch_of(gan, g))
        assert float(found.losses["loss/generator"]) > 0
        gradients.append(np.concatenate([np.ravel(gradient) for gradient in found.gradients]))
    assert np.abs(gradients[0]).max() > 0
    assert np.abs(gradients[0] - gradients[1]).max() > 1e-3 * np.abs(gradients[1]).max()


def test_an_autoencoder_reconstructs():
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    gan = tfgan.AutoencodingGAN(network.generator(), network.autoencoder())
    gan.compile(jit_compile=False)
    assert type(gan.loss).__name__ == "BEGAN"
    np.testing.assert_array_equal(gan.reconstruct(REAL), gan.discriminator(REAL)["reconstruction"])
    logs = gan.fit(tf.data.Dataset.from_tensors(REAL).repeat(), steps_per_epoch=1, verbose=0).history
    assert logs["reconstruction/real"][0] > 0


def test_a_discriminator_without_the_head_is_refused():
    network = tfgan.networks.get(
        "mlp", image_shape=(2,), latent_dim=2, width=8, condition="concat", num_classes=K
    )
    plain = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    gan = tfgan.ACGAN(network.generator(), plain.discriminator(), num_classes=K)
    with pytest.raises(ValueError, match="discriminator: expected one that returns classes too, got logits"):
        gan.compile()


def test_a_generator_without_the_input_is_refused():
    plain = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    with pytest.raises(
        ValueError, match="generator: ACGAN expected one with the inputs latents, labels, got 1"
    ):
        tfgan.ACGAN(plain.generator(), plain.discriminator(), num_classes=K)


@pytest.mark.parametrize("cls", [tfgan.ConditionalGAN, tfgan.ACGAN])
def test_packs_have_no_class(cls):
    plain = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    with pytest.raises(ValueError, match=f"pack: {cls.__name__} expected 1"):
        cls(plain.generator(), plain.discriminator(), num_classes=K, pack=2)


def test_no_code_at_all_is_refused():
    plain = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, info_continuous=1)
    with pytest.raises(ValueError, match="expected at least one code"):
        tfgan.InfoGAN(plain.generator(), plain.discriminator())


def test_codes_of_another_width_than_the_generator_takes_are_refused():
    plain = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, info_continuous=1)
    with pytest.raises(ValueError, match="generator: expected codes of width 5, got 1"):
        tfgan.InfoGAN(plain.generator(), plain.discriminator(), categorical=5)


def test_augmentation_keeps_its_probability_in_the_file(tmp_path):
    network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(augment="ada:rise_images=100", jit_compile=False)
    images = tf.constant(RNG.uniform(-1, 1, (8, 8, 8, 1)), tf.float32)
    for _ in range(6):
        gan.train_step(images)
    before = gan.running.values()["augment"]
    assert 0 <= float(before["p"]) <= 1
    assert float(before["images"]) > 0  # of a correction that is not finished
    gan.save(tmp_path / "gan.keras")
    after = tfgan.load(tmp_path / "gan.keras").running.values()["augment"]
    assert {name: float(value) for name, value in after.items()} == {
        name: float(value) for name, value in before.items()
    }


def test_augmentation_of_points_is_refused(make_gan):
    with pytest.raises(ValueError, match="expected images"):
        make_gan(augment="diffaugment")


def test_penalties_differentiate_in_what_was_not_augmented():
    """R1's gradient is that of D(T(x)) in x, by a GradientTape around both."""
    network = tfgan.networks.get(
        "dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4, discriminator_norm=False
    )
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(augment="diffaugment", penalties=["r1"], jit_compile=False)
    images = tf.constant(RNG.uniform(-1, 1, (4, 8, 8, 1)), tf.float32)
    g, d, scalars, step = gan._read_variables()
    batch = Batch(images, gan.sample_noise(4, 0), scalars, step)
    batch.generated, _ = generate(gan, g, batch)
    evaluation = critic_on(gan, d, batch)[AT_REAL]
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = gan.discriminator(
            gan.criterion.augment(images, batch.noise["augment"][str(AT_REAL)], {}), training=True
        )
    np.testing.assert_allclose(evaluation.gradient, tape.gradient(logits, images), atol=1e-6)


def test_keras_knows_every_model():
    for name in ("ConditionalGAN", "ACGAN", "InfoGAN", "SemiSupervisedGAN", "AutoencodingGAN"):
        assert keras.saving.get_registered_object(f"tfgan>{name}") is getattr(tfgan, name)


@pytest.mark.parametrize(("loss", "warned"), [("nonsat", 0), ("wgan", 1), ("rpgan", 1), ("hinge", 0)])
def test_following_a_sign_that_means_nothing_is_warned_of(loss, warned, recwarn):
    network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4)
    tfgan.GAN(network.generator(), network.discriminator()).compile(loss=loss, augment="ada")
    assert sum("fix p as in ada:p=0.2" in str(warning.message) for warning in recwarn) == warned


@pytest.mark.parametrize(
    ("cls", "options", "message"),
    [
        (tfgan.ACGAN, {"num_classes": 7}, "discriminator: ACGAN expected classes of width 7, got 3"),
        (
            tfgan.InfoGAN,
            {"categorical": 3, "continuous": 2},
            "discriminator: InfoGAN expected codes of width 7, got 6",
        ),
    ],
)
def test_heads_of_another_width_are_refused(cls, options, message):
    kinds = {
        tfgan.ACGAN: {"condition": "acgan", "num_classes": K},
        tfgan.InfoGAN: {"info_categorical": 4, "info_continuous": 1},
    }
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, **kinds[cls])
    with pytest.raises(ValueError, match=message):
        cls(network.generator(), network.discriminator(), **options)


def test_a_score_of_a_class_beyond_those_trained_with_is_refused():
    with pytest.raises(ValueError, match="labels: expected whole numbers from 0 to 2"):
        model("projection").score(REAL, [99] * BATCH)


def test_augmentation_follows_d_above_its_neutral_logit_and_counts_images():
    """Under lsgan D knows nothing at 1/2: reals at 1/4 are taken for fakes, and p falls; a pack of two counts as two images."""
    for pack in (1, 2):
        network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4, pack=pack)
        gan = tfgan.GAN(network.generator(), network.discriminator(), pack=pack)
        gan.compile(loss="lsgan", augment="ada:rise_images=100,check_every=1", jit_compile=False)
        logits = {"outputs": tf.fill((8 // pack, 1), 0.25)}
        state = gan.running.values()
        state["augment"]["p"] = tf.constant(0.5)
        after = gan.criterion.next_state(Critic.of_outputs(RealFake(logits, logits), None), state, pack)
        assert float(after["augment"]["p"]) == pytest.approx(0.5 - 8 / 100)
