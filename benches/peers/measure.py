#!/usr/bin/env python3
"""How fast Keras (TensorFlow) and PyTorch train and answer Spikescope's networks on the CPU.

Every network of every framework runs in a process of its own, so that threads
and peak memory are its own. One JSON object goes to stdout, progress to stderr.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

NETS = ["mlp", "cnn1", "cnn2", "cnn3", "cnn4", "gru", "lstm"]
BATCH = 32
# Filters and kernel of each convolution; "P" is max-pooling 2x2.
CONVS = {
    "cnn1": ([(32, 3), (128, 5), "P", (128, 3), "P"], 0.3),
    "cnn2": ([(32, 3), (64, 3), "P", (128, 5), "P", (64, 3), "P"], 0.5),
    "cnn3": ([(32, 3), (64, 3), "P", (128, 5), "P"], 0.5),
    "cnn4": ([(32, 3), (64, 3), "P", (128, 5), "P", (64, 3), "P"], 0.0),
}
MODULES = {"pytorch": "torch", "keras": "tensorflow"}


def median_time(step, seconds, warm_up=5):
    """Median seconds of a step, over at least five of them."""
    for _ in range(warm_up):
        step()
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < seconds or len(times) < 5:
        one = time.perf_counter()
        step()
        times.append(time.perf_counter() - one)
    return statistics.median(times)


def pytorch(net, threads, seconds):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(1)

    class Sequence(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.cell = kind(28, 128, batch_first=True)
            self.head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))

        def forward(self, x):
            return self.head(self.cell(x.squeeze(1))[0][:, -1])

    def build():
        if net == "mlp":
            sizes = [784, 512, 256]
            layers = [nn.Flatten()]
            for a, b in zip(sizes, sizes[1:]):
                layers += [nn.Linear(a, b), nn.ReLU()]
            return nn.Sequential(*layers, nn.Linear(256, 10))
        if net in ("gru", "lstm"):
            return Sequence(nn.GRU if net == "gru" else nn.LSTM)
        convs, dropout = CONVS[net]
        layers, channels, side = [], 1, 28
        for conv in convs:
            if conv == "P":
                layers.append(nn.MaxPool2d(2))
                side //= 2
            else:
                layers += [nn.Conv2d(channels, conv[0], conv[1]), nn.ReLU()]
                channels, side = conv[0], side - conv[1] + 1
        layers += [nn.Dropout(0.2), nn.Flatten(), nn.Linear(channels * side * side, 128)]
        return nn.Sequential(*layers, nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, 10))

    def measure(memory_format):
        model = build().to(memory_format=memory_format)
        optimiser = torch.optim.Adadelta(model.parameters(), lr=1.0, rho=0.95, eps=1e-7)
        loss = nn.CrossEntropyLoss()
        x = torch.rand(256, 1, 28, 28).to(memory_format=memory_format)
        y = torch.randint(0, 10, (BATCH,))
        batch, one = x[:BATCH].contiguous(memory_format=memory_format), x[:1]

        def train():
            optimiser.zero_grad(set_to_none=True)
            loss(model(batch), y).backward()
            optimiser.step()

        step = median_time(train, seconds)
        model.eval()
        with torch.inference_mode():
            single = median_time(lambda: model(one), seconds / 4)
            many = median_time(lambda: model(x), seconds / 2)
        return {
            "train_images_per_s": BATCH / step,
            "single_ms": single * 1e3,
            "batch256_images_per_s": 256 / many,
        }

    plain = dict(measure(torch.contiguous_format), note="contiguous")
    if net in CONVS:
        last = dict(measure(torch.channels_last), note="channels last")
        best = max(plain, last, key=lambda r: r["train_images_per_s"])
        # Each figure is the better of the two: nobody has to use one for all.
        best["single_ms"] = min(plain["single_ms"], last["single_ms"])
        best["batch256_images_per_s"] = max(
            plain["batch256_images_per_s"], last["batch256_images_per_s"]
        )
        return best
    return plain


def keras(net, threads, seconds):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    if net == "mlp":
        stack = [layers.Flatten(), layers.Dense(512, "relu"), layers.Dense(256, "relu")]
    elif net in ("gru", "lstm"):
        cell = layers.GRU if net == "gru" else layers.LSTM
        stack = [layers.Reshape((28, 28)), cell(128), layers.Dense(64, "relu")]
    else:
        convs, dropout = CONVS[net]
        stack = [
            layers.MaxPool2D(2) if c == "P" else layers.Conv2D(c[0], c[1], activation="relu")
            for c in convs
        ]
        stack += [layers.Dropout(0.2), layers.Flatten(), layers.Dense(128, "relu")]
        stack += [layers.Dropout(dropout)]
    model = tf.keras.Sequential([layers.Input((28, 28, 1)), *stack, layers.Dense(10)])
    optimiser = tf.keras.optimizers.Adadelta(1.0, rho=0.95, epsilon=1e-7)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = tf.constant(np.random.default_rng(1).random((256, 28, 28, 1), dtype=np.float32))
    y = tf.constant(np.arange(BATCH) % 10)
    batch, one = x[:BATCH], x[:1]

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimiser.apply_gradients(zip(gradients, model.trainable_variables))
        return value

    @tf.function
    def answer(x):
        return model(x, training=False)

    trained = median_time(lambda: step(batch, y).numpy(), seconds)
    single = median_time(lambda: answer(one).numpy(), seconds / 4)
    many = median_time(lambda: answer(x).numpy(), seconds / 2)
    return {
        "train_images_per_s": BATCH / trained,
        "single_ms": single * 1e3,
        "batch256_images_per_s": 256 / many,
        "note": "tf.function",
    }


def versions(frameworks):
    found = {"python": platform.python_version()}
    from importlib.metadata import version

    names = {"pytorch": ["torch"], "keras": ["tensorflow-cpu", "tensorflow", "keras"]}
    for framework in frameworks:
        for package in names[framework]:
            try:
                found[package] = version(package)
            except Exception:  # not installed under this name
                continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--frameworks", default="pytorch,keras")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        framework, net = args.one.split("/")
        result = {"pytorch": pytorch, "keras": keras}[framework](net, args.threads, args.seconds)
        # Linux counts in KB, macOS in bytes.
        unit = 2**20 if sys.platform == "darwin" else 2**10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        print(json.dumps({"framework": framework, "net": net, **result, "peak_mb": peak}))
        return
    results, used = [], []
    for framework in args.frameworks.split(","):
        if importlib.util.find_spec(MODULES[framework]) is None:
            print(f"{framework} is not installed and is left out", file=sys.stderr)
            continue
        used.append(framework)
        for net in args.nets.split(","):
            print(f"{framework}: {net}", file=sys.stderr)
            command = [sys.executable, __file__, "--one", f"{framework}/{net}"]
            command += ["--threads", str(args.threads), "--seconds", str(args.seconds)]
            environment = dict(os.environ, OMP_NUM_THREADS=str(args.threads))
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            results.append(json.loads(done.stdout))
    print(json.dumps({"versions": versions(used), "threads": args.threads, "results": results}))


if __name__ == "__main__":
    main()
