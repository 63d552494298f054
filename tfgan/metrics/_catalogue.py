"""What scores there are."""

from tfgan._registry import Entry

METRICS = {
    "stacked_modes": Entry(
        "tfgan.metrics.stacked_modes:StackedModes", "modes captured and reverse KL on stacked images (PacGAN's protocol)"
    ),
    "modes": Entry("tfgan.metrics.modes:Modes", "modes captured, high-quality share and reverse KL on a mixture (PacGAN's protocol)"),
    "class_histogram": Entry("tfgan.metrics.class_histogram:ClassHistogram", "classes found by a small classifier, and its confidence"),
}
