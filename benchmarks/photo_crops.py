"""Write a folder of small color pictures: `python benchmarks/photo_crops.py /tmp/photo_crops`.

2,000 square crops of the two photographs of scikit-learn (`china.jpg`, `flower.jpg`, 427x640), by turns of the
one and the other, of log-uniform sides of 64 to 256 pixels at uniform places, brought to 64x64 by the mean
over areas and written as PNG. The seed is fixed, so that the folder has the same pictures everywhere.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn import datasets

NAMES = ("china.jpg", "flower.jpg")
SIDE, SMALLEST, LARGEST, SEED = 64, 64, 256, 0


def crop(photo, rng):
    """Return one crop as a picture of SIDE pixels."""
    side = round(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    top, left = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
    picture = Image.fromarray(photo[top : top + side, left : left + side])
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


def main():
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--count", type=int, default=2000, help="number of crops")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    photos = [datasets.load_sample_image(name) for name in NAMES]
    for number in range(asked.count):
        crop(photos[number % len(photos)], rng).save(asked.folder / f"{number:05}.png")


if __name__ == "__main__":
    main()
