"""Draw what augmentations make of garments: `python benchmarks/augmented.py docs/images/augment.png`.

Rows: the images, DiffAugment's, and ADA's at a probability of 1/2.
"""

import sys

import tensorflow as tf

import tfgan
from tfgan.core import images as images_lib
from tfgan.core import noise

COLUMNS = 8


def main(path):
    """Write the picture."""
    images, _ = next(iter(tfgan.data.load("fashion_mnist", batch_size=COLUMNS, seed=0)))
    rows = [images]
    for name, state in (("diffaugment", {}), ("ada", {"p": 0.5})):
        augmentation = tfgan.augment.get(name)
        rows.append(augmentation(images, augmentation.draw(noise.Draws(0, 0, 0), name, images.shape), state))
    picture = images_lib.tile_grid(tf.concat(rows, axis=0).numpy(), columns=COLUMNS)
    tf.io.write_file(path, tf.io.encode_png(picture))


if __name__ == "__main__":
    main(*sys.argv[1:])
