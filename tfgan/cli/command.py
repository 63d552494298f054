"""What every command does alike: flags from a config class, `--help`, one-line errors, exit status."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import app, flags, logging

import tfgan
from tfgan.cli import flags as flags_lib
from tfgan.cli import recipes
from tfgan.core import backend, options
from tfgan.core.registry import nearest

DONE, FAILED, BAD_INPUT, DIVERGED = 0, 1, 2, 3
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def run(
    main: Callable[[Any], int | None],
    config_class: type,
    description: str,
    listings: Callable[[], str] | None = None,
    positional: str | None = None,
) -> None:
    """Parse the command line into a `config_class`, call `main` with it, and exit with its status.

    Args:
        main: takes the config; returns an exit status, or None for 0.
        config_class: a frozen dataclass of `tfgan.config.option` fields.
        description: what `--help` says first.
        listings: returns what `--help` says last.
        positional: the flag that an argument without one sets.
    """

    def parse(arguments: Sequence[str]) -> Any:
        flags.FLAGS.mark_as_parsed()  # absl's own, unused: they belong to whoever imports absl
        with checking_input():
            return _parse(arguments, config_class, description, listings, positional)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.formatwarning = lambda message, *_: f"warning: {' '.join(str(message).split())}\n"
    logging.set_verbosity(logging.WARNING)
    app.run(lambda parsed: sys.exit(main(parsed) or DONE), flags_parser=parse)


@contextlib.contextmanager
def checking_input() -> Iterator[None]:
    """Turn what a user can cause, `ValueError` and `OSError`, into one line on stderr and exit status 2.

    After a `TimeoutError`, and where the disk is full, by whichever library that is said, the status is 1.
    """
    try:
        yield
    except Exception as error:
        full = is_full_disk(error)
        if not full and not isinstance(error, (ValueError, OSError)):
            raise
        print(f"error: {one_line(error)}{'; make room there, or write elsewhere' if full else ''}", file=sys.stderr)
        sys.exit(FAILED if full or isinstance(error, TimeoutError) else BAD_INPUT)


def is_full_disk(error: Exception) -> bool:
    """Return whether a file could not be written for want of room, or because its disk fails.

    Python says so by an errno; TensorFlow (`ResourceExhaustedError`, which a GPU without memory raises too) and HDF5 by the text.
    """
    if isinstance(error, ValueError):
        return False
    return getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL)


def one_line(error: Exception) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())


def load_tensorflow() -> None:
    """Import TensorFlow and look for devices, without the lines that its native code writes meanwhile whatever its log level.

    They are written after all if that fails, or if TF_CPP_MIN_LOG_LEVEL is 0 or 1. A command computes in float32 and puts
    channels last, whatever keras.json says.

    Raises:
        ValueError: Keras set to another backend.
    """
    backend.check()
    with contextlib.nullcontext() if os.environ.get("TF_CPP_MIN_LOG_LEVEL") in ("0", "1") else _holding_stderr_back():
        import tensorflow as tf

        tf.config.list_physical_devices()
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")


@contextlib.contextmanager
def _holding_stderr_back() -> Iterator[None]:
    """Drop what is written to file descriptor 2, unless an exception ends the block."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _parse(
    arguments: Sequence[str], config_class: type, description: str, listings: Callable[[], str] | None, positional: str | None
) -> Any:
    program, *rest = arguments
    if positional and rest and not rest[0].startswith("-"):
        rest[0] = f"--{positional}={rest[0]}"
    if {"--help", "-h", "-help", "--helpfull"} & set(rest):
        names = f"\n\nIn brackets: options, as in NAME:option=value,option=value.\n\n{listings()}" if listings else ""
        print(_help(config_class, description, with_hidden="--helpfull" in rest) + names)
        sys.exit(DONE)
    if "--version" in rest:
        print(f"tfgan {tfgan.__version__}")
        sys.exit(DONE)
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "read flags from this file, one a line", flag_values=values)
    flags_lib.define_flags(config_class, values)
    try:
        leftover = values([program, *recipes.expand_recipes(rest)])[1:]
    except flags.UnrecognizedFlagError as error:
        near = nearest(error.flagname, list(values))
        raise ValueError(f"--{error.flagname}: unknown flag{near}; --help lists them") from None
    except flags.Error as error:
        raise ValueError(str(error).removeprefix("ERROR:: ")) from None
    if positional and len(leftover) == 1 and values[positional].value is None:
        values[positional].value = leftover.pop()
    if leftover:
        raise ValueError(f"expected flags only, got {leftover[0]!r}; write --name=value")
    return flags_lib.from_flags(config_class, values)


def _help(config_class: type, description: str, *, with_hidden: bool = False) -> str:
    """Return the help text: the flags under their groups, those of the command alone first, with defaults and legal values."""
    groups: dict[str, list[str]] = {}
    fields = [field for field in dataclasses.fields(config_class) if with_hidden or not field.metadata["hidden"]]
    shared = {field.metadata["group"] for field in fields if field.name not in config_class.__annotations__}
    for field in sorted(fields, key=lambda field: field.metadata["group"] in shared):
        name = f"--[no]{field.name}" if field.type == "bool" else f"--{field.name}"
        kind = options.kind_of(str(field.type))
        notes = []
        if kind and kind.expected not in ("a text", "a path") and field.type != "bool":
            notes.append(kind.expected)
        if field.default not in (None, ()):
            notes.append(f"default {field.default}")
        line = f"  {name:<26} {field.metadata['help']}" + (f" [{'; '.join(notes)}]" if notes else "")
        groups.setdefault(field.metadata["group"], []).append(line)
    lines = [description]
    for group, members in groups.items():
        lines += ["", f"{group}:", *members]
    lines += [
        "",
        "Also: --flagfile=FILE, --recipe=NAME (a shipped flagfile), --version, --help, --helpfull (replaced flags too).",
        "Later flags win; none clears a flag.",
    ]
    return "\n".join(lines)
