"What the benchmarks share: a median of interleaved runs, peak memory, and what the machine is."
import multiprocessing
import platform
import statistics
import time
from pathlib import Path

import torch


def machine() -> str:
    "Processor, threads and versions, for the heading of a result."
    names = [l.split(":")[1].strip() for l in Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name")] \
        if Path("/proc/cpuinfo").exists() else [platform.processor()]
    return f"{names[0]}, {torch.get_num_threads()} thread(s), torch {torch.__version__}, Python {platform.python_version()}"


def median_times(functions: dict, repeat: int, warmup: int = 1) -> dict:
    "Median seconds of each function. They take turns, so that a busy moment of the machine hits all of them."
    times = {name: [] for name in functions}
    for k in range(warmup + repeat):
        for name, f in functions.items():
            start = time.perf_counter()
            f()
            if k >= warmup: times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def _status(key: str) -> int:
    "A line of /proc/self/status in KiB."
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key)).split()[1])


def _peak(prepare, args, pipe):
    f = prepare(*args)
    Path("/proc/self/clear_refs").write_text("5")      # the peak starts anew
    before = _status("VmRSS")
    f()
    pipe.send(_status("VmHWM") - before)


def extra_memory(prepare, *args) -> float:
    "Peak MiB that `prepare(*args)()` adds, in a fresh process (Linux)."
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_peak, args=(prepare, args, theirs))
    process.start(); process.join()
    return mine.recv() / 1024


def table(head: list, rows: list) -> None:
    "Print a Markdown table."
    cells = [head, ["---"] * len(head), *rows]
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(head))]
    for row in cells: print("| " + " | ".join(str(c).ljust(w) for c, w in zip(row, widths)) + " |")
