"""Build the objects that a config names: data, model, optimizers and batches."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan import augment, data, kinds, losses, methods, networks, penalties
from tfgan.data.source import Source
from tfgan.models import ACGAN, GAN, AutoencodingGAN, ConditionalGAN, InfoGAN, SemiSupervisedGAN
from tfgan.runs import config as config_lib
from tfgan.runs import folder, optimizers
from tfgan.runs.config import Config
from tfgan.training.adam import Adam
from tfgan.training.schedules import Held


def open_source(config: Config):
    """Open the data that a config names.

    Raises:
        ValueError: data that cannot be used, or fewer examples than a batch.
    """
    opened = data.open_source(
        config.dataset,
        data_dir=config.data_dir,
        image_size=config.image_size,
        memory_budget_mib=config.memory_budget_mib,
        background=config.background,
        skip_unreadable=config.skip_unreadable,
        **config.form(),
    )
    if config.num_examples is not None:
        opened = opened.take(config.num_examples)
    if opened.num_examples is not None and opened.num_examples < config.batch_size:
        raise ValueError(
            f"--batch_size: expected at most {opened.num_examples} (the training examples of {opened.name}), got {config.batch_size}"
        )
    flag = "condition" if config.condition != "none" else "task" if config.task == "classify" else None
    if flag and opened.num_classes < 2:
        has = "one class" if opened.num_classes else "no labels"
        raise ValueError(
            f"--{flag}: expected labeled data of two or more classes, got {opened.name}, which has {has}; leave it out"
        )
    if config.condition != "none" and (empty := opened.empty_class()) is not None:
        raise ValueError(
            f"--condition: expected examples of every class, {opened.name} has none of class {empty} to train on; number the classes "
            "from 0 on, or take more examples"
        )
    if config.labels_per_class is not None:
        opened.choose_labeled(config.labels_per_class, config.seed)
    return opened


def data_facts(opened, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the facts about the data that a run records.

    They suffice to build its model and to detect other data.

    Args:
        opened: the data.
        before: the facts in the record of the run, if any; its `unreadable` files stopped the run and may
            have been replaced.
    """
    excused = sorted((before or {}).get("unreadable", ())) if getattr(opened, "refingerprint", None) else []
    return {
        **kinds.to_json(opened.kind),
        "num_examples": opened.num_examples,
        "num_classes": opened.num_classes,
        "class_names": None if opened.class_names is None else [str(name) for name in opened.class_names],
        "fingerprint": opened.refingerprint(excused) if excused else opened.fingerprint,
    } | ({"unreadable": excused} if excused else {})


def source_from_record(record: Mapping[str, Any]) -> Source:
    """Return the source that a run's record describes: enough to build the model, without the examples.

    Raises:
        ValueError: a record that was changed by hand.
    """
    about = record["data"]
    if missing := [key for key in folder.TELL_APART if key not in about]:
        raise ValueError(
            f"--run_dir: expected data with {', '.join(missing)} in config.json, got {about}; was it changed by hand?"
        )
    return Source(
        name=record["dataset"],
        kind=kinds.from_json(about),
        num_examples=about["num_examples"],
        num_classes=about["num_classes"],
        class_names=about.get("class_names"),
        fingerprint=about["fingerprint"],
    )


def source_of_run(config: Config) -> Source:
    """Open the data that a config names.

    If its run folder holds a run on the same data, keep the units of that run.

    Raises:
        ValueError: as `open_source` does, or a config.json that cannot be read.
    """
    opened, record = open_source(config), folder.find_config(config.run_dir)
    return opened.as_recorded(record["data"]) if record else opened


def fill_network(config: Config, opened) -> Config:
    """Return the config with a network, the named one or the default of the data, and its latent dimension."""
    config = config_lib.with_network(config, config.network or opened.kind.default_network)
    latent_dim = methods.get(config.method).latent_dim(config.latent_dim, tuple(opened.shape))
    return dataclasses.replace(config, latent_dim=latent_dim)


def build_gan(config: Config, opened, attempt: int = 0) -> GAN:
    """Build and compile the model that a complete config describes.

    Each further attempt halves the learning rates.

    Raises:
        ValueError: a network that cannot make these data, or a loss or penalty that the current strategy does
            not support.
    """
    if config_lib.method_name(config) != "gan":
        return _build_lone_generator(config, opened, attempt)
    objective = build_objective(config)
    if config.augment is not None:
        with config_lib.naming("augment"):
            augment.get(config.augment).check((None, *opened.shape))
    chosen = [penalties.get(spec) for spec in config.penalty]
    alone = (
        any(penalty.per_example_gradients for penalty in chosen)
        or config.schedule == "simultaneous"
        or config.micro_batch is not None
    )
    # The moving averages of a batch norm would mix reals and fakes.
    mixes = objective.uses_reconstruction or config.task == "classify"
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if config.precision == "bfloat16" else "float32")
    try:
        network, judge = _build_networks(config, opened, objective, norm=not (alone or mixes))
        naming_d = config_lib.naming("discriminator" if config.discriminator else "network")
        with naming_d, _naming_bfloat16(config):
            critic = judge.autoencoder() if objective.uses_reconstruction else judge.discriminator()
            generator = network.generator()
            if config.precision == "bfloat16":
                _try_out(generator)
                _try_out(critic)
        kind, options = select_model(config, opened.num_classes, objective)
        model = kind(generator, critic, seed=config.seed, kind=opened.kind, **options)
    finally:
        keras.config.set_dtype_policy(before)
    with config_lib.with_dashes():
        model.compile(
            loss=objective,
            penalties=chosen,
            augment=config.augment,
            g_optimizer=_build_optimizer(
                config, "g", _schedule_steps(config), initial_rate(config, "g", attempt)
            ),
            d_optimizer=_build_optimizer(
                config, "d", _schedule_steps(config) * config.d_steps, initial_rate(config, "d", attempt)
            ),
            d_steps=config.d_steps,
            schedule=config.schedule,
            micro_batch=config.micro_batch,
            sync_batch_norm=config.sync_batch_norm,
            ema_half_life=_cosine_ramp(
                config.ema_half_life_start, config.ema_half_life, _schedule_steps(config)
            ),
            post_hoc_ema=config.post_hoc_ema,
            # Frozen features say where XLA is slow
            jit_compile="auto" if config.xla and config.discriminator else config.xla,
        )
    if config.init_from:
        _copy_networks(model, config.init_from)
    return model


def _build_networks(config: Config, opened, objective, *, norm: bool) -> tuple[Any, Any]:
    """Return the builders of G and of D: one network, unless `--discriminator` names another for D.

    Args:
        config: a complete config.
        opened: the data.
        objective: the objective.
        norm: whether D may use batch normalization.
    """
    labeled = config.condition != "none" or config.task == "classify"
    options = {
        "image_shape": tuple(opened.shape),
        "outputs": objective.dimensions if objective.uses_embeddings else 1,
        "discriminator_norm": norm,
        "seed": config.seed,
        "num_classes": opened.num_classes if labeled else 0,
        **{
            name: getattr(config, name)
            for name in ("condition", "task", "info_categorical", "info_continuous", "pack")
        },
    }
    own = {name: getattr(config, name) for name in ("latent_dim", "width", "prior", "prior_size")}
    own["kind"] = opened.kind
    with config_lib.naming("network"):
        network = networks.get(config.network, **options, **own)
    if config.discriminator is None:
        return network, network
    with config_lib.naming("discriminator"):
        return network, networks.discriminators.get(config.discriminator, **options)


def _build_lone_generator(config: Config, opened, attempt: int) -> methods.LoneGenerator:
    """Build and compile the model of a method without D; raise `ValueError` as `build_gan` does."""
    method = methods.get(config.method)
    options = {name: getattr(config, name) for name in ("latent_dim", "width", "prior", "prior_size", "seed")}
    with config_lib.naming("network"):
        network = networks.get(config.network, image_shape=tuple(opened.shape), kind=opened.kind, **options)
        generator = method.build_generator(network)
    model = methods.LoneGenerator(generator, seed=config.seed, kind=opened.kind)
    steps = _schedule_steps(config)
    with config_lib.with_dashes():
        model.compile(
            method,
            g_optimizer=_build_optimizer(config, "g", steps, initial_rate(config, "g", attempt)),
            ema_half_life=_cosine_ramp(config.ema_half_life_start, config.ema_half_life, steps),
            post_hoc_ema=config.post_hoc_ema,
            jit_compile=config.xla,
        )
    return model


def batches(config: Config, opened, strategy: tf.distribute.Strategy, step: int, steps_per_call: int = 1):
    """Return the batches for training from a step on.

    They are a data set, or a distributed data set with a share for each replica.

    Args:
        config: a complete config.
        opened: the data.
        strategy: of the model.
        step: number of the first update of G.
        steps_per_call: how many steps one call of the compiled function takes. A batch that cannot be read
            fails before the call in which its turn comes, so that no call ends halfway through.
    """
    together = steps_per_call * config.d_steps if getattr(opened, "read", None) else 1

    def shares(index: int, total: int) -> tf.data.Dataset:
        few = {} if config.labels_per_class is None else {"labels_per_class": config.labels_per_class}
        dataset = opened.dataset(
            config.batch_size, seed=config.seed, start=step * config.d_steps, share=(index, total), **few
        )
        return (
            dataset.batch(config.d_steps, drop_remainder=True)
            if config.d_steps > 1 and total > 1
            else dataset
        )

    if (total := strategy.num_replicas_in_sync) == 1:
        dataset = shares(0, 1)
        return dataset.batch(together, drop_remainder=True).unbatch() if together > 1 else dataset

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = total // context.num_input_pipelines
        parts = [shares(context.input_pipeline_id * local + index, total) for index in range(local)]
        return (
            tf.data.Dataset.choose_from_datasets(parts, tf.data.Dataset.range(local).repeat())
            if local > 1
            else parts[0]
        )

    return strategy.distribute_datasets_from_function(of_worker)


def select_model(config: Config, num_classes: int, objective) -> tuple[type[GAN], dict[str, Any]]:
    """Return the class of model that a config selects, and its extra arguments."""
    if config.condition != "none":
        weights = (
            {"class_weight": config.class_weight, "class_on_fakes": config.class_on_fakes}
            if config.condition == "acgan"
            else {}
        )
        return ACGAN if weights else ConditionalGAN, {"num_classes": num_classes, **weights}
    if config.info_categorical or config.info_continuous:
        widths = {"categorical": config.info_categorical, "continuous": config.info_continuous}
        return InfoGAN, {
            **widths,
            "categorical_weight": config.info_weight,
            "continuous_weight": config.info_continuous_weight,
        }
    if config.task == "classify":
        return SemiSupervisedGAN, {"class_weight": config.class_weight}
    return AutoencodingGAN if objective.uses_reconstruction else GAN, {"pack": config.pack}


def build_objective(config: Config):
    """Return the objective that a config names."""
    overrides = {"pairing": config.pairing, "generator_form": config.generator_form}
    return losses.get(config.loss, **{key: value for key, value in overrides.items() if value is not None})


def open_run(
    path: str, data_dir: str | None = None, dataset: str | None = None, *, opening: bool = True
) -> tuple[Config, Source, GAN]:
    """Return config, data and model of a run folder, at its newest readable checkpoint, without touching the folder.

    Args:
        path: the run folder, or a checkpoint in it.
        data_dir: where the data set's files are; None for where they were in training.
        dataset: the same data under another name, such as `npz:` and a new path; None for the one of
            training.
        opening: whether to open the data; else the returned source has shape, classes and units, but no
            examples.

    Raises:
        ValueError: no such run, no checkpoint in it, or data that cannot be opened or are not the data of
            training.
    """
    record = folder.read_config(path)
    config = config_lib.from_dict(record)
    config = dataclasses.replace(
        config, data_dir=data_dir or config.data_dir, dataset=dataset or config.dataset
    )
    opened = _reopen_source(path, record, config) if opening else source_from_record(record)
    model = build_gan(dataclasses.replace(config, init_from=None), opened)
    for checkpoint in folder.list_checkpoints(path):
        try:
            model.load_weights(checkpoint)
        except Exception:  # damaged: the one before it serves
            continue
        return config, opened, model
    raise ValueError(f"--run_dir: expected a readable checkpoint in {path}, got none")


def _reopen_source(path: str, record: Mapping[str, Any], config: Config) -> Source:
    """Open the data of a run; raise `ValueError` if they cannot be opened or have changed."""
    try:
        opened = open_source(config).as_recorded(record["data"])
    except ValueError as error:
        raise ValueError(
            f"{error} (the data of {path}; if they are elsewhere now, name them by --dataset or --data_dir)"
        ) from None
    if changed := folder.describe_data_changes(record, data_facts(opened, record["data"])):
        raise ValueError(
            f"--run_dir: {path} belongs to other data ({'; '.join(changed)}); put those back, or train on these elsewhere"
        )
    return opened


@contextlib.contextmanager
def _naming_bfloat16(config: Config) -> Iterator[None]:
    """Name `--precision` in an error of a bfloat16 network, unless the network itself refuses an option."""
    try:
        yield
    except (TypeError, ValueError, tf.errors.OpError) as error:
        if config.precision != "bfloat16" or str(error).startswith(("network: ", "discriminator: ")):
            raise
        raise ValueError(
            f"--precision: {config.network} has a layer that bfloat16 cannot do ({error}); use --precision=float32"
        ) from error


def _try_out(network: keras.Model) -> None:
    """Run a network forward and back on zeros, to find a missing kernel before any file is written."""
    inputs = [tf.zeros((1, *entry.shape[1:]), entry.dtype) for entry in network.inputs]
    with tf.GradientTape() as tape:
        outputs = tf.nest.flatten(network(inputs if len(inputs) > 1 else inputs[0], training=False))
        total = tf.add_n([tf.reduce_sum(tf.cast(output, tf.float32)) for output in outputs])
    tape.gradient(total, network.trainable_variables)


def initial_rate(config: Config, player: str, attempt: int) -> float:
    """Return the initial learning rate of a player, "g" or "d", in an attempt."""
    return optimizers.learning_rate(getattr(config, f"{player}_optimizer")) * 0.5**attempt


def _build_optimizer(config: Config, player: str, updates: int, rate: float) -> keras.optimizers.Optimizer:
    """Build the optimizer of a player, "g" or "d", that makes `updates` updates along its schedules."""
    schedules, held = keras.optimizers.schedules, int(config.lr_hold * updates)
    if config.lr_schedule == "cosine":
        rate = schedules.CosineDecay(rate, updates - held, alpha=config.lr_end)
    elif config.lr_schedule == "linear":
        rate = schedules.PolynomialDecay(rate, updates - held, end_learning_rate=rate * config.lr_end)
    if held:
        rate = Held(rate, held)
    name, options = optimizers.keras_arguments(getattr(config, f"{player}_optimizer"))
    kind = getattr(keras.optimizers, name)
    if config.beta_2_start:
        kind, options["beta_2"] = Adam, _cosine_ramp(config.beta_2_start, options["beta_2"], updates)
    if config.clip_norm is not None:
        options["global_clipnorm"] = config.clip_norm
    with config_lib.naming(f"{player}_optimizer"):
        return kind(rate, **options)


def _schedule_steps(config: Config) -> int:
    """Return the length of all schedules in steps."""
    return config.burn_in or config.steps


def _cosine_ramp(start: float | None, end: float | None, over: int):
    """Return a half-cosine schedule from `start` to `end` in `over` updates.

    Return `end` itself if either is None.
    """
    if start is None or end is None:
        return end
    return keras.optimizers.schedules.CosineDecay(start, over, alpha=end / start)


def _copy_networks(model: GAN, origin: str) -> None:
    """Copy the weights of another run's networks, but not its optimizers and its step."""
    import tfgan

    found = [Path(origin)] if origin.endswith(".keras") else folder.list_checkpoints(origin)
    if not found:
        raise ValueError(
            f"--init_from: expected a run folder with checkpoints or a .keras file, got {origin}"
        )
    other = tfgan.load(found[0])
    for name in ("generator", "discriminator", "ema_generator"):
        mine, theirs = getattr(model, name), getattr(other, name)
        shapes = [[weight.shape for weight in network.weights] for network in (mine, theirs)]
        if shapes[0] != shapes[1]:
            sizes = [sum(math.prod(shape) for shape in each) for each in shapes]
            raise ValueError(
                f"--init_from: expected a {name} like this run's ({sizes[0]} weights), got {found[0]} ({sizes[1]})"
            )
        mine.set_weights(theirs.get_weights())
