"""One training step, images to updated weights, on a GPU: the plain formulation against ours. Images per second and peak
memory, each with the largest power-of-two batch that fits. The images are random and lie on the GPU, so that only the step
is measured.

plain: the released loss (a D x D matrix and a copy of it) and a LARS that loops over tensors, in float32 and in
float16 with a gradient scaler, as released. ours: `pretrain`'s own step, loss and LARS; bfloat16 and channels_last,
then also with torch.compile, then with recomputed blocks.

python benchmarks/gpu.py          ResNet-50, 224 pixels, projector 8192 (needs CUDA)
python benchmarks/gpu.py --toy    a small network on whatever there is: does the benchmark run?"""
import argparse
import time

import torch

from barlow_kit.optim import param_groups
from barlow_kit.recipe import get_recipe
from barlow_kit.train import Run, _build, _parts, _train_step
from barlow_kit.twins import BarlowTwins
from lars import LoopLARS
from loss import published
from timing import table


def plain(recipe, device, half):
    "The released formulation as a function of two views."
    torch.manual_seed(0)
    model = BarlowTwins(recipe.backbone, recipe.projector).to(device)
    optimizer = LoopLARS(param_groups(model), lr=.2)
    scaler = torch.amp.GradScaler(device.type, enabled=half)

    def step(view1, view2):
        optimizer.zero_grad()
        with torch.autocast(device.type, torch.float16, enabled=half):
            z1, z2 = model.embed(view1), model.embed(view2)
        loss = published(z1.float(), z2.float())
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.item()
    return step


def ours(recipe, device, **how):
    "The step of `pretrain`."
    how = {"channels_last": True, "compile": False, "recompute": False} | how
    run = Run(_build(recipe, 0, device, **how), recipe, total=10**6)
    run.model.train()
    parts, index = _parts(run, device), torch.arange(recipe.batch_size)
    return lambda *views: _train_step(run, parts, iter([(*views, index)]), 1000)["loss"]


def measure(make, recipe, device, size, steps):
    "Images per second and peak GiB, or None when the batch does not fit."
    try:
        step, views = make(recipe), torch.randn(2, recipe.batch_size, 3, size, size, device=device)
        for _ in range(3): step(*views)
        if device.type == "cuda": torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        for _ in range(steps): step(*views)                         # each reads its loss, so each waits for the device
        seconds = time.perf_counter() - start
    except torch.OutOfMemoryError: return None
    return recipe.batch_size*steps/seconds, torch.cuda.max_memory_allocated()/2**30 if device.type == "cuda" else float("nan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--toy", action="store_true", help="a small network, small images, one batch size; runs without a GPU")
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu" and not args.toy: raise SystemExit("there is no GPU here; --toy runs the benchmark in small on the CPU")
    torch.backends.cudnn.benchmark = True
    if args.toy: base, size, batches = get_recipe("cifar10", projector=(128, 128), optimizer="lars"), 32, [8]
    else: base, size, batches = get_recipe("imagenet-300e"), 224, [64, 128, 256, 512, 1024, 2048]
    ways = {"plain, float32": lambda r: plain(r, device, half=False),
            "plain, float16": lambda r: plain(r, device, half=True),
            "ours, float32": lambda r: ours(get_recipe(r, precision="float32"), device),
            "ours, bfloat16": lambda r: ours(get_recipe(r, precision="bfloat16"), device),
            "ours, bfloat16, recomputed": lambda r: ours(get_recipe(r, precision="bfloat16"), device, recompute=True),
            "ours, bfloat16, compiled": lambda r: ours(get_recipe(r, precision="bfloat16"), device, compile=True)}
    if args.toy: del ways["plain, float16"], ways["ours, bfloat16, compiled"]     # minutes on a CPU
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU, toy size: these numbers say nothing about a GPU"
    print(f"{name}. torch {torch.__version__}. {base.backbone}, {size} px, projector {base.projector}.\n")
    rows = []
    for way, make in ways.items():
        found = {}
        for batch in batches:
            result = measure(make, get_recipe(base, batch_size=batch), device, size, 2 if args.toy else args.steps)
            if device.type == "cuda": torch.cuda.empty_cache()
            if result is None: break
            found[batch] = result
        if not found: rows.append([way, "does not fit", "-", "-", "-"]); continue
        largest, best = max(found), max(found, key=lambda n: found[n][0])
        rows.append([way, largest, f"{found[largest][0]:,.0f}", "-" if device.type == "cpu" else f"{found[largest][1]:.1f}", f"{found[best][0]:,.0f} at {best}"])
    table(["step", "largest batch", "images/s", "peak GiB", "best images/s"], rows)
