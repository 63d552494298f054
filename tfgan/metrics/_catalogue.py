"""What scores there are."""

from tfgan._registry import Entry

METRICS = {
    "modes": Entry("tfgan.metrics.modes:Modes", "modes captured, high-quality share and reverse KL on a mixture (PacGAN's protocol)"),
    "class_histogram": Entry("tfgan.metrics.class_histogram:ClassHistogram", "classes found by a small classifier, and its confidence"),
}
