"""Baselines of every metric over each window: duckdb_baselines.py DATABASE NOW_MS WINDOW=SPAN_MS...

Prints JSON: what the queries took without Python's own start, the number and sum of all samples, and the rows.
"""

import json
import sys
import time

import duckdb

QUERY = """
    SELECT metric_name, count(*), avg(value), stddev_samp(value), min(value),
           quantile_cont(value, [0.5, 0.95, 0.99]), max(value)
    FROM samples WHERE "timestamp" BETWEEN $from_ms AND $until_ms GROUP BY metric_name
"""

database, now_ms, *windows = sys.argv[1:]
until_ms = int(now_ms)
rows = []
wall_s, cpu_s = time.perf_counter(), time.process_time()
# One thread costs it the least CPU.
connection = duckdb.connect(database, read_only=True, config={"threads": 1})
for window in windows:
    name, span_ms = window.split("=")
    found = connection.execute(QUERY, {"from_ms": until_ms - int(span_ms), "until_ms": until_ms}).fetchall()
    for metric, count, mean, std_dev, lowest, (p50, p95, p99), highest in found:
        numbers = {"mean": mean, "std_dev": std_dev, "min": lowest, "p50": p50, "p95": p95, "p99": p99, "max": highest}
        rows.append({"metric": metric, "window": name, "count": count, **numbers})
wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
count, total = connection.execute("SELECT count(*), fsum(value) FROM samples").fetchone()
json.dump({"wall_s": wall_s, "cpu_s": cpu_s, "count": count, "sum": total, "baselines": rows}, sys.stdout)
