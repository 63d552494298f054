"""Metric x number x features: what a scorer asks for, and what it names the answers."""

import types

import keras
import numpy as np
import pytest

import tfgan
from tfgan import data
from tfgan.evaluation import plan, samples, scorer


class Extractor:
    """Eight fixed random features and three classes; counts the images that it sees."""

    def __init__(self):
        self.seen = []

    def features(self, images):
        self.seen.append(len(images))
        flat = images.reshape(len(images), -1)
        return np.maximum(flat @ np.random.default_rng(0).standard_normal((flat.shape[1], 8)), 0)

    def probabilities(self, images):
        odds = np.exp(self.features(images)[:, :3] / 4)
        return odds / odds.sum(axis=1, keepdims=True)


@pytest.fixture
def extractor(monkeypatch):
    made = Extractor()

    def get(name):
        if name != "toy":
            raise ValueError(f"unknown features {name!r}")
        return made

    monkeypatch.setattr(tfgan, "features", types.SimpleNamespace(get=get), raising=False)
    return made


@pytest.fixture(scope="module")
def digits():
    return data.open_source("digits")


def real_again(source, seed=5):
    """Return a sampler of training examples."""

    def sample(count):
        return source.examples(np.random.default_rng(seed).integers(0, source.num_examples, count))[0]

    return sample


def test_figures_carry_number_and_features(extractor, digits):
    scores = scorer.build_scorer(digits, ["kid_300/toy", "precision_recall_200/toy"])(real_again(digits))
    assert {"kid_300/toy", "precision_200/toy", "recall_200/toy"} <= set(scores)
    assert scores["kid_300/toy/num_samples"] == 300
    assert scores["precision_recall_200/toy/k"] == 3
    assert all("_" in name.split("/")[0] and "/toy" in name for name in scores)


def test_every_score_is_a_number(extractor, digits):
    names = [
        "fid_300/toy",
        "inception_score_300/toy",
        "ms_ssim_60",
        "memorization_100/pixels",
        "sliced_wasserstein_100/toy",
        "density_coverage_99/toy",
    ]
    scores = scorer.build_scorer(digits, names)(real_again(digits))
    assert all(np.isfinite(float(value)) for value in scores.values())


def test_floor_stands_beside_the_figure(extractor, digits):
    scores = scorer.build_scorer(digits, ["fid_200/toy"])(lambda count: -real_again(digits)(count))
    assert 0 < scores["fid_200/toy/real_fid"] < scores["fid_200/toy"]


def test_floor_is_of_as_many_reals(extractor, digits):
    """180 digits are held out; others that the real side does not use fill them up."""
    scores = scorer.build_scorer(digits, ["kid_300/toy"])(real_again(digits))
    assert scores["kid_300/toy/num_real"] == scores["kid_300/toy/real_num_samples"] == 300


def test_second_real_sample_is_apart_from_the_first(extractor, digits):
    reals = samples.RealSamples(digits, {"toy": extractor})
    real = reals.samples(plan.make_plan("ms_ssim_700", digits, None))
    both = np.concatenate([real.images, real.second.images])
    assert len(np.unique(both.reshape(1400, -1), axis=0)) == 1400


def test_the_sampler_is_asked_once_for_the_most(extractor, digits):
    asked = []

    def sample(count):
        asked.append(count)
        return real_again(digits)(count)

    scorer.build_scorer(digits, ["kid_100/toy", "fid_400/toy", "class_histogram_50:examples_seen=5000"])(
        sample
    )
    assert asked == [400]


def test_reals_are_looked_at_once(extractor, digits):
    score = scorer.build_scorer(digits, ["kid_100/toy", "fid_100/toy"])
    score(real_again(digits))
    extractor.seen.clear()
    score(real_again(digits, seed=6))
    assert extractor.seen == [100]


def test_an_extractor_looks_at_no_more_than_its_metrics_need(extractor, digits):
    score = scorer.build_scorer(digits, ["kid_100/toy", "ms_ssim_300"])
    score(real_again(digits))
    extractor.seen.clear()
    score(real_again(digits))
    assert extractor.seen == [100]


def test_without_held_out_examples_there_is_no_floor(extractor, tmp_path):
    np.savez(tmp_path / "few.npz", images=np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), np.uint8))
    source = data.open_source(f"npz:{tmp_path / 'few.npz'}")
    scores = scorer.build_scorer(source, ["kid_9/toy"])(lambda count: source.examples(np.arange(count))[0])
    assert np.isfinite(scores["kid_9/toy"])
    assert "kid_9/toy/real_kid" not in scores


def test_memorization_looks_at_all_training_examples(digits):
    scores = scorer.build_scorer(digits, ["memorization_100/pixels"])(real_again(digits))
    assert scores["memorization_100/pixels/num_real"] == digits.num_examples
    assert scores["memorized_share_100/pixels"] == 1.0
    assert scores["memorization_auc_100/pixels"] == 1.0


def test_own_number_of_a_metric_is_named(extractor, digits):
    with pytest.warns(UserWarning, match="fewer than the generated"):
        scores = scorer.build_scorer(digits, ["kid:subsets=2/toy"])(real_again(digits))
    assert "kid_2k:subsets=2/toy" in scores


def test_count_holds_where_a_name_says_none(extractor, digits):
    scores = scorer.build_scorer(digits, ["kid/toy", "kid_150/toy"], count=120)(real_again(digits))
    assert {"kid_120/toy", "kid_150/toy"} <= set(scores)


def test_class_histogram_keeps_its_names(digits):
    scores = scorer.build_scorer(digits, ["class_histogram:examples_seen=5000"])(real_again(digits))
    assert {"classes", "largest_share", "mean_confidence", "real_accuracy", "num_samples"} <= set(scores)


def test_labels_of_the_sampler_reach_the_metric(extractor, digits):
    def sample(count):
        return digits.examples(np.arange(count))

    right = scorer.build_scorer(digits, ["class_fid_800/toy"])(sample)
    wrong = scorer.build_scorer(digits, ["class_fid_800/toy"])(
        lambda count: (sample(count)[0], np.roll(sample(count)[1], 1))
    )
    assert right["class_fid_800/toy/classes"] == 10
    assert right["class_fid_800/toy"] < wrong["class_fid_800/toy"] / 3


def test_points_are_their_own_features():
    source = data.open_source("ring8")
    scores = scorer.build_scorer(source, ["modes", "w2_400", "mmd_400"])(
        lambda count: source.units.decode(source.held_out(9 * count)[0][-count:])
    )
    assert {"modes", "w2_400", "mmd_400", "w2_400/real_w2"} <= set(scores)
    assert scores["w2_400"] < 0.5
    assert abs(scores["mmd_400"]) < 0.05


def test_second_points_of_a_mixture_are_others():
    source = data.open_source("ring8")
    real = samples.RealSamples(source, {}).samples(plan.make_plan("w2_300", source, None))
    assert len(np.unique(np.concatenate([real.images, real.second.images]), axis=0)) == 600


@pytest.mark.parametrize(
    ("dataset", "name", "words"),
    [
        ("digits", "fid_10k", "expected the name of an extractor, or pixels, as in 'fid_10k/fashion_cnn'"),
        ("digits", "ms_ssim_50/toy", "looks at the images, as in 'ms_ssim_50'"),
        ("digits", "fid_50/nothing", "unknown features 'nothing'"),
        ("digits", "fdi_50/toy", "did you mean 'fid'"),
        ("ring8", "w2_50/toy", "expected no features of ring8, whose points are their own"),
        ("ring8", "memorization_50", "expected data with training examples, ring8 has no end"),
        ("ring8", "ms_ssim_50", "expected images, ring8 has points"),
        ("digits", "modes", "expected data with known modes"),
        ("digits", "stacked_modes", "expected images whose channels are classified"),
    ],
)
def test_refused_before_anything_is_made(extractor, dataset, name, words):
    with pytest.raises(ValueError, match=words):
        scorer.build_scorer(data.open_source(dataset), [name])


@pytest.mark.parametrize(
    ("dataset", "name", "words"),
    [
        ("digits", "inception_score_50/pixels", "'pixels': expected an extractor that classifies"),
        ("digits", "class_fid_50/pixels", "fake: expected labels"),
    ],
)
def test_refused_when_scored(dataset, name, words):
    source = data.open_source(dataset)
    with pytest.raises(ValueError, match=words):
        scorer.build_scorer(source, [name])(lambda count: source.held_out(count)[0])


@pytest.mark.parametrize("name", ["kid_50/fashion_cnn", "kid_50/MODEL"])
def test_features_of_other_images_are_refused_before_anything_is_made(name, digits, tmp_path):
    keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()]).save(tmp_path / "net.keras")
    with pytest.raises(ValueError, match=r"expected images of shape \(n, 28, 28, 1\), got \(n, 8, 8, 1\)"):
        scorer.build_scorer(digits, [name.replace("MODEL", str(tmp_path / "net.keras"))])


def test_a_model_by_its_path_is_scored_with(digits, tmp_path):
    """The figure carries the path as it was given; flattened images are what `pixels` looks at."""
    path = tmp_path / "net.keras"
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]).save(path)
    names = ["kid_100/pixels", f"kid_100/{path}", f"kid_100/model:{path}"]
    scores = scorer.build_scorer(digits, names)(lambda count: -real_again(digits)(count))
    assert scores[names[1]] == scores[names[2]] == pytest.approx(scores[names[0]], rel=1e-5)


def test_biases_by_name():
    assert scorer.describe_biases(["kid_2k/toy"]) == {"kid_2k/toy": "none"}


# A measurement before training


class Featureless:
    """An extractor without classes that counts the images that it looks at."""

    def __init__(self):
        self.seen = 0

    def features(self, images):
        self.seen += len(images)
        return images.reshape(len(images), -1)


@pytest.fixture
def featureless(monkeypatch):
    made = Featureless()
    monkeypatch.setattr(tfgan, "features", types.SimpleNamespace(get=lambda name: made), raising=False)
    return made


@pytest.fixture
def small_class(tmp_path):
    """A thousand pictures, five of class 1."""
    images = np.random.default_rng(0).integers(0, 256, (1000, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "rare.npz", images=images, labels=np.int32(np.arange(1000) % 200 == 0))
    return data.open_source(f"npz:{tmp_path / 'rare.npz'}")


@pytest.fixture
def few_held_out(tmp_path):
    np.savez(tmp_path / "few.npz", images=np.random.default_rng(0).integers(0, 256, (25, 8, 8, 1), np.uint8))
    return data.open_source(f"npz:{tmp_path / 'few.npz'}")


def test_a_class_too_small_for_a_metric_is_found_beforehand(small_class):
    with pytest.raises(
        ValueError,
        match=r"^--metrics: class_fid_60/pixels cannot be taken of npz:.*real: expected at least 2 samples of each",
    ):
        scorer.rehearse(small_class, ["class_fid_60/pixels"], labels=lambda count: np.arange(count) % 2)


def test_a_class_that_the_generator_is_not_asked_for_is_found_beforehand(digits):
    scorer.rehearse(digits, ["class_fid_400/pixels"], labels=lambda count: np.arange(count) % 10)
    with pytest.raises(ValueError, match="fake: expected at least 2 samples of each class, got 0 of class 9"):
        scorer.rehearse(digits, ["class_fid_400/pixels"], labels=lambda count: np.arange(count) % 9)
    with pytest.raises(ValueError, match="fake: expected labels, got none"):
        scorer.rehearse(digits, ["class_fid_400/pixels"], labels=lambda count: None)


def test_features_without_classes_are_found_beforehand(featureless, digits):
    with pytest.raises(
        ValueError,
        match="inception_score_50/toy cannot be taken of digits: features 'toy': expected an extractor that class",
    ):
        scorer.rehearse(digits, ["inception_score_50/toy"])


def test_too_few_held_out_reals_are_found_beforehand(few_held_out):
    with pytest.raises(
        ValueError,
        match=r"memorization_9/pixels cannot be taken .* held-out: expected at least 4 samples, got 2",
    ):
        scorer.rehearse(few_held_out, ["memorization_9/pixels"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kid_3/pixels", "expected at least 4 samples, got 3"),
        ("precision_recall_3/pixels", "expected at least 4 samples, got 3"),
        ("inception_score_5/digits_cnn", "expected at least 10 samples, got 5"),
        ("ms_ssim_1", "expected at least 2 images, got 1"),
        ("fid_9/fashion_cnn", r"expected images of shape \(n, 28, 28, 1\)"),
    ],
)
def test_numbers_and_sizes_are_found_beforehand(digits, name, words):
    with pytest.raises(ValueError, match=words):
        scorer.rehearse(digits, [name])


def test_missing_weights_are_found_beforehand(digits, monkeypatch, tmp_path):
    monkeypatch.delenv("TFGAN_INCEPTION", raising=False)
    with pytest.raises(ValueError, match="'inception': expected the path of pt_inception"):
        scorer.rehearse(digits, ["fid_20/inception"])
    with pytest.raises(OSError, match="there is nothing at that path"):
        scorer.rehearse(digits, [f"fid_20/{tmp_path}/none.keras"])


def test_a_model_that_fails_on_images_is_found_beforehand(digits, tmp_path):
    inputs = keras.Input((8, 8, 1))
    keras.Model(inputs, [keras.layers.Flatten()(inputs)] * 2).save(tmp_path / "two.keras")
    with pytest.raises(ValueError, match="expected a model with one output, got 2"):
        scorer.rehearse(digits, [f"kid_20/{tmp_path / 'two.keras'}"])


OF_DIGITS = "class_fid_400 density_coverage_99 fid_99 inception_score_99 kid_99 memorization_99 "
OF_DIGITS += "precision_recall_99 class_histogram ms_ssim_99"
EVERY_METRIC = {
    "digits": OF_DIGITS.split(),
    "ring8": ["modes", "w2", "mmd", "sliced_wasserstein"],
    "words": ["ngram_js", "strings"],
    "chloroplast": ["kmer_js", "gc", "orf"],
    "peptides": ["composition"],
    "wti": ["stylized_facts", "discriminative", "predictive"],
    "health": [
        "quality",
        "tstr",
        "detection",
        "coverage",
        "validity",
        "missing",
        "copies",
        "membership",
        "conditions",
    ],
}
ELSEWHERE = {"stacked_modes", "motif", "bleu"}  # they need Fashion-MNIST, a matrix, texts of words


@pytest.mark.parametrize("dataset", EVERY_METRIC)
def test_what_can_be_taken_passes_at_a_look_of_two_images(featureless, dataset):
    """No false alarm, without a figure being computed and without a number from NumPy's or TensorFlow's generator."""
    featureless.probabilities = lambda images: np.full((len(images), 2), 0.5)
    source = data.open_source(dataset)
    extracted = ("features", "probabilities")
    needs = {
        name: dataset == "digits" and set(extracted) & set(tfgan.metrics.get(name).reads)
        for name in EVERY_METRIC[dataset]
    }
    before = np.random.get_state()[1].copy()
    scorer.rehearse(source, [f"{name}/toy" if needed else name for name, needed in needs.items()])
    assert np.array_equal(np.random.get_state()[1], before)
    assert featureless.seen <= 2 * len(needs)


def test_every_metric_is_rehearsed_somewhere():
    named = {tfgan.metrics.parse(name).metric for names in EVERY_METRIC.values() for name in names}
    assert named | ELSEWHERE == set(tfgan.metrics.names())


# A metric that fails all the same


class Unreliable:
    """Fails on every batch larger than two images, as one whose memory ends."""

    def features(self, images):
        if len(images) > 2:
            raise MemoryError("no room for features")
        return images.reshape(len(images), -1)


def test_a_metric_that_fails_leaves_the_others(digits, monkeypatch):
    monkeypatch.setattr(
        tfgan, "features", types.SimpleNamespace(get=lambda name: Unreliable()), raising=False
    )
    failed = []
    names = ["kid_50/toy", "ms_ssim_50"]
    score = scorer.build_scorer(
        digits, names, on_failure=lambda name, error: failed.append((name, str(error)))
    )
    scores = score(real_again(digits))
    assert failed == [("kid_50/toy", "no room for features")]
    assert scorer.list_missing(names, {"figures": scorer.describe_figures(names), "scores": scores}) == [
        "kid_50/toy"
    ]
    assert "ms_ssim_50" in scores
    with pytest.raises(MemoryError):
        scorer.build_scorer(digits, names)(real_again(digits))


def test_a_generator_that_fails_is_reported(digits):
    class Sampler:
        def __call__(self, count):
            raise RuntimeError("out of memory")

        def labels(self, count):
            return None

        def read(self, *_):
            return None

    failed = []
    judged = scorer.build_sampler_scorer(
        digits, ["ms_ssim_50"], on_failure=lambda name, error: failed.append((name, str(error)))
    )
    assert judged(Sampler()) == {}
    assert failed == [("generated samples", "out of memory")]
