"""Writes classic.csv: what scikit-learn, numpy and scipy say of seeded series, for tests/detect/classic.rs.

    pip install numpy scipy scikit-learn && python3 classic.py > classic.csv

forest rows: an isolation forest of all values of the set (scikit-learn's defaults: 100 trees, at most 256 values each;
contamination 0.1) under 200 seeds: mean and standard deviation of the score of a value, and the share of seeds that flag it.
window rows: the value against the 100 before it: z-score, lower and upper fence (multiplier 2.5), times the mean; and of
the 100 that end with it, the p-value of a linear regression over time.
"""
import numpy as np
from scipy.stats import linregress, spearmanr
from sklearn.ensemble import IsolationForest

rng = np.random.default_rng(20240608)


def ar(n, phi):
    x = np.zeros(n)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + rng.normal()
    return x


SETS = {
    "normal": 100 + 15 * rng.normal(size=100),
    "latency": 120 * np.exp(0.5 * rng.normal(size=100)),
    "two levels": np.concatenate([rng.normal(10, 1, 60), rng.normal(30, 2, 35), [55, 70, -20, 100, 12.5]]),
    "counts": rng.poisson(1.2, 100).astype(float),
    "many": 5 + ar(600, 0.7),
}
SERIES = np.round(np.concatenate([
    100 + 10 * rng.normal(size=200), 100 + 10 * rng.normal(size=60) + np.arange(60),
    160 + 10 * rng.normal(size=100), [400, 160, 10, 165, 330, 340], 160 + 10 * rng.normal(size=60), [160] * 110, [161, 160],
]), 3)

print("# numpy", np.__version__)
print("kind,set,value,a,b,c,d,e")
for name, values in SETS.items():
    values = np.round(values, 6)
    scores, flags = [], []
    for seed in range(200):
        forest = IsolationForest(contamination=0.1, random_state=seed).fit(values[:, None])
        scores.append(-forest.score_samples(values[:, None]))
        flags.append(forest.predict(values[:, None]) < 0)
    scores, flags = np.array(scores), np.array(flags)
    mean = scores.mean(axis=0)
    worst = min(spearmanr(one, mean).statistic for one in scores)
    print(f"rank,{name},{worst!r},,,,,".replace("np.float64(", "").replace(")", ""))
    for value, m, s, f in zip(values, mean, scores.std(axis=0, ddof=1), flags.mean(axis=0)):
        print(f"forest,{name},{float(value)!r},{float(m):.12g},{float(s):.12g},{float(f):.12g},,")
for at, value in enumerate(SERIES):
    if at < 100:
        print(f"window,,{float(value)!r},,,,,")
        continue
    before, ending = SERIES[at - 100:at], SERIES[at - 99:at + 1]
    mean, sd = before.mean(), before.std(ddof=1)
    q1, q3 = np.percentile(before, [25, 75])
    z = (value - mean) / sd if sd > 0 else 0.0
    p = linregress(np.arange(100), ending).pvalue if np.ptp(ending) > 0 else 1.0
    fields = [z, q1 - 2.5 * (q3 - q1), q3 + 2.5 * (q3 - q1), value / mean, p]
    print(f"window,,{float(value)!r}," + ",".join(f"{float(f):.15g}" for f in fields))
