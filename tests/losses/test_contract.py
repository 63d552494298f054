"""What holds of every objective, by name: look-up, configs, shapes, dtypes, weights, compilation and messages."""

import dataclasses
import functools
import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import keras
import loss_reference as reference
import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses
from tfgan.losses.adversarial import Adversarial
from tfgan.losses.hinge import Hinge
from tfgan.losses.link import Link, LinkFacts
from tfgan.runs import config
from tfgan.theory import report

NAMES = losses.names()
POINTS = list(reference.points())
POINTS_BY_NAME = reference.POINTS_BY_NAME
WEIGHTED = [
    name for name in NAMES if "sample_weight" in inspect.signature(losses.get(name).discriminator).parameters
]


def logits(*shape, seed=0, scale=3.0):
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype("float32")


# Look-up and configs


@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name):
    loss = losses.get(name)
    assert losses.get(loss) is loss
    assert type(loss).from_config(loss.get_config()) == loss
    config = keras.saving.serialize_keras_object(loss)
    assert losses.get(config) == loss
    assert losses.objectives.entry(name).help


@pytest.mark.parametrize("name", losses.links.names())
def test_link_round_trips(name):
    link = losses.links.get(name)
    assert losses.links.get(keras.saving.serialize_keras_object(link)) == link
    assert losses.links.name_of(link) == name


def test_links_do_not_take_the_registered_name_of_another_class():
    """Keras keeps one table of names, in which a second `tfgan>GAN` would replace the model."""
    import tfgan

    model = tfgan.GAN
    losses.links.load_all()
    assert keras.saving.get_registered_object("tfgan>GAN") is model
    for name in losses.links.names():
        cls = losses.links.load(name)
        assert keras.saving.get_registered_object(keras.saving.get_registered_name(cls)) is cls


def test_a_link_instance_survives_serialization():
    loss = Adversarial(Hinge(margin=2.0), pairing="paired")
    assert losses.get(keras.saving.serialize_keras_object(loss)) == loss


ALIASES = {
    "cross_entropy": "nonsat",
    "log_loss": "nonsat",
    "min_cross_entropy": "nonsat",
    "max_cross_entropy": "minimax",
}


def test_the_names_of_the_introductory_literature():
    """They are the same objects as those that they stand for, options included; what holds of these holds of them."""
    assert set(losses.objectives.aliases) == set(ALIASES)
    assert not set(ALIASES) & set(NAMES)
    listing, _, others = losses.objectives.listing().partition("Other names for --loss:")
    for alias, name in ALIASES.items():
        assert losses.get(alias) == losses.get(name)
        assert losses.get(f"{alias}:label_smoothing=0.1") == losses.get(f"{name}:label_smoothing=0.1")
        assert f"alias of {name}" in losses.objectives.entry(alias).help
        assert f"  {alias} " in others
        assert f"  {alias} " not in listing
    with pytest.raises(ValueError, match=r"did you mean 'cross_entropy'\?"):
        losses.get("cross_entropi")


@pytest.mark.parametrize("link", ["least_squares", "least_squares_pm1"])
def test_names_of_run_folders_of_before_are_accepted_and_listed_nowhere(link):
    former = f"{link.replace('least_squares', 'lsgan')}_zero_sum"
    assert losses.get(former) == Adversarial(link, generator_form="zero_sum")
    assert "not monotone" in losses.objectives.entry(former).help
    assert former not in losses.names()
    assert former not in losses.objectives.listing()
    with pytest.raises(ValueError, match=rf"loss {former!r} is registered already".replace("\\'", "'")):
        losses.register(former)(type("Loss", (), {}))


def test_constructors_of_links_check_their_options():
    """As `--loss=hinge:margin=-1` is checked: annotations are text at run time too."""
    with pytest.raises(ValueError, match=r"Hinge.margin: expected a number above 0, got -1"):
        Hinge(margin=-1)


def test_options_reach_the_link():
    assert losses.get("hinge:margin=2").link_fn.margin == 2.0
    assert losses.get("hinge", margin=2.0) == losses.get("hinge:margin=2.0")
    assert losses.get("fgan_alpha:alpha=-1").link_fn.alpha == -1.0
    assert losses.get("nonsat:label_smoothing=0.1,pairing=independent").link_fn.label_smoothing == 0.1


def test_a_registered_link_and_objective_work_at_once():
    @dataclasses.dataclass(frozen=True)
    class Exponential(Link):
        """Boost."""

        def real(self, logits):
            return keras.ops.exp(-logits)

        def fake(self, logits):
            return keras.ops.exp(logits)

    losses.links.register("exponential")(Exponential)
    try:
        assert Adversarial("exponential", "paired").discriminator(
            np.zeros((3, 1)), np.zeros((3, 1))
        ).shape == (3,)
    finally:
        del losses.links._entries["exponential"]


@pytest.fixture
def boost():
    """Register a link that no module of the package holds, with facts and an option, as a user does."""

    @dataclasses.dataclass(frozen=True)
    class Boost(Link):
        """Pay exponentially."""

        facts = LinkFacts(
            "exp(-rate * s)",
            "exp(rate * s)",
            "exp(-rate * s)",
            "ln(p / q) / (2 rate)",
            "2 sum sqrt(p q)",
            "-",
            "-",
        )
        rate: float = 1.0

        def real(self, logits):
            return keras.ops.exp(-self.rate * logits)

        def fake(self, logits):
            return keras.ops.exp(self.rate * logits)

        fool = real

    yield losses.links.register("boost", when="to test", source="a test")(Boost)
    del losses.links._entries["boost"]


def test_a_registered_link_is_an_objective_of_its_own_name(boost):
    """As one of the catalogue: by name, with options, in the flags, the listing, the table and the explanation."""
    loss = losses.get("boost:rate=0.5")
    assert (loss.link_fn.rate, loss.pairing, loss.generator_form) == (0.5, "independent", "nonsat")
    np.testing.assert_allclose(loss.discriminator(np.zeros(3), np.full(3, 2.0)), 1 + np.e, rtol=1e-6)
    assert config.resolve(config.Config(loss="boost:rate=2")).loss == "boost:rate=2"
    assert losses.names()[-1] == "boost"
    assert "boost" in losses.objectives.listing().partition("Other names")[0]
    assert any(line.split()[:2] == ["boost", "1"] for line in report.render_table().splitlines())
    assert "w = 2." in report.describe("boost:rate=2")
    assert "a test" in report.describe("boost")
    with pytest.raises(ValueError, match=r"boost:rate: expected a number, got 'x'"):
        losses.get("boost:rate=x")
    with pytest.raises(ValueError, match=r"Boost.rate: expected a number, got 'x'"):
        boost("x")


def test_facts_are_optional(boost):
    """The formulas and the game are then unknown; what the catalogue says stays."""
    del boost.facts  # the base's None
    assert losses.links.facts("boost") is None
    assert report.describe("boost").splitlines()[2:] == [
        "When to use it    to test",
        "Source            a test",
    ]
    assert "boost" in report.render_table()
    assert "| boost |" not in report.render_page()


def test_listing_checking_and_refusing_import_no_tensorflow():
    code = (
        "import sys; from tfgan import losses; losses.names(); losses.objectives.parse('fgan_alpha:alpha=2'); losses.objectives.listing()\n"
        "try: losses.objectives.parse('rpgan:label_smoothing=0.1')\n"
        "except ValueError: assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


# Messages


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.get("hnge"), r"unknown loss 'hnge' \(did you mean 'hinge'\?\)"),
        (lambda: losses.get("hinge:margn=2"), r"has no option 'margn' \(did you mean 'margin'\?\)"),
        (lambda: losses.get("hinge", margn=2), r"has no option 'margn' \(did you mean 'margin'\?\)"),
        (lambda: losses.get("hinge:margin=0"), r"hinge:margin: expected a number above 0, got 0"),
        (lambda: losses.get("fgan_alpha:alpha=1"), r"alpha: expected a number other than 0 and 1, got 1"),
        (lambda: losses.get("fgan_kl:alpha=2"), r"'fgan_kl' has no option 'alpha': only the alpha link"),
        (
            lambda: losses.get("hinge:label_smoothing=0.1"),
            r"no option 'label_smoothing': only a link that fits D to a label",
        ),
        (
            lambda: losses.get("nonsat:label_smoothing=1"),
            r"label_smoothing: expected a number in \[0, 1\), got 1",
        ),
        (
            lambda: losses.get("rpgan:label_smoothing=0.1"),
            r"not defined under 'paired': label_smoothing softens",
        ),
        (
            lambda: Adversarial("logistic:label_smoothing=0.1", "average"),
            r"not defined under 'average': label_smoothing softens",
        ),
        (lambda: losses.get("lsgan", pairing="average"), r"0/1 targets contradict each other"),
        (lambda: losses.get("fgan_kl:pairing=paired"), r"kl link is not defined under 'paired': its bound"),
        (
            lambda: Adversarial(losses.links.get("js"), "average"),
            r"js link is not defined under 'average': its bound",
        ),
        (lambda: Adversarial("logistik"), r"unknown link 'logistik' \(did you mean 'logistic'\?\)"),
        (lambda: Adversarial("hinge:margn=2"), r"link 'hinge' has no option 'margn'"),
        (
            lambda: Adversarial(pairing="pared"),
            r"pairing: expected one of independent, paired, average, got 'pared'",
        ),
        (
            lambda: Adversarial(generator_form="saturating"),
            r"generator_form: expected one of nonsat, zero_sum, got 'saturating'",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "identifier",
    [42, None, Adversarial, Hinge(), keras.losses.BinaryCrossentropy()],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_objective_is_refused(identifier):
    with pytest.raises(
        TypeError, match=r"^loss: expected a name, a Keras config or an instance of Objective, got "
    ):
        losses.get(identifier)


def test_options_beside_an_instance_are_not_dropped():
    loss = losses.get("rpgan")
    for identifier in (loss, keras.saving.serialize_keras_object(loss)):
        with pytest.raises(
            ValueError, match=r"loss: expected a name beside pairing, got .* which has its own options"
        ):
            losses.get(identifier, pairing="average")


def test_missing_logits_are_named():
    with pytest.raises(ValueError, match=r"real_logits: expected shape \(n, ...\), got None"):
        losses.get("rpgan").generator(None, np.zeros(3))
    with pytest.raises(ValueError, match=r"fake_logits: expected shape \(n, ...\), got None"):
        losses.get("nonsat").generator(np.zeros(3), None)


def test_a_link_of_another_type_is_refused():
    with pytest.raises(TypeError, match=r"link: expected a name or a tfgan.losses.Link, got 3"):
        Adversarial(3)


@pytest.mark.parametrize(
    ("name", "real", "fake", "weight", "message"),
    [
        (
            "nonsat",
            (4, 1),
            (4, 2),
            None,
            r"fake_logits: expected shape \(n, \*\(1,\)\) as real_logits has, got \(4, 2\)",
        ),
        ("nonsat", (4, 1), (4,), None, r"fake_logits: expected shape"),
        ("nonsat", (), (), None, r"real_logits: expected shape \(n, ...\), got a scalar"),
        ("rpgan", (4, 1), (3, 1), None, r"fake_logits: pairing='paired' expected 4 examples, got 3"),
        (
            "hinge",
            (4, 1),
            (4, 1),
            (3,),
            r"sample_weight: expected shape \(n,\), one for each of 4 real and 4 fake examples, got \(3,\)",
        ),
        ("hinge", (4, 1), (4, 1), (4, 1), r"sample_weight: expected shape \(n,\).*got \(4, 1\)"),
        ("hinge", (4, 1), (3, 1), (4,), r"sample_weight: .*4 real and 3 fake"),
    ],
)
def test_shapes_that_do_not_fit(name, real, fake, weight, message):
    weight = None if weight is None else np.ones(weight, "float32")
    with pytest.raises(ValueError, match=message):
        losses.get(name).discriminator(
            np.zeros(real, "float32"), np.zeros(fake, "float32"), sample_weight=weight
        )


# Shapes, dtypes and weights


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_a_map_costs_the_mean_of_its_patches(name):
    """Each example's value is the mean over its patches of what they would cost alone."""
    loss, real, fake = losses.get(name), logits(3, 2, 2, 1), logits(3, 2, 2, 1, seed=1)
    d, g = loss.discriminator(real, fake), loss.generator(real, fake)
    flat_d = loss.discriminator(real.reshape(12, 1), fake.reshape(12, 1))
    flat_g = loss.generator(real.reshape(12), fake.reshape(12))
    assert d.shape == g.shape == (() if loss.uses_whole_batch else (3,))
    np.testing.assert_allclose(
        np.ravel(d), np.reshape(flat_d, (d.numpy().size, -1)).mean(1), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        np.ravel(g), np.reshape(flat_g, (g.numpy().size, -1)).mean(1), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_half_precision_logits_are_widened(name):
    loss = losses.get(name)
    for dtype in ("bfloat16", "float16"):
        real, fake = tf.cast(logits(8), dtype), tf.cast(logits(8, seed=1), dtype)
        for function in (loss.discriminator, loss.generator):
            got = function(real, fake)
            assert got.dtype == tf.float32
            assert np.array_equal(got, function(tf.cast(real, "float32"), tf.cast(fake, "float32")))


@pytest.mark.parametrize(
    "name", [name for name in POINTS_BY_NAME if losses.objectives.entry(name).options["pairing"] != "paired"]
)
def test_batches_may_differ_in_size(name):
    loss = losses.get(name)
    expected = np.mean(loss.discriminator(np.tile(logits(2), 3), np.tile(logits(3, seed=1), 2)))
    got = loss.discriminator(logits(2), logits(3, seed=1))
    assert got.shape == ()
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_weights_of_one_change_nothing_and_of_zero_leave_out(name):
    """Under `average` the value is a mean over n, so leaving half out halves it."""
    loss, real, fake = losses.get(name), logits(4), logits(4, seed=1)
    for function in (loss.discriminator, loss.generator):
        np.testing.assert_allclose(
            function(real, fake, sample_weight=np.ones(4)), function(real, fake), rtol=1e-6, atol=1e-7
        )
        halved = function(real, fake, sample_weight=np.float32([1, 1, 0, 0]))
        alone = function(real[:2], fake[:2])
        expected = alone / 2 if loss.uses_whole_batch else np.concatenate([alone, [0, 0]])
        np.testing.assert_allclose(halved, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in POINTS_BY_NAME if not losses.get(name).uses_whole_batch])
def test_weights_multiply_each_example(name):
    loss = losses.get(name)
    real = logits(4, 1)
    fake = logits(4, 1, seed=1)
    weight = np.float32([0.5, 2, 3, 0])
    for function in (loss.discriminator, loss.generator):
        np.testing.assert_allclose(
            function(real, fake, sample_weight=weight), weight * function(real, fake), rtol=1e-6
        )


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_nan_logits_are_not_hidden(name):
    loss, real = losses.get(name), np.float32([0, np.nan])
    assert np.isnan(np.sum(loss.discriminator(real, real)))
    assert np.isnan(np.sum(loss.generator(real, real)))


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_accuracy_counts_logits_beyond_the_threshold(name):
    """Independent: against the link's threshold. Paired: r_i - f_i above 0. Average: r above E f, f below E r."""
    loss, real, fake = losses.get(name), logits(9), logits(9, seed=1)
    threshold = reference.LINKS[losses.links.name_of(loss.link_fn)].threshold
    real_limit, fake_limit = {
        "independent": (threshold, threshold),
        "paired": (fake, real),
        "average": (fake.mean(), real.mean()),
    }[loss.pairing]
    got = loss.correct(real, fake)
    assert np.array_equal(got[0], real > real_limit)
    assert np.array_equal(got[1], fake < fake_limit)


@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_replicas_may_share_a_batch_unless_examples_couple(name):
    """The mean over a batch is the mean of the means over its halves, or the objective says that it uses_whole_batch examples."""
    loss, real, fake = losses.get(name), logits(8), logits(8, seed=1)
    for function in (loss.discriminator, loss.generator):
        whole = np.mean(function(real, fake))
        halves = [np.mean(function(real[half], fake[half])) for half in (slice(0, 4), slice(4, 8))]
        if loss.uses_whole_batch and name not in ("ralsgan",):
            assert abs(np.mean(halves) - whole) > 1e-3 * abs(whole)
        elif not loss.uses_whole_batch:
            np.testing.assert_allclose(np.mean(halves), whole, rtol=1e-5)


def everything(real, fake):
    """Return D's and G's values of all objectives, (m, n), and their gradients, (m, 2, n)."""
    values, gradients = [], []
    for point in POINTS:
        loss = Adversarial(*point)
        for function in (loss.discriminator, loss.generator):
            with tf.GradientTape() as tape:
                tape.watch([real, fake])
                value = function(real, fake)
            values.append(tf.broadcast_to(value, real.shape))
            gradients.append(tf.stack(tape.gradient(value, [real, fake], unconnected_gradients="zero")))
    return tf.stack(values), tf.stack(gradients)


@pytest.fixture(scope="module")
def compiled():
    return tf.function(everything, jit_compile=True, autograph=False)


@pytest.mark.parametrize("scale", [1e-4, 3.0, 1e4])
def test_compiled_equals_not_compiled(compiled, scale):
    """One compilation for all; XLA has its own exp and order of sums: 1e-5 relative. No NaN, where exp overflows either."""
    real, fake = tf.constant(logits(6, scale=scale)), tf.constant(logits(6, seed=1, scale=scale))
    for got, expected in zip(compiled(real, fake), everything(real, fake), strict=True):
        assert not np.isnan(got).any()
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("backend", "needs"), [("numpy", "jax"), ("jax", "jax"), ("torch", "torch")])
def test_the_same_functions_run_on_other_backends_of_keras(backend, needs):
    """Another process, since a backend is chosen at import; float32 on both, 1e-5."""
    if importlib.util.find_spec(needs) is None:
        pytest.skip(f"Keras's {backend} backend imports {needs}, which is not installed")
    code = (
        "import keras, numpy as np; from tfgan import losses\n"
        "mean = lambda values: float(keras.ops.mean(values))\n"
        "real, fake = np.linspace(-3, 3, 5, dtype='float32'), np.linspace(2, -1, 5, dtype='float32')\n"
        f"for name in {POINTS_BY_NAME}:\n"
        "    loss = losses.get(name)\n"
        "    print(name, mean(loss.discriminator(real, fake)), mean(loss.generator(real, fake)))"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    real, fake = np.linspace(-3, 3, 5, dtype="float32"), np.linspace(2, -1, 5, dtype="float32")
    rows = [line.split() for line in run.stdout.splitlines()]
    assert [row[0] for row in rows] == POINTS_BY_NAME
    for name, *got in rows:
        loss = losses.get(name)
        expected = [np.mean(loss.discriminator(real, fake)), np.mean(loss.generator(real, fake))]
        np.testing.assert_allclose(np.array(got, float), expected, rtol=1e-5)


# Sizes that a graph does not know


def outputs_of_d(name, count, seed=0):
    """Return what an objective compares: logits (n, 1), or embeddings (n, 3)."""
    return logits(count, 3 if losses.get(name).uses_embeddings else 1, seed=seed)


def values_and_slopes(name, real, fake):
    """Return both players' values, and the slopes of their sums in real and in fake."""
    loss, found = losses.get(name), []
    for player in (loss.discriminator, loss.generator):
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            value = player(real, fake)
        found += [value, *tape.gradient(value, [real, fake], unconnected_gradients="zero")]
    return found


def unknown_sizes(name, **options):
    """Return `values_and_slopes` as a graph in which neither batch has a known size."""
    spec = tf.TensorSpec((None, outputs_of_d(name, 1).shape[1]), tf.float32)
    return tf.function(functools.partial(values_and_slopes, name), input_signature=[spec, spec], **options)


def assert_equal_eager(name, graph, real_count, fake_count):
    real = tf.constant(outputs_of_d(name, real_count))
    fake = tf.constant(outputs_of_d(name, fake_count, seed=1))
    for got, expected in zip(graph(real, fake), values_and_slopes(name, real, fake), strict=True):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


PAIRED = [name for name in NAMES if getattr(losses.get(name), "pairing", None) == "paired"]


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_of_unknown_batch_size_computes_what_eager_does(name):
    """Shapes too: one value an example where there are as many fakes as reals, else the documented scalar."""
    graph = unknown_sizes(name, autograph=False)
    assert_equal_eager(name, graph, 5, 5)
    if name not in PAIRED:
        assert_equal_eager(name, graph, 4, 6)
        return
    for real_count, fake_count in ((4, 6), (1, 6), (6, 1)):
        real, fake = outputs_of_d(name, real_count), outputs_of_d(name, fake_count)
        message = rf"pairing=.*paired.* expected \] \[{real_count}\] \[ examples, got \] \[{fake_count}\]"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            graph(real, fake)


@pytest.mark.parametrize("known", [(None, 6), (6, None), (None, 1)])
def test_one_known_size_does_not_hide_that_the_other_differs(known):
    """Grappler takes what `ensure_shape` says for granted, which would drop the assertion."""
    specs = [tf.TensorSpec((size, 1), tf.float32) for size in known]
    real, fake = (logits(4 if size is None else size, 1) for size in known)
    graph = tf.function(lambda real, fake: values_and_slopes("rpgan", real, fake), input_signature=specs)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=rf"expected \] \[{len(real)}\] \[ examples, got \] \[{len(fake)}\]",
    ):
        graph(real, fake)


@pytest.mark.parametrize("fakes", [5, 6])
def test_so_does_xla(fakes):
    """It has no branches of different shapes. One program for all, of logits (n, 3), which are embeddings too."""
    names = ["nonsat", "ebgan", "ragan", "cramer", "dual_contrastive"]
    spec = tf.TensorSpec((None, 3), tf.float32)

    def values(real, fake):
        return [losses.get(name).discriminator(real, fake) for name in names]

    real, fake = logits(5, 3), logits(fakes, 3, seed=1)
    found = tf.function(values, input_signature=[spec, spec], jit_compile=True)(real, fake)
    for got, expected in zip(found, values(real, fake), strict=True):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_xla_finds_no_program_for_pairs_of_unequal_batches():
    """It drops assertions: one real must not be compared with all fakes in silence."""
    spec, loss = tf.TensorSpec((None, 1), tf.float32), losses.get("rpgan")
    graph = tf.function(loss.discriminator, input_signature=[spec, spec], jit_compile=True)
    np.testing.assert_allclose(
        graph(logits(5, 1), logits(5, 1, seed=1)),
        loss.discriminator(logits(5, 1), logits(5, 1, seed=1)),
        rtol=1e-5,
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="tensor with 6 values, but the requested shape has 1"
    ):
        graph(logits(1, 1), logits(6, 1))


@pytest.mark.parametrize(
    ("name", "real", "fake", "weight", "message"),
    [
        (
            "nonsat",
            (4, 1),
            (4, 3),
            None,
            r"expected shape \(n, \*\] \[\[?1\]?\] \[\) as real_logits has, got \] \[\[?4 3",
        ),
        ("rpgan", (4, 3), (4, 1), None, r"expected shape \(n, \*\] \[\[?3"),
        (
            "hinge",
            (4, 1),
            (4, 1),
            (3,),
            r"one for each of \] \[4\] \[ real and \] \[4\] \[ fake examples\] \[, got \] \[\[?3",
        ),
        ("hinge", (4, 1), (4, 1), (1,), "sample_weight: expected shape"),
        ("hinge", (4, 1), (3, 1), (4,), r"\[4\] \[ real and \] \[3\] \[ fake"),
    ],
)
def test_shapes_that_do_not_fit_in_a_graph_that_knows_none(name, real, fake, weight, message):
    arguments = [np.zeros(shape, "float32") for shape in (real, fake, weight or real[:1])]
    specs = [tf.TensorSpec((None,) * array.ndim, tf.float32) for array in arguments]
    weighted = {"input_signature": specs} if weight else {"input_signature": specs[:2]}

    @tf.function(**weighted)
    def graph(real, fake, weight=None):
        return losses.get(name).discriminator(real, fake, sample_weight=weight)

    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        graph(*arguments[: 3 if weight else 2])


@pytest.mark.parametrize("name", WEIGHTED)
def test_weighted_losses_keep_a_known_rank(name):
    """The sizes of weighted batches agree, so that the result is one value an example whatever their number."""
    specs = [tf.TensorSpec((None, 1), tf.float32)] * 2 + [tf.TensorSpec((None,), tf.float32)]
    loss = losses.get(name)
    graph = tf.function(lambda r, f, w: loss.discriminator(r, f, sample_weight=w), input_signature=specs)
    assert graph.get_concrete_function().output_shapes.rank == (0 if loss.uses_whole_batch else 1)
    weight = np.float32([1, 0, 2, 0.5])
    expected = loss.discriminator(logits(4, 1), logits(4, 1, seed=1), sample_weight=weight)
    np.testing.assert_allclose(
        graph(logits(4, 1), logits(4, 1, seed=1), weight), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["mmd", "cramer"])
def test_one_embedding_in_a_graph_of_unknown_size(name):
    spec = tf.TensorSpec((None, 3), tf.float32)
    graph = tf.function(losses.get(name).discriminator, input_signature=[spec, spec])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"real_logits: expected embeddings .* n of at least 2"
    ):
        graph(logits(1, 3), logits(4, 3))


@pytest.mark.parametrize("name", ["nonsat", "mmd"])
def test_an_unknown_rank_is_refused(name):
    graph = tf.function(
        losses.get(name).discriminator, input_signature=[tf.TensorSpec(None), tf.TensorSpec(None)]
    )
    with pytest.raises(ValueError, match="fake_logits: expected a known rank"):
        graph(logits(4, 1), logits(4, 1))


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if losses.get(name).uses_embeddings or losses.get(name).uses_reconstruction],
)
def test_outputs_of_an_unknown_number_of_examples_are_read(name):
    """`logits_from` flattens D's output, (n, 2, 2) here, or compares images with it."""
    loss, x = losses.get(name), logits(3, 2, 2)
    outputs = {"reconstruction": logits(3, 2, 2, seed=1), "logits": logits(3, 2, 2, seed=1)}
    spec = tf.TensorSpec((None, 2, 2), tf.float32)
    graph = tf.function(loss.logits_from, input_signature=[spec, {"reconstruction": spec, "logits": spec}])
    np.testing.assert_allclose(graph(x, outputs), loss.logits_from(x, outputs), rtol=1e-6)


# Weights of zero


@pytest.mark.parametrize("bad", [0.0, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_of_zero_leave_value_and_slopes_zero(name, bad):
    """Of any logits: a slope of infinity, times 0, would be NaN."""
    loss, weight = losses.get(name), np.zeros(4, "float32")
    real, fake = (
        tf.constant(np.where(np.arange(4)[:, None] == 2, bad, logits(4, 1, seed=seed))) for seed in (0, 1)
    )
    for player in (loss.discriminator, loss.generator):
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            value = player(real, fake, sample_weight=weight)
        slopes = tape.gradient(value, [real, fake], unconnected_gradients="zero")
        assert np.array_equal(value, np.zeros(np.shape(value)))
        assert np.array_equal(slopes, np.zeros((2, 4, 1)))


# Missing logits


@pytest.mark.parametrize("name", NAMES)
def test_missing_logits_are_named_by_every_objective(name):
    loss, there = losses.get(name), outputs_of_d(name, 4)
    players = [loss.discriminator, *([loss.generator] if loss.generator_uses_real else [])]
    for player in players:
        with pytest.raises(ValueError, match=r"^real_logits: expected shape \(n, ...\), got None$"):
            player(None, there)
        with pytest.raises(ValueError, match=r"^fake_logits: expected shape \(n, ...\), got None$"):
            player(there, None)


def test_a_swapped_side_keeps_its_name():
    """G's non-saturating form is D's loss with the sides exchanged."""
    loss = losses.get("dual_contrastive:generator_form=nonsat")
    with pytest.raises(ValueError, match=r"^real_logits: expected shape"):
        loss.generator(None, logits(4, 1))
