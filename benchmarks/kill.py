"""A run that is killed again and again must end as if nothing had happened.

1. One process, 20 x SIGKILL: at random moments, while starting, while training, and every other time in the middle of
   writing a checkpoint. Each time the same command is started again. In the end weights and history must be those of
   the uninterrupted run, bit for bit.
2. Two ranks under torchrun, 5 x SIGTERM to torchrun, which passes it on: the same.

python benchmarks/kill.py"""
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from barlow_kit.train import Run

OPTIONS = ["--epochs", "20", "--save-steps", "5", "--no-progress", "--device", "cpu"]


def start(out: Path, ranks: int) -> subprocess.Popen:
    "The run as a process of its own."
    launch = ["-m", "barlow_kit.train"] if ranks == 1 else \
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks), "-m", "barlow_kit.train"]
    return subprocess.Popen([sys.executable, *launch, "digits", "--out", str(out), *OPTIONS], stdout=subprocess.DEVNULL,
                            stderr=open(out.with_suffix(".err"), "a"), env={**os.environ, "OMP_NUM_THREADS": "1"})


def lines(out: Path) -> int:
    "Steps in the log."
    log = out / "history.jsonl"
    return log.read_bytes().count(b"\n") if log.is_file() else 0


def wait_for(condition, process: subprocess.Popen) -> bool:
    "True when the condition holds, False when the process has ended before."
    while process.poll() is None:
        if condition(): return True
        time.sleep(.0005)
    return False


def choose_moment(out: Path, process: subprocess.Popen, kind: str) -> None:
    "Wait for the moment to strike."
    if kind == "starting": return time.sleep(random.uniform(0, 4))
    before = lines(out)
    wait_for(lambda: lines(out) not in (0, before), process)
    time.sleep(random.uniform(0, .6))
    if kind == "writing": wait_for(lambda: any(out.glob(".checkpoint.pt.*.tmp")), process)


def torment(out: Path, ranks: int, blows: int, number: signal.Signals) -> list:
    "Start, strike, start again; the last time let it finish. What was going on at each blow."
    kinds = ["writing", "training", "writing", "training", "writing", "starting"] if number == signal.SIGKILL else ["training"]
    struck = []
    while len(struck) < blows:
        process = start(out, ranks)
        choose_moment(out, process, kinds[len(struck) % len(kinds)])
        if process.poll() is not None: sys.exit(f"the run ended after {len(struck)} blows: {out.with_suffix('.err').read_text()[-2000:]}")
        half_written = len(list(out.glob(".checkpoint.pt.*.tmp")))
        process.send_signal(number)
        process.wait()
        half_written = max(half_written, len(list(out.glob(".checkpoint.pt.*.tmp"))))
        struck.append(f"step {lines(out)}" + ", half a checkpoint written" * bool(half_written))
        print(f"{number.name} {len(struck):2}: {struck[-1]}", flush=True)
    if start(out, ranks).wait(): sys.exit(f"the last start failed: {out.with_suffix('.err').read_text()[-2000:]}")
    return struck


def compare(whole: Path, tormented: Path) -> str:
    "Exit unless both runs ended in the same bits."
    a, b = Run.load(whole), Run.load(tormented)
    timeless = [[{k: v for k, v in h.items() if k not in ("images_per_s", "hours_left")} for h in r.history] for r in (a, b)]
    if timeless[0] != timeless[1]: sys.exit("the histories differ")
    for (name, x), y in zip(a.model.state_dict().items(), b.model.state_dict().values()):
        if not torch.equal(x, y): sys.exit(f"{name} differs")
    return f"{len(a.history)} steps and {sum(x.numel() for x in a.model.state_dict().values()):,} numbers: the same, bit for bit"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--terms", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
    random.seed(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        for ranks, blows, number in ((1, args.kills, signal.SIGKILL), (2, args.terms, signal.SIGTERM)):
            whole, tormented = (Path(folder, f"{name}{ranks}") for name in ("whole", "tormented"))
            begin = time.perf_counter()
            if start(whole, ranks).wait(): sys.exit(whole.with_suffix(".err").read_text()[-2000:])
            alone = time.perf_counter() - begin
            struck = torment(tormented, ranks, blows, number)
            print(f"{ranks} rank(s), {blows} x {number.name} ({sum('half' in s for s in struck)} with half a checkpoint on disk): "
                  f"{compare(whole, tormented)}. {time.perf_counter() - begin - alone:.0f} s, undisturbed {alone:.0f} s.\n")
