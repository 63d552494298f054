"""The order of training examples: a function of (seed, epoch, index)."""

from __future__ import annotations

import tensorflow as tf

# tf.random.experimental.index_shuffle's 4, with seeds that are not hashed, leave successive epochs alike
SHUFFLE_ROUNDS = 16
MURMUR = ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1))
WORD = 2**32 - 1


def shuffle(number: tf.Tensor, count: int, seed: int) -> tf.Tensor:
    """Return the example, one of `count`, at each position of the endless sequence.

    Every epoch is a full shuffle.

    Args:
        number: int64 tensor of shape (n,), places in the sequence; the epoch is number // count.
        count: examples.
        seed: of the order.
    """
    number = tf.cast(number, tf.int64)
    seed_low, seed_high = seed & WORD, seed >> 32 & WORD
    # The op uses few bits of each word of its seed, so every word is a hash of all that the order depends on.
    words = [_hash_epoch(number // count, seed_low ^ _mix_bits(seed_high) ^ place) for place in range(3)]
    return tf.raw_ops.RandomIndexShuffle(
        index=number % count,
        seed=tf.stack(words, axis=1),
        max_index=tf.cast(count - 1, tf.int64),
        rounds=SHUFFLE_ROUNDS,
    )


def _hash_epoch(epoch: tf.Tensor, salt: int) -> tf.Tensor:
    """Return a uint32 hash of each int64 epoch: the finalizer of MurmurHash3, twice."""
    mixed = tf.cast(epoch & WORD, tf.uint32)
    for word in (salt, WORD - salt):
        mixed = tf.bitwise.bitwise_xor(mixed, tf.constant(_mix_bits(word), tf.uint32))
        for shift, factor in MURMUR:
            mixed = tf.bitwise.bitwise_xor(
                mixed, tf.bitwise.right_shift(mixed, tf.constant(shift, tf.uint32))
            ) * tf.constant(factor, tf.uint32)
    return mixed


def _mix_bits(word: int) -> int:
    """Return the hash of `_hash_epoch` for one Python int below 2^32."""
    for shift, factor in MURMUR:
        word = (word ^ word >> shift) * factor & WORD
    return word
