"""Explain objectives and penalties: `python -m tfgan.losses [NAME]`."""

from tfgan.cli.losses import run

if __name__ == "__main__":
    run()
