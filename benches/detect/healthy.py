"""Metrics in which nothing happens, a sample a minute."""
import math
import random

PROCESSES = ["normal", "ar0.7", "ar0.95", "daily", "lognormal", "counts", "nightly"]
START_MS = 1_700_000_000_000


def healthy(process, seed):
    """The values of a metric without end, the same ones at every call.

    `normal`, `lognormal`, `ar0.7` and `ar0.95` (autoregressive, the number being the share of the last value) depend on no
    time of the day; `daily` swings by 30 % over the day, `counts` are Poisson of mean 2, `nightly` has a job of four
    minutes every day.
    """
    noise = random.Random(f"{process} {seed}")
    last = noise.gauss(0.0, 1.0)
    share = float(process[2:]) if process.startswith("ar") else 0.0
    minute = 0
    while True:
        last = share * last + math.sqrt(1.0 - share * share) * noise.gauss(0.0, 1.0)
        if process == "lognormal":
            yield 100.0 * math.exp(0.5 * last)
        elif process == "daily":
            yield 100.0 + 30.0 * math.sin(2.0 * math.pi * minute / 1440.0) + 5.0 * last
        elif process == "counts":
            yield float(poisson(noise, 2.0))
        elif process == "nightly":
            yield (100.0 + 10.0 * last) * (3.0 if minute % 1440 in range(200, 204) else 1.0)
        else:
            yield 100.0 + 10.0 * last
        minute += 1


def poisson(noise, mean):
    """Knuth's product of uniform numbers (The Art of Computer Programming 2, 3.4.1)."""
    limit, product, count = math.exp(-mean), noise.random(), 0
    while product > limit:
        product *= noise.random()
        count += 1
    return count


def line(metric, minute, value):
    return f'{{"metric_name":"{metric}","value":{value:.6f},"timestamp":{START_MS + minute * 60_000}}}\n'
