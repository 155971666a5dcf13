"""The two exact forms of the loss against the usual formulations, forward and backward: time and peak memory.

python benchmarks/loss.py"""
import torch
from torch.nn.functional import batch_norm

from barlow_kit.loss import barlow_loss
from timing import extra_memory, machine, median_times, table


def published(z1, z2, lambd=0.0051):
    "As released: batch norm, C, a copy of the off-diagonal part, squared."
    c = batch_norm(z1, None, None, training=True).T @ batch_norm(z2, None, None, training=True)
    c.div_(len(z1))
    d = len(c)
    off_diagonal = c.flatten()[1:].view(d - 1, d + 1)[:, :-1].flatten()
    return torch.diagonal(c).add(-1).pow(2).sum() + lambd * off_diagonal.pow(2).sum()


def textbook(z1, z2, lambd=0.0051):
    "As written in most tutorials: (C - I)^2 with a boolean mask on the off-diagonal part."
    z1, z2 = ((z - z.mean(0)) / z.std(0) for z in (z1, z2))
    c = z1.T @ z2 / len(z1)
    difference = (c - torch.eye(len(c))).pow(2)
    difference[~torch.eye(len(c), dtype=torch.bool)] *= lambd
    return difference.sum()


def direct(z1, z2): return barlow_loss(z1, z2, form="direct").loss
def gram(z1, z2): return barlow_loss(z1, z2, form="gram").loss


FORMS = {f.__name__: f for f in (published, textbook, direct, gram)}


def prepare(name, n, d):
    "A function that does one forward and backward pass."
    torch.manual_seed(0)
    z1, z2 = (torch.randn(n, d, requires_grad=True) for _ in range(2))
    FORMS[name](z1[:, :8], z2[:, :8]).backward()       # load what the first call loads

    def step():
        z1.grad = z2.grad = None
        FORMS[name](z1, z2).backward()
    return step


if __name__ == "__main__":
    print(f"{machine()}. Forward and backward, float32; ratios against 'published'.\n")
    rows = []
    for n, d, repeat in [(256, 2048, 9), (256, 8192, 5), (1024, 8192, 3)]:
        times = median_times({name: prepare(name, n, d) for name in FORMS}, repeat)
        memory = {name: extra_memory(prepare, name, n, d) for name in FORMS}
        for name in FORMS:
            rows.append([f"N={n}, D={d}", name, f"{1000*times[name]:.0f} ms", f"{times['published']/times[name]:.1f} x",
                         f"{memory[name]:.0f} MiB", f"1/{memory['published']/memory[name]:.1f}"])
    table(["size", "form", "time", "faster", "extra memory", "of published"], rows)
