"""One LARS step on ResNet-50 with the paper's projector, 174.5 million parameters, against a loop over tensors and torch's SGD.

python benchmarks/lars.py"""
import torch

from barlow_kit.optim import LARS, param_groups
from barlow_kit.twins import BarlowTwins
from timing import machine, median_times, table


class LoopLARS(LARS):
    "LARS as most reimplementations have it: tensor by tensor."
    def _update(self, group, params):
        for p in params:
            mu = self.state[p].setdefault("mu", torch.zeros_like(p))
            d = p.grad
            if group["adapt"]:
                d = d.add(p, alpha=group["weight_decay"])
                norm_p, norm_d = torch.norm(p), torch.norm(d)
                one = torch.ones_like(norm_p)
                d = d.mul(torch.where(norm_p > 0, torch.where(norm_d > 0, group["trust_coefficient"]*norm_p/norm_d, one), one))
            mu.mul_(group["momentum"]).add_(d)
            p.add_(mu, alpha=-group["lr"])


def sgd(groups):
    return torch.optim.SGD([{k: g[k] for k in ("params", "lr", "weight_decay")} for g in groups], lr=.1, momentum=.9, foreach=True)


if __name__ == "__main__":
    torch.manual_seed(0)
    model = BarlowTwins()
    for p in model.parameters(): p.grad = 1e-3*torch.randn_like(p)
    start = [p.detach().clone() for p in model.parameters()]

    def after_steps(make):
        with torch.no_grad():
            for p, s in zip(model.parameters(), start): p.copy_(s)
        optimizer = make(param_groups(model))
        for _ in range(3): optimizer.step()
        return [p.detach().clone() for p in model.parameters()]

    loop, foreach = (after_steps(lambda g, c=c: c(g, lr=0.)) for c in (LoopLARS, LARS))
    error = max(((a - b).norm() / b.norm()).item() for a, b in zip(foreach, loop))
    print(f"{machine()}. ResNet-50 and 8192-8192-8192, {sum(p.numel() for p in model.parameters()):,} parameters in "
          f"{sum(1 for _ in model.parameters())} tensors.\nLargest difference between the two LARS after 3 steps, relative to the tensor: {error:.1e}\n")
    optimizers = {"LARS, loop over tensors": LoopLARS(param_groups(model), lr=0.), "LARS, barlow_kit": LARS(param_groups(model), lr=0.),
                  "torch SGD(foreach=True, momentum, weight_decay)": sgd(param_groups(model))}
    times = median_times({name: o.step for name, o in optimizers.items()}, repeat=9, warmup=2)
    base = times["torch SGD(foreach=True, momentum, weight_decay)"]
    table(["optimizer", "one step", "of SGD"], [[name, f"{1000*t:.0f} ms", f"{t/base:.2f}"] for name, t in times.items()])
