"""Count the arithmetic of the alternating step, twice: from the layers' shapes, and in the program that XLA makes of it.

One multiply-add is two operations. Convolutions and matrix products are counted, and nothing else; positions
that fall on padding count.
"""

import math
import re

import keras
import tensorflow as tf

DEFINED = re.compile(r"%([\w.-]+) = \w+\[([\d,]*)\]")
CONVOLUTION = re.compile(
    r" convolution\(%([\w.-]+), %([\w.-]+)\), window={size=(\S+?)[ }].*dim_labels=\w+_(\w+)->"
)
DOT = re.compile(r" dot\(%([\w.-]+), %[\w.-]+\),.* lhs_contracting_dims={([\d,]*)}")
DILATED = re.compile(r"lhs_dilate=([\dx]+)")


def multiply_adds(layer) -> int:
    """Return the multiply-adds of one example's forward pass through a layer."""
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return math.prod(layer.input.shape[1:3]) * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2D):
        return math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape)
    if any(len(weight.shape) > 1 for weight in layer.weights):
        raise ValueError(
            f"layer: expected Dense, Conv2D, Conv2DTranspose or one without a kernel, got {type(layer).__name__}"
        )
    return 0


def passes(generator, discriminator) -> dict[str, int]:
    """Return the multiply-adds an image of each pass of the alternating step.

    A network's first layer needs no gradient in its input, but where G's loss is led through D to the fakes.
    """
    g, d = (
        [count for layer in network.layers if (count := multiply_adds(layer))]
        for network in (generator, discriminator)
    )
    return {
        "G forward": sum(g),
        "D forward: reals, fakes, fakes again after D's update": 3 * sum(d),
        "D's weights: reals, fakes": 2 * sum(d),
        "D's inner inputs: reals, fakes": 2 * sum(d[1:]),
        "D's input: fakes": sum(d),
        "G's weights": sum(g),
        "G's inner inputs": sum(g[1:]),
    }


def step_operations(generator, discriminator) -> int:
    """Return the operations an image of the alternating step, from the shapes of the layers."""
    return 2 * sum(passes(generator, discriminator).values())


def compiled_operations(gan, batch: int) -> float:
    """Return the operations an image in the program that XLA makes of a GAN's step, `batch` images at once."""
    real = tf.zeros((batch, *gan.discriminator.input_shape[1:]))
    program = gan._compiled_update.experimental_get_compiler_ir(real, gan.sample_noise(batch, 0))(
        stage="optimized_hlo"
    )
    return 2 * program_multiply_adds(program) / batch


def program_multiply_adds(program: str) -> int:
    """Return the multiply-adds of an HLO program's convolutions and products, each taken once.

    XLA writes a convolution's gradient as a convolution over an input spread by zeros (`lhs_dilate`); a
    product with one of these is not counted.
    """
    shapes = {name: _numbers(shape, ",") for name, shape in DEFINED.findall(program)}
    total = 0
    for line in program.splitlines():
        if found := CONVOLUTION.search(line):
            _, kernel, window, labels = found.groups()
            spread = DILATED.search(line)
            terms = shapes[kernel][labels.index("i")] * math.prod(_numbers(window, "x"))
            total += _outputs(line) * terms // (math.prod(_numbers(spread[1], "x")) if spread else 1)
        elif found := DOT.search(line):
            total += _outputs(line) * math.prod(shapes[found[1]][axis] for axis in _numbers(found[2], ","))
    return total


def _outputs(line: str) -> int:
    return math.prod(_numbers(DEFINED.search(line)[2], ","))


def _numbers(text: str, separator: str) -> list[int]:
    return [int(number) for number in text.split(separator) if number]
