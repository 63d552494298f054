"""What a run does about what the doctor finds: where it is said, when the run stops, and the way back to before it."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import callbacks, train
from tfgan.callbacks.doctor import episodes
from tfgan.callbacks.doctor.diagnosis import FATAL
from tfgan.callbacks.doctor.probe import Look
from tfgan.core import noise
from tfgan.runs import build, config, post_hoc, rollback
from tfgan.runs import folder as folder_lib

BATCH = 8


@pytest.fixture(scope="module")
def ring8():
    return build.open_source(config.resolve(config.Config(dataset="ring8", batch_size=BATCH)))


def hurry(patch):
    patch.setattr(episodes, "WARM_UP", 0)
    patch.setattr(episodes, "LASTING_STEPS", 0)
    # Changes of weights are taken twice as often, in each interval of `STILL`
    patch.setattr(rollback, "STEPS", 4)


@pytest.fixture
def eager(monkeypatch):
    """Say after three intervals what would otherwise have to last."""
    hurry(monkeypatch)


STILL = {
    "dataset": "ring8",
    "width": 8,
    "batch_size": BATCH,
    "log_every": 2,
    "save_every": 2,
    "sample_every": 8,
    "xla": False,
}
STILL |= {"g_lr": 1e-12, "export": False, "steps": 8, "network": "mlp:depth=1,d_depth=1"}


def diagnoses(folder):
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [record for record in records if "diagnosis" in record]


@pytest.fixture(scope="module")
def warned(tmp_path_factory):
    """A run whose G stands still, warned of: (folder, what it wrote to stderr)."""
    import contextlib
    import io

    folder, said = tmp_path_factory.mktemp("warned") / "run", io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(said):
        hurry(patch)
        assert train.main(train.TrainFlags(run_dir=str(folder), **STILL)) == 0
    return folder, said.getvalue()


def test_a_diagnosis_is_a_record_once_an_episode(warned):
    (record,) = diagnoses(warned[0])
    assert (record["step"], record["diagnosis"], record["remedy"]) == (
        6,
        "vanishing_gradients",
        "raise --g_lr",
    )
    assert "e-" in record["evidence"]


def test_a_diagnosis_is_a_line_on_stderr(warned):
    assert "step 6: vanishing gradients: one update changes G's weights by " in warned[1]


def test_a_diagnosis_stands_in_the_text_tab(warned):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(warned[0] / "tensorboard"))
    events.Reload()
    (entry,) = events.Tensors("doctor")
    assert entry.step == 6
    assert b"vanishing_gradients" in entry.tensor_proto.string_val[0]
    assert events.SummaryMetadata("doctor").plugin_data.plugin_name == "text"


def test_a_continued_run_remembers_what_was_said(tmp_path, eager):
    """The episode of the first eight steps goes on in the next eight; signs of the first four count with the next."""
    for steps in (4, 8, 16):
        assert (
            train.main(
                train.TrainFlags(
                    run_dir=str(tmp_path / "run"), **{**STILL, "steps": steps, "lr_schedule": "constant"}
                )
            )
            == 0
        )
    assert [record["step"] for record in diagnoses(tmp_path / "run")] == [6]


def test_nodoctor_says_nothing(tmp_path, eager):
    assert train.main(train.TrainFlags(run_dir=str(tmp_path / "run"), doctor=False, **STILL)) == 0
    assert "doctor/" not in (tmp_path / "run" / "metrics.jsonl").read_text()
    assert diagnoses(tmp_path / "run") == []


def test_stop_ends_with_status_3_and_keeps_the_last_good_checkpoint(tmp_path, eager, capfd):
    """G is fine up to step 4 and stands still from there: three signs later, at step 10, that is said; nothing was saved since."""
    folder = tmp_path / "run"
    healthy = {**STILL, "g_lr": 1e-3, "lr_schedule": "constant"}
    assert train.main(train.TrainFlags(run_dir=str(folder), **{**healthy, "steps": 4})) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.Doctor, "_updates", lambda self: {"d_update": 1e-3, "g_update": 1e-9})
        assert (
            train.main(train.TrainFlags(run_dir=str(folder), on_collapse="stop", **{**healthy, "steps": 20}))
            == 3
        )
    assert [record["step"] for record in diagnoses(folder)] == [10]
    assert folder_lib.list_checkpoints(folder)[0].name == "step_00000004.keras"
    assert "stopped at step 10: vanishing gradients. The last good checkpoint is" in capfd.readouterr().err


HEALTHY = {**STILL, "g_lr": 1e-3, "lr_schedule": "constant"}


@pytest.fixture
def failing(monkeypatch, eager):
    """Train with --on_collapse=rollback where steps look too large in the attempts before `attempts`, after step `since`."""

    def train_failing(folder, steps, attempts=1, since=4, **changes):
        def updates(self):
            fails = (
                int(self.model.state.attempt.numpy()) < attempts
                and int(self.model.state.step.numpy()) > since
            )
            return {"d_update": 0.5 if fails else 1e-3, "g_update": 1e-3}

        monkeypatch.setattr(callbacks.Doctor, "_updates", updates)
        monkeypatch.setattr(Look, "take", lambda self: {})
        settings = {**HEALTHY, "on_collapse": "rollback", "steps": steps, **changes}
        return train.main(train.TrainFlags(run_dir=str(folder), **settings))

    return train_failing


def test_rollback_gives_up_after_three_attempts(failing, tmp_path, capfd):
    assert failing(tmp_path / "run", 20, attempts=9, since=0) == 3
    said = capfd.readouterr().err
    assert [f"attempt {number} of 3" in said for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "taken back from step 6 to step 0" in said


def test_rollback_spends_no_attempt_where_it_cannot_help(tmp_path, eager, capfd):
    """A G whose rate is all but 0 stands still at half of it too."""
    assert train.main(train.TrainFlags(run_dir=str(tmp_path / "run"), on_collapse="rollback", **STILL)) == 3
    said = capfd.readouterr().err
    assert "stopped at step 6: vanishing gradients" in said
    assert "attempt" not in said


def test_time_and_signals_are_watched_over_all_attempts(failing, tmp_path, monkeypatch):
    made = []
    for name in ("StopAfter", "StopOnSignal"):
        kind = getattr(callbacks, name)
        monkeypatch.setattr(
            callbacks,
            name,
            lambda *args, kind=kind, name=name, **named: made.append(name) or kind(*args, **named),
        )
    assert failing(tmp_path / "run", 20, attempts=9, since=0) == 3
    assert sorted(made) == ["StopAfter", "StopOnSignal"]


def expire_at(step, monkeypatch):
    """Let the time be over at the end of a step."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.state.step.numpy()) == step:
            self.expired = self.model.stop_training = True

    monkeypatch.setattr(callbacks.StopAfter, "on_train_batch_end", on_train_batch_end)


def test_an_end_in_time_comes_before_going_back(failing, tmp_path, monkeypatch, capfd):
    """The collapse is told at step 10, when time is over too: nothing is saved of it, and the same command goes back then."""
    folder = tmp_path / "run"
    expire_at(10, monkeypatch)
    assert failing(folder, 20) == 0
    assert (
        "stopped at step 10, to be taken back: divergence. The last good checkpoint is"
        in capfd.readouterr().err
    )
    assert folder_lib.list_checkpoints(folder)[0].name == "step_00000004.keras"
    expire_at(0, monkeypatch)
    assert failing(folder, 20) == 0
    assert "taken back from step 10 to step 4, attempt 1 of 3" in capfd.readouterr().err


def test_what_is_interrupted_is_saved_and_still_taken_back_to_before_the_signs(
    failing, tmp_path, monkeypatch, capfd
):
    """The first sign is at step 6, where time is over; two more tell the collapse at 10."""
    folder = tmp_path / "run"
    expire_at(6, monkeypatch)
    assert failing(folder, 20) == 0
    assert folder_lib.list_checkpoints(folder)[0].name == "step_00000006.keras"
    expire_at(0, monkeypatch)
    assert failing(folder, 20) == 0
    assert "taken back from step 10 to step 4, attempt 1 of 3" in capfd.readouterr().err


@pytest.mark.parametrize("choice", ["stop", "rollback"])
def test_a_sign_at_the_last_step_leaves_its_checkpoint(choice, failing, tmp_path):
    assert failing(tmp_path / "run", 6, on_collapse=choice) == 0
    assert folder_lib.list_checkpoints(tmp_path / "run")[0].name == "step_00000006.keras"


def test_what_may_stop_a_run_looks_at_all_that_is_saved(ring8, tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    looks = {}
    for choice in ("warn", "stop"):
        asked = config.Config(dataset="ring8", on_collapse=choice, log_every=50, save_every=250, steps=1010)
        doctor = rollback.build_doctor(ring8, config.resolve(asked), records, None, alone=True)
        looks[choice] = [
            step for step in range(1, 1011) if step % doctor.every_steps == 0 or doctor.also(step)
        ]
    assert looks == {
        "warn": [200, 400, 600, 800, 1000],
        "stop": [200, 250, 400, 500, 600, 750, 800, 1000, 1010],
    }


@pytest.mark.parametrize(
    ("first_sign", "attempt", "left"),
    [(500, 1, [400, 300, 200]), (400, 1, [300, 200]), (500, 2, [300, 200]), (300, 3, [200]), (100, 3, [200])],
)
def test_each_attempt_goes_back_further(first_sign, attempt, left, tmp_path):
    """From before the first sign, one checkpoint more for each attempt after the first, and never beyond the oldest."""
    (tmp_path / "checkpoints").mkdir()
    for step in (200, 300, 400):
        (tmp_path / "checkpoints" / f"step_{step:08d}.keras").touch()
    rollback._drop_checkpoints(tmp_path, first_sign, attempt)
    assert [folder_lib.step_of(file) for file in folder_lib.list_checkpoints(tmp_path)] == left


@pytest.mark.parametrize(("start", "files"), [(4, {"evaluation.json", "best.keras"}), (3, set())])
def test_scores_of_steps_that_are_gone_are_gone(start, files, ring8, tmp_path):
    """The last scores are of step 4, as the best are."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / folder_lib.BEST).touch()
    (tmp_path / "evaluation.json").write_text('{"step": 4, "scores": {}}')
    scores = [{"step": step, "seconds": 1.0, "metrics/reverse_kl": 5.0 - step} for step in (2, 4)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in scores))
    resolved = config.resolve(
        config.Config(dataset="ring8", keep_best="reverse_kl", eval_every=250, log_every=250)
    )
    rollback._drop_scores(tmp_path, ring8, resolved, start)
    assert {
        file.name
        for file in [tmp_path / "evaluation.json", tmp_path / "checkpoints" / folder_lib.BEST]
        if file.exists()
    } == files


def test_going_back_is_noted_once_and_in_the_text_tab(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from tfgan.callbacks.doctor.diagnosis import Diagnosis

    (tmp_path / "metrics.jsonl").write_text('{"step": 4, "seconds": 1.0}\n{"step": 6, "seconds": 2.0}\n')
    for _ in range(2):
        rollback._log_rollback(
            tmp_path, Diagnosis("divergence", "far", "lower --g_lr"), 4, "taken back from step 6 to step 4"
        )
    (record,) = diagnoses(tmp_path)
    assert (record["step"], record["evidence"], record["remedy"]) == (
        4,
        "far",
        "taken back from step 6 to step 4",
    )
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (entry,) = events.Tensors("doctor")
    assert entry.step == 4
    assert b"far; taken back from step 6" in entry.tensor_proto.string_val[0]


@pytest.mark.parametrize("schedule", ["constant", pytest.param("linear", marks=pytest.mark.slow)])
def test_a_run_taken_back_goes_on_from_its_checkpoint_and_continues_exactly(schedule, tmp_path, failing):
    """Half the rates and attempt 1 are in the checkpoint; a run that ends at 12 and goes on to 16 has the weights of one to 16."""
    settings = {"lr_schedule": schedule, **({"burn_in": 1000} if schedule == "linear" else {})}
    assert failing(tmp_path / "whole", 16, **settings) == 0
    assert failing(tmp_path / "parts", 12, **settings) == 0
    assert failing(tmp_path / "parts", 16, **settings) == 0
    whole, parts = (tfgan_load(tmp_path / name) for name in ("whole", "parts"))
    assert int(whole.state.attempt.numpy()) == 1
    for first, second in zip(whole.weights, parts.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())
    (record,) = diagnoses(tmp_path / "whole")
    assert (record["step"], record["remedy"].split(",")[0]) == (4, "taken back from step 10 to step 4")


def test_snapshots_of_steps_that_are_taken_back_are_gone(tmp_path, failing):
    """The second attempt goes back to before the first one's start; each snapshot holds its checkpoint's averages."""
    folder = tmp_path / "run"
    assert failing(folder, 12, attempts=2, post_hoc_ema=True, keep_checkpoints=9) == 0
    checkpoints = {folder_lib.step_of(file): file for file in folder_lib.list_checkpoints(folder)}
    snapshots = {folder_lib.step_of(file): file for file in post_hoc.list_snapshots(folder)}
    assert sorted(snapshots) == sorted(checkpoints) == [2, 4, 6, 8, 10, 12]
    for step, file in snapshots.items():
        gan = tfgan.load(checkpoints[step])
        with np.load(file) as arrays:
            for name, average in zip(arrays, gan.power_averages.weights, strict=True):
                np.testing.assert_array_equal(arrays[name], average.numpy())


def tfgan_load(folder):
    import tfgan

    return tfgan.load(folder_lib.list_checkpoints(folder)[0])


@pytest.mark.parametrize("schedule", ["constant", "cosine", "linear"])
def test_each_attempt_halves_the_rates(schedule, ring8, tmp_path):
    asked = config.Config(
        dataset="ring8",
        batch_size=BATCH,
        width=8,
        xla=False,
        lr_schedule=schedule,
        run_dir=str(tmp_path / "none"),
    )
    resolved = build.fill_network(config.resolve(asked), ring8)
    (gan, start), rates = rollback.restore_attempt(ring8, resolved, tf.distribute.get_strategy(), 0), []
    folder = folder_lib.RunDir(resolved.run_dir, resolved, build.data_facts(ring8))
    folder.save(gan, 1)
    folder.close()
    for attempt in (0, 2):
        gan, start = rollback.restore_attempt(ring8, resolved, tf.distribute.get_strategy(), attempt)
        assert (start, int(gan.state.attempt.numpy())) == (0, attempt)
        rates.append([float(optimizer.learning_rate) for optimizer in (gan.g_optimizer, gan.d_optimizer)])
    np.testing.assert_allclose(rates[1], np.array(rates[0]) / 4, rtol=1e-6)


def test_an_attempt_draws_other_noise_and_the_first_what_it_always_drew(make_gan):
    gan = make_gan(jit_compile=False)
    first = gan.sample_noise(4, 0)["latents"].numpy()
    np.testing.assert_array_equal(
        first, noise.Draws(0, tf.constant(0, tf.int64), 0).normal("latents", (4, 2)).numpy()
    )
    gan.state.attempt.assign(1)
    assert not np.array_equal(gan.sample_noise(4, 0)["latents"].numpy(), first)


def test_on_collapse_needs_the_doctor():
    with pytest.raises(ValueError, match=r"--on_collapse: stop expected --doctor, .* got --nodoctor"):
        config.resolve(config.Config(doctor=False, on_collapse="stop"))


def test_what_stops_a_run_is_fatal(ring8, tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    stop_on = {}
    for choice in ("warn", "stop"):
        resolved = config.resolve(config.Config(dataset="ring8", on_collapse=choice))
        stop_on[choice] = rollback.build_doctor(ring8, resolved, records, None, alone=True).stop_on
    assert stop_on == {"warn": frozenset(), "stop": FATAL}
