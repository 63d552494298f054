"""A picture that cannot be decoded while a run reads its folder: one line, a checkpoint, and ways to continue."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, PngImagePlugin

from tfgan import data, train
from tfgan.data import order
from tfgan.data import source as source_lib
from tfgan.runs import build, fit

BATCH, STEPS, COUNT = 8, 6, 40
BAD_STEP = 3  # the first whose batch has the damaged picture; steps 2 and 3 are one call


def save(path, seed, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)).save(path, **options)


def cut(path):
    path.write_bytes(path.read_bytes()[:-60])


def streamed(root, **options):
    return data.open_source(f"folder:{root}", memory_budget_mib=0, **options)


def fill(root):
    for index in range(COUNT):
        save(root / f"{index:02d}.png", index)
    return root


@pytest.fixture
def pictures(tmp_path):
    return fill(tmp_path / "pictures")


def first_shown_at(source, step):
    """The number of a training picture, not the first, that the batches before `step` do not show."""
    places = order.shuffle(np.arange((step + 1) * BATCH, dtype=np.int64), source.num_examples, 0).numpy()
    later = [place for place in places[step * BATCH :] if place and place not in places[: step * BATCH]]
    return int(source.train_indices[later[0]])


def test_substitute_keeps_the_place_of_all_others(pictures):
    """Batches differ in the rows of the damaged picture alone, which show the next training picture."""
    sound = streamed(pictures)
    batches = [x.numpy() for x, _ in sound.dataset(BATCH, seed=0).take(5)]
    position = 7
    number, following = sound.train_indices[position : position + 2]
    old, new = sound.examples([position, position + 1])[0]
    cut(pictures / f"{number:02d}.png")
    source = streamed(pictures, skip_unreadable=True)
    with pytest.warns(
        UserWarning, match=rf"{number:02d}\.png: expected a whole .*; .*{following:02d}\.png takes its place"
    ):
        found = [x.numpy() for x, _ in source.dataset(BATCH, seed=0).take(5)]
    expected = [np.where((x == old).all(axis=(1, 2, 3), keepdims=True), new, x) for x in batches]
    assert any((before != after).any() for before, after in zip(batches, expected, strict=True))
    np.testing.assert_array_equal(found, expected)
    assert source.unreadable == {f"{number:02d}.png"}


def test_substitute_is_of_the_same_class_and_side(tmp_path):
    for label, name in enumerate(("cat", "dog")):
        for index in range(20):
            save(tmp_path / name / f"{index:02d}.png", 100 * label + index)
    sound = streamed(tmp_path)
    held_out = int(sound.held_out_indices[0])
    files = sorted(tmp_path.rglob("*.png"))
    peers = [
        index for index in sorted(sound.held_out_indices) if files[index].parent == files[held_out].parent
    ]
    substitute = peers[(peers.index(held_out) + 1) % len(peers)]
    expected = sound.read(np.array([substitute]))
    files[held_out].write_bytes(b"")
    source = streamed(tmp_path, skip_unreadable=True)
    assert "1 unreadable, replaced by others of their class" in source.note
    with pytest.warns(UserWarning, match="takes its place"):
        found = source.read(np.array([held_out]))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    with pytest.warns(UserWarning, match="takes its place"):
        in_memory = data.open_source(f"folder:{tmp_path}", skip_unreadable=True)
    np.testing.assert_array_equal(in_memory.held_out()[0], source.held_out()[0])


def test_folder_of_damaged_pictures_is_refused(tmp_path):
    for index in range(10):
        (tmp_path / f"{index}.png").write_bytes(b"")
    with pytest.raises(
        ValueError,
        match=r"--skip_unreadable: expected a readable picture, got none among 10, such as .*0\.png",
    ):
        streamed(tmp_path, skip_unreadable=True)
    with pytest.raises(
        ValueError, match=r"0\.png: expected a whole .*; replace it, or let others .* with --skip_unreadable"
    ):
        streamed(tmp_path)


def test_picture_of_another_size_is_named(pictures):
    source = streamed(pictures)
    Image.new("RGB", (9, 8)).save(pictures / "07.png")
    with pytest.raises(
        source_lib.UnreadableExample, match=r"07\.png: expected a picture of \(8, 8, 3\) .*got \(8, 9, 3\)"
    ):
        source._fetch(np.array([7]))


def test_reason_survives_tf_data(pictures):
    """tf.data wraps what a reader raises in a text of its own; other errors of TensorFlow are no such reason."""
    source = streamed(pictures)
    path = pictures / f"{source.train_indices[1]:02d}.png"
    cut(path)
    with pytest.raises(tf.errors.OpError) as caught:
        list(source.dataset(source.num_examples, seed=0).take(1))
    reason = fit.reason_unreadable(caught.value)
    assert reason.startswith(f"{path}: expected a whole PNG")
    assert reason.endswith("replace it, or let others take its place with --skip_unreadable")
    assert fit.reason_unreadable(tf.errors.InvalidArgumentError(None, None, "incompatible shapes")) is None


def test_damaged_records_of_a_stream_are_named():
    def read(indices):
        raise RuntimeError("record\n7 is damaged")

    source = source_lib.streamed("records", (2,), 40, read, fingerprint="0", num_classes=0)
    with pytest.raises(source_lib.UnreadableExample, match="record 7 is damaged"):
        source.examples([0])


def flags(root, folder, **options):
    return train.TrainFlags(
        dataset=f"folder:{root}",
        steps=STEPS,
        log_every=2,
        steps_per_call=2,
        sample_every=100,
        batch_size=BATCH,
        width=4,
        latent_dim=4,
        xla=False,
        doctor=False,
        export=False,
        run_dir=str(folder),
        **options,
    )


def weights(folder):
    import tfgan

    (newest, *_) = sorted(folder.glob("checkpoints/step_*.keras"), reverse=True)
    return newest.stem, [weight.numpy() for weight in tfgan.load(newest).weights]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that a damaged picture stopped: (pictures, the picture, run folder, its status, the weights without the damage)."""
    root = tmp_path_factory.mktemp("stopped")
    pictures = fill(root / "pictures")
    opener = data.open_source
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            data, "open_source", lambda *args, **options: opener(*args, **options | {"memory_budget_mib": 0})
        )
        assert train.main(flags(pictures, root / "whole")) == 0
        bad = pictures / f"{first_shown_at(streamed(pictures), BAD_STEP):02d}.png"
        cut(bad)
        yield pictures, bad, root / "run", train.main(flags(pictures, root / "run")), weights(root / "whole")


def test_run_is_saved_before_the_call_that_meets_the_picture(stopped):
    *_, folder, status, _ = stopped
    assert status == 2
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["step_00000002.keras"]


def test_one_line_names_the_picture_and_the_ways_out(stopped, tmp_path, capsys):
    pictures, bad, folder, *_ = stopped
    shutil.copytree(folder, tmp_path / "run")
    assert train.main(flags(pictures, tmp_path / "run")) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "stopped at" in line]
    assert str(bad) in line
    assert "stopped at step 2 of 6 and saved" in line
    assert line.endswith("with --skip_unreadable. The same command then continues.")


def test_same_command_continues_once_the_picture_is_replaced(stopped, tmp_path):
    """By a file of another size with the same pixels: the weights are those of a run that met no damage, bit for bit."""
    pictures, bad, folder, _, (step, expected) = stopped
    shutil.copytree(folder, tmp_path / "run")
    damaged = bad.read_bytes()
    comment = PngImagePlugin.PngInfo()
    comment.add_text("note", "written anew")
    save(bad, int(bad.stem), pnginfo=comment)
    try:
        assert train.main(flags(pictures, tmp_path / "run")) == 0
    finally:
        bad.write_bytes(damaged)
    found_step, found = weights(tmp_path / "run")
    assert found_step == step == "step_00000006"
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["data"]["unreadable"] == [bad.name]


def test_skipping_continues_the_same_run(stopped, tmp_path):
    pictures, bad, folder, *_ = stopped
    shutil.copytree(folder, tmp_path / "run")
    with pytest.warns(UserWarning, match=rf"{bad.name}.* takes its place"):
        assert train.main(flags(pictures, tmp_path / "run", skip_unreadable=True)) == 0
    assert weights(tmp_path / "run")[0] == "step_00000006"


def test_another_picture_that_changed_is_still_refused(stopped, tmp_path):
    pictures, bad, folder, *_ = stopped
    record = json.loads((folder / "config.json").read_text())["data"]
    moved = shutil.copytree(pictures, tmp_path / "pictures")
    assert build.data_facts(streamed(moved), record) == record
    other = next(path for path in moved.iterdir() if path.name != bad.name)
    cut(other)
    assert build.data_facts(streamed(moved), record)["fingerprint"] != record["fingerprint"]


def test_removed_picture_is_refused_with_the_way_out(stopped, tmp_path, capsys):
    pictures, bad, folder, *_ = stopped
    shutil.copytree(folder, tmp_path / "run")
    damaged = bad.read_bytes()
    bad.unlink()
    try:
        with pytest.raises(SystemExit) as caught:
            train.main(flags(pictures, tmp_path / "run"))
    finally:
        bad.write_bytes(damaged)
    assert caught.value.code == 2
    assert (
        f"put those data back, or go on from its networks with --init_from={tmp_path}/run and another"
        in capsys.readouterr().err
    )
