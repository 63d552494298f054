"""Table of the augmentations."""

from tfgan.core.registry import Entry

AUGMENTATIONS = {
    "diffaugment": Entry(
        "tfgan.augment.diffaugment:DiffAugment",
        "color, translation and cutout of every image (Zhao et al. 2020)",
    ),
    "ada": Entry(
        "tfgan.augment.ada:ADA",
        "flips, turns, affine maps and colors, each with a probability that follows D (Karras et al. 2020)",
    ),
}
