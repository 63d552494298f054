"""Print a table's columns as they are recognized: `python -m tfgan.data --dataset=csv:PATH`."""

from tfgan.cli.data import run

if __name__ == "__main__":
    run()
