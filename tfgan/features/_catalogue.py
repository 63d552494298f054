"""What feature extractors there are."""

from tfgan._registry import Entry

FEATURES = {
    "digits_cnn": Entry(
        "tfgan.features.small_cnn:digits_cnn", "64 features of 8x8 digits; its classifier is right on 98.3 % of 179 held-out ones"
    ),
    "fashion_cnn": Entry(
        "tfgan.features.small_cnn:fashion_cnn", "128 features of 28x28 garments; its classifier is right on 93.0 % of the test set"
    ),
}
