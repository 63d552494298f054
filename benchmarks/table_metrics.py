"""Processor seconds of each metric of tables on adult, floor and baseline included: `OMP_NUM_THREADS=1 python benchmarks/table_metrics.py`.

Shuffled training rows stand in the place of generated ones: as many as the metric takes where its name says no number.
"""

import time

import numpy as np


def main():
    """Print a line for each metric."""
    import tfgan
    from tfgan import metrics
    from tfgan.metrics.tables._cells import shuffle_columns

    source = tfgan.data.open_source("adult")
    training = source.kind.decode(source.examples(np.arange(source.num_examples))[0])
    held_out = source.kind.decode(source.held_out(len(source.held_out_indices))[0])
    for name in metrics.names():
        metric = metrics.get(name)
        if metric.kinds != ("table",):
            continue
        second = metrics.Samples(held_out[: metric.default_samples], kind=source.kind)
        real = metrics.Samples(training, kind=source.kind, second=second)
        fake = metrics.Samples(shuffle_columns(training, metric.default_samples), kind=source.kind)
        start = time.process_time()
        metric(real, fake)
        print(f"{name:12} {time.process_time() - start:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
