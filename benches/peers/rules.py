#!/usr/bin/env python3
"""How fast PyTorch trains by one of Spikescope's learning rules on the CPU.

The same equations on plain tensors, without autograd: the same layers, batch,
optimiser and phases, as the options say. One JSON object goes to stdout.
"""

import argparse
import json
import os
import platform
import statistics
import time

import torch


def median_time(step, seconds):
    """Median seconds of a step, over at least five of them."""
    for _ in range(5):
        step()
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < seconds or len(times) < 5:
        one = time.perf_counter()
        step()
        times.append(time.perf_counter() - one)
    return statistics.median(times)


class Updates:
    """Adam, or gradient descent with momentum, in place."""

    def __init__(self, parameters, options):
        self.parameters, self.options, self.t = parameters, options, 0
        self.m = [torch.zeros_like(p) for p in parameters]
        self.v = [torch.zeros_like(p) for p in parameters]

    def step(self, gradients):
        rate = self.options["learning_rate"]
        if self.options["optimiser"] == "sgd":
            for p, g, m in zip(self.parameters, gradients, self.m):
                p.sub_(m.mul_(self.options["momentum"]).add_(g), alpha=rate)
            return
        self.t += 1
        mean, square = 1 - 0.9**self.t, 1 - 0.999**self.t
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v):
            m.lerp_(g, 0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            p.addcdiv_(m, v.div(square).sqrt_().add_(1e-7), value=-rate / mean)


def dense(sizes):
    bound = [(6 / (a + b)) ** 0.5 for a, b in zip(sizes, sizes[1:])]
    weights = [
        torch.empty(a, b).uniform_(-r, r) for a, b, r in zip(sizes, sizes[1:], bound)
    ]
    return weights, [torch.zeros(n) for n in sizes[1:]]


def family(o, x, target):
    """Rules that differ in the way back only."""
    rule, sizes, tanh = o["rule"], o["sizes"], o["activation"] == "tanh"
    weights, biases = dense(sizes)
    last = len(weights) - 1
    if rule == "direct_feedback_alignment":
        back = [torch.randn(10, n) / 10**0.5 for n in sizes[1:-1]]
    else:
        back = [torch.randn_like(w) / w.shape[0] ** 0.5 for w in weights]
    updates = Updates(weights + biases, o)
    if rule == "shallow":
        updates = Updates(weights[-1:] + biases[-1:], o)
    second = Updates(back[1:], o) if rule == "kolen_pollack" else None
    decay = o.get("decay", 0.0)
    count = 0

    def step():
        nonlocal count
        h = [x]
        for l, (w, b) in enumerate(zip(weights, biases)):
            z = torch.addmm(b, h[-1], w)
            h.append(z if l == last else torch.tanh(z) if tanh else torch.relu(z))
        error = (torch.softmax(h[-1], 1) - target) / len(x)
        errors = [None] * last + [error]
        for l in range(last, 0, -1):
            if rule == "shallow":
                break
            if rule == "direct_feedback_alignment":
                e = error @ back[l - 1]
            else:
                e = errors[l]
                if rule == "backpropagation":
                    e = e @ weights[l].t()
                elif rule == "sign_symmetry":
                    e = e @ (weights[l].sign() * weights[l].abs().mean()).t()
                else:
                    e = e @ back[l].t()
            errors[l - 1] = e * (1 - h[l] * h[l] if tanh else (h[l] > 0).float())
        learn = range(last, last + 1) if rule == "shallow" else range(last + 1)
        products = [h[l].t() @ errors[l] for l in learn]
        updates.step(products + [errors[l].sum(0) for l in learn])
        if second:
            second.step(products[1:])
            for w, b in zip(weights[1:], back[1:]):
                w.mul_(1 - decay)
                b.mul_(1 - decay)
        if rule == "weight_mirror" and count % int(o["every"]) == 0:
            for l in range(1, last + 1):
                noise = torch.randn(64, sizes[l])
                seen = noise.t() @ (noise @ weights[l]) / 64
                back[l].mul_(1 - o["share"]).add_(seen, alpha=o["share"])
        count += 1

    return step


def equilibrium(o, x, target):
    weights, biases = dense(o["sizes"])
    layers, ε, β = len(weights), o["step"], o["beta"]

    def relax(states, drive, sweeps, pull):
        states = list(states)
        for _ in range(sweeps):
            for l in range(layers):
                field = drive if l == 0 else torch.addmm(biases[l], states[l - 1], weights[l])
                if l + 1 < layers:
                    field = field + states[l + 1] @ weights[l + 1].t()
                move, step = field - states[l], ε
                if l + 1 == layers and pull:
                    move, step = move + pull * (target - states[l]), ε / (1 + max(pull, 0))
                states[l] = (states[l] + step * move).clamp_(0, 1)
        return states

    def step():
        drive = torch.addmm(biases[0], x, weights[0])
        zero = [torch.zeros(len(x), n) for n in o["sizes"][1:]]
        free = relax(zero, drive, int(o["free"]), 0)
        plus = relax(free, drive, int(o["nudged"]), β)
        minus, distance = free, β
        if o["sides"] > 0.5:
            minus, distance = relax(free, drive, int(o["nudged"]), -β), 2 * β
        rate = o["learning_rate"]
        for l in range(layers):
            by = rate * o["output_rate"] ** l / distance / len(x)
            below = [x, x] if l == 0 else [plus[l - 1], minus[l - 1]]
            weights[l].addmm_(below[0].t(), plus[l], alpha=by)
            weights[l].addmm_(below[1].t(), minus[l], alpha=-by)
            biases[l].add_((plus[l] - minus[l]).sum(0), alpha=by)

    return step


def predictive(o, x, target):
    weights, biases = dense(o["sizes"])
    last = len(weights) - 1
    updates = Updates(weights + biases, o)
    tanh, dt = o["activation"] == "tanh", o["dt"]
    f = torch.tanh if tanh else torch.relu

    def misses(v):
        h = [x] + [f(u) for u in v]
        predicted = [torch.addmm(biases[l], h[l], weights[l]) for l in range(last + 1)]
        e = [u - p for u, p in zip(v, predicted)]
        e.append((target - torch.softmax(predicted[-1], 1)) / o["variance"])
        return h, e

    def step():
        v = []
        for l in range(last):
            v.append(torch.addmm(biases[l], f(v[-1]) if v else x, weights[l]))
        for _ in range(int(o["steps"])):
            h, e = misses(v)
            for l in range(last):
                slope = 1 - h[l + 1] * h[l + 1] if tanh else (h[l + 1] > 0).float()
                v[l] = v[l] + dt * (slope * (e[l + 1] @ weights[l + 1].t()) - e[l])
        h, e = misses(v)
        by = -o["variance"] / len(x)
        updates.step([h[l].t() @ e[l] * by for l in range(last + 1)] + [u.sum(0) * by for u in e])

    return step


def forward_forward(o, x, target):
    weights, biases = dense(o["sizes"])
    updates = [Updates([w, b], o) for w, b in zip(weights, biases)]
    n, s, θ = len(x), o["slope"], o["threshold"]
    right = target.argmax(1)
    sign = torch.cat([torch.ones(n), -torch.ones(n)])

    def step():
        wrong = (right + torch.randint(1, 10, (n,))) % 10
        h = torch.cat([x, x])
        h[:, :10] = 0
        h[torch.arange(2 * n), torch.cat([right, wrong])] = 1
        for w, b, update in zip(weights, biases, updates):
            y = torch.relu(torch.addmm(b, h, w))
            g = (y * y).mean(1)
            by = -sign * s * torch.sigmoid(-sign * s * (g - θ)) * 2 / (y.shape[1] * n)
            taught = y * by[:, None]
            update.step([h.t() @ taught, taught.sum(0)])
            h = y / (g.sqrt() + 1e-4)[:, None]

    return step


def energy(o, x, target):
    """Variational EM; the prior is left out."""
    p, h, k = o["sizes"][:3]
    n = len(x)
    draw = lambda a, b: torch.randn(a, b) / a**0.5
    maps = [draw(p, h), draw(h, k), draw(k, h), draw(h, p), torch.zeros(h, 10)]
    biases = [torch.zeros(m.shape[1]) for m in maps]
    updates = Updates([*maps, *biases], o)
    softplus, sigmoid = torch.nn.functional.softplus, torch.sigmoid
    squash = [softplus, sigmoid, softplus, sigmoid]

    def over(i, rates):
        return squash[i](torch.addmm(biases[i], rates, maps[i]))

    def step():
        proposed = over(0, x)
        h1, h2 = proposed, over(1, proposed)
        answer = torch.softmax(torch.addmm(biases[4], proposed, maps[4]), 1)
        for _ in range(int(o["steps"])):
            again, down = over(0, over(3, h1)), over(2, h2)
            h2 = (h2 + o["rate"] * (over(1, h1) - over(1, down))).clamp(0, 1)
            h1 = h1 + o["rate"] * (proposed - again + o["top_down"] * (down - h1))
            h1 = h1.clamp(min=0)
        noisy = lambda v, by: v + by * torch.randn_like(v)
        before = [
            noisy(x, o["noise_x"]),
            noisy(h1, o["noise_h"]),
            torch.bernoulli(h2),
            noisy(h1, o["noise_h"]),
        ]
        misses = [
            (over(i, rates) - goal) / n
            for i, (rates, goal) in enumerate(zip(before, [h1, h2, h1, x]))
        ]
        before.append(proposed)
        misses.append((answer - target) / n)
        updates.step(
            [b.t() @ m for b, m in zip(before, misses)] + [m.sum(0) for m in misses]
        )

    return step


OTHERS = {
    "energy": energy,
    "equilibrium_propagation": equilibrium,
    "predictive_coding": predictive,
    "forward_forward": forward_forward,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--options", required=True, help="the run, as JSON")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    o = json.loads(args.options)
    batch = o["batch"]
    # About one pixel in five is ink.
    x = torch.rand(batch, 784) * (torch.rand(batch, 784) < 0.2)
    target = torch.eye(10)[torch.arange(batch) % 10]
    with torch.no_grad():
        step = OTHERS.get(o["rule"], family)(o, x, target)
        seconds = median_time(step, args.seconds)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    results = [{"framework": "pytorch", "train_images_per_s": batch / seconds}]
    print(json.dumps({"versions": versions, "results": results}))


if __name__ == "__main__":
    main()
