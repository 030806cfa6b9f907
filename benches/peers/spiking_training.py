#!/usr/bin/env python3
"""How fast snnTorch, and plain PyTorch, train Spikescope's networks of spikes on the CPU.

The same layers, steps, time constants, surrogate, read-out, batch and optimiser (Adam).
Each framework is measured with the first product at every step, as tutorials have it, and
with that product once, since its input is the same at all steps; the faster one counts.
One JSON object goes to stdout.
"""

import argparse
import json
import math
import platform
import statistics
import time

import torch
from torch import nn


def median_time(step, seconds):
    """Median seconds of a step, over at least five of them."""
    for _ in range(3):
        step()
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < seconds or len(times) < 5:
        one = time.perf_counter()
        step()
        times.append(time.perf_counter() - one)
    return statistics.median(times)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).float()

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad / (1 + 5 * u.abs()) ** 2


class Plain(nn.Module):
    """Leaky integrate-and-fire, soft reset without a gradient."""

    def __init__(self, beta):
        super().__init__()
        self.beta = beta

    def forward(self, x, v):
        v = x if v is None else self.beta * v + x
        s = Spike.apply(v - 1)
        return s, v - s.detach()


class Library(nn.Module):
    """The same by snnTorch."""

    def __init__(self, beta):
        super().__init__()
        import snntorch
        from snntorch import surrogate

        self.leaky = snntorch.Leaky(
            beta=beta,
            threshold=1.0,
            reset_mechanism="subtract",
            spike_grad=surrogate.fast_sigmoid(slope=5),
        )

    def forward(self, x, v):
        if v is None:
            v = torch.zeros_like(x)
        return self.leaky(x, v)


class Net(nn.Module):
    """Stages, each a product and neurons; then a leaky read-out, averaged over time."""

    def __init__(self, kind, hidden, steps, tau, neurons, once):
        super().__init__()
        self.steps, self.beta, self.once, self.kind = steps, math.exp(-1 / tau), once, kind
        if kind == "conv":
            a, b, units = hidden
            stages = [
                nn.Sequential(nn.Conv2d(1, a, 5), nn.MaxPool2d(2)),
                nn.Sequential(nn.Conv2d(a, b, 5), nn.MaxPool2d(2)),
                nn.Sequential(nn.Flatten(), nn.Linear(b * 16, units)),
            ]
            last = units
        elif kind == "recurrent":
            stages, last = [nn.Linear(28, hidden[0])], hidden[0]
            self.own = nn.Linear(last, last, bias=False)
        else:
            sizes = [784, *hidden]
            stages = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
            last = hidden[-1]
        self.stages = nn.ModuleList(stages)
        self.neurons = nn.ModuleList([neurons(self.beta) for _ in stages])
        self.read = nn.Linear(last, 10)

    def forward(self, x):
        x = x if self.kind == "conv" else x.flatten(1)
        current = self.stages[0](x) if self.once and self.kind != "recurrent" else None
        v = [None] * len(self.stages)
        out = total = 0
        s = None
        for t in range(self.steps):
            for i, (stage, neurons) in enumerate(zip(self.stages, self.neurons)):
                if self.kind == "recurrent":
                    row = t * 28 // self.steps
                    z = stage(x[:, row * 28 : row * 28 + 28])
                    z = z if s is None else z + self.own(s)
                elif i == 0:
                    z = stage(x) if current is None else current
                else:
                    z = stage(s)
                s, v[i] = neurons(z, v[i])
            out = self.beta * out + self.read(s)
            total = total + out
        return total / self.steps


def measure(options, neurons, seconds):
    best = {"train_images_per_s": 0.0, "note": ""}
    torch.manual_seed(1)
    batch = options["batch"]
    x, y = torch.rand(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
    x = x * (torch.rand_like(x) < 0.19)
    for once in [False, True]:
        if once and options["kind"] == "recurrent":
            continue
        net = Net(
            options["kind"],
            options["hidden"],
            options["steps"],
            options["tau"],
            neurons,
            once,
        )
        adam = torch.optim.Adam(net.parameters(), 1e-3)
        loss = nn.CrossEntropyLoss()

        def step():
            adam.zero_grad()
            loss(net(x), y).backward()
            adam.step()

        rate = batch / median_time(step, seconds)
        if rate > best["train_images_per_s"]:
            note = "first product once" if once else "first product at every step"
            best = {"train_images_per_s": rate, "note": note}
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--options", required=True, help="the network, as JSON")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    options = json.loads(args.options)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    results = [{"framework": "pytorch", **measure(options, Plain, args.seconds)}]
    try:
        import snntorch

        versions["snntorch"] = getattr(snntorch, "__version__", "unknown")
        results.append({"framework": "snntorch", **measure(options, Library, args.seconds)})
    except ImportError:
        pass
    print(json.dumps({"versions": versions, "results": results}))


if __name__ == "__main__":
    main()
