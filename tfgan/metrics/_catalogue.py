"""Table of the metrics."""

from tfgan.core.registry import Entry

METRICS = {
    "stacked_modes": Entry(
        "tfgan.metrics.stacked_modes:StackedModes",
        "modes captured and reverse KL on stacked images (PacGAN's protocol)",
    ),
    "modes": Entry(
        "tfgan.metrics.modes:Modes",
        "modes captured, high-quality share and reverse KL on a mixture (PacGAN's protocol)",
    ),
    "class_histogram": Entry(
        "tfgan.metrics.class_histogram:ClassHistogram",
        "classes found by a small classifier, and its confidence",
    ),
    "fid": Entry(
        "tfgan.metrics.fid:Fid",
        "Frechet distance of features; biased by the number of samples (fid_10k/EXTRACTOR)",
    ),
    "kid": Entry(
        "tfgan.metrics.kid:Kid",
        "kernel distance of features, unbiased, with its standard error (kid_2k/EXTRACTOR)",
    ),
    "class_fid": Entry(
        "tfgan.metrics.class_fid:ClassFid",
        "Frechet distance within each class, for generators that take labels",
    ),
    "inception_score": Entry(
        "tfgan.metrics.inception_score:InceptionScore",
        "confidence and evenness of an extractor's class probabilities",
    ),
    "precision_recall": Entry(
        "tfgan.metrics.precision_recall:PrecisionRecall",
        "share of fakes near reals, and of reals near fakes (k = 3)",
    ),
    "density_coverage": Entry(
        "tfgan.metrics.density_coverage:DensityCoverage",
        "how densely fakes stand near reals, and reals reached (k = 5)",
    ),
    "memorization": Entry(
        "tfgan.metrics.memorization:Memorization",
        "whether fakes are nearer to training examples than held-out reals are",
    ),
    "ms_ssim": Entry(
        "tfgan.metrics.ms_ssim:MsSsim", "likeness of random pairs of generated images, beside pairs of reals"
    ),
    "sliced_wasserstein": Entry(
        "tfgan.metrics.sliced_wasserstein:SlicedWasserstein",
        "Wasserstein-2 on random lines, of points or features",
    ),
    "w2": Entry("tfgan.metrics.w2:W2", "Wasserstein-2 of points, exact up to 2,500 of them"),
    "mmd": Entry(
        "tfgan.metrics.mmd:Mmd", "squared maximum mean discrepancy of points, Gaussian kernels, unbiased"
    ),
    "stylized_facts": Entry(
        "tfgan.metrics.stylized_facts:StylizedFacts",
        "sums over days, clustering of sizes, leverage and tails of series, beside bootstraps and GARCH",
    ),
    "discriminative": Entry(
        "tfgan.metrics.discriminative:Discriminative",
        "whether a classifier tells generated windows of series from real ones of a later time",
    ),
    "predictive": Entry(
        "tfgan.metrics.predictive:Predictive",
        "error of the next step, predicted by a model of generated windows, on real ones of a later time",
    ),
    "quality": Entry(
        "tfgan.metrics.tables.quality:Quality",
        "likeness of columns and of pairs of columns, as SDMetrics reports it, and over all pairs",
    ),
    "tstr": Entry(
        "tfgan.metrics.tables.tstr:Tstr",
        "train on generated rows, test on held-out rows (tstr:target=COLUMN)",
    ),
    "detection": Entry(
        "tfgan.metrics.tables.detection:Detection",
        "whether a classifier tells generated rows from held-out rows",
    ),
    "coverage": Entry(
        "tfgan.metrics.tables.coverage:Coverage",
        "categories, spikes and tenths of ranges that generated rows reach",
    ),
    "validity": Entry(
        "tfgan.metrics.tables.validity:Validity",
        "share of generated rows that the table's schema allows",
    ),
    "missing": Entry(
        "tfgan.metrics.tables.missing:Missing",
        "largest difference of a column's share of missing cells",
    ),
    "copies": Entry(
        "tfgan.metrics.tables.copies:Copies",
        "generated rows that equal a training row, or lie nearer to training than to held-out rows",
    ),
    "membership": Entry(
        "tfgan.metrics.tables.membership:Membership",
        "attack AUC: how well generated rows tell training rows from held-out rows",
    ),
    "conditions": Entry(
        "tfgan.metrics.tables.conditions:Conditions",
        "rows that keep a condition, and shares of categories (conditions:where=COLUMN=VALUE)",
    ),
    "ngram_js": Entry(
        "tfgan.metrics.strings.grams:NgramJs", "divergence of the shares of letters in a row, of texts"
    ),
    "kmer_js": Entry(
        "tfgan.metrics.strings.grams:KmerJs", "divergence of the shares of k-mers, of biological sequences"
    ),
    "strings": Entry(
        "tfgan.metrics.strings.known:Strings",
        "generated strings that are training or held-out ones, distinct ones, lengths",
    ),
    "gc": Entry("tfgan.metrics.strings.gc:Gc", "GC content of DNA and RNA: mean, deviation and distance"),
    "composition": Entry(
        "tfgan.metrics.strings.composition:Composition",
        "letters and lengths of biological sequences; charge and hydrophobicity of proteins",
    ),
    "orf": Entry("tfgan.metrics.strings.orf:Orf", "open reading frames of DNA and RNA"),
    "motif": Entry(
        "tfgan.metrics.strings.motif:Motif",
        "hits of a position weight matrix, and their places (motif:file=PATH)",
    ),
    "bleu": Entry("tfgan.metrics.strings.bleu:Bleu", "BLEU and self-BLEU of texts of words, together"),
}
