"""Where a step of the digits run spends its time: forward, backward, optimizer, waiting for data, and all the rest
(learning rates, log, progress bar, checks, seeds). The clock is put around the functions that do the work.

python benchmarks/step.py"""
import tempfile
import time

import torch

from barlow_kit import checkpoint, train
from barlow_kit.optim import LARS
from barlow_kit.twins import BarlowTwins
from timing import machine, table

spent = {"forward": 0., "backward": 0., "optimizer": 0., "data": 0., "checkpoints": 0.}


def timed(name, f):
    "f, with its seconds added to `name`."
    def run(*args, **kwargs):
        start = time.perf_counter()
        try: return f(*args, **kwargs)
        finally: spent[name] += time.perf_counter() - start
    return run


def timed_batches(batches):
    "The same batches; the wait for each is data time."
    while True:
        start = time.perf_counter()
        try: batch = next(batches)
        except StopIteration: return
        finally: spent["data"] += time.perf_counter() - start
        yield batch


if __name__ == "__main__":
    BarlowTwins.forward = timed("forward", BarlowTwins.forward)
    torch.Tensor.backward = timed("backward", torch.Tensor.backward)
    for optimizer in (torch.optim.AdamW, LARS): optimizer.step = timed("optimizer", optimizer.step)
    torch.optim.Optimizer.zero_grad = timed("optimizer", torch.optim.Optimizer.zero_grad)
    batches, loop, save = train._view_batches, train._loop, checkpoint.save_checkpoint
    train._view_batches = lambda *args, **kwargs: timed_batches(batches(*args, **kwargs))
    checkpoint.save_checkpoint = timed("checkpoints", save)
    seconds = []
    def whole_loop(*args):
        start = time.perf_counter()
        loop(*args)
        seconds.append(time.perf_counter() - start)
    train._loop = whole_loop
    train.pretrain("digits", epochs=2, progress=False)                       # warm up
    print(f"{machine()}. 10 epochs of the digits recipe, with folder, log and bar.\n")
    for key in spent: spent[key] = 0.
    seconds.clear()
    with tempfile.TemporaryDirectory() as out: run = train.pretrain("digits", epochs=10, out=out)
    spent["all the rest"] = seconds[0] - sum(spent.values())
    print()
    table(["part", "ms a step", "share"], [[name, f"{1000*t/run.total:.2f}", f"{100*t/seconds[0]:.1f} %"] for name, t in spent.items()])
