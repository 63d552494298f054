"""Each kind of data keeps the contract of `tfgan.kinds.kind.Kind`; a new kind inherits it by one row of `kind_reference.CASES`."""

import io
import json
import re

import numpy as np
import pytest
import tensorflow as tf
from kind_reference import CASES
from PIL import Image

from tfgan import augment, kinds, metrics, networks
from tfgan.callbacks.doctor.diagnosis import NAMES
from tfgan.core import images as images_lib
from tfgan.core.noise import Draws
from tfgan.models.arguments import Examples
from tfgan.penalties.inputs import REAL, ShiftedAndFlipped


@pytest.fixture(params=kinds.names())
def name(request):
    return request.param


def test_every_kind_has_a_row_of_expected_values():
    assert set(CASES) == set(kinds.names())


def fitted(name):
    """Return a case, and its kind fitted on all of its examples."""
    case = CASES[name]
    return case, kinds.fitted(case.data, np.arange(len(case.data)), name)


def encoded(name):
    case, kind = fitted(name)
    return kind, np.asarray(kind.encode(case.data))


def test_it_is_called_by_its_name_in_the_catalogue(name):
    _, kind = fitted(name)
    assert kind.name == name
    made = kinds.of(kind.shape, kind.units, name)
    assert (made.name, made.shape) == (name, kind.shape)
    assert made == kind or kind.to_json()  # facts of the data that a shape does not tell
    assert kinds.kinds.entry(name).help


def test_data_are_encoded(name):
    case, kind = fitted(name)
    x = kind.encode(case.data)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, case.encoded, rtol=0, atol=case.rounding[0])


def test_arrays_tensors_and_graphs_are_encoded_alike(name):
    case, kind = fitted(name)
    x = kind.encode(case.data)
    np.testing.assert_array_equal(kind.encode(tf.constant(case.data)), x)
    np.testing.assert_allclose(tf.function(kind.encode)(tf.constant(case.data)), x, rtol=3e-7, atol=3e-7)


def test_data_come_back_in_the_units_of_the_user(name):
    case, kind = fitted(name)
    x = kind.decode(kind.encode(case.data))
    other = np.float32 if case.decoded.dtype == np.float64 else case.decoded.dtype
    assert x.dtype == (case.dtype or other)
    np.testing.assert_allclose(x, case.decoded, rtol=0, atol=case.rounding[1])


def test_its_record_makes_it_again(name):
    _, kind = fitted(name)
    record = json.loads(json.dumps(kinds.to_json(kind)))
    assert set(record) <= {"shape", "units", "kind", "learned"}
    assert kinds.from_json(record) == kind


def test_it_tells_legal_values_from_others(name):
    case, kind = fitted(name)
    x = np.asarray(kind.decode(kind.encode(case.data)))
    assert np.asarray(kind.legal(x)).all()
    are_floats = x.dtype.kind == "f"
    for wrong in (case.illegal, np.nan) if are_floats else (case.illegal, -1):
        spoiled = x.copy()
        spoiled[0, ..., 0] = wrong
        for values in (spoiled, tf.constant(spoiled)):
            assert not np.asarray(kind.legal(values)).all()
        if not are_floats or [*kind.inputs()] != [kind.output]:
            continue
        with pytest.raises(ValueError, match=re.escape(f"{kind.output}: expected {kind.expected}")):
            Examples(kind).validate(spoiled)


def test_its_network_makes_legal_examples(name):
    """However large the latents are."""
    _, kind = fitted(name)
    network = networks.get(kind.default_network, image_shape=kind.shape, latent_dim=2, width=4, kind=kind)
    made = network.generator()(tf.constant([[0.0, 0.0], [1e3, -1e3]]) @ tf.eye(2, 2 + kind.noise))
    assert made.shape == (2, *kind.shape)
    assert np.asarray(kind.legal(kind.decode(made))).all()


def test_a_preview_shows_the_examples(name):
    kind, x = encoded(name)
    values = kind.decode(x)
    pixels = kind.preview(values, values)
    assert (pixels.dtype, pixels.ndim) == (np.uint8, 3)
    assert pixels.shape[-1] in (1, 3)
    assert images_lib.encode_png(pixels).startswith(b"\x89PNG")
    assert not np.array_equal(pixels, kind.preview(kind.decode(CASES[name].changed(x)), values))


def test_batches_have_the_preview_of_the_whole(name):
    kind, x = encoded(name)
    x = kind.decode(x)
    np.testing.assert_array_equal(kind.preview_batches(iter([x[:5], x[5:]]), len(x)), kind.preview(x))


def test_tiles_follow_the_columns_that_are_asked_for(name):
    kind, x = encoded(name)
    x = kind.decode(x)
    one, two = (kind.preview(x[:6], columns=columns).shape for columns in (1, 2))
    assert (one != two) == kind.preview_tiles


def test_samples_are_written_to_every_file_that_it_names(name, tmp_path):
    kind, x = encoded(name)
    x, seeds = kind.decode(x), np.arange(len(x))
    for suffix in kind.writers:
        kind.write(tmp_path / f"part{suffix}", suffix, iter([x[:5], x[5:]]), seeds)
    with np.load(tmp_path / "part.npz", allow_pickle=False) as file:
        names = CASES[name].arrays or (kind.array,)
        assert set(file) == {*names, "seeds"}
        if len(names) == 1:
            np.testing.assert_array_equal(file[kind.array], x)
        np.testing.assert_array_equal(file["seeds"], seeds)
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "part.png").convert("RGB")),
        np.asarray(Image.open(io.BytesIO(images_lib.encode_png(kind.preview(x)))).convert("RGB")),
    )
    assert set(kind.writers) <= set(kinds.suffixes())


def test_a_file_of_another_ending_is_refused(name, tmp_path):
    kind, x = encoded(name)
    with pytest.raises(ValueError, match=rf"expected a name ending in \.png or .* for {name}, got '\.tiff'"):
        kind.write(tmp_path / "a", ".tiff", [x], np.arange(len(x)))


def test_exported_outputs_have_the_types_and_ranges_that_it_says(name):
    case, kind = fitted(name)
    encoded_x = tf.constant(kind.encode(case.data))
    x = kind.decode(encoded_x)
    signatures = kind.signatures()
    made = {
        key: tf.function(signature.convert)(encoded_x if signature.from_training else x)
        for key, signature in signatures.items()
    }
    output, served, sampled, others = case.output
    assert (made["serving_default"][output].dtype.name, made["sample"][output].dtype.name) == (
        served,
        sampled,
    )
    assert set(signatures) == {"serving_default", "sample"} | others
    for key, signature in signatures.items():
        assert set(made[key]) == set(signature.outputs)
        for each, (limits, unit) in signature.outputs.items():
            assert len(made[key][each]) == len(x)
            assert unit
            if limits:
                low, high = limits
                found = made[key][each].numpy()
                assert low <= np.nanmin(found) <= np.nanmax(found) <= high


def test_metrics_that_suit_it_are_taken_and_others_refused(name):
    case, kind = fitted(name)

    def refusal(metric):
        return kind.metric_refusal(metrics.parse(metric), metrics.get(metric), "toys")

    good, bad = case.metric
    assert refusal(good) is None
    assert refusal(bad).startswith("expected ")
    for num_classes in (0, 1, 10):
        assert [refusal(metric) for metric in kind.default_metrics(num_classes)] == [None] * len(
            kind.default_metrics(num_classes)
        )


def test_stand_ins_are_legal(name):
    _, kind = fitted(name)
    x = kind.stand_ins(5)
    assert np.asarray(kind.encode(x)).shape == (5, *kind.shape)
    assert np.asarray(kind.legal(x)).all()


def test_thumbnails_are_of_moderate_size(name):
    kind, x = encoded(name)
    assert np.prod(kind.thumbnails(tf.constant(x)).shape[1:]) <= 32 * 32 * 4
    assert len(kind.thumbnails(tf.constant(x))) == len(x)


def test_augmentations_and_shifts_apply_as_it_says(name):
    kind, x = encoded(name)
    ada = augment.get("ada")
    if kind.augmentable:
        ada.check((None, *kind.shape))
    else:
        with pytest.raises(ValueError, match="ADA: expected images"):
            ada.check((None, *kind.shape))
    drawn = ShiftedAndFlipped(REAL, 0.125, True, 0.05).draw(Draws(0, 0, 0), x.shape, None)
    assert set(drawn) == {"uniform" if kind.shifts_and_flips else "normal"}


def test_diagnoses_that_do_not_suit_it_exist(name):
    assert fitted(name)[1].unsuitable_diagnoses <= set(NAMES)


def test_code_that_mends_a_shape_does(name):
    """Each batch of another shape becomes one of this kind's, by the code for the user."""
    kind, x = encoded(name)
    for other in (x[..., 0], np.repeat(x, 3, axis=-1)):
        if fix := kind.shape_fix(other.shape):
            made = eval(fix.format(x="x"), {"tf": tf, "x": other})
            assert tuple(made.shape) == x.shape
