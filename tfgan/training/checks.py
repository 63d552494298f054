"""Refuse networks, losses and schedules that cannot be trained together; one function per refusal."""

from __future__ import annotations

import math
import warnings

import keras

from tfgan import losses
from tfgan.training import discriminator as d_lib
from tfgan.training import functional, layer_losses, packing

_ALONE = "expected a {} that treats each example alone"
_STACKLEVEL = 4  # the line that calls `compile`

WAYS_OUT = {
    "reconstruction": "build it with `network.autoencoder()`, or return {'reconstruction': ...} from your own",
    "logits": "build it with `network.discriminator()`, or take an objective like ebgan or began",
}


def check_networks(gan, generator: keras.Model, discriminator: keras.Model, pack: int) -> None:
    """Check that both networks take the model's arguments, and D the generated examples, in packs.

    Raises:
        ValueError: a network with other inputs or shapes; the message names it and the expected ones.
    """
    if not isinstance(pack, int) or pack < 1:
        raise ValueError(f"pack: expected a whole number above 0, got {pack!r}")
    functional.check("generator", generator, "keras.Input((latent_dim,))")
    shape = example_shape(generator)
    if not gan.discriminator_inputs:
        functional.build(discriminator, packing.shape(shape, pack))
    functional.check("discriminator", discriminator, f"keras.Input({shape})")
    for name, network, conditions in (
        ("generator", generator, gan.generator_inputs),
        ("discriminator", discriminator, gan.discriminator_inputs),
    ):
        if len(network.inputs) != 1 + len(conditions):
            names = ", ".join(["latents" if name == "generator" else "examples", *conditions])
            raise ValueError(
                f"{name}: {type(gan).__name__} expected one with the inputs {names}, got {len(network.inputs)}"
            )
    for head, width in gan.head_widths().items():
        output = d_lib.heads(discriminator).get(head)
        if output is not None and output.shape[-1] != width:
            raise ValueError(
                f"discriminator: {type(gan).__name__} expected {head} of width {width}, got {output.shape[-1]}"
            )
    expected, got = packing.shape(shape, pack), tuple(discriminator.inputs[0].shape[1:])
    if expected != got:
        packs = f", in packs of {pack}" if pack > 1 else ""
        raise ValueError(
            f"discriminator: expected input shape {(None, *expected)} as the generator makes{packs}, got {(None, *got)}"
        )


def example_shape(generator: keras.Model) -> tuple[int, ...]:
    """Return the shape of one generated example; if G returns a dict, the examples are its "images"."""
    if isinstance(generator, keras.Sequential):
        return tuple(generator.output_shape[1:])
    output = generator.output
    return tuple((output["images"] if isinstance(output, dict) else output).shape[1:])


def check_numbers(d_steps, micro_batch, ema_half_life) -> None:
    """Check the numbers among the arguments of `compile`; raise `ValueError` for one out of range."""
    for name, value in (("d_steps", d_steps), ("micro_batch", micro_batch)):
        if not (isinstance(value, int) and value > 0) and not (name == "micro_batch" and value is None):
            raise ValueError(
                f"{name}: expected a whole number above 0{', or None' * (name == 'micro_batch')}, got {value!r}"
            )
    if ema_half_life is not None and not callable(ema_half_life) and not ema_half_life > 0:
        raise ValueError(
            f"ema_half_life: expected a number of images above 0, or None, got {ema_half_life!r}"
        )


def check_compiled(gan) -> None:
    """Check that the networks, losses and schedule of `compile` can be trained together.

    Raises:
        ValueError: a combination that cannot; the message names it and an alternative.
    """
    for check in (
        _check_heads,
        _check_precision,
        _check_shards,
        _check_per_example_gradients,
        _check_logit_level,
        _check_generator_form,
        _check_micro_batch,
        _check_schedule,
        _check_layers_without_noise,
        _check_lazy_penalties,
    ):
        check(gan)


def exchanges_statistics(gan) -> bool:
    """Make batch statistics global if needed; return whether replicas exchange data in a pass (no XLA)."""
    layers = coupling_layers(gan.generator) + coupling_layers(gan.discriminator)
    if gan.num_replicas == 1 or not layers:
        return False
    for layer in layers:
        layer.synchronized = gan.sync_batch_norm or not isinstance(layer, keras.layers.BatchNormalization)
    return any(layer.synchronized for layer in layers)


def coupling_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a network in which one example of the batch influences another."""
    return [
        layer
        for layer in all_layers(network)
        if isinstance(layer, keras.layers.BatchNormalization) or getattr(layer, "uses_whole_batch", False)
    ]


def all_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a network, at any depth."""
    return list(network._flatten_layers(include_self=False))


def _check_heads(gan) -> None:
    """Refuse a D without the output that the objective reads, or without a head that the model reads."""
    wanted = "reconstruction" if gan.loss.uses_reconstruction else "logits"
    names = list(d_lib.heads(gan.discriminator))
    if wanted not in names:
        loss = type(gan.loss).__name__
        raise ValueError(
            f"discriminator: {loss} expected one that returns {wanted}, got {', '.join(names)}; {WAYS_OUT[wanted]}"
        )
    if missing := [head for head in gan.discriminator_heads if head not in names]:
        raise ValueError(
            f"discriminator: expected one that returns {', '.join(missing)} too, got {', '.join(names)}"
        )


def _check_precision(gan) -> None:
    """Refuse float16 and float64."""
    policies = {
        layer.compute_dtype for network in (gan.generator, gan.discriminator) for layer in all_layers(network)
    }
    if "float16" in policies:
        raise ValueError(
            f"networks: expected float32 or bfloat16, got {', '.join(sorted(policies))}: float16 needs scaled losses"
        )
    if "float64" in policies:
        way_out = "keras.config.set_dtype_policy('float32') before they are built"
        raise ValueError(
            f"networks: expected float32 or bfloat16, got {', '.join(sorted(policies))}; call {way_out}"
        )


def _check_shards(gan) -> None:
    """Refuse losses that shards of a batch cannot compute."""
    if not gan.is_sharded:
        return
    where = f"{gan.num_replicas} replicas" if gan.num_replicas > 1 else f"micro_batch={gan.micro_batch}"
    layer_losses.check((gan.generator, gan.discriminator), where)
    if names := gan.criterion.unsupported_with_shards():
        raise ValueError(
            f"{', '.join(names)}: not supported with {where}, its gradients need all examples of the batch; use one replica and no "
            "micro_batch, or drop the penalty"
        )


def _check_per_example_gradients(gan) -> None:
    """Warn of layers that couple examples under per-example penalties; refuse them on several replicas."""
    names = [name for name, penalty in gan.penalties.items() if penalty.per_example_gradients]
    coupling = coupling_layers(gan.discriminator)
    if not names or not coupling:
        return
    text = (
        f"{', '.join(names)}: {_ALONE.format('discriminator')}, got {coupling[0].name!r} in it: each example's "
        f"gradient then depends on the other examples; build it with discriminator_norm=False"
    )
    if gan.num_replicas > 1:  # TensorFlow hangs on second derivatives across replicas
        raise ValueError(text)
    warnings.warn(text, stacklevel=_STACKLEVEL)


def _check_logit_level(gan) -> None:
    """Warn if an augmentation follows D's sign on reals, but the objective leaves the level of logits open."""
    loss = gan.loss
    if "signs" not in gan.criterion.augment_state:
        return
    if getattr(loss, "pairing", None) != "independent" or type(loss.link_fn).__name__ == "Linear":
        name = type(gan.criterion.augment).__name__.lower()
        warnings.warn(
            f"augment: {name} follows D's sign on reals, and the objective leaves the level of its logits open; fix p as in {name}:p=0.2",
            stacklevel=_STACKLEVEL,
        )


def _check_generator_form(gan) -> None:
    """Warn of a generator form that pushes fakes in the wrong direction where D wins."""
    loss = gan.loss
    if not isinstance(loss, losses.Adversarial):
        return
    link = losses.links.name_of(loss.link_fn)
    if reason := losses.DOUBTFUL_FORMS.get((link, loss.generator_form)):
        warnings.warn(
            f"generator_form: {loss.generator_form} with the link {link} is {reason}", stacklevel=_STACKLEVEL
        )


def _check_micro_batch(gan) -> None:
    """Refuse micro batches of networks that couple examples."""
    for name, network in (("generator", gan.generator), ("discriminator", gan.discriminator)):
        if gan.micro_batch is not None and (found := coupling_layers(network)):
            raise ValueError(
                f"micro_batch: {_ALONE.format(name)}, got {found[0].name!r} in it; use one without, or no micro_batch"
            )


def _check_schedule(gan) -> None:
    """Refuse an unknown schedule, and the simultaneous one if one pass of D cannot serve both players."""
    if gan.schedule not in ("alternating", "simultaneous"):
        raise ValueError(f"schedule: expected 'alternating' or 'simultaneous', got {gan.schedule!r}")
    if gan.schedule == "alternating":
        return
    way_out = "; use schedule='alternating'"
    if coupling := coupling_layers(gan.discriminator):
        raise ValueError(
            f"schedule: simultaneous: {_ALONE.format('discriminator')}, got {coupling[0].name!r} in it{way_out}"
        )
    shape = () if gan.loss.uses_reconstruction else tuple(d_lib.heads(gan.discriminator)["logits"].shape[1:])
    if gan.loss.uses_embeddings or math.prod(shape) != 1:
        raise ValueError(
            f"schedule: simultaneous: expected a discriminator with one logit an example, got shape {shape}{way_out}"
        )


def _check_layers_without_noise(gan) -> None:
    """Refuse layers that draw their own noise if a batch is split into shards."""
    layers = [layer for network in (gan.generator, gan.discriminator) for layer in all_layers(network)]
    random = [
        layer
        for layer in layers
        if isinstance(getattr(layer, "seed_generator", None), keras.random.SeedGenerator)
    ]
    if gan.is_sharded and random:
        raise ValueError(
            f"{random[0].name!r}: expected layers without noise of their own, since shards draw other noise than a whole batch; drop them"
        )


def _check_lazy_penalties(gan) -> None:
    """Refuse `every` above 1 if D's batch statistics are global: replicas would deadlock in a branch."""
    coupling = coupling_layers(gan.discriminator)
    lazy = [
        name for name, penalty in gan.penalties.items() if getattr(penalty, "every", 1) > 1 and penalty.inputs
    ]
    if gan.num_replicas > 1 and lazy and any(layer.synchronized for layer in coupling):
        raise ValueError(
            f"{lazy[0]}: every=k expected a discriminator that treats each example alone, got {coupling[0].name!r} in it; use every=1"
        )
