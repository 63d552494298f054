"""Adam with a beta_2 that changes."""

import keras
import numpy as np
import pytest

from tfgan.training.adam import Adam


def test_updates_follow_the_formula():
    """m, v and both bias corrections in float64, with beta_2 going from .9 to .99 along half a cosine in 4 updates."""
    schedule = keras.optimizers.schedules.CosineDecay(0.9, 4, alpha=1.1)
    optimizer = Adam(0.1, beta_1=0.5, beta_2=schedule, epsilon=1e-8)
    variable = keras.Variable([1.0, -2.0])
    optimizer.build([variable])
    expected, m, v = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    for step in range(6):
        gradient = np.array([0.3 * (step + 1), -0.1])
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
        beta_2 = 0.99 + 0.5 * (0.9 - 0.99) * (1 + np.cos(np.pi * min(step / 4, 1)))
        m, v = 0.5 * m + 0.5 * gradient, beta_2 * v + (1 - beta_2) * gradient**2
        expected = expected - 0.1 * (m / (1 - 0.5 ** (step + 1))) / (
            np.sqrt(v / (1 - beta_2 ** (step + 1))) + 1e-8
        )
        np.testing.assert_allclose(variable, expected, rtol=1e-4)


def test_a_number_is_kerass_own():
    ours, theirs = Adam(0.1, beta_2=0.9), keras.optimizers.Adam(0.1, beta_2=0.9)
    values = []
    for optimizer in (ours, theirs):
        variable = keras.Variable([1.0])
        optimizer.build([variable])
        for gradient in (1.0, -3.0, 0.5):
            optimizer.apply([keras.ops.convert_to_tensor([gradient])], [variable])
        values.append(variable.numpy())
    np.testing.assert_array_equal(*values)


def test_the_schedule_survives_the_file():
    optimizer = Adam(0.1, beta_2=keras.optimizers.schedules.CosineDecay(0.9, 4, alpha=1.1))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, Adam)
    assert float(again.beta_2) == pytest.approx(0.9)
    assert again.get_config() == optimizer.get_config()


def test_another_number_is_refused():
    with pytest.raises(ValueError, match=r"beta_2: expected a number in \[0, 1\) or a schedule, got 1.0"):
        Adam(0.1, beta_2=1.0)
