"""Keras's own callbacks work on a GAN."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan

CALLBACKS = keras.callbacks


@pytest.fixture(scope="module")
def batches():
    return tf.data.Dataset.from_tensor_slices(
        np.random.default_rng(0).normal(size=(4, 16, 2)).astype(np.float32)
    )


@pytest.fixture
def gan(make_gan):
    return make_gan(
        run_eagerly=True, g_optimizer=keras.optimizers.SGD(0.1), d_optimizer=keras.optimizers.SGD(0.4)
    )


def rates(gan):
    return [float(optimizer.learning_rate) for optimizer in (gan.g_optimizer, gan.d_optimizer)]


def test_callbacks_that_write_find_all_they_need(make_gan, batches, tmp_path):
    gan = make_gan(jit_compile=False)
    callbacks = [
        CALLBACKS.TensorBoard(
            tmp_path / "board",
            histogram_freq=1,
            write_images=True,
            write_steps_per_second=True,
            update_freq=1,
        ),
        CALLBACKS.CSVLogger(tmp_path / "log.csv"),
        CALLBACKS.ModelCheckpoint(tmp_path / "{epoch}_{loss:.1f}.keras", monitor="loss", save_best_only=True),
        CALLBACKS.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False),
        CALLBACKS.TerminateOnNaN(),
        CALLBACKS.EarlyStopping(),  # monitors val_loss
    ]
    history = gan.fit(batches, validation_data=batches, epochs=2, verbose=0, callbacks=callbacks).history
    assert history["loss"] == history["loss/total"]
    assert len(history["val_loss"]) == 2
    with open(tmp_path / "log.csv", newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == pytest.approx(history["loss"])
    assert list(tmp_path.glob("1_*.keras"))
    (events,) = (tmp_path / "board" / "train").glob("events*")
    records = [
        tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(events))
    ]
    tags = [value.tag for event in records for value in event.summary.value]
    assert {
        "epoch_loss",
        "epoch_steps_per_second",
        "epoch_learning_rate_generator",
        "dense/kernel/histogram",
    } - set(tags) <= {
        "dense/kernel/histogram"  # numbered by how many layers the process made before
    }
    weights = [tag for tag in tags if tag.endswith("kernel/histogram")]
    assert len(weights) == 2 * len(set(weights))  # two epochs; each network's weights under tags of their own
    assert any(tag.startswith("average/") for tag in weights)
    again = tfgan.load(next(tmp_path.glob("1_*.keras")))
    again.fit(batches, epochs=2, verbose=0, callbacks=[CALLBACKS.BackupAndRestore(tmp_path / "backup")])
    assert int(again.state.step.numpy()) == 8  # both epochs were done: nothing is left to do
    for mine, theirs in zip(again.get_weights(), gan.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_no_weight_is_without_entries(gan, make_gan):
    for model in (gan, make_gan(penalties=["lecam"], jit_compile=False)):
        assert all(np.size(weight) for weight in model.get_weights())


def test_files_with_an_empty_vector_of_scalars_open(gan):
    gan.running.load_own_variables({"0": np.zeros((0,), np.float32)})  # as files of before hold it
    assert gan.running.values() == {}


def test_training_ends_at_a_loss_of_nan(gan):
    """Of three epochs of two batches, the first batch is the last."""
    batches = tf.data.Dataset.from_tensor_slices(np.full((2, 16, 2), np.nan, np.float32))
    gan.fit(batches, epochs=3, verbose=0, check_values=False, callbacks=[CALLBACKS.TerminateOnNaN()])
    assert int(gan.state.step.numpy()) == 1


def test_rates_are_scheduled_and_reduced_for_both_players(gan, batches):
    asked = []

    def halved(epoch, rate):
        asked.append((epoch, pytest.approx(rate)))
        return rate / 2

    halve = CALLBACKS.LearningRateScheduler(halved)
    reduce = CALLBACKS.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=0, cooldown=9, min_delta=1e9)
    history = gan.fit(batches.take(1), epochs=2, verbose=0, callbacks=[halve, reduce]).history
    assert asked == [(0, 0.1), (0, 0.4), (1, 0.05), (1, 0.2)]  # each player's own rate
    assert history["learning_rate_generator"] == pytest.approx([0.05, 0.025])
    assert history["learning_rate_discriminator"] == pytest.approx([0.2, 0.1])
    # No better by 1e9 in the second epoch: a tenth of both
    assert rates(gan) == pytest.approx([0.0025, 0.01])


def test_a_rate_with_a_schedule_of_its_own_is_not_overruled(make_gan, batches):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    gan = make_gan(run_eagerly=True, d_optimizer=keras.optimizers.SGD(decay))
    with pytest.raises(
        ValueError,
        match=r"learning_rate: expected a d_optimizer made with a number, .* with the schedule CosineDecay",
    ):
        gan.fit(batches, verbose=0, callbacks=[CALLBACKS.LearningRateScheduler(lambda epoch, rate: rate / 2)])


def test_the_view_of_both_optimizers_says_where_each_is(gan):
    assert gan.optimizer.variables == [*gan.g_optimizer.variables, *gan.d_optimizer.variables]
    with pytest.raises(
        AttributeError, match=r"a GAN has two, .* no 'learning_rate'; read gan.g_optimizer or gan.d_optimizer"
    ):
        _ = gan.optimizer.learning_rate
