"""Texts and sequences: what the embedded ones hold, how files are read and split, and files that cannot be used."""

import gzip
import re

import numpy as np
import pytest

from tfgan import data

GENOME = "".join(np.random.default_rng(0).choice([*"ACGT"], 20_000))


def write(tmp_path, content, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def open_text(tmp_path, content, name="file.txt", **options):
    return data.open_source(f"text:{write(tmp_path, content, name)}", **options)


def open_fasta(tmp_path, content, name="file.fa", **options):
    return data.open_source(f"fasta:{write(tmp_path, content, name)}", **options)


def records(source, rows):
    return source.kind.records(source.arrays[0][rows])


def test_words_are_those_of_scowl():
    source = data.open_source("words")
    assert (source.num_examples, len(source.held_out_indices)) == (54_486, 6_054)
    words = records(source, slice(None))
    assert all(re.fullmatch("[a-z]{3,12}", word) for word in words)
    assert {"aardvark", "zygotes"} <= set(words)


def test_chloroplast_has_the_known_composition():
    """Length, first bases and share of G and C as counted in the text of the GenBank record."""
    from tfgan.data import chloroplast

    bases = chloroplast.read_bases()
    assert len(bases) == 154_478
    assert np.isin(bases, (1, 2)).mean() == pytest.approx(0.3629, abs=5e-5)
    assert "".join("ACGT"[base] for base in bases[:20]) == "ATGGGCGAACGACGGGAATT"


def test_chloroplast_holds_out_blocks_without_repeats():
    source = data.open_source("chloroplast")
    training, held_out = (
        records(source, rows) for rows in (source.train_indices[::7], source.held_out_indices[::20])
    )
    known = {text[i : i + 40] for text in training for i in range(25)}
    assert not any(text[i : i + 40] in known for text in held_out for i in range(25))
    shares = np.isin(source.arrays[0][source.held_out_indices], (1, 2)).mean(axis=1)
    assert (shares.mean(), shares.std()) == (pytest.approx(0.345, abs=1e-3), pytest.approx(0.090, abs=1e-3))


def test_peptides_have_two_classes():
    source = data.open_source("peptides")
    assert source.class_names == ["UniProt", "AMP"]
    assert np.bincount(source.arrays[1]).tolist() == [2_080, 2_293]
    lengths = [len(text) for text in records(source, slice(None))]
    assert (min(lengths), max(lengths)) == (7, 50)  # none of 5 or 6 in the file


def test_lines_of_a_file_are_texts(tmp_path):
    """A byte order mark, Windows line ends and compression change nothing."""
    plain = open_text(tmp_path, "one\ntwo\nthree\nfour\n")
    other = open_text(tmp_path, gzip.compress(b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\nfour"), "b.txt.gz")
    assert plain.kind == other.kind
    assert records(plain, slice(None)) == records(other, slice(None)) == ["one", "two", "three", "four"]


def test_equal_texts_are_on_one_side(tmp_path):
    source = open_text(tmp_path, "".join(f"{i % 40:02d}\n" for i in range(400)))
    training, held_out = (
        set(records(source, rows)) for rows in (source.train_indices, source.held_out_indices)
    )
    assert (len(training), len(held_out)) == (36, 4)
    assert not training & held_out


def test_texts_that_are_left_out_are_counted(tmp_path):
    source = open_text(tmp_path, "ab\n\nabcdef\ncd\nef\n", length=3)
    assert source.note == (
        "3 texts of up to 3 letters; left out: 1 empty lines (20.0%), 1 texts longer than --length=3 (20.0%)"
    )


def test_windows_skip_unknown_bases_and_lower_case_counts_as_upper(tmp_path):
    source = open_fasta(
        tmp_path, f">a\n{GENOME[:5000].lower()}N{GENOME[5000:]}\n", length=32, both_strands=False
    )
    assert set(records(source, source.train_indices)) <= {
        GENOME[i : i + 32] for i in range(len(GENOME) - 31) if not 4968 < i < 5000
    }
    assert "left out: windows with one of the 1 letters of several meanings" in source.note


def test_both_strands_are_complements(tmp_path):
    source = open_fasta(tmp_path, f">a\n{GENOME}\n", length=32)
    windows = set(records(source, source.train_indices))
    pairs = str.maketrans("ACGT", "TGCA")
    assert {window.translate(pairs)[::-1] for window in windows} == windows


def test_whole_records_of_one_length_need_no_end_symbol(tmp_path):
    source = open_fasta(tmp_path, ">a\nACGU\n>b\nACGA\n>c\nUUUU\n")
    assert (source.kind.alphabet, source.kind.ends, source.shape) == ("ACGU", False, (4, 4))
    source = open_fasta(tmp_path, ">a\nMKV\n>b\nMKVLIW\n>c\nFFWPX\n")
    assert (source.kind.ends, source.shape, len(source.kind.alphabet)) == (True, (6, 21), 20)
    assert "1 sequences with letters of several meanings (33.3%)" in source.note


TEXTS = {
    "an empty file": (b"", {}, "expected a text a line, got an empty file"),
    "empty lines": (b"\n\n \n", {}, "expected a text a line, got empty lines"),
    "NUL": (b"ab\nc\0d\n", {}, "expected text, got a NUL byte in line 2"),
    "other bytes": (b"ab\n\xff\n", {}, r"expected UTF-8, got byte 0xff at 3 \(line 2\)"),
    "long": (b"a" * 300 + b"\nb\n", {}, "expected --length for texts of more than 256 letters, got 300 in line 1"),
    "mostly long": (b"abc\nabd\na\n", {"length": 1}, r"expected to use at least half .* got 2 texts longer than"),
    "letters": (b"ab\nxy\n", {"alphabet": "ab"}, "expected texts of up to 2 of the letters 'ab', got 'x' in number 2"),
    "many letters": (
        "\n".join(chr(0x4E00 + i) for i in range(300)).encode(),
        {},
        "expected at most 255 different letters, got 300",
    ),
    "one text": (b"ab\nab\n", {}, "expected different strings, got 1 in 2"),
    "an option of images": (b"ab\ncd\n", {"image_size": 8}, "--image_size: expected images, got the text of text:"),
    "damaged": (gzip.compress(b"ab\ncd\n" * 50)[:-9], {"name": "a.txt.gz"}, "expected a whole .gz file"),
}  # fmt: skip
SEQUENCES = {
    "an empty file": (b"", {}, "expected FASTA records, .* got an empty file"),
    "no header": (b"ACGT\n", {}, "expected FASTA records, a line '>name' before each sequence, got 'ACGT' in line 1"),
    "an empty record": (b">a\n>b\nACGT\n", {}, "expected letters in each record, got none in 'a'"),
    "a foreign letter": (b">a\nACGTACGTACGT1\n>b\nACGT\n", {}, "expected the letters 'ACGT' and .*, got '1' in 'a'"),
    "proteins as DNA": (b">a\nMKVLIW\n>b\nFFWP\n", {"alphabet": "dna"}, "got 100% other letters; leave --alphabet out"),
    "a genome": (f">a\n{GENOME}\n".encode(), {}, "expected --length for sequences of more than 256 letters, got 20000"),
    "mostly unknown": (b">a\nACN\n>b\nANG\n>c\nACG\n", {}, "at least half .* got 2 sequences with letters of several"),
    "an option of images": (b">a\nAC\n>b\nGT\n", {"image_size": 8}, "--image_size: expected images, got the sequences of fasta:"),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_cannot_be_used(case, tmp_path):
    content, options, message = TEXTS[case]
    with pytest.raises(ValueError, match=message) as error:
        open_text(tmp_path, content, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequences_that_cannot_be_used(case, tmp_path):
    content, options, message = SEQUENCES[case]
    with pytest.raises(ValueError, match=message) as error:
        open_fasta(tmp_path, content, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", ["text", "fasta"])
def test_a_path_without_a_file(form, tmp_path):
    with pytest.raises(ValueError, match=r"expected a file, got .*, which is not there"):
        data.open_source(f"{form}:{tmp_path / 'none'}")
    with pytest.raises(ValueError, match=r"expected a file, got .*, which is a folder"):
        data.open_source(f"{form}:{tmp_path}")
