"""List the commands: `python -m tfgan`."""

import tfgan

COMMANDS = {
    "tfgan.train": "train, watch, score and export a GAN (--loss=nonsat)",
    "tfgan.generate": "pictures or points from a trained model",
    "tfgan.evaluate": "score a run or an exported model",
    "tfgan.compare": "objectives over seeds and data, in one report with intervals",
    "tfgan.export_model": "a SavedModel from a run",
    "tfgan.losses": "objectives and penalties explained: all, or one by name",
    "tfgan.data": "a data set described: the columns of a table as the JSON that --schema takes",
}


def main() -> None:
    """Print the commands."""
    print(f"tfgan {tfgan.__version__}: generative adversarial networks on TensorFlow and Keras 3\n")
    for name, help in COMMANDS.items():
        print(f"  python -m {name:<20} {help}")
    print("\nEach answers --help.")


if __name__ == "__main__":
    main()
