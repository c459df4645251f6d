"""Writes samples of healthy metrics as JSON lines: what detectors say of these is a false alarm.

    python3 benches/detect/in_control.py PROCESS [SERIES] [WEEKS] | perftop backtest --detectors surprise,ensemble

PROCESS is one of those of `healthy.py`.
"""
import sys

from healthy import healthy, line

process = sys.argv[1]
series = int(sys.argv[2]) if len(sys.argv) > 2 else 3
weeks = int(sys.argv[3]) if len(sys.argv) > 3 else 2
values = [healthy(process, number) for number in range(series)]
for minute in range(weeks * 7 * 1440):
    for number in range(series):
        sys.stdout.write(line(f"{process}_{number}", minute, next(values[number])))
