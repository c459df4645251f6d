"""How often `perftop backtest` raises a toast for nothing, and how much of what happens it finds: two tables.

    python3 benches/detect/quality.py target/release/perftop

False toasts are counted over 8 healthy metrics of each kind for 4 weeks. Events are one in each of 40 metrics after two
weeks; found is what has a toast before ten samples after its end.
"""
import json
import random
import statistics
import subprocess
import sys

from healthy import PROCESSES, START_MS, healthy, line

SERIES, WEEKS = 8, 4
EVENT_SERIES, CLEAN_DAYS = 40, 14


def toasts(perftop, lines):
    """The toasts of each metric: when, in minutes from the start."""
    said = subprocess.run([perftop, "backtest", "--format", "json", "--quiet"], input="".join(lines), stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    found = {}
    for said_line in said.splitlines():
        event = json.loads(said_line)
        if event["severity"] in ("warning", "critical"):
            found.setdefault(event["metric_name"], []).append((event["timestamp"] - START_MS) // 60_000)
    return found


def spike(values, at, sd, _noise):
    values[at] += 8.0 * sd
    return 1


def step(values, at, sd, _noise):
    for place in range(at, at + 60):
        values[place] += 3.0 * sd
    return 60


def variance(values, at, sd, noise):
    for place in range(at, at + 60):
        values[place] += (3.0**2 - 1.0) ** 0.5 * sd * noise.gauss(0.0, 1.0)
    return 60


def drift(values, at, sd, _noise):
    for place in range(at, at + 480):
        values[place] += 4.0 * sd * (place - at + 1) / 480
    return 480


EVENTS = [("one sample 8 sd high", spike), ("an hour 3 sd high", step), ("an hour of threefold variation", variance),
          ("a drift to 4 sd in eight hours", drift)]
#: Whose standard deviation is what.
SDS = {"normal": 10.0, "ar0.7": 10.0, "daily": 5.0}


def main(perftop):
    print("| healthy metrics | false toasts in a metric-week |\n|---|---|")
    for process in PROCESSES:
        values = [healthy(process, number) for number in range(SERIES)]
        found = toasts(perftop, [line(f"{process}_{number}", minute, next(values[number]))
                                 for minute in range(WEEKS * 7 * 1440) for number in range(SERIES)])
        print(f"| `{process}` | {sum(map(len, found.values())) / (SERIES * WEEKS):.2f} |", flush=True)
    print("\n| event | found in `normal` | `ar0.7` | `daily` | median delay, samples |\n|---|---|---|---|---|")
    for name, change in EVENTS:
        shares, delays = [], []
        for process, sd in SDS.items():
            noise = random.Random(f"{name} {process}")
            lines, spans = [], {}
            for number in range(EVENT_SERIES):
                at = CLEAN_DAYS * 1440 + noise.randrange(720)
                source = healthy(process, 100 + number)
                values = [next(source) for _ in range(at + 500)]
                metric = f"{process}_{number}"
                spans[metric] = (at, at + change(values, at, sd, noise) + 10)
                lines += [line(metric, minute, value) for minute, value in enumerate(values)]
            found = toasts(perftop, lines)
            hits = [min(minute for minute in found[metric] if first <= minute <= last) - first
                    for metric, (first, last) in spans.items()
                    if any(first <= minute <= last for minute in found.get(metric, []))]
            shares.append(f"{len(hits)} of {EVENT_SERIES}")
            delays += hits
        print(f"| {name} | {' | '.join(shares)} | {statistics.median(delays):.0f} |" if delays
              else f"| {name} | {' | '.join(shares)} | - |", flush=True)


main(sys.argv[1])
