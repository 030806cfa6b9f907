#!/usr/bin/env python3
"""Load Spikescope's weight files into PyTorch and count their mistakes on MNIST.

    python -m venv venv && venv/bin/pip install torch safetensors numpy
    venv/bin/python scripts/load_pytorch.py --mnist DIR assets/weights/*.safetensors

Takes any weight file of a network of the zoo: those in `assets/weights`, and
`weights.safetensors` of a run. DIR has MNIST's two test files, gzipped or not. How
numbers are laid out in a file stands in docs/weights-format.md; `network` below is
the whole of it, to be copied.

Prints for each file the mistakes on the test images and what the file itself says.
Ends with 1 if they differ by more than --within (default 5): sums are added up in
another order here, which may turn a digit that lies on the border.
"""

import argparse
import gzip
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors import safe_open
from torch import nn

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
    """All arrays of a file as 32-bit tensors by name, and what it says of itself."""
    with safe_open(path, "np") as file:
        arrays = {k: torch.from_numpy(file.get_tensor(k).astype(np.float32)) for k in file.keys()}
        return arrays, json.loads(file.metadata()["spikescope"])


class HeightWidthChannel(nn.Module):
    """Flattens `[n, channel, y, x]` in the order y, x, channel, which a dense layer
    after a convolution expects."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x.flatten(1)


class Lines(nn.Module):
    """Reads the picture line by line; gives the last state."""

    def __init__(self, arrays, cell, order):
        super().__init__()
        kernel, recurrent = arrays[f"{cell}1.kernel"], arrays[f"{cell}1.recurrent"]
        bias, hidden = arrays[f"{cell}1.bias"], recurrent.shape[0]
        self.columns = order == "columns"
        if cell == "gru":
            # Gates z, r, n in the file; r, z, n in PyTorch. Two biases: with the input
            # and with the state (`reset_after` of Keras).
            swap = torch.cat([torch.arange(hidden, 2 * hidden), torch.arange(hidden)])
            swap = torch.cat([swap, torch.arange(2 * hidden, 3 * hidden)])
            kernel, recurrent, bias = kernel[:, swap], recurrent[:, swap], bias[:, swap]
            self.cell = nn.GRU(kernel.shape[0], hidden, batch_first=True)
        else:
            # Gates i, f, g, o in both. One bias here, two in PyTorch.
            bias = torch.stack([bias, torch.zeros_like(bias)])
            self.cell = nn.LSTM(kernel.shape[0], hidden, batch_first=True)
        self.cell.weight_ih_l0.data = kernel.T.contiguous()
        self.cell.weight_hh_l0.data = recurrent.T.contiguous()
        self.cell.bias_ih_l0.data, self.cell.bias_hh_l0.data = bias[0], bias[1]

    def forward(self, x):
        x = x[:, 0]
        return self.cell(x.transpose(1, 2) if self.columns else x)[0][:, -1]


def network(arrays, architecture):
    """The network: pictures `[n, 1, 28, 28]` of brightness 0 to 1 to ten logits."""
    modules = []
    if architecture in CELLS:
        modules.append(Lines(arrays, *CELLS[architecture]))
        layers = ["d", "d"]
    else:
        layers = LAYERS[architecture].split()
    conv = dense = 0
    for layer in layers:
        if layer == "p":
            modules.append(nn.MaxPool2d(2))
        elif layer == "d":
            dense += 1
            weight, bias = arrays[f"dense{dense}.weight"], arrays[f"dense{dense}.bias"]
            linear = nn.Linear(*weight.shape)
            # `[in, out]` in the file, `[out, in]` in PyTorch.
            linear.weight.data, linear.bias.data = weight.T.contiguous(), bias
            modules += [HeightWidthChannel(), linear, nn.ReLU()]
        else:
            conv += 1
            weight, bias = arrays[f"conv{conv}.weight"], arrays[f"conv{conv}.bias"]
            k = int(layer[1:])
            # `[row · column · in, out]` in the file, `[out, in, row, column]` in PyTorch.
            kernel = weight.reshape(k, k, -1, weight.shape[1]).permute(3, 2, 0, 1)
            plane = nn.Conv2d(kernel.shape[1], kernel.shape[0], k)
            plane.weight.data, plane.bias.data = kernel.contiguous(), bias
            modules += [plane, nn.ReLU()]
    # The last layer has no ReLU.
    return nn.Sequential(*modules[:-1]).eval()


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
    pictures = torch.from_numpy(idx(args.mnist, "t10k-images-idx3-ubyte").astype(np.float32)) / 255
    labels = torch.from_numpy(idx(args.mnist, "t10k-labels-idx1-ubyte").astype(np.int64))
    good = True
    print(f"PyTorch {torch.__version__}, {len(labels)} test images")
    for path in args.files:
        arrays, about = read(path)
        model = network(arrays, about["architecture"])
        with torch.inference_mode():
            parts = [model(part).argmax(1) for part in pictures.unsqueeze(1).split(500)]
        mistakes = int((torch.cat(parts) != labels).sum())
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
