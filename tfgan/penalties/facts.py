"""Define the facts of a penalty: its formula, its cost and its Dirac-GAN. This module imports no Keras.

`game_d` and `game_g` are the terms of D and G in the Dirac-GAN (data at 0, fakes at theta, D(x) = psi x), as
Python expressions in theta, psi and the penalty's options; NumPy evaluates them and the tests compare them
with the code. `damping` and `g_damping` are their second derivatives at (0, 0) in psi and in theta, derived
by hand.
"""

from __future__ import annotations

from typing import NamedTuple


class PenaltyFacts(NamedTuple):
    """Formulas and proofs about a penalty; an optional class attribute `facts` of its class.

    Attributes:
        cost: compute that it adds to a step.
        game: its effect in the Dirac-GAN, and the reason.
        d: the term of D's loss, or the change of D.
        g: the term of G's loss.
        game_d: the term of D's loss in the Dirac-GAN.
        game_g: the term of G's loss there.
        damping: second derivative of `game_d` in psi at (0, 0); None if it does not exist.
        g_damping: second derivative of `game_g` in theta at (0, 0).
        elsewhere: the equivalent weight in another project's code.
    """

    cost: str
    game: str
    d: str = ""
    g: str = ""
    game_d: str = "0"
    game_g: str = "0"
    damping: str | None = "0"
    g_damping: str = "0"
    elsewhere: str = ""


# Phrases that several penalties share.
HALF = "GAN_stability, the authors' code, has no half: its reg_param=10 is gamma=20 here"
BACKWARD = "a second backward pass through D"
BETWEEN = "a forward and two backward passes of D at points of its own"
DAMPS = "damps D: the eigenvalues leave the imaginary axis"
KINK = "pulls |psi| to 1: (0, 0) is no resting point of D"
