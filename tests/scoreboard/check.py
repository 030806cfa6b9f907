"""Accuracy under noise, sparseness and signs of weights, from pictures and weights alone.

    python check.py data.npz relu|lif

`data.npz` has noisy pictures (strengths, digits, 784), labels, the strengths, and the
weights of a network of dense layers by their names. `lif` is 784-512-10 with leaky
integrate-and-fire neurons: 25 steps, a time constant of 10, a spike above 1 that takes
1, and a read-out that is the mean over the steps of a membrane of the same constant.
Prints what it finds as JSON.
"""

import json
import sys

import numpy as np

STEPS, TAU = 25, 10.0


def layers(data):
    """Weights and biases, from the picture on."""
    names = sorted(n[: -len(".weight")] for n in data.files if n.endswith(".weight"))
    return [(data[f"{n}.weight"].astype(np.float64), data[f"{n}.bias"]) for n in names]


def relu(network, x):
    """Logits, and what each hidden layer responds."""
    responses = []
    for weight, bias in network[:-1]:
        x = np.maximum(x @ weight + bias, 0.0)
        responses.append(x)
    weight, bias = network[-1]
    return x @ weight + bias, responses


def lif(network, x):
    (w1, b1), (w2, b2) = network
    # Single precision, as spikes depend on it.
    current = (x @ w1 + b1).astype(np.float32)
    keep = np.float32(np.exp(np.float32(-1.0 / TAU)))
    v = np.zeros_like(current)
    membrane = np.zeros(current.shape)
    mean = np.zeros(current.shape)
    count = np.zeros(current.shape)
    for _ in range(STEPS):
        v = keep * v + current
        spikes = v > 1.0
        v = v - spikes.astype(np.float32)
        membrane = np.exp(-1.0 / TAU) * membrane + spikes
        mean += membrane / STEPS
        count += spikes
    return mean @ w2 + b2, [count]


def accuracy(logits, labels):
    """Where two classes are equal there is no answer."""
    top = logits.max(axis=1, keepdims=True)
    alone = (logits == top).sum(axis=1) == 1
    return float(np.mean(alone & (logits.argmax(axis=1) == labels)))


def treves_rolls(r):
    squares = (r**2).mean(axis=1)
    some = squares > 0
    return float(np.mean(r.mean(axis=1)[some] ** 2 / squares[some]))


def lighter(network):
    """Share of the hidden neurons' outgoing weights of the sign that weighs less, %."""
    against, all_ = 0, 0
    for weight, _ in network[1:]:
        plus = np.maximum(weight, 0).sum(axis=1)
        minus = np.maximum(-weight, 0).sum(axis=1)
        heavier = np.where(plus >= minus, 1.0, -1.0)[:, None]
        against += int((weight * heavier < 0).sum())
        all_ += weight.size
    return 100.0 * against / all_


def main():
    data = np.load(sys.argv[1])
    ask = {"relu": relu, "lif": lif}[sys.argv[2]]
    network, labels, sigmas = layers(data), data["labels"], data["sigmas"]
    noisy = data["noisy"].astype(np.float64)
    curve = [accuracy(ask(network, x)[0], labels) for x in noisy]
    pieces = [(b - a) * (p + q) / 2 for a, b, p, q in zip(sigmas, sigmas[1:], curve, curve[1:])]
    _, responses = ask(network, noisy[0])
    found = {
        "noise": 100.0 * sum(pieces) / (sigmas[-1] - sigmas[0]),
        "sparseness": float(np.mean([treves_rolls(r) for r in responses])),
        "lighter": lighter(network),
    }
    print(json.dumps(found))


main()
