"""Metric x number x features: what a scorer asks for, and what it names the answers."""

import types

import keras
import numpy as np
import pytest

import tfgan
from tfgan import data, scoring


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
    scores = scoring.scorer(digits, ["kid_300/toy", "precision_recall_200/toy"])(real_again(digits))
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
    scores = scoring.scorer(digits, names)(real_again(digits))
    assert all(np.isfinite(float(value)) for value in scores.values())


def test_floor_stands_beside_the_figure(extractor, digits):
    scores = scoring.scorer(digits, ["fid_200/toy"])(lambda count: -real_again(digits)(count))
    assert 0 < scores["fid_200/toy/real_fid"] < scores["fid_200/toy"]


def test_floor_is_of_as_many_reals(extractor, digits):
    """180 digits are held out; others that the real side does not use fill them up."""
    scores = scoring.scorer(digits, ["kid_300/toy"])(real_again(digits))
    assert scores["kid_300/toy/num_real"] == scores["kid_300/toy/real_num_samples"] == 300


def test_second_real_sample_is_apart_from_the_first(extractor, digits):
    reals = scoring._Reals(digits, {"toy": extractor})
    real = reals.samples(scoring._plan("ms_ssim_700", digits, None))
    both = np.concatenate([real.images, real.second.images])
    assert len(np.unique(both.reshape(1400, -1), axis=0)) == 1400


def test_the_sampler_is_asked_once_for_the_most(extractor, digits):
    asked = []

    def sample(count):
        asked.append(count)
        return real_again(digits)(count)

    scoring.scorer(digits, ["kid_100/toy", "fid_400/toy", "class_histogram_50:examples_seen=5000"])(sample)
    assert asked == [400]


def test_reals_are_looked_at_once(extractor, digits):
    score = scoring.scorer(digits, ["kid_100/toy", "fid_100/toy"])
    score(real_again(digits))
    extractor.seen.clear()
    score(real_again(digits, seed=6))
    assert extractor.seen == [100]


def test_an_extractor_looks_at_no_more_than_its_metrics_need(extractor, digits):
    score = scoring.scorer(digits, ["kid_100/toy", "ms_ssim_300"])
    score(real_again(digits))
    extractor.seen.clear()
    score(real_again(digits))
    assert extractor.seen == [100]


def test_without_held_out_examples_there_is_no_floor(extractor, tmp_path):
    np.savez(tmp_path / "few.npz", images=np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), np.uint8))
    source = data.open_source(f"npz:{tmp_path / 'few.npz'}")
    scores = scoring.scorer(source, ["kid_9/toy"])(lambda count: source.examples(np.arange(count))[0])
    assert np.isfinite(scores["kid_9/toy"])
    assert "kid_9/toy/real_kid" not in scores


def test_memorization_looks_at_all_training_examples(digits):
    scores = scoring.scorer(digits, ["memorization_100/pixels"])(real_again(digits))
    assert scores["memorization_100/pixels/num_real"] == digits.num_examples
    assert scores["memorized_share_100/pixels"] == 1.0
    assert scores["memorization_auc_100/pixels"] == 1.0


def test_own_number_of_a_metric_is_named(extractor, digits):
    with pytest.warns(UserWarning, match="fewer than the generated"):
        scores = scoring.scorer(digits, ["kid:subsets=2/toy"])(real_again(digits))
    assert "kid_2k:subsets=2/toy" in scores


def test_count_holds_where_a_name_says_none(extractor, digits):
    scores = scoring.scorer(digits, ["kid/toy", "kid_150/toy"], count=120)(real_again(digits))
    assert {"kid_120/toy", "kid_150/toy"} <= set(scores)


def test_class_histogram_keeps_its_names(digits):
    scores = scoring.scorer(digits, ["class_histogram:examples_seen=5000"])(real_again(digits))
    assert {"classes", "largest_share", "mean_confidence", "real_accuracy", "num_samples"} <= set(scores)


def test_labels_of_the_sampler_reach_the_metric(extractor, digits):
    def sample(count):
        return digits.examples(np.arange(count))

    right = scoring.scorer(digits, ["class_fid_800/toy"])(sample)
    wrong = scoring.scorer(digits, ["class_fid_800/toy"])(lambda count: (sample(count)[0], np.roll(sample(count)[1], 1)))
    assert right["class_fid_800/toy/classes"] == 10
    assert right["class_fid_800/toy"] < wrong["class_fid_800/toy"] / 3


def test_points_are_their_own_features():
    source = data.open_source("ring8")
    scores = scoring.scorer(source, ["modes", "w2_400", "mmd_400"])(
        lambda count: source.units.decode(source.held_out(9 * count)[0][-count:])
    )
    assert {"modes", "w2_400", "mmd_400", "w2_400/real_w2"} <= set(scores)
    assert scores["w2_400"] < 0.5
    assert abs(scores["mmd_400"]) < 0.05


def test_second_points_of_a_mixture_are_others():
    source = data.open_source("ring8")
    real = scoring._Reals(source, {}).samples(scoring._plan("w2_300", source, None))
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
        scoring.scorer(data.open_source(dataset), [name])


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
        scoring.scorer(source, [name])(lambda count: source.held_out(count)[0])


@pytest.mark.parametrize("name", ["kid_50/fashion_cnn", "kid_50/MODEL"])
def test_features_of_other_images_are_refused_before_anything_is_made(name, digits, tmp_path):
    keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()]).save(tmp_path / "net.keras")
    with pytest.raises(ValueError, match=r"expected images of shape \(n, 28, 28, 1\), got \(n, 8, 8, 1\)"):
        scoring.scorer(digits, [name.replace("MODEL", str(tmp_path / "net.keras"))])


def test_a_model_by_its_path_is_scored_with(digits, tmp_path):
    """The figure carries the path as it was given; flattened images are what `pixels` looks at."""
    path = tmp_path / "net.keras"
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]).save(path)
    names = ["kid_100/pixels", f"kid_100/{path}", f"kid_100/model:{path}"]
    scores = scoring.scorer(digits, names)(lambda count: -real_again(digits)(count))
    assert scores[names[1]] == scores[names[2]] == pytest.approx(scores[names[0]], rel=1e-5)


def test_biases_by_name():
    assert scoring.biases(["kid_2k/toy"]) == {"kid_2k/toy": "none"}
