#!/usr/bin/env python3
"""Load Spikescope's weight files into Keras and count their mistakes on MNIST.

    python -m venv venv && venv/bin/pip install keras tensorflow-cpu safetensors
    venv/bin/python scripts/load_keras.py --mnist DIR assets/weights/*.safetensors

With PyTorch instead of TensorFlow: KERAS_BACKEND=torch. Takes any weight file of a
network of the zoo: those in `assets/weights`, and `weights.safetensors` of a run. DIR
has MNIST's two test files, gzipped or not. How numbers are laid out in a file stands
in docs/weights-format.md: it is the layout of Keras, but for kernels of
convolutions, which want another shape. `network` below is the whole of it, to be
copied.

Prints for each file the mistakes on the test images and what the file itself says.
Ends with 1 if they differ by more than --within (default 5): sums are added up in
another order here, which may turn a digit that lies on the border.
"""

import argparse
import gzip
import json
import pathlib
import sys

import keras
import numpy as np
from keras import layers
from safetensors import safe_open

# Of each architecture: `c5`: convolution 5×5, `p`: max-pooling 2×2, `d`: dense.
LAYERS = {
    "mlp": "d d d",
    "cnn1": "c3 c5 p c3 p d d",
    "cnn2": "c3 c3 p c5 p c3 p d d",
    "cnn3": "c3 c3 p c5 p d d",
    "cnn4": "c3 c3 p c5 p c3 p d d",
    "cnn5": "c3 c5 p c3 p d d",
}
# Of the recurrent ones: which cell, and whether a step is a row or a column.
CELLS = {
    "rnn1": ("gru", "columns"),
    "rnn2": ("lstm", "columns"),
    "rnn3": ("gru", "rows"),
    "rnn4": ("lstm", "rows"),
}


def read(path):
    """All arrays of a file by name, in 32 bits, and what it says of itself."""
    with safe_open(path, "np") as file:
        arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
        return arrays, json.loads(file.metadata()["spikescope"])


def network(arrays, architecture):
    """The network: pictures `[n, 28, 28, 1]` of brightness 0 to 1 to ten logits."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    filled = []
    if architecture in CELLS:
        cell, order = CELLS[architecture]
        model.add(layers.Reshape((28, 28)))
        if order == "columns":
            model.add(layers.Permute((2, 1)))
        weights = [arrays[f"{cell}1.{name}"] for name in ("kernel", "recurrent", "bias")]
        # Gates z, r, n with two biases (`reset_after`), or i, f, g, o: as in Keras.
        units = weights[1].shape[0]
        model.add(layers.GRU(units, reset_after=True) if cell == "gru" else layers.LSTM(units))
        filled.append((model.layers[-1], weights))
        kinds = ["d", "d"]
    else:
        kinds = LAYERS[architecture].split()
    conv = dense = 0
    for kind in kinds:
        if kind == "p":
            model.add(layers.MaxPooling2D(2))
        elif kind == "d":
            if dense == 0 and architecture not in CELLS:
                # In the order y, x, channel.
                model.add(layers.Flatten())
            dense += 1
            weight, bias = arrays[f"dense{dense}.weight"], arrays[f"dense{dense}.bias"]
            last = weight.shape[1] == 10
            model.add(layers.Dense(weight.shape[1], activation=None if last else "relu"))
            filled.append((model.layers[-1], [weight, bias]))
        else:
            conv += 1
            weight, bias = arrays[f"conv{conv}.weight"], arrays[f"conv{conv}.bias"]
            k = int(kind[1:])
            # `[row · column · in, out]` in the file, `[row, column, in, out]` in Keras.
            kernel = weight.reshape(k, k, -1, weight.shape[1])
            model.add(layers.Conv2D(kernel.shape[3], k, activation="relu"))
            filled.append((model.layers[-1], [kernel, bias]))
    for layer, weights in filled:
        layer.set_weights(weights)
    return model


def idx(folder, name):
    """A file of MNIST's, gzipped or not."""
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="weight files")
    parser.add_argument("--mnist", required=True, help="the folder with MNIST's test files")
    parser.add_argument("--within", type=int, default=5, help="mistakes that may differ")
    args = parser.parse_args()
    pictures = idx(args.mnist, "t10k-images-idx3-ubyte").astype(np.float32)[..., None] / 255
    labels = idx(args.mnist, "t10k-labels-idx1-ubyte")
    good = True
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {len(labels)} test images")
    for path in args.files:
        arrays, about = read(path)
        model = network(arrays, about["architecture"])
        answers = model.predict(pictures, batch_size=250, verbose=0).argmax(1)
        mistakes = int((answers != labels).sum())
        said = about["test_accuracy"]
        line = f"{path}: {about['architecture']}, {mistakes} mistakes"
        if said is not None:
            own = round(len(labels) * (1 - said))
            good &= abs(mistakes - own) <= args.within
            line += f"; {own} by Spikescope"
        print(line, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
