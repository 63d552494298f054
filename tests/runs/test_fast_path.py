"""`--xla=auto` and `--precision=auto` follow from the measured rows of the networks, the processor and the run folder."""

import dataclasses
import itertools

import pytest
from absl import flags

from tfgan import networks
from tfgan.cli import flags as flags_lib
from tfgan.core import processor
from tfgan.core.registry import Entry
from tfgan.runs import config as config_lib
from tfgan.runs import fast_path
from tfgan.runs.config import Config
from tfgan.runs.fast_path import Machine

OLD, NEW, GPU = Machine(bfloat16=False), Machine(bfloat16=True), Machine(accelerator=True, bfloat16=True)
ROWS = [
    (name, side, row)
    for name in networks.names()
    for side, row in networks.networks.entry(name).measured.get("time", {}).items()
]
# Made up: XLA costs more than a tenth at 32 quiet and busy, at 64 only busy, and brings time at 8.
MADE_UP = {
    8: {"xla": (0.5, 0.6), "bfloat16": (1.0, 1.0), "bfloat16_xla": (0.6, 0.7)},
    32: {"xla": (1.2, 1.3), "bfloat16": (0.6, 0.7), "bfloat16_xla": (1.2, 1.4)},
    64: {"xla": (1.05, 1.5), "bfloat16": (0.5, 0.5), "bfloat16_xla": (0.5, 0.5)},
}


@pytest.fixture
def made_up(monkeypatch):
    """Return the catalogue's function that sets the measured row of a network named made_up."""

    def register(**measured):
        row = Entry("tfgan.networks.mlp:MLP", "", measured=measured)
        monkeypatch.setitem(networks.networks._entries, "made_up", row)

    register(time=MADE_UP)
    return register


def choose(side=32, machine=OLD, recorded=None, network="made_up", **settings):
    return fast_path.choose(Config(network=network, **settings), (side, side, 1), machine, recorded)


@pytest.mark.parametrize("name", networks.names())
def test_keys_of_a_measured_row_are_legal(name):
    measured = networks.networks.entry(name).measured
    assert set(measured) in (set(), {"time", "precision"})
    assert measured.get("precision", "float32") in ("float32", "bfloat16")
    for side, row in measured.get("time", {}).items():
        assert isinstance(side, int)
        assert set(row) == {"xla", "bfloat16", "bfloat16_xla"}
        assert all(len(pair) == 2 and 0.05 < min(pair) <= max(pair) < 20 for pair in row.values())


@pytest.mark.parametrize(
    ("name", "side", "row"), ROWS, ids=lambda value: value if isinstance(value, str) else None
)
def test_auto_follows_from_every_row(name, side, row):
    """XLA is left where it costs more than a tenth, both quiet and busy."""
    shape = (2,) if name == "mlp" else (side, side, 1)
    chosen = fast_path.choose(Config(network=f"{name}:depth=1" if name == "mlp" else name), shape, OLD)
    quiet, busy = row["xla"]
    assert chosen.xla is not (quiet > 1.1 and busy > 1.1)
    assert chosen.precision == "float32"


@pytest.mark.parametrize(
    ("side", "xla"),
    [(8, True), (10, True), (28, False), (32, False), (44, False), (48, True), (64, True), (256, True)],
)
def test_auto_takes_the_nearest_measured_side(made_up, side, xla):
    """In the logarithm: 44 / 32 < 64 / 44, and 48 / 32 > 64 / 48."""
    assert choose(side).xla is xla


@pytest.mark.parametrize("given", [True, False])
def test_a_given_value_stays(made_up, given):
    assert all(choose(side, xla=given).xla is given for side in MADE_UP)


def test_accelerators_always_compile(made_up):
    assert choose(32, GPU).xla is True
    assert choose(32, GPU, precision="auto").precision == "float32"


def test_a_network_without_a_measurement_is_compiled(made_up):
    made_up()
    assert choose(32).xla is True
    assert choose(32, NEW, precision="auto").precision == "float32"


@pytest.mark.parametrize("settings", [{"discriminator": "projected"}, {"method": "mmd"}], ids=str)
def test_steps_of_other_networks_were_not_measured(made_up, settings):
    made_up(time=MADE_UP, precision="bfloat16")
    assert choose(32, **settings).xla is True
    assert choose(32, NEW, **settings, precision="auto").precision == "float32"


def test_bfloat16_has_a_path_of_its_own(made_up):
    assert [choose(side, NEW, precision="bfloat16").xla for side in MADE_UP] == [True, False, True]
    assert (
        choose(32, OLD, precision="bfloat16").xla is True
    )  # not measured on a processor without the instruction


def test_auto_takes_bfloat16_where_it_is_fast_and_as_good(made_up):
    assert choose(32, NEW, precision="auto").precision == "float32"  # nobody measured samples
    made_up(time=MADE_UP, precision="bfloat16")
    assert choose(32, NEW, precision="auto") == choose(32, NEW, precision="bfloat16", xla=False)
    assert choose(32, OLD, precision="auto").precision == "float32"
    assert choose(32, Machine(), precision="auto").precision == "float32"
    assert choose(8, NEW, precision="auto").precision == "float32"  # .6 against XLA's .5
    made_up(time=MADE_UP, precision="float32")
    assert choose(32, NEW, precision="auto").precision == "float32"


@pytest.mark.parametrize(("xla", "precision"), itertools.product([True, False], ["float32", "bfloat16"]))
def test_a_resumed_run_takes_the_recorded_path(made_up, xla, precision):
    """On any machine, and whatever is measured by then."""
    made_up(time=MADE_UP, precision="bfloat16")
    recorded = config_lib.to_dict(Config(xla=xla, precision=precision))
    for machine in (OLD, NEW, GPU):
        resumed = choose(32, machine, recorded, precision="auto")
        assert (resumed.xla, resumed.precision) == (xla, precision)
        assert config_lib.differences({**recorded, "network": "made_up"}, resumed) == []


def test_a_run_of_before_the_flag_had_a_third_value_was_compiled(made_up):
    recorded = {
        key: value for key, value in config_lib.to_dict(Config()).items() if key not in ("xla", "precision")
    }
    assert choose(32, OLD, recorded).xla is True
    assert config_lib.differences({**recorded, "network": "made_up"}, choose(32, OLD, recorded)) == []


def test_another_given_path_is_a_difference():
    recorded = config_lib.to_dict(Config(xla=True))
    assert config_lib.differences(recorded, Config(xla=False)) == ["--xla: True there, False here"]
    assert config_lib.differences(recorded, Config(precision="bfloat16", xla=True)) == [
        "--precision: 'float32' there, 'bfloat16' here"
    ]
    assert config_lib.differences(recorded, Config()) == []
    assert config_lib.differences(recorded, Config(precision="auto")) == []


def test_digests_do_not_tell_auto_from_the_default_of_before():
    digests = [config_lib.digest(config_lib.to_dict(Config(xla=xla))) for xla in ("auto", True, False)]
    assert digests[0] == digests[1] != digests[2]


def parsed(*arguments):
    values = flags.FlagValues()
    flags_lib.define_flags(Config, values)
    assert values(["train", *arguments]) == ["train"]
    return flags_lib.from_flags(Config, values)


@pytest.mark.parametrize(
    ("arguments", "xla"),
    [
        ([], "auto"),
        (["--xla=auto"], "auto"),
        (["--xla"], True),
        (["-xla"], True),
        (["--xla=true"], True),
        (["--xla=True"], True),
        (["--xla=1"], True),
        (["--noxla"], False),
        (["--xla=false"], False),
        (["--xla=0"], False),
        (["--noxla", "--xla=auto"], "auto"),
        (["--xla", "--seed=3", "--noxla"], False),
    ],
    ids=str,
)
def test_the_flag_has_three_values(arguments, xla):
    assert parsed(*arguments).xla is xla or parsed(*arguments).xla == xla == "auto"


def test_another_value_of_the_flag_is_refused():
    with pytest.raises(ValueError, match="--xla: expected auto, true or false, got 'maybe'"):
        parsed("--xla=maybe")
    with pytest.raises(ValueError, match="--noxla=true does not take an argument"):
        parsed("--noxla=true")


def test_flags_of_a_config_give_the_config():
    from tfgan.comparison import study

    for xla in ("auto", True, False):
        assert parsed(*study.to_flags(Config(xla=xla))).xla == xla


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("model name\t: EPYC\nflags\t\t: fpu avx512f avx512_bf16 fsrm\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx512f avx512_vnni\n", False),
        ("model name\t: bf16 avx512_bf16\nflags\t: fpu\n", False),
        ("processor\t: 0\n", None),
        (None, None),
    ],
)
def test_the_processor_is_read_from_its_list(tmp_path, lines, found):
    if lines is not None:
        (tmp_path / "cpuinfo").write_text(lines)
    assert processor.has_bfloat16(tmp_path / "cpuinfo") is found


def test_bfloat16_without_its_instructions_is_warned_of(tmp_path):
    (tmp_path / "cpuinfo").write_text("flags : fpu avx2\n")
    lacking = Machine(bfloat16=processor.has_bfloat16(tmp_path / "cpuinfo"))
    warning = fast_path.slow_bfloat16(Config(precision="bfloat16"), lacking)
    assert "\n" not in warning
    assert "--precision: bfloat16 is slower than float32 on this processor" in warning
    assert fast_path.slow_bfloat16(Config(), lacking) is None
    for machine in (NEW, GPU, Machine(), lacking._replace(accelerator=True)):
        assert fast_path.slow_bfloat16(Config(precision="bfloat16"), machine) is None


@pytest.mark.parametrize(
    ("settings", "side", "machine", "line"),
    [
        ({"xla": True}, 32, NEW, "XLA, float32; bfloat16 would take about .5 of the time here"),  # .6 / 1.2
        ({"xla": False}, 32, NEW, "no XLA, float32; bfloat16 would take about .6 of the time here"),
        ({"xla": False, "precision": "bfloat16"}, 32, NEW, "no XLA, bfloat16; float32 would take about 1.7 of the time here"),
        ({"xla": True}, 8, NEW, "XLA, float32"),  # bfloat16 would be slower
        ({"xla": True}, 32, OLD, "XLA, float32"),
        ({"xla": True}, 32, GPU, "XLA, float32"),
    ],
    ids=str,
)  # fmt: skip
def test_the_first_line_says_what_the_other_precision_brings(made_up, settings, side, machine, line):
    """By the path that auto would choose for it: at 32 float32 leaves XLA, 1 / .6 = 1.7."""
    config = Config(network="made_up", **settings)
    assert fast_path.describe(config, (side, side, 1), machine, compiled=config.xla) == line


def test_points_have_a_side():
    row = networks.networks.entry("mlp").measured
    assert fast_path.times(row, (2,))["xla"] == row["time"][2]["xla"]


def test_the_default_is_float32_and_the_measured_path():
    assert (Config().xla, Config().precision) == ("auto", "float32")
    assert dataclasses.replace(Config(), xla=True) != Config()
