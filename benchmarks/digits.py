"""What the quickstart's recipe reaches on digits: three seeds, their mean and spread, and the time of pretraining.

python benchmarks/digits.py"""
import time

import torch
from torch import nn

from barlow_kit.data import get_dataset
from barlow_kit.evaluate import compare_probes, extract_features
from barlow_kit.train import pretrain
from timing import machine, table

if __name__ == "__main__":
    splits = [get_dataset("digits", split) for split in ("train", "test")]
    features, seconds = {"raw pixels": [extract_features(nn.Flatten(), d) for d in splits]}, []
    for seed in (0, 1, 2):
        start = time.perf_counter()
        run = pretrain("digits", seed=seed, progress=False)
        seconds.append(time.perf_counter() - start)
        features[f"Barlow Twins, seed {seed}"] = [extract_features(run, d) for d in splits]
    results = compare_probes(features, labels=(1, 2, 5, 10), draws=20)
    names = [r.probe for r in results["raw pixels"]]
    accuracy = {name: torch.tensor([r.accuracy for r in line], dtype=torch.float64) for name, line in results.items()}
    seeds = torch.stack([a for name, a in accuracy.items() if name != "raw pixels"])
    rows = [[name, *(f"{a:.1f}" for a in line)] for name, line in accuracy.items()]
    rows.append(["mean +- std over seeds", *(f"{m:.1f} +- {s:.1f}" for m, s in zip(seeds.mean(0), seeds.std(0)))])
    rows.append(["gain over raw pixels", *(f"{g:+.1f}" for g in seeds.mean(0) - accuracy["raw pixels"])])
    print(f"{machine()}. Recipe 'digits': {run.recipe.epochs} epochs, batch {run.recipe.batch_size}; "
          f"pretraining took {', '.join(f'{s:.0f}' for s in seconds)} s. Accuracy in % on 397 test digits; few labels: mean of 20 draws.\n")
    table(["", *names], rows)
