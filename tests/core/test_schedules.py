"""Schedules at their ends, in the middle, and after."""

import numpy as np

from tfgan.core import schedules


def test_cosine():
    """end + (start - end) (1 + cos(pi t)) / 2: at t = 1/3 three quarters of the way are left."""
    values = [float(schedules.cosine(5.0, 1.0, 30, step)) for step in (0, 10, 15, 30, 99)]
    np.testing.assert_allclose(values, [5.0, 4.0, 3.0, 1.0, 1.0], atol=1e-5)
