"""Lets the tests of this folder import what the reference values are of, whatever pytest's import mode."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "reference"))
