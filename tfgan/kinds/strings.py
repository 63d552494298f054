"""Strings: rows of letters of one alphabet, the common part of texts and biological sequences."""

from __future__ import annotations

import dataclasses
import gzip
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from tfgan.kinds.kind import Input, Kind, Output, Signature
from tfgan.kinds.span import Span
from tfgan.kinds.units import Units

END = 0  # code of the end symbol
SHOWN = 12  # letters of a wrong text in a message


@dataclasses.dataclass(frozen=True)
class Strings(Kind):
    """Strings of at most `length` letters.

    Three forms: records are texts (`str`); the user's units are codes, int32 (n, length); training units are
    float32 (n, length, codes), the probabilities of the codes at each place. With `ends`, code 0 is the end
    symbol, which fills the places behind the last letter, and letters have the codes 1, 2, ... in the order of
    the alphabet. Without it every string has all `length` letters, whose codes begin at 0.

    Args:
        shape: (length, codes).
        alphabet: the letters, each once.
        ends: whether strings may be shorter than `length`.

    Raises:
        ValueError: a shape that does not fit the alphabet, a letter that is twice there, or units.

    Example:
        >>> kind = Text((5, 27), alphabet="abcdefghijklmnopqrstuvwxyz")
        >>> kind.values(["cab"])
        array([[3, 1, 2, 0, 0]], dtype=int32)
    """

    alphabet: str = "abcdefghijklmnopqrstuvwxyz"
    ends: bool = True

    default_network = "conv1d"
    array = "codes"
    unit = "letter"
    preview_count = 1000
    preview_shows_reals = True
    markov_orders: ClassVar[tuple[int, ...]] = ()  # of the chains whose scores stand beside a generator's
    tau = 0.75  # Gupta & Zou 2019, FBGAN

    def __post_init__(self) -> None:
        if self.units != Units():
            raise ValueError(
                f"units: expected none for {self.name}, whose examples are letters, got {self.units}; leave them out"
            )
        if not self.alphabet or len(set(self.alphabet)) < len(self.alphabet) or "\0" in self.alphabet:
            raise ValueError(f"alphabet: expected different letters, none of them NUL, got {self.alphabet!r}")
        if len(self.shape) != 2 or self.shape[1] != len(self.alphabet) + self.ends:
            end = " and the end symbol" if self.ends else ""
            raise ValueError(
                f"shape: expected (length, {len(self.alphabet) + self.ends}) for {len(self.alphabet)} letters{end}, got {self.shape}"
            )

    @classmethod
    def of_letters(cls, length: int, alphabet: str, *, ends: bool = True) -> Strings:
        """Return the kind of strings of at most `length` letters of an alphabet."""
        return cls((length, len(alphabet) + ends), alphabet=alphabet, ends=ends)

    @classmethod
    def fit(cls, examples, rows):
        """Return the kind of codes (n, length) whose letters are the first ones of the default alphabet."""
        letters = max(int(examples.max()), 1)
        if letters > len(cls.alphabet):
            raise ValueError(
                f"expected codes from 0 to {len(cls.alphabet)}, got {letters}; name the kind with its alphabet"
            )
        return cls.of_letters(examples.shape[1], cls.alphabet[:letters])

    @property
    def length(self) -> int:
        """The most letters of a string."""
        return self.shape[0]

    @property
    def expected(self) -> str:
        """The legal strings, for messages."""
        number = f"up to {self.length}" if self.ends else f"{self.length}"
        return f"texts of {number} of the letters {self.alphabet!r}"

    @property
    def spans(self):
        return (Span("softmax", self.shape[1]),)

    # Units

    def encode(self, x):
        """Return codes (..., length) of any integer dtype as one-hot float32 (..., length, codes); floats as they are."""
        if isinstance(x, np.ndarray):
            if x.dtype.kind == "f":
                return x
            return (x[..., None] == np.arange(self.shape[1], dtype=x.dtype)).astype(np.float32)
        import tensorflow as tf

        if x.dtype.is_floating:
            return x
        return tf.one_hot(tf.cast(x, tf.int32), self.shape[1], dtype=tf.float32)

    def decode(self, x):
        """Return the likeliest codes int32 (..., length) of training units; behind the first end symbol all are ends."""
        if isinstance(x, np.ndarray):
            codes = x.argmax(axis=-1).astype(np.int32)
            return np.where(np.cumsum(codes == END, axis=-1) > 0, END, codes) if self.ends else codes
        import tensorflow as tf

        codes = tf.argmax(x, axis=-1, output_type=tf.int32)
        if not self.ends:
            return codes
        alive = tf.math.cumprod(tf.cast(codes != END, tf.int32), axis=-1)
        return codes * alive

    def legal(self, values):
        """Return which codes are letters or end symbols with none but ends behind them."""
        legal = (values >= 0) & (values < self.shape[1])
        if not self.ends:
            return legal
        late = (values[..., :-1] == END) & (values[..., 1:] != END)
        if isinstance(values, np.ndarray):
            return legal & ~np.concatenate([np.zeros_like(legal[..., :1]), late], axis=-1)
        import tensorflow as tf

        return legal & ~tf.concat([tf.zeros_like(legal[..., :1]), late], axis=-1)

    def hardened(self, x):
        """Return the texts that training units stand for as one-hot rows, float32 (n, length * codes)."""
        one_hot = self.encode(self.decode(x))
        size = math.prod(self.shape)
        if isinstance(x, np.ndarray):
            return one_hot.reshape(-1, size)
        import tensorflow as tf

        return tf.reshape(one_hot, (-1, size))

    # Records

    def records(self, values):
        """Return codes (n, length) as a list of texts."""
        points = np.array([ord(letter) for letter in "\0" * self.ends + self.alphabet], np.uint32)
        return np.ascontiguousarray(points[np.asarray(values)]).view(f"U{self.length}")[:, 0].tolist()

    def values(self, records):
        """Return texts as codes int32 (n, length); raise `ValueError` for a foreign letter or another length."""
        records = list(records)
        for number, text in enumerate(records, 1):
            if not isinstance(text, str):
                raise ValueError(f"expected {self.expected}, got {type(text).__name__} in number {number}")
            if len(text) > self.length or not (self.ends or len(text) == self.length):
                raise ValueError(
                    f"expected {self.expected}, got {len(text)} letters in number {number}, {_quote(text)}"
                )
        if not records:
            return np.zeros((0, self.length), np.int32)
        codes, foreign = to_codes(records, self.alphabet, self.length)
        if foreign.any():
            number = int(foreign.argmax())
            letter = next(letter for letter in records[number] if letter not in self.alphabet)
            raise ValueError(
                f"expected {self.expected}, got {letter!r} in number {number + 1}, {_quote(records[number])}"
            )
        return codes if self.ends else codes - 1

    # Metrics

    def stand_ins(self, count):
        """Return different strings of the first letters."""
        letters = len(self.alphabet)
        places = min(self.length, 1 + int(math.log(max(count, 2), max(letters, 2))) + 1)
        codes = np.zeros((count, self.length), np.int32)
        digits = np.arange(count)[:, None] // letters ** np.arange(places) % letters
        codes[:, :places] = digits + self.ends
        return codes

    # Files

    def write_txt(self, path: Path, batches: Iterable[np.ndarray], seeds: np.ndarray) -> None:
        """Write one text a line."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for batch in batches:
                file.writelines(f"{text}\n" for text in self.records(batch))

    def read_txt(self, path: Path) -> list[str]:
        """Return the lines of a file, the texts of a peer; an empty line is an empty text."""
        return read_lines(path)

    # Exported models

    def signatures(self):
        text = {"text": Output(None, "text")}
        probabilities = {"probabilities": Output((0, 1), "probability of each code at each place")}
        return {
            "serving_default": Signature(
                text | probabilities,
                lambda x: {"text": self.to_text(self.decode(x)), "probabilities": x},
                from_training=True,
            ),
            "sample": Signature(text, lambda codes: {"text": self.to_text(codes)}),
        }

    def inputs(self):
        return {"text": Input("string", (), self.expected, None, "text")}

    def from_inputs(self, tensors):
        """Return the codes of the texts string (n,); an illegal text raises `InvalidArgumentError` where the graph runs."""
        import tensorflow as tf

        points = tf.strings.unicode_decode(tensors["text"], "UTF-8", errors="replace")
        lengths = tf.cast(points.row_lengths(), tf.int32)
        points = points.to_tensor(default_value=-1, shape=(None, self.length))
        letters = tf.constant([ord(letter) for letter in self.alphabet], tf.int32)
        found = tf.equal(points[..., None], letters)  # (n, length, letters)
        codes = tf.argmax(found, axis=-1, output_type=tf.int32) + int(self.ends)
        known = tf.reduce_any(found, axis=-1)
        right = lengths <= self.length if self.ends else tf.equal(lengths, self.length)
        fits = right & tf.reduce_all(known | (points < 0), axis=-1)
        wrong = tf.where(~fits)[:1, 0]
        message = [f"text: expected {self.expected}, got", tf.gather(tensors["text"], wrong), "in row", wrong]
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(fits), message)]):
            return tf.where(known, codes, END)

    def from_outputs(self, outputs):
        return self.decode(outputs["probabilities"])

    def to_inputs(self, values):
        return {"text": np.array(self.records(values), object)}

    def to_text(self, codes):
        """Return a tensor of codes (n, length) as texts, string (n,)."""
        import tensorflow as tf

        return tf.strings.reduce_join(self.letters(codes), axis=-1)

    def letters(self, codes):
        """Return a tensor of codes as letters, strings of the same shape; the end symbol is ""."""
        import tensorflow as tf

        return tf.gather(tf.constant([""] * self.ends + list(self.alphabet)), codes)


def to_codes(records: Sequence[str], alphabet: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as codes from 1 up, int32 (n, length), and which texts have letters outside the alphabet, bool (n,).

    Texts are cut at `length`; places behind their end have the code 0.
    """
    points = np.array(records, f"U{length}").view(np.uint32).reshape(-1, length)
    known = np.array([ord(letter) for letter in alphabet], np.uint32)
    order = np.argsort(known)
    places = np.minimum(np.searchsorted(known[order], points), len(known) - 1)
    right = known[order][places] == points
    lengths = np.minimum([len(text) for text in records], length)
    inside = np.arange(length) < lengths[:, None]
    codes = np.where(right & inside, order[places] + 1, END).astype(np.int32)
    return codes, (inside & ~right).any(axis=1)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file, which may be compressed (.gz), begin with a byte order mark and have Windows line ends.

    Raises:
        ValueError: no file, a folder, bytes that are not UTF-8, or NUL bytes.
    """
    if not path.is_file():
        raise ValueError(
            f"expected a file, got {path}, which is {'a folder' if path.is_dir() else 'not there'}"
        )
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise ValueError(f"{path}: expected a whole .gz file ({error})") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}: expected UTF-8, got byte 0x{content[error.start]:02x} at {error.start} (line {line})"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(f"{path}: expected text, got a NUL byte in line {line}")
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _quote(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "...")
