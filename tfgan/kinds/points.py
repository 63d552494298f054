"""Points: vectors of numbers."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfgan.core import images as images_lib
from tfgan.kinds.kind import Kind
from tfgan.kinds.units import Units


@dataclasses.dataclass(frozen=True)
class Points(Kind):
    """Points (d,), such as places in the plane, in units with a center and a scale, common or one a column.

    Arrays of any other shape that no other kind takes are points too, in units of one center and scale.
    """

    name = "points"
    default_network = "mlp"
    array = "points"
    preview_count = 2500
    preview_shows_reals = True
    own_features = True

    @classmethod
    def fit(cls, examples, rows):
        """Return points (n, d) in units where each column has mean 0 and standard deviation 1."""
        return cls(tuple(examples.shape[1:]), Units.by_column(examples[rows]))

    def legal(self, values):
        return abs(values) < np.inf  # false for NaN too

    def metric_refusal(self, protocol, metric, data):
        if protocol.features:
            return f"expected no features of {data}, whose points are their own; write {protocol.metric!r}"
        if metric.reads == ("images",):
            return f"expected images, {data} has points; take a metric of points, such as 'w2'"
        return None

    def stand_ins(self, count):
        """Return different points: metrics refuse one point that is repeated."""
        return np.resize(np.arange(2.0 * count), (count, *self.shape))

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Draw a scatter plot of the first two coordinates, over the reference if there is one."""
        points = np.concatenate([*batches])
        return images_lib.draw_scatter(points, points if reference is None else reference)
