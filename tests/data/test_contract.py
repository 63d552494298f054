"""What every data set keeps to: those in the catalogue, and one of each kind of the user's own."""

import itertools
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tfgan import data
from tfgan.data import fashion_mnist as fashion
from tfgan.data.source import Request
from tfgan.kinds.units import Units

USERS_OWN = ("folder", "folder streamed", "npz bytes", "npz floats", "npz points", "text", "fasta", "csv")
BY_PATH = ("tfds", *data.BY_PATH)
NAMES = (*(name for name in data.names() if name not in BY_PATH), *USERS_OWN)
GARMENTS = {"train": 60, "t10k": 30}
BATCH = 20


@pytest.fixture(scope="module")
def users_own(tmp_path_factory):
    """60 different examples of each kind, with three labels."""
    root, random, labels = tmp_path_factory.mktemp("own"), np.random.default_rng(0), np.arange(60) % 3
    pixels = random.integers(0, 256, (60, 6, 5, 3), np.uint8)
    for index, image in enumerate(pixels):
        path = root / "pictures" / "abc"[labels[index]] / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    np.savez(root / "bytes.npz", images=pixels, labels=labels)
    np.savez(
        root / "floats.npz", images=random.uniform(-1, 1, (60, 6, 5, 1)).astype(np.float32), labels=labels
    )
    np.savez(root / "points.npz", points=random.normal(size=(60, 3)).astype(np.float32), labels=labels)
    texts = ["".join(letters) for letters in random.choice([*"abcdef"], (60, 9))]
    (root / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    genome = "".join(random.choice([*"ACGT"], 2000))
    (root / "genome.fa").write_text(f">toy\n{genome}\n", encoding="utf-8")
    rows = zip(random.permutation(60), random.choice([*"abc"], 60), strict=True)
    (root / "table.csv").write_text("n,letter\n" + "".join(f"{n},{letter}\n" for n, letter in rows))
    for part, count in GARMENTS.items():
        pixels = random.integers(0, 256, (count, 28, 28), np.uint8)
        (root / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">HBB3I", 0, 8, 3, *pixels.shape) + pixels.tobytes()
        )
        (root / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">HBBI", 0, 8, 1, count) + bytes(i % 10 for i in range(count))
        )
    return root


@pytest.fixture(scope="module", params=NAMES)
def reopened(request, users_own):
    """Return a function that opens the data set anew; Fashion-MNIST is one of 90 random images here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fashion, "COUNTS", GARMENTS)
        patch.setattr(fashion, "_load_prepared", lambda request: None)
        yield opener(request.param, users_own)


def opener(name, users_own):
    kind, _, detail = name.partition(" ")
    if "fashion" in kind:
        return lambda: data.open_source(kind, data_dir=str(users_own))
    if kind == "folder":
        return lambda: data.open_source(
            f"folder:{users_own / 'pictures'}", memory_budget_mib=0 if detail else 2048
        )
    if kind == "text":
        return lambda: data.open_source(f"text:{users_own / 'texts.txt'}")
    if kind == "csv":
        return lambda: data.open_source(f"csv:{users_own / 'table.csv'}")
    if kind == "fasta":
        return lambda: data.open_source(f"fasta:{users_own / 'genome.fa'}", length=20)
    return lambda: data.open_source(f"npz:{users_own / detail}.npz" if kind == "npz" else kind)


@pytest.fixture(scope="module")
def source(reopened):
    return reopened()


def take(source, steps=3, *, seed=0, start=0):
    return [
        (x.numpy(), y.numpy())
        for x, y in itertools.islice(source.dataset(BATCH, seed=seed, start=start), steps)
    ]


def same(one, two):
    return all(
        np.array_equal(a, b)
        for left, right in zip(one, two, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def test_batches_have_a_static_shape(source):
    x, labels = source.dataset(BATCH, seed=0).element_spec
    assert (x.shape, labels.shape) == ((BATCH, *source.shape), (BATCH,))


def test_types_are_float32_and_int32(source):
    for x, labels in (take(source, 1)[0], source.held_out(5)):
        assert (x.dtype, labels.dtype) == (np.float32, np.int32)


def test_images_lie_in_minus_one_to_one_and_points_have_rms_one_and_choices_are_one_hot(source):
    x = np.concatenate([x for x, _ in take(source, 30)])
    if source.kind.name == "images":
        assert -1 <= x.min() < -0.9 < 0.9 < x.max() <= 1
        assert source.units == Units()
    elif source.kind.spans:
        ends = np.cumsum([span.width for span in source.kind.spans])
        for span, end in zip(source.kind.spans, ends, strict=True):
            part = x[..., end - span.width : end]
            if span.activation == "softmax":
                np.testing.assert_array_equal(part.sum(axis=-1), 1)
                np.testing.assert_array_equal(part.max(axis=-1), 1)
            else:
                assert np.abs(part).max() <= 1
    else:
        assert np.sqrt(np.mean(x**2)) == pytest.approx(1, rel=0.15)  # 1,200 coordinates or more: 7 deviations


def test_labels_are_classes(source):
    labels = take(source, 1)[0][1]
    assert 0 <= labels.min() <= labels.max() < max(source.num_classes, 1)


def test_same_seed_gives_the_same_batches(source, reopened):
    assert same(take(source, seed=5), take(reopened(), seed=5))


def test_seeds_differ(source):
    assert not same(take(source, 1, seed=0), take(source, 1, seed=1))


def test_start_equals_skipping(source):
    assert same(take(source, 6)[4:], take(source, 2, start=4))


def test_shares_make_up_the_batch(source):
    """Replica i of 2 takes the i-th half."""
    whole = take(source, 2)
    halves = [list(itertools.islice(source.dataset(BATCH, seed=0, share=(part, 2)), 2)) for part in (0, 1)]
    assert same(
        whole,
        [
            tuple(np.concatenate(parts) for parts in zip(*batch, strict=True))
            for batch in zip(*halves, strict=True)
        ],
    )


def test_labelled_batches_stand_beside_the_others(source):
    """Two of each class; the rest of the contract for them is in test_labelled.py."""
    if source.num_examples is None:
        pytest.skip(f"{source.name} is endless")
    if not source.num_classes:
        pytest.skip(f"{source.name} has no labels")
    x, more = next(iter(source.dataset(BATCH, seed=0, labels_per_class=2)))
    assert same(take(source, 1), [(x.numpy(), more["labels"].numpy())])
    assert set(more["labeled_labels"].numpy()) == set(range(source.num_classes))


def test_a_million_steps_in_is_there(source):
    assert take(source, 1, start=10**6)[0][0].shape == (BATCH, *source.shape)


def test_held_out_is_the_same_for_all(source, reopened):
    assert same([source.held_out(6)], [reopened().held_out(6)])


def test_held_out_is_never_trained_on(source):
    if source.name in ("digits", "adult", "health"):
        pytest.skip(f"examples of {source.name} repeat; test_source.py and test_csv.py compare their numbers")
    held_out = {x.tobytes() for x in source.held_out(100)[0]}
    trained = {x.tobytes() for batch, _ in take(source, 6) for x in batch}
    assert held_out
    assert held_out.isdisjoint(trained)


def test_fingerprint_is_that_of_the_content(source, reopened):
    assert int(source.fingerprint, 16) == int(reopened().fingerprint, 16)


def test_too_large_a_batch_is_refused(source):
    if source.num_examples is None:
        pytest.skip(f"{source.name} is endless")
    with pytest.raises(ValueError, match=f"batch_size: expected at most {source.num_examples} "):
        source.dataset(source.num_examples + 1, seed=0)


def test_streamed_folder_has_the_held_out_examples_of_the_one_in_memory(users_own):
    held, streamed = (
        data.folder.folder(Request(str(users_own / "pictures"), memory_budget=budget))
        for budget in (2**30, 0)
    )
    assert same([held.held_out(), held.examples([3, 1])], [streamed.held_out(), streamed.examples([3, 1])])


def test_get_returns_a_source_as_it_is():
    source = data.get("ring8")
    assert data.get(source) is source


def test_load_is_the_dataset_of_the_opened_source():
    (x, _) = take(data.open_source("digits"), 1, seed=2)[0]
    (y, _) = next(iter(data.load("digits", BATCH, seed=2)))
    np.testing.assert_array_equal(x, y)


def test_registered_function_is_opened_by_name(monkeypatch):
    from tfgan.data.source import in_memory

    monkeypatch.setattr(data.datasets, "_entries", dict(data.datasets._entries))
    data.register("ones", "all ones")(lambda request: in_memory("ones", np.ones((20, 2), np.float32), None))
    assert data.open_source("ones").shape == (2,)


def test_checking_a_name_imports_no_library():
    code = (
        "import sys; from tfgan import data; data.datasets.parse('folder:x'); data.datasets.listing(); "
        "print([m for m in ('tensorflow', 'tensorflow_datasets', 'sklearn', 'PIL', 'numpy') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
