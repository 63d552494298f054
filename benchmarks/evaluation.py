"""What a score costs while training: `python benchmarks/evaluation.py [METRIC ...]`, `kid_2k/fashion_cnn` by default.

A fresh default GAN of fashion_mnist is scored as `--eval_every` does it: the first time real images are read
and looked at, and G is compiled; the times after are what each further score adds to a run.
"""

import os
import sys
import time

import timing

from tfgan.evaluation import sampler, scorer
from tfgan.runs import build, config

AGAIN = 5
os.environ["TFGAN_CACHE"] = ""  # the first score looks at the reals, whatever ran before


def main():
    """Print the seconds of the first score and of those after it."""
    resolved = config.resolve(config.Config(dataset="fashion_mnist"))
    source = build.open_source(resolved)
    gan = build.build_gan(build.fill_network(resolved, source), source)
    for name in sys.argv[1:] or ["kid_2k/fashion_cnn"]:
        score = scorer.build_sampler_scorer(source, [name])
        seconds = []
        for _ in range(1 + AGAIN):
            began = time.perf_counter()
            score(sampler.from_gan(gan, source.kind))
            seconds.append(time.perf_counter() - began)
        print(f"{name}: the first time {seconds[0]:.1f} s, then {timing.spread(seconds[1:], '.1f')} s")


if __name__ == "__main__":
    main()
