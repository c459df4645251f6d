"""Writes samples of healthy metrics as JSON lines: what detectors say of these is a false alarm.

    python3 benches/detect/in_control.py PROCESS [SERIES] [WEEKS] | perftop backtest --detectors surprise,ensemble

PROCESS is `normal`, `lognormal`, `ar0.7` or `ar0.95` (autoregressive, the number being the share of the last value);
a sample a minute, the same ones at every call.
"""
import math
import random
import sys

process = sys.argv[1]
series = int(sys.argv[2]) if len(sys.argv) > 2 else 3
weeks = int(sys.argv[3]) if len(sys.argv) > 3 else 2
last = [0.0] * series
noise = random.Random(1)
for minute in range(weeks * 7 * 1440):
    for number in range(series):
        normal = noise.gauss(0.0, 1.0)
        if process == "lognormal":
            value = 100.0 * math.exp(0.5 * normal)
        elif process.startswith("ar"):
            share = float(process[2:])
            last[number] = share * last[number] + math.sqrt(1.0 - share * share) * normal
            value = 100.0 + 10.0 * last[number]
        else:
            value = 100.0 + 10.0 * normal
        timestamp = 1_700_000_000_000 + minute * 60_000
        print(f'{{"metric_name":"{process}_{number}","value":{value:.6f},"timestamp":{timestamp}}}')
