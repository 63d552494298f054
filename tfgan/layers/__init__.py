"""Keras layers that Keras lacks, or whose Keras version costs more inside a GAN's step.

Each is an ordinary Keras layer: it saves and loads, takes a dtype policy, compiles under XLA and is twice
differentiable. `uses_whole_batch` is true for a layer whose output for an example depends on the other
examples of its batch.
"""

from __future__ import annotations

from tfgan.core import checked_backend  # noqa: F401
from tfgan.layers.clip_at_inference import ClipAtInference
from tfgan.layers.conditional_batch_norm import ConditionalBatchNorm
from tfgan.layers.constant_input import ConstantInput, LearnedMap, LearnedPooling  # noqa: F401
from tfgan.layers.fourier_features import FourierFeatures
from tfgan.layers.frozen_features import FrozenFeatures  # noqa: F401
from tfgan.layers.grouped_conv import GroupedConv2D
from tfgan.layers.leaky_relu import LeakyReLU
from tfgan.layers.learned_prior import LearnedPrior
from tfgan.layers.maxout import Maxout
from tfgan.layers.minibatch_stddev import MinibatchDeviation, MinibatchStdDev  # noqa: F401
from tfgan.layers.random_mixing import RandomMixing
from tfgan.layers.resampling import Downsample, NearestUpsample, Upsample
from tfgan.layers.resize import Resize
from tfgan.layers.self_attention import SelfAttention
from tfgan.layers.spans import Spans
from tfgan.layers.spectral_norm import SpectralNorm

__all__ = [
    "ClipAtInference",
    "ConditionalBatchNorm",
    "ConstantInput",
    "Downsample",
    "FourierFeatures",
    "GroupedConv2D",
    "LeakyReLU",
    "LearnedPooling",
    "LearnedPrior",
    "Maxout",
    "MinibatchStdDev",
    "NearestUpsample",
    "RandomMixing",
    "Resize",
    "SelfAttention",
    "Spans",
    "SpectralNorm",
    "Upsample",
]
