"""What every penalty costs, in float64 NumPy, written from the papers' formulas and not from the code.

D(x) = x'Ax/2 + b'x on points of the plane, whose input gradient is Ax + b; its features are x itself.
"""

import dataclasses

import numpy as np

A = np.array([[0.7, 0.2], [0.2, -0.4]])
B = np.array([0.6, -1.1])


@dataclasses.dataclass
class World:
    """A batch, the noise drawn for it, and D."""

    real: np.ndarray
    fake: np.ndarray
    nearby: np.ndarray
    latents: np.ndarray
    noise: dict
    a: np.ndarray = dataclasses.field(default_factory=A.copy)
    b: np.ndarray = dataclasses.field(default_factory=B.copy)
    averages: tuple = None  # of the logits, held while D moves

    def d(self, x):
        return 0.5 * np.einsum("ni,ij,nj->n", x, self.a, x) + x @ self.b

    def slope(self, x):
        return np.linalg.norm(x @ self.a + self.b, axis=1)

    def interpolated(self):
        fraction = self.noise["Interpolated()"]["fractions"][:, None]
        return fraction * self.real + (1 - fraction) * self.fake

    def around(self):
        drawn = self.noise["PerturbedReal(deviation=None)"]
        return self.real + drawn["fractions"][:, None] * 0.5 * self.real.std() * drawn["entries"]

    def moved(self, of):
        x = {"Real": self.real, "Fake": self.fake}[of]
        drawn = self.noise[f"ShiftedAndFlipped(of={of}(), shift=0.125, mirror=True, sigma=0.05)"]
        return x + 0.05 * drawn["normal"]

    def difference(self, of, sigma, one_in):
        x = {"Real": self.real, "Fake": self.fake}[of][::one_in]
        n = self.noise[f"GaussianPerturbed(of={of}(), sigma={sigma}, one_in={one_in})"]["normal"][::one_in]
        return (((self.d(x) - self.d(x + sigma * n)) / sigma) ** 2).mean()

    def consistency(self, of):
        return ((self.d({"Real": self.real, "Fake": self.fake}[of]) - self.d(self.moved(of))) ** 2).mean()


def relu(x):
    return np.maximum(x, 0)


def lecam(world):
    """At the first step the debiased averages are the batch means themselves."""
    r, f = world.d(world.real), world.d(world.fake)
    real_average, fake_average = world.averages
    return 0.3 * ((relu(r - fake_average) ** 2).mean() + (relu(real_average - f) ** 2).mean())


def mode_seeking(world):
    """Pairs of an example and the one before it, in a ring."""
    apart = lambda x: np.mean([np.abs(x[i] - x[i - 1]).mean() for i in range(len(x))])  # noqa: E731
    return 1 / (apart(world.fake) / apart(world.latents) + 1e-5)


# What D pays, at the options of OPTIONS.
DISCRIMINATOR = {
    "r1": lambda w: (0.5 * 3 * w.slope(w.real) ** 2).mean(),
    "r2": lambda w: (0.5 * 3 * w.slope(w.fake) ** 2).mean(),
    "gp0": lambda w: (0.5 * 3 * w.slope(w.interpolated()) ** 2).mean(),
    "wgan_gp": lambda w: (10 * (w.slope(w.interpolated()) - 1) ** 2).mean(),
    "wgan_lp": lambda w: (10 * relu(w.slope(w.interpolated()) - 1) ** 2).mean(),
    "slope_cap": lambda w: (
        10 * sum((relu(w.slope(x) / 2**0.5 - 1) ** 2).mean() for x in (w.real, w.fake))
    ),  # two entries an example
    "approx_r1": lambda w: 0.5 * 3 * w.difference("Real", 0.25, 2),
    "approx_r2": lambda w: 0.5 * w.difference("Fake", 0.25, 1),
    "centering": lambda w: 0.01 * ((w.d(w.real) + w.d(w.fake)) ** 2).mean(),
    "dragan": lambda w: (10 * (w.slope(w.around()) - 1) ** 2).mean(),
    "max_gp": lambda w: 10 * max(w.slope(w.interpolated()) ** 2),
    "lecam": lecam,
    "drift": lambda w: 1e-3 * (w.d(w.real) ** 2).mean(),
    "cr": lambda w: 10 * w.consistency("Real"),
    "bcr": lambda w: 10 * w.consistency("Real") + 10 * w.consistency("Fake"),
    "zcr": lambda w: 20 * ((w.d(w.fake) - w.d(w.nearby)) ** 2).mean(),
}

# What G pays.
GENERATOR = {
    "zcr": lambda w: -0.5 * ((w.fake - w.nearby) ** 2).mean(),
    "mode_seeking": mode_seeking,
    "feature_matching": lambda w: ((w.real.mean(axis=0) - w.fake.mean(axis=0)) ** 2).sum(),
}

RULES = {"instance_noise", "clip"}  # no cost; each has tests of its own

OPTIONS = {"r1": {"gamma": 3.0}, "r2": {"gamma": 3.0}, "gp0": {"gamma": 3.0}}
OPTIONS |= {
    "slope_cap": {"per_entry": True},
    "approx_r1": {"gamma": 3.0, "sigma": 0.25, "one_in": 2},
    "approx_r2": {"sigma": 0.25},
}
