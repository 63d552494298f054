"""Metrics of texts and sequences against closed forms and strings by hand."""

import itertools
import math

import numpy as np
import pytest

from tfgan import metrics
from tfgan.kinds.sequences import DNA, PROTEIN, Sequences
from tfgan.kinds.text import Text
from tfgan.metrics.strings import _codes, _markov, bleu, motif, orf

OF_STRINGS = ("ngram_js", "kmer_js", "strings", "gc", "composition", "orf", "motif", "bleu")


def samples(kind, texts, second=None):
    return metrics.Samples(
        kind.values(texts), kind=kind, second=None if second is None else samples(kind, second)
    )


def score(name, kind, real, fake, second=None):
    metric = metrics.get(name)
    return metric.measure(samples(kind, real, second), samples(kind, fake))


SHORT = Text.of_letters(4, "abc")
WORDS = Text.of_letters(40, "abcdefghijklmnopqrstuvwxyz ")
BASES = Sequences.of_letters(12, DNA, ends=False)
GENES = Sequences.of_letters(12, DNA)
PEPTIDES = Sequences.of_letters(8, PROTEIN)


# Runs of letters


def js(p, q):
    """Return JS in bits of two dicts of shares, in float64."""
    terms = [
        share * math.log2(share / ((p.get(key, 0) + q.get(key, 0)) / 2)) / 2
        for side in (p, q)
        for key, share in side.items()
    ]
    return sum(terms)


def shares(texts, size):
    runs = [text[start : start + size] for text in texts for start in range(len(text) - size + 1)]
    return {run: runs.count(run) / len(runs) for run in runs}


def test_ngrams_are_those_of_texts_with_their_ends():
    """Beginning and end as letters; the beginning alone is no run of one letter."""
    real, fake = ["ab", "abc", "c", "aaaa"], ["ba", "cab", "", "abca"]
    found = score("ngram_js", SHORT, real, fake)
    for size in (1, 2, 3, 4):
        sides = [["^" * (size > 1) + text + "$" for text in texts] for texts in (real, fake)]
        assert found[f"js{size}"] == pytest.approx(js(*(shares(side, size) for side in sides)), abs=1e-12)


def test_kmers_have_no_ends():
    real, fake = ["ACGT", "AC", "GGGGGGGGGGGG"], ["TTTT", "ACGTACGT", "A"]
    found = score("kmer_js", GENES, real, fake)
    for size in range(1, 7):
        assert found[f"js{size}"] == pytest.approx(js(shares(real, size), shares(fake, size)), abs=1e-12)


def test_windows_without_an_end_symbol_have_their_kmers():
    random = np.random.default_rng(0)
    real, fake = (["".join(row) for row in random.choice([*DNA], (5, 12))] for _ in range(2))
    found = score("kmer_js:most=3", BASES, real, fake)
    assert set(found) == {"js1", "js2", "js3"}
    for size in (1, 2, 3):
        assert found[f"js{size}"] == pytest.approx(js(shares(real, size), shares(fake, size)), abs=1e-12)


def test_equal_texts_have_no_divergence_and_others_one_bit():
    assert score("ngram_js", SHORT, ["ab", "c"], ["ab", "c"])["js4"] == 0
    assert score("kmer_js", GENES, ["AAAA"], ["CCCC"])["js1"] == pytest.approx(1)


def test_a_table_and_a_sort_count_alike():
    codes = np.random.default_rng(0).integers(0, 4, (50, 9))
    lengths = np.random.default_rng(1).integers(0, 10, 50)
    for one, other in zip(
        _codes.count_grams(codes, lengths, 3, 4), _codes.count_grams(codes, lengths, 3, 2**11), strict=True
    ):
        assert len(one) == len(other)
    counts = _codes.count_grams(codes, lengths, 3, 4)[1]
    np.testing.assert_array_equal(np.sort(counts), np.sort(_codes.count_grams(codes, lengths, 3, 2**11)[1]))


def test_runs_beyond_63_bits_are_refused():
    with pytest.raises(ValueError, match="expected runs of fewer symbols, got 40 of 29"):
        score("ngram_js:most=40", WORDS, ["ab"], ["ab"])


# Known strings


def test_known_strings_are_counted_as_often_as_they_occur():
    found = score("strings", SHORT, ["a", "ab", "ab"], ["a", "a", "b", "c", "abc"], second=["b", "a"])
    assert found == {
        "held_out_strings": 1 / 5,  # b; a is a training string
        "training_strings": 2 / 5,
        "known_strings": 3 / 5,
        "distinct": 4 / 5,
        # Shares of lengths up to 1: 1/3 and 4/5; up to 2: 1 and 4/5
        "length_w1": pytest.approx(abs(1 / 3 - 4 / 5) + abs(1 - 4 / 5)),
        "num_held_out": 2,
    }


def test_floor_of_known_strings_is_a_ceiling():
    found = metrics.get("strings")(samples(SHORT, ["a", "b"], ["c", "ab"]), samples(SHORT, ["a"]))
    assert (found["real_held_out_strings"], found["real_training_strings"]) == (1, 0)
    with pytest.raises(ValueError, match="metric 'strings': expected held-out strings"):
        metrics.get("strings")(samples(SHORT, ["a"]), samples(SHORT, ["a"]))


# Sequences


def test_gc_by_hand():
    found = score("gc", GENES, ["GC", "AT"], ["GGAT", "AAAA", "GCGC", ""])
    assert found["gc_mean"] == pytest.approx(3 / 8)
    assert found["gc_deviation"] == pytest.approx(np.std([0.5, 0, 1, 0]))
    # Below 1/2 the distribution functions are 1/2 and 1/2; from there to 1 they are 1/2 and 3/4
    assert found["gc_w1"] == pytest.approx(1 / 8)


@pytest.mark.parametrize("name", ["gc", "orf"])
def test_proteins_have_no_bases(name):
    with pytest.raises(
        ValueError, match=f"metric '{name}': expected DNA or RNA, got sequences of the letters"
    ):
        score(name, PEPTIDES, ["MK"], ["MK"])


def test_w1_is_scipys():
    from scipy.stats import wasserstein_distance

    random = np.random.default_rng(0)
    for _ in range(20):
        one, other = random.integers(0, 9, 30), random.normal(3, 2, 17)
        assert _codes.w1(one, other) == pytest.approx(wasserstein_distance(one, other))


def test_composition_of_peptides_by_hand():
    found = score("composition", PEPTIDES, ["KK", "DA"], ["K", "RRRR"])
    assert found["letter_tv"] == pytest.approx((abs(2 / 4 - 1 / 5) + 1 / 4 + 1 / 4 + 4 / 5) / 2)
    assert found["length_w1"] == pytest.approx(1.5)  # 2, 2 against 1, 4
    assert found["charge_w1"] == pytest.approx(2)  # -1, 2 against 1, 4
    real, fake = sorted([-3.9, (-3.5 + 1.8) / 2]), sorted([-3.9, -4.5])
    assert found["hydrophobicity_w1"] == pytest.approx(np.mean(np.abs(np.subtract(real, fake))))


def test_composition_of_dna_has_no_charge():
    assert set(score("composition", BASES, ["A" * 12], ["C" * 12])) == {"letter_tv", "length_w1"}


@pytest.mark.parametrize(
    ("sequence", "codons", "whole"),
    [
        ("ATGAAATAA", 2, True),
        ("CATGAAATAA", 2, False),  # another frame
        ("ATGTAAATGCCCTGA"[:12], 1, False),
        ("ATGAAA", 0, False),  # no stop
        ("TAAATG", 0, False),
        ("ATGATGTAG", 2, True),  # the first start counts
        ("ATGATAA", 0, False),  # the stop is in another frame
        ("", 0, False),
    ],
)
def test_open_reading_frames_by_hand(sequence, codons, whole):
    longest, is_whole = orf.find_orfs(GENES.values([sequence]).astype(np.int64), GENES)
    assert (longest[0], is_whole[0]) == (codons, whole)


# A motif


@pytest.fixture
def tata(tmp_path):
    """The matrix of TATAAT, 100 counts at each place."""
    rows = {letter: ["100" if letter == base else "0" for base in "TATAAT"] for letter in DNA}
    path = tmp_path / "tata.jaspar"
    path.write_text(
        ">MA1 box\n"
        + "".join(f"{letter} [ {' '.join(row)} ]\n" for letter, row in rows.items())
        + ">MA2\nA [ 1 ]\n"
    )
    return path


def test_a_motif_is_found_at_its_place(tata):
    real = ["TATAATGCGCGC", "GCTATAATGCGC", "CCCCGGGGAATT", "ACGTACGTACGT"]
    fake = ["GCGCTATAATGC", "GGGGGGGGGGGG", "TATAATTATAAT", "CCCCCCTATAAT"]
    found = metrics.get(f"motif:file={tata},p=0.001").measure(samples(BASES, real), samples(BASES, fake))
    assert found["motif_share"] == 3 / 4
    assert found["motif_place"] == pytest.approx((5 + 1 + 7) / 3)
    assert found["motif_place_w1"] == pytest.approx(_codes.w1(np.array([1, 3]), np.array([5, 1, 7])))


def test_the_threshold_is_exact():
    """Against all 4^5 words, each with its probability."""
    counts = np.random.default_rng(0).integers(0, 20, (5, 4)) + 1.0
    background = np.array([0.4, 0.3, 0.2, 0.1])
    scores = motif.to_scores(counts, background)
    words = [*itertools.product(range(4), repeat=5)]
    totals = np.array([sum(scores[place, letter] for place, letter in enumerate(word)) for word in words])
    chances = np.array([np.prod(background[list(word)]) for word in words])
    for p in (0.5, 0.05, 0.001):
        threshold = motif.find_threshold(scores, background, p)
        assert chances[totals >= threshold].sum() <= p < chances[totals >= threshold - 1].sum() + 1e-12
    assert motif.find_threshold(scores, background, 0.0) > totals.max()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (">MA1\n", "expected a matrix in the JASPAR format"),
        ("A [ 1 2 ]\nC [ 1 ]\nG [ 1 2 ]\nT [ 1 2 ]\n", "expected a matrix in the JASPAR format"),
        ("A [ 1 2 ]\nC [ 1 2 ]\n", "expected rows of the letters 'ACGT' in .*, got 'AC'"),
        ("A [ 1 0 ]\nC [ 1 0 ]\nG [ 1 0 ]\nT [ 1 0 ]\n", "expected counts from 0 up, some at each place"),
        ("A [ 1 -2 ]\nC [ 1 2 ]\nG [ 1 2 ]\nT [ 1 2 ]\n", "expected counts from 0 up"),
        ("A [ 1 1e ]\nC [ 1 2 ]\nG [ 1 2 ]\nT [ 1 2 ]\n", "expected numbers in"),
    ],
)
def test_files_that_are_no_matrix_are_refused(content, message, tmp_path):
    path = tmp_path / "bad.jaspar"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        score(f"motif:file={path}", BASES, ["ACGTACGTACGT"], ["ACGTACGTACGT"])


def test_a_motif_needs_a_file(tmp_path):
    for spec, message in (
        ("motif", "as in motif:file="),
        (f"motif:file={tmp_path / 'none'}", "which is not there"),
    ):
        with pytest.raises(ValueError, match=message):
            score(spec, BASES, ["ACGTACGTACGT"], ["ACGTACGTACGT"])


# BLEU


def test_bleu_by_hand():
    """the cat sat against 'the cat' and 'a cat sat down': 3 of 3 words, 2 of 2 pairs; the shorter of two equally near counts."""
    references = bleu.References([["the", "cat"], ["a", "cat", "sat", "down"]], most=2)
    assert references.bleu(["the", "cat", "sat"]) == pytest.approx(1)
    # the the: the counts once of two, no pair: smoothed to 0.1 of 1
    assert references.bleu(["the", "the"]) == pytest.approx(math.sqrt(1 / 2 * 0.1))
    # 2 words shorter than the nearest reference: exp(1 - 2 / 1); no pair
    assert references.bleu(["cat"]) == pytest.approx(math.exp(1 - 2) * math.sqrt(0.1))
    assert references.bleu(["dog"]) == references.bleu([]) == 0


def test_self_bleu_leaves_the_text_itself_out():
    texts = [["a", "b", "c"], ["a", "b", "c"], ["x", "y", "z"]]
    others = bleu.References(texts, most=2)
    assert [others.bleu(words, is_member=True) for words in texts] == pytest.approx([1, 1, 0])
    assert [others.bleu(words) for words in texts] == pytest.approx([1, 1, 1])


def test_bleu_is_the_formula_of_all_references():
    """Against a loop over the references, as Papineni et al. write it."""
    references = ["a b b a", "a a b", "b b b b b"]
    model = bleu.References([text.split() for text in references], most=2)

    def expected(text):
        words = text.split()
        product = 1.0
        for size in (1, 2):
            grams = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
            matches = 0
            for gram in set(grams):
                most = max(
                    [tuple(r.split()[i : i + size]) for i in range(len(r.split()) - size + 1)].count(gram)
                    for r in references
                )
                matches += min(grams.count(gram), most)
            product *= (matches or 0.1) / max(len(grams), 1)
        nearest = min((len(r.split()) for r in references), key=lambda n: (abs(n - len(words)), n))
        return min(1, math.exp(1 - nearest / len(words))) * math.sqrt(product)

    for text in ("a b a b", "b a a", "a", "b b b b b b b", "c a"):
        assert model.bleu(text.split()) == pytest.approx(expected(text))


def test_texts_of_one_word_have_no_bleu():
    with pytest.raises(ValueError, match="metric 'bleu': expected texts of several words"):
        score("bleu", WORDS, ["cat", "dog"], ["cat"])
    found = score("bleu", WORDS, ["the cat sat", "the dog sat"], ["the cat sat", "the cat sat"])
    assert found == {"bleu": pytest.approx(0.1**0.25), "self_bleu": pytest.approx(0.1**0.25)}


# Baselines


@pytest.mark.parametrize(("kind", "letters"), [(SHORT, "abc"), (BASES, DNA), (GENES, DNA)])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_chain_follows_its_counts(kind, letters, order):
    """Only runs of the data occur, and 20,000 strings have the data's shares of the first letter (6 deviations)."""
    random = np.random.default_rng(0)
    texts = ["".join(row) for row in random.choice([*letters], (60, kind.length))]
    if kind.ends:
        texts = [text[: random.integers(1, kind.length + 1)] for text in texts]
    chain = _markov.Chain.fit(kind.values(texts).astype(np.int64), kind, order)
    codes = chain.sample(20_000, kind, np.random.default_rng(1))
    assert codes.dtype == np.int32
    assert np.asarray(kind.legal(codes)).all()
    again = chain.sample(20_000, kind, np.random.default_rng(1))
    np.testing.assert_array_equal(codes, again)
    made = kind.records(codes)
    if order:
        runs = {text[i : i + order + 1] for text in texts for i in range(len(text) - order)}
        assert {text[i : i + order + 1] for text in made for i in range(len(text) - order)} <= runs
        starts = [sum(text.startswith(letter) for text in texts) / len(texts) for letter in letters]
        found = [sum(text.startswith(letter) for text in made) / len(made) for letter in letters]
        np.testing.assert_allclose(found, starts, atol=6 * 0.5 / math.sqrt(20_000))


def test_a_chain_of_order_1_has_the_pairs_of_its_data():
    """30,000 windows of a chain fitted on 3,000: js2 below 10 times the floor of the sampling error."""
    kind = Sequences.of_letters(20, DNA, ends=False)
    steps = np.random.default_rng(0).dirichlet(np.ones(4), 4)
    random, codes = np.random.default_rng(1), np.zeros((3000, 20), np.int64)
    for place in range(1, 20):
        codes[:, place] = (random.random((3000, 1)) > np.cumsum(steps[codes[:, place - 1]], axis=1)).sum(
            axis=1
        )
    codes = np.minimum(codes, 3)
    made = _markov.Chain.fit(codes, kind, 1).sample(30_000, kind, np.random.default_rng(2))
    found = metrics.get("kmer_js:most=3").measure(
        metrics.Samples(codes, kind=kind), metrics.Samples(made, kind=kind)
    )
    assert found["js2"] < 10 * 15 / (8 * 3000 * 19 * math.log(2))


def test_a_context_that_never_occurred_is_followed_by_some_letter():
    kind = Sequences.of_letters(3, DNA, ends=False)
    chain = _markov.Chain.fit(kind.values(["ACG", "CGT"]).astype(np.int64), kind, 2)
    longer = Sequences.of_letters(9, DNA, ends=False)
    assert set(longer.records(chain.sample(50, longer, np.random.default_rng(0)))[0]) <= set(DNA)


@pytest.mark.parametrize(
    ("name", "kind"), [("ngram_js", SHORT), ("kmer_js", GENES), ("strings", SHORT), ("orf", GENES)]
)
def test_chains_are_scored_beside_the_generator(name, kind):
    texts = [letter * count for letter in kind.alphabet[:3] for count in (1, 2, 3, 4)]
    found = metrics.get(name)(samples(kind, texts, texts[::2]), samples(kind, texts[:5]))
    figure = next(iter(metrics.get(name).values))
    others = [f"markov_{order}" for order in kind.markov_orders[1:]]
    assert {f"{prefix}_{figure}" for prefix in ("simple", "real", *others)} <= set(found)
    assert found == metrics.get(name)(samples(kind, texts, texts[::2]), samples(kind, texts[:5]))


# Refusals


@pytest.mark.parametrize("name", OF_STRINGS)
def test_samples_without_letters_are_refused(name):
    with pytest.raises(ValueError, match=f"metric '{name}': expected Samples with codes of strings"):
        metrics.get(name)(np.zeros((4, 3), int), np.zeros((4, 3), int))


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((0, 4), int), r"fake: expected codes of strings, int \(n, 4\), got int64 \(0, 4\)"),
        (np.zeros((2, 5), int), r"fake: expected codes of strings, int \(n, 4\), got int64 \(2, 5\)"),
        (np.zeros((2, 4)), r"fake: expected codes of strings, int \(n, 4\), got float64"),
        (np.full((2, 4), 9), "fake: expected codes from 0 to 3, got 9 to 9"),
        (np.full((2, 4), -1), "fake: expected codes from 0 to 3, got -1 to -1"),
    ],
)
def test_codes_that_are_no_strings_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        metrics.get("ngram_js")(samples(SHORT, ["a"]), metrics.Samples(codes, kind=SHORT))


@pytest.mark.parametrize("kind", [SHORT, GENES])
@pytest.mark.parametrize("name", OF_STRINGS)
def test_a_metric_suits_its_kinds_alone(name, kind):
    refusal = kind.metric_refusal(metrics.parse(name), metrics.get(name), "toys")
    assert (refusal is None) == (kind.name in metrics.get(name).kinds)


def test_chains_of_classes_are_fitted_apart():
    """One class is written in A and C, the other in G and T; the strings of a chain keep to the letters of their class."""
    kind = Sequences.of_letters(6, DNA, ends=False)
    labels = np.arange(40) % 2
    codes = np.random.default_rng(0).integers(0, 2, (40, 6)) + 2 * labels[:, None]
    real, fake = (metrics.Samples(codes, labels, kind=kind) for _ in range(2))
    found = _markov.baselines(real, fake)
    assert set(found) == {"simple", "markov_5"}
    for samples in found.values():
        np.testing.assert_array_equal(samples.images // 2, np.broadcast_to(labels[:, None], (40, 6)))
    without = _markov.baselines(metrics.Samples(codes, kind=kind), metrics.Samples(codes, kind=kind))
    assert len(set((without["simple"].images // 2)[:, 0])) == 2
