"""Make barlow_kit/digits.pt, the small model that the kit ships: `python benchmarks/digits_model.py`.

`pretrain("digits", seed=0)` with the recipe as it is, then a linear head: logistic regression on the frozen
features of the 1,400 training digits (C=1, as `linear_probe`). Everything is rounded to float16, so that
backbone, projector and head fit into 2 MB. The 397 test digits only measure what came out.
"""
import sys
import time
from pathlib import Path

import torch
from sklearn.linear_model import LogisticRegression

from barlow_kit.checkpoint import save_checkpoint
from barlow_kit.data import get_dataset
from barlow_kit.evaluate import extract_features
from barlow_kit.train import pretrain

SEED = 0


def linear_head(features, labels):
    "Weight [10, F] and bias [10] on features in their own units."
    center, scale = features.mean(0), features.std()
    fit = LogisticRegression(C=1., max_iter=2000).fit(((features - center)/scale).numpy(), labels.numpy())
    weight = torch.tensor(fit.coef_).double()/scale
    return {"weight": weight, "bias": torch.tensor(fit.intercept_).double() - weight @ center.double()}


def halved(state): return {k: v.half() if v.is_floating_point() else v for k, v in state.items()}


def main(path=Path(__file__).parents[1]/"barlow_kit"/"digits.pt"):
    start = time.perf_counter()
    run = pretrain("digits", seed=SEED, progress=False)
    train, test = (extract_features(run, get_dataset("digits", split)) for split in ("train", "test"))
    head = linear_head(*train)
    right = ((test[0].double() @ head["weight"].T + head["bias"]).argmax(1) == test[1]).double().mean()
    made = dict(command="python benchmarks/digits_model.py", seed=SEED, epochs=run.recipe.epochs)
    save_checkpoint(path, dict(model=halved(run.model.state_dict()), classifier=halved(head), made=made))
    print(f"{path.name}: {path.stat().st_size/1e6:.2f} MB, {100*right:.2f} % of {len(test[1])} test digits "
          f"before rounding, {time.perf_counter() - start:.0f} s on {torch.get_num_threads()} threads")


if __name__ == "__main__": main(*map(Path, sys.argv[1:]))
