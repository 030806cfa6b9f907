#!/usr/bin/env python3
"""Ask exported networks in ONNX Runtime, and compare their decisions with Spikescope's.

    python -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python scripts/onnx_check.py --mnist DIR --spikescope target/release/spikescope

Exports each network of the zoo (`spikescope export`), lets ONNX's own checker look at the
file, and answers the first --digits test digits of MNIST. DIR has MNIST's four files,
gzipped or not. Spikescope answers the same digits (`spikescope evaluate`): its table of
true and answered digits has to be that of ONNX Runtime. Other networks, such as runs, are
named after the options.

Ends with 1 if a table differs in more than --within digits (default 0).
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ZOO = "mlp cnn1 cnn2 cnn3 cnn4 cnn5 rnn1 rnn2 rnn3 rnn4".split()
NAMES = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def raw(folder, name):
    """A file of MNIST's, gzipped or not."""
    path = pathlib.Path(folder) / name
    return path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()


def first(data, n):
    """The first digits of an IDX file, as one."""
    head = 4 + 4 * data[3]
    count = int.from_bytes(data[4:8], "big")
    each = (len(data) - head) // count
    return data[:4] + n.to_bytes(4, "big") + data[8:head] + data[head : head + n * each]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help="networks [default: those of the zoo]")
    parser.add_argument("--mnist", required=True, help="the folder with MNIST's files")
    parser.add_argument("--spikescope", default="spikescope", help="the program")
    parser.add_argument("--digits", type=int, default=1000, help="digits to ask about")
    parser.add_argument("--within", type=int, default=0, help="digits that may differ")
    args = parser.parse_args()
    images, labels = (first(raw(args.mnist, name), args.digits) for name in NAMES)
    pictures = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    pictures = pictures.astype(np.float32) / 255
    truth = np.frombuffer(labels, np.uint8, offset=8)
    good = True
    print(f"ONNX Runtime {onnxruntime.__version__}, {len(truth)} test digits")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        idx = folder / "images", folder / "labels"
        idx[0].write_bytes(images)
        idx[1].write_bytes(labels)
        ask = [args.spikescope, "evaluate", "--images", idx[0], "--labels", idx[1], "--json"]
        for name in args.networks or ZOO:
            path = folder / "network.onnx"
            export = [args.spikescope, "export", name, path]
            subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
            onnx.checker.check_model(onnx.load(path), full_check=True)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            answers = session.run(["probabilities"], {"image": pictures})[0].argmax(1)
            table = np.zeros((10, 10), int)
            np.add.at(table, (truth, answers), 1)
            asked = [*ask, name] if name in ZOO else [*ask, "--weights", name]
            said = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
            own = np.array(said["models"][0]["confusion"])
            apart = int(np.abs(table - own).sum() // 2)
            good &= apart <= args.within
            right = int(np.trace(table))
            print(f"{name}: {right} right, {int(np.trace(own))} by Spikescope, {apart} apart")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
