"""Explain objectives and penalties: `python -m tfgan.losses [NAME]`."""

from tfgan.describe import run

if __name__ == "__main__":
    run()
