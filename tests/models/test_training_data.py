"""Data as users have them train, or are refused by a line that holds the call which converts them."""

import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.models import scale_range, training_data

SHAPE = (8, 8, 1)
BATCH = 4
IMAGES = np.random.default_rng(0).uniform(-1, 1, (10, *SHAPE)).astype("float32")
LABELS = np.arange(10) % 3
BYTES = np.uint8(127.5 * IMAGES + 127.5)


def generator_of(shape=SHAPE, activation="tanh", given=()):
    inputs = [keras.Input((2,)), *given]
    units = keras.layers.Dense(int(np.prod(shape)), activation=activation)(inputs[0])
    return keras.Model(inputs if given else inputs[0], keras.layers.Reshape(shape)(units))


def critic_of(shape=SHAPE, given=()):
    """Return a D that pools over all places, so that it takes images of any size."""
    source = keras.Input((None, None, shape[-1]))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3, padding="same")(source))
    return keras.Model([source, *given] if given else source, keras.layers.Dense(1)(pooled))


@pytest.fixture(scope="module")
def gan():
    source = keras.Input(SHAPE)
    model = tfgan.GAN(generator_of(), keras.Model(source, critic_of()(source)), seed=3)
    model.compile(jit_compile=False)
    return model


@pytest.fixture(scope="module")
def by_class():
    """Return a model whose G and D take labels, which here change nothing."""
    source, labels = keras.Input(SHAPE), keras.Input((), dtype="int32")
    added = keras.layers.Lambda(
        lambda inputs: inputs[0] + 0.0 * keras.ops.cast(inputs[1], "float32")[:, None], output_shape=(2,)
    )
    latents = keras.Input((2,))
    generator = keras.Model([latents, labels], generator_of()(added([latents, labels])))
    critic = keras.Model(
        [source, labels], critic_of()(source) + 0.0 * keras.ops.cast(labels, "float32")[:, None]
    )
    model = tfgan.ConditionalGAN(generator, critic, num_classes=3)
    model.compile(jit_compile=False)
    return model


def dataset(*parts, size=BATCH, drop=True):
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts).batch(
        size, drop_remainder=drop
    )


def first(prepared):
    return next(iter(prepared))


# What is converted


class Pages(keras.utils.PyDataset):
    """Ten examples in batches of 4, the last of 2."""

    ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return IMAGES[BATCH * index : BATCH * index + BATCH], LABELS[BATCH * index : BATCH * index + BATCH]

    def on_epoch_end(self):
        self.ended += 1


def generated(*parts):
    for start in range(0, 10, BATCH):
        batch = tuple(part[start : start + BATCH] for part in parts)
        yield batch if len(batch) > 1 else batch[0]


TAKEN = {
    "float64": lambda: dataset(IMAGES.astype("float64")),
    "float16": lambda: dataset(IMAGES.astype("float16")),
    "ragged last batch": lambda: dataset(IMAGES, drop=False),
    "with labels": lambda: dataset(IMAGES, LABELS),
    "rows of tfds": lambda: dataset({"image": IMAGES, "label": LABELS}, drop=False),
    "one-tuples": lambda: dataset(IMAGES).map(lambda x: (x,)),
    "generator": lambda: generated(IMAGES),
    "generator of pairs": lambda: generated(IMAGES, LABELS),
    "iterator": lambda: iter([IMAGES[:BATCH], IMAGES[BATCH : 2 * BATCH]]),
    "PyDataset": lambda: Pages(),
}


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_what_is_safe_is_converted(gan, make):
    """All hold the same ten examples: float32, in order, batches of 4, and the last two left out."""
    batches = list(training_data.prepare(gan, make()))
    batches = [batch[0] if isinstance(batch, tuple) else batch for batch in batches]
    assert [batch.dtype for batch in batches] == [tf.float32] * 2
    np.testing.assert_allclose(
        np.concatenate(batches), IMAGES[:8], atol=1e-3 if make is TAKEN["float16"] else 0
    )
    assert training_data._first_spec(training_data.prepare(gan, make()).element_spec).shape[0] == BATCH


@pytest.mark.parametrize("kind", [np.asarray, tf.constant, list])
def test_arrays_are_shuffled_by_the_seed_anew_in_each_epoch(gan, kind):
    def epochs():
        prepared = training_data.prepare(gan, kind(IMAGES), batch_size=5, shuffle=True)
        return [np.concatenate([batch.numpy() for batch in prepared]) for _ in range(2)]

    (one, two), again = epochs(), epochs()
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal((one, two), again)
    np.testing.assert_array_equal(np.sort(one.ravel()), np.sort(IMAGES.ravel()))
    in_order = training_data.prepare(gan, kind(IMAGES), batch_size=5)
    np.testing.assert_array_equal(first(in_order), IMAGES[:5])


def test_small_arrays_make_one_batch(gan):
    assert first(training_data.prepare(gan, IMAGES)).shape == (10, *SHAPE)


@pytest.mark.parametrize(
    "arguments",
    [(IMAGES, LABELS), ((IMAGES, LABELS),), ({"image": IMAGES, "label": LABELS},)],
    ids=["xy", "pair", "rows"],
)
@pytest.mark.parametrize("dtype", ["int64", "uint8", "wide"])
def test_labels_beside_arrays_become_int32(by_class, arguments, dtype):
    """`fit(x, y)` is training by class; keras.datasets.cifar10 has labels uint8 (n, 1)."""
    change = (
        (lambda labels: labels[:, None].astype("uint8"))
        if dtype == "wide"
        else (lambda labels: labels.astype(dtype))
    )
    arguments = tf.nest.map_structure(lambda part: change(part) if part is LABELS else part, arguments)
    x, labels = first(training_data.prepare(by_class, *arguments, batch_size=BATCH))
    np.testing.assert_array_equal(x, IMAGES[:BATCH])
    assert labels.dtype == tf.int32
    np.testing.assert_array_equal(labels, LABELS[:BATCH])


def test_fit_trains_by_class_on_arrays_and_tells_a_pydataset_of_its_epochs(by_class):
    by_class.fit(IMAGES, LABELS, batch_size=5, epochs=2, verbose=0)
    assert int(by_class.state.step.numpy()) == 4
    pages = Pages()  # batches of another size than before
    by_class.fit(pages, epochs=2, verbose=0)
    assert int(by_class.state.step.numpy()) == 8
    assert pages.ended == 2


def test_a_folder_of_pictures_needs_a_scale_alone(gan, tmp_path):
    """keras.utils.image_dataset_from_directory yields floats of 0 ... 255 and a last batch of fewer."""
    for name, images in (("cat", BYTES[:5]), ("dog", BYTES[5:])):
        (tmp_path / name).mkdir()
        for index, image in enumerate(images):
            (tmp_path / name / f"{index}.png").write_bytes(tf.io.encode_png(image).numpy())
    folder = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=SHAPE[:2], color_mode="grayscale", batch_size=BATCH, verbose=0
    )
    with pytest.raises(
        ValueError,
        match=r"^x: expected values in \[-1, 1\].*, got \d.* to 2\d\d.*; scale them, as by x / 127.5 - 1",
    ):
        gan.fit(folder, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras's "ran out of data"
        gan.fit(folder.map(lambda x, y: (x / 127.5 - 1, y)), epochs=2, verbose=0)


def test_the_order_of_a_shuffled_set_is_that_without_the_check(gan):
    """The first batch is looked at as it goes by: a look ahead would move a reshuffled order on."""
    orders = []
    for check_values in (True, False):
        shuffled = (
            tf.data.Dataset.from_tensor_slices(IMAGES).shuffle(10, seed=1).batch(5, drop_remainder=True)
        )
        prepared = training_data.prepare(gan, shuffled, check_values=check_values)
        orders.append([np.concatenate(list(prepared)) for _ in range(2)])
    np.testing.assert_array_equal(*orders)


# What is refused


def way_out(message):
    return re.search(r"; use (.*)$", message)[1]


REFUSED = {
    "uint8": (BYTES, "uint8 of shape (4, 8, 8, 1)"),
    "no channel": (IMAGES[..., 0], "float32 of shape (4, 8, 8)"),
    "uint8 without channel": (BYTES[..., 0], "uint8 of shape (4, 8, 8)"),
    "another size": (np.zeros((10, 12, 9, 1), "float32") - 0.5, "float32 of shape (4, 12, 9, 1)"),
    "flat": (IMAGES.reshape(10, 64), "float32 of shape (4, 64)"),
    "channels first": (IMAGES.transpose(0, 3, 1, 2), "float32 of shape (4, 1, 8, 8)"),
    "color": (np.repeat(IMAGES, 3, -1), "float32 of shape (4, 8, 8, 3)"),
    "color bytes of another size": (np.zeros((10, 16, 16, 3), "uint8"), "uint8 of shape (4, 16, 16, 3)"),
}


@pytest.mark.parametrize(("array", "got"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("source", ["array", "images", "pairs", "rows"])
def test_the_call_in_the_message_converts(gan, array, got, source):
    """Each message is followed literally: what its call makes is taken."""
    x = {
        "array": lambda: array,
        "images": lambda: dataset(array),
        "pairs": lambda: dataset(array, LABELS),
        "rows": lambda: dataset({"image": array, "label": LABELS, "id": LABELS}),
    }[source]()
    with pytest.raises(
        ValueError,
        match=rf"^x: expected float32 batches of shape \(n, 8, 8, 1\) in \[-1, 1\].*, got {re.escape(got)}; use ",
    ) as caught:
        gan.fit(x, batch_size=BATCH)
    converted = eval(way_out(str(caught.value)), {"tf": tf, "x": x})
    made = first(training_data.prepare(gan, converted, batch_size=BATCH))
    assert (made[0] if isinstance(made, tuple) else made).shape == (BATCH, *SHAPE)


def test_channels_that_nothing_converts_are_named(gan):
    with pytest.raises(
        ValueError,
        match=r"got float32 of shape \(4, 8, 8, 7\); convert them, or build networks for that shape",
    ):
        gan.fit(dataset(np.zeros((10, 8, 8, 7), "float32")))


VALUES = {
    "0 to 255": (127.5 * IMAGES + 127.5, "tanh", "x / 127.5 - 1"),
    "0 to 255 for sigmoid": (127.5 * IMAGES + 127.5, "sigmoid", "x / 255"),
    "0 to 255 for a linear G": (127.5 * IMAGES + 127.5, None, "x / 127.5 - 1"),
    "0 to 1": (0.5 * IMAGES + 0.5, "tanh", "2 * x - 1"),
    "-1 to 1 for sigmoid": (IMAGES, "sigmoid", "(x + 1) / 2"),
    "standardized": (3 * IMAGES, "tanh", None),
    "NaN": (np.where(IMAGES > 0.9, np.nan, IMAGES), "tanh", None),
}


@pytest.mark.parametrize(("images", "activation", "fix"), VALUES.values(), ids=VALUES)
def test_values_that_g_cannot_make_are_refused_at_the_first_batch(images, activation, fix):
    model = tfgan.GAN(generator_of(activation=activation), critic_of_shape(), seed=0)
    prepared = training_data.prepare(model, images)
    with (
        pytest.raises(ValueError, match=r"^x: expected .* in the first batch") as caught,
        scale_range.naming(),
    ):
        first(prepared)
    if fix:
        assert f"as by {fix}" in str(caught.value)
        scaled = eval(fix, {"x": images.astype("float32")})
        first(training_data.prepare(model, scaled))
    first(training_data.prepare(model, images, check_values=False))


def test_refused_values_leave_weights_and_the_step_counter_alone(gan):
    """Parts of a graph that need no data would run beside the reading that fails."""
    before = gan.get_weights()
    with pytest.raises(ValueError, match=r"^x: expected .* in the first batch"):
        gan.fit(3 * IMAGES, batch_size=10, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, gan.get_weights(), strict=True))


def critic_of_shape():
    source = keras.Input(SHAPE)
    return keras.Model(source, critic_of()(source))


@pytest.mark.parametrize(
    ("activation", "last", "images"),
    [
        ("sigmoid", [], 0.5 * IMAGES + 0.5),
        (None, [], 3 * IMAGES),
        ("tanh", [keras.layers.Rescaling(127.5, 127.5)], 127.5 * IMAGES + 127.5),
        ("tanh", [], 1.15 * IMAGES),
        (None, [tfgan.layers.ClipAtInference()], IMAGES),
    ],
)
def test_values_that_g_can_make_are_taken(activation, last, images):
    generator = generator_of(activation=activation)
    model = tfgan.GAN(keras.Sequential([generator, *last]) if last else generator, critic_of_shape())
    first(training_data.prepare(model, images.astype("float32")))


def test_points_may_lie_anywhere(make_gan):
    first(
        training_data.prepare(
            make_gan(jit_compile=False), 300 + 100 * np.random.default_rng(0).normal(size=(64, 2))
        )
    )
    with pytest.raises(ValueError, match=r"got int64 of shape \(4, 2\); use tf.cast\(x, tf.float32\)$"):
        training_data.prepare(make_gan(jit_compile=False), np.ones((4, 2), "int64"))


@pytest.mark.parametrize(
    ("x", "more", "error", "message"),
    [
        (lambda: None, {}, TypeError, "x: expected a tf.data.Dataset, an array, a generator of batches, .* got NoneType"),
        (lambda: "digits", {}, TypeError, "got str"),
        (lambda: tf.data.Dataset.from_tensor_slices(IMAGES), {}, ValueError, r"single examples .*; use x.batch\(64, drop_remainder=True\)"),
        (lambda: dataset({"picture": IMAGES, "id": LABELS}), {}, ValueError, "got 'picture', 'id'; choose by x.map"),
        (lambda: dataset(IMAGES, LABELS, LABELS), {}, ValueError, "got a third part, sample_weight"),
        (lambda: dataset(IMAGES), {"y": LABELS}, ValueError, "y: expected None beside a _?BatchDataset; put labels into it"),
        (lambda: IMAGES, {"y": LABELS[:9]}, ValueError, "y: expected as many rows as x has examples, got 9 and 10"),
        (lambda: IMAGES, {"batch_size": 11}, ValueError, "batch_size: expected 1 to 10, the number of examples, got 11"),
        (lambda: dataset(IMAGES), {"batch_size": 5}, ValueError, "batch_size: expected None or 4, the size of the batches of x, got 5"),
        (lambda: dataset(IMAGES, size=20, drop=False), {}, ValueError, "x: expected a whole batch of 20 examples at least, got fewer"),
        (lambda: iter([]), {}, ValueError, "x: expected a generator of batches, got an empty one"),
        (lambda: dataset(IMAGES).map(lambda x: (x, x, x, x)), {}, ValueError, "got 4 parts"),
        (lambda: dataset(np.full((10, *SHAPE), "a")), {}, ValueError, "got string of shape"),
    ],
)  # fmt: skip
def test_other_data_are_named(gan, x, more, error, message):
    with pytest.raises(error, match=f"^{message}" if ":" in message[:12] else message):
        gan.fit(x(), **more)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(3)[LABELS], r"got float64 of shape \(4, 3\); use tf.argmax\(labels, axis=1\)"),
        (LABELS.astype("float32"), r"got float32 of shape \(4,\); use tf.cast\(labels, tf.int32\)"),
    ],
)
def test_labels_of_another_kind_are_named(by_class, labels, message):
    with pytest.raises(ValueError, match=f"^labels: expected integers of shape .*{message}"):
        by_class.fit(IMAGES, labels, batch_size=BATCH)


def test_reals_of_another_size_never_train(gan):
    """D pools over all places, so that nothing else stops them; here in the step itself, whoever calls it."""
    for call in (gan.train_step, gan.train_on_batch):
        with pytest.raises(
            ValueError,
            match=r"expected float32 batches of shape \(n, 8, 8, 1\).*got float32 of shape \(4, 12, 12, 1\)",
        ):
            call(tf.zeros((4, 12, 12, 1)))


def test_a_model_that_is_not_compiled_says_so(gan):
    with pytest.raises(ValueError, match=r"fit: expected a compiled model; call compile\(loss=...\) first"):
        tfgan.GAN(gan.generator, gan.discriminator).fit(IMAGES)
