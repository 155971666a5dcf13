"""kNN at ImageNet's size, by simulation: random float16 features, time measured on slices and extrapolated, peak memory.

python benchmarks/knn.py"""
import time

import torch

from barlow_kit.probes import nearest
from timing import extra_memory, machine, table

IMAGES, QUERIES, WIDTH, K = 1_281_167, 50_000, 2048, 200


def features(n: int, dtype=torch.float16) -> torch.Tensor:
    "Random features; what they are does not matter for time and memory."
    return torch.randn(n, WIDTH, generator=torch.Generator().manual_seed(n)).to(dtype)


def prepare(n: int, m: int):
    "The search of m queries among n, as a function without arguments."
    bank, queries = features(n), features(m, torch.float32)
    return lambda: nearest(bank, queries, K)


if __name__ == "__main__":
    print(f"{machine()}. k = {K}, {WIDTH} features, bank in float16, chunks of 16,384 rows.\n")
    rows, rates = [], []
    for n, m in ((32768, 1024), (65536, 1024), (65536, 2048)):
        search = prepare(n, m)
        nearest(features(2048), features(64, torch.float32), K)
        start = time.perf_counter()
        search()
        seconds = time.perf_counter() - start
        rates.append(seconds / (n * m))
        rows.append([f"{n:,} x {m:,}", f"{seconds:.1f}", f"{1e9 * rates[-1]:.0f}", f"{extra_memory(prepare, n, m):.0f}"])
    table(["bank x queries", "s", "ns a pair", "peak MiB beside the features"], rows)
    hours = [r * IMAGES * QUERIES / 3600 for r in rates]
    best = QUERIES * (4 * WIDTH + K * (4 + 8)) / 2**20
    print(f"\n{IMAGES:,} x {QUERIES:,}, extrapolated: {min(hours):.1f} to {max(hours):.1f} hours on this machine. The bank takes "
          f"{IMAGES * WIDTH * 2 / 2**30:.1f} GiB in float16 (in memory or mapped from a file); beside it {best:.0f} MiB for the "
          f"queries' unit rows and their {K} best so far, and the chunk's share of the last column, which does not grow with the bank. "
          f"All similarities at once would take {IMAGES * QUERIES * 4 / 2**30:.0f} GiB.")
