"""Names of figures: what they say, and what is refused."""

import pytest

from tfgan import metrics
from tfgan.metrics.naming import Protocol, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kid_2k/fashion_cnn", Protocol("kid", 2000, "", "fashion_cnn")),
        ("fid_10k/inception", Protocol("fid", 10_000, "", "inception")),
        ("fid/pixels", Protocol("fid", None, "", "pixels")),
        ("precision_recall_2500:k=5/fashion_cnn", Protocol("precision_recall", 2500, "k=5", "fashion_cnn")),
        ("kid_1k/model:/home/me/my_net_2.keras", Protocol("kid", 1000, "", "model:/home/me/my_net_2.keras")),
        ("w2", Protocol("w2")),
        ("w2_500", Protocol("w2", 500)),
        ("ms_ssim", Protocol("ms_ssim")),
        (
            "class_histogram:hidden=8,most_images=90",
            Protocol("class_histogram", None, "hidden=8,most_images=90"),
        ),
    ],
)
def test_reads_metric_number_options_and_features(text, expected):
    assert metrics.parse(text) == expected


@pytest.mark.parametrize("text", ["kid_2k/fashion_cnn", "w2_2500", "modes", "precision_recall_1k:k=5/pixels"])
def test_writes_what_it_read(text):
    assert metrics.parse(text).name() == text


def test_thousands_are_written_short():
    assert metrics.parse("kid_2000/x").name() == "kid_2k/x"


def test_a_figure_carries_number_options_and_features():
    assert metrics.parse("precision_recall_2k:k=5/fashion_cnn").name("recall") == "recall_2k:k=5/fashion_cnn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fdi_10k/fashion_cnn", r"unknown metric 'fdi' \(did you mean 'fid'\?\)"),
        ("fid_10k/", "expected the features' name after '/'"),
        ("kid_2k:subset=3/x", "did you mean 'subsets'"),
        ("kid_2k:subsets=0/x", "kid:subsets: expected a whole number above 0"),
        ("kid_0/x", "unknown metric 'kid_0'"),
        ("", "unknown metric ''"),
    ],
)
def test_refuses_what_says_nothing(text, words):
    with pytest.raises(ValueError, match=words):
        metrics.parse(text)


def test_get_takes_the_whole_name():
    assert metrics.get("precision_recall_2k:k=7/fashion_cnn").k == 7


def test_get_takes_an_instance():
    metric = metrics.get("kid", subsets=3)
    assert metrics.get(metric) is metric


def test_get_refuses_what_is_no_metric():
    with pytest.raises(
        TypeError, match="metric: expected a name, a Keras config or an instance of Metric, got 5"
    ):
        metrics.get(5)


def test_commas_separate_names_but_not_options():
    texts = ["kid_2k:subsets=9,subset_size=50/model:/a.keras,fid_1k/x", "modes"]
    assert list(split(texts)) == ["kid_2k:subsets=9,subset_size=50/model:/a.keras", "fid_1k/x", "modes"]


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_says_its_protocol(name):
    metric = metrics.get(name)
    assert metric.values
    assert set(metric.values.values()) <= {"lower", "higher", "real"}
    assert metric.bias
    assert metric.default_samples > 0


def test_no_metric_imports_tensorflow():
    import subprocess
    import sys

    code = (
        "import sys; from tfgan import metrics\n"
        "[metrics.get(name) for name in metrics.names()]\n"
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
