"""What a live picture costs the kernel: an update of the heat map, and a digits run that is watched.

Measured inside a Jupyter kernel, messages to the front end included. python benchmarks/widgets.py"""
from jupyter_client.manager import start_new_kernel

from timing import machine, table

UPDATE = """
import time, torch
from barlow_kit.canvas import HeatmapWidget
heat, times = HeatmapWidget(), []
for k in range(60):
    c = torch.randn({d}, {d}) * .1
    start = time.perf_counter(); heat.update(c, str(k)); times.append(1000*(time.perf_counter() - start))
    time.sleep(.02)
print(sorted(times)[30])
"""
WATCHED = """
import time
from barlow_kit.data import get_dataset
from barlow_kit.train import pretrain
from barlow_kit.widgets import TrainingMonitor
def seconds(**settings):
    start = time.perf_counter()
    pretrain("digits", epochs=20, progress=False, **settings)
    return time.perf_counter() - start
labeled = get_dataset("digits", "fit"), get_dataset("digits", "val")
seconds()                                                                     # warm up
pairs = [(seconds(), seconds(callbacks=[TrainingMonitor(labeled)])) for _ in range(5)]
print(*(f"{b/a - 1:.4f}" for a, b in pairs), sum(a for a, _ in pairs)/5)
"""


def in_kernel(client, code):
    "What the code printed, as numbers."
    said = []
    def hear(message):
        if message["msg_type"] == "stream": said.append(message["content"]["text"])
    reply = client.execute_interactive(code, output_hook=hear, timeout=600)
    assert reply["content"]["status"] == "ok", reply["content"]
    return list(map(float, "".join(said).split()))


if __name__ == "__main__":
    manager, client = start_new_kernel()
    try:
        print(f"{machine()}. In a Jupyter kernel.\n")
        table(["heat map of D units", "ms for an update, median of 60"],
              [[f"{d}", f"{in_kernel(client, UPDATE.format(d=d))[0]:.1f}"] for d in (128, 512, 2048, 8192)])
        *more, plain = in_kernel(client, WATCHED)
        print(f"\nDigits, 20 epochs ({plain:.1f} s unwatched): a TrainingMonitor adds "
              f"{100*sorted(more)[2]:.1f} % in the median of five pairs ({', '.join(f'{100*m:.1f}' for m in more)})")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
