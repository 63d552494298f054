"""Lets the tests of this folder import the formulas of the losses' tests, whatever pytest's import mode."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "losses"))
