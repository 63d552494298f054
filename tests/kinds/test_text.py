"""Texts and sequences: records and codes, end symbols, files, and arguments that an exported model refuses."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.kinds.sequences import DNA, Sequences, format_fasta
from tfgan.kinds.text import Text

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = Text.of_letters(5, LETTERS)
BASES = Sequences.of_letters(64, DNA, ends=False)


def test_records_are_codes_and_back():
    values = WORDS.values(["cab", "", "hello"])
    np.testing.assert_array_equal(values, [[3, 1, 2, 0, 0], [0] * 5, [8, 5, 12, 12, 15]])
    assert WORDS.records(values) == ["cab", "", "hello"]


@pytest.mark.parametrize("convert", [np.asarray, tf.constant])
def test_everything_behind_the_first_end_symbol_ends(convert):
    x = WORDS.encode(np.array([[3, 0, 2, 2, 0]], np.uint8))
    np.testing.assert_array_equal(np.asarray(WORDS.decode(convert(x))), [[3, 0, 0, 0, 0]])
    np.testing.assert_array_equal(
        np.asarray(WORDS.hardened(convert(x))).reshape(5, 27).argmax(axis=1), [3, 0, 0, 0, 0]
    )


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64])
def test_codes_of_any_integers_are_encoded_and_floats_pass(dtype):
    codes = np.array([[1, 26, 0, 0, 0]], dtype)
    x = WORDS.encode(codes)
    np.testing.assert_array_equal(x, np.eye(27, dtype=np.float32)[codes.astype(int)])
    assert WORDS.encode(x) is x


REFUSED = {
    "a foreign letter": (WORDS, "ab1", "got '1' in number 1, 'ab1'"),
    "too long": (WORDS, "abcdef", "got 6 letters in number 1"),
    "no text": (WORDS, 7, "got int in number 1"),
    "too short a window": (BASES, "ACGT", "got 4 letters in number 1"),
    "an IUPAC code": (BASES, "N" * 64, "got 'N' in number 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_records_that_do_not_fit(case):
    kind, record, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as error:
        kind.values([record])
    assert "\n" not in str(error.value)


def test_a_graph_reads_texts_and_refuses_others():
    read = tf.function(lambda text: WORDS.from_inputs({"text": text}))
    np.testing.assert_array_equal(read(tf.constant(["cab", "hello"])), WORDS.values(["cab", "hello"]))
    for wrong in ("ab1", "abcdef", "\u00e9"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected texts of up to 5 of the letters"):
            read(tf.constant(["cab", wrong]))


def test_fasta_has_sixty_letters_a_line_and_is_read_back(tmp_path):
    codes = np.random.default_rng(0).integers(0, 4, (3, 64)).astype(np.int32)
    BASES.write(tmp_path / "a.fa", ".fa", iter([codes[:2], codes[2:]]), np.array([17, 18, 19]))
    lines = (tmp_path / "a.fa").read_text().splitlines()
    assert lines[0] == ">seed=17 length=64"
    assert [len(line) for line in lines[1:3]] == [60, 4]
    np.testing.assert_array_equal(BASES.read(tmp_path / "a.fa"), codes)
    made = BASES.signatures()["sample_fasta"].convert(tf.constant(codes))["fasta"].numpy()
    assert made[0].decode() == format_fasta("", BASES.records(codes)[0]).replace("> ", ">")


def test_texts_are_written_a_line_each(tmp_path):
    values = WORDS.values(["cab", "hello"])
    WORDS.write(tmp_path / "a.txt", ".txt", iter([values]), np.arange(2))
    assert (tmp_path / "a.txt").read_bytes() == b"cab\nhello\n"
    np.testing.assert_array_equal(WORDS.read(tmp_path / "a.txt"), values)
