#!/usr/bin/env python3
"""Make the ONNX files that the tests import: small networks as tutorials have them, trained
briefly on MNIST by PyTorch, Keras and scikit-learn, each with what its maker answers; and
some that cannot be imported.

    python -m venv venv
    venv/bin/pip install torch onnx onnxscript scikit-learn skl2onnx
    venv/bin/pip install tensorflow-cpu tf2onnx
    venv/bin/python scripts/onnx_models.py --mnist DIR

DIR has MNIST's four files, gzipped or not. `--makers pytorch,sklearn,keras` leaves the
others as they are: should the packages not get along in one folder, make two. Files go
to --out (default: tests/data/onnx), where `digits.idx3-ubyte` has 20 generated digits
(`spikescope data export --out D --count 20`).

Beside each NAME.onnx is NAME.json: the maker, how the pictures were scaled, the ten
probabilities of the 20 digits, and the answers to the first 1,000 test digits of MNIST
with their probabilities.
"""

import argparse
import gzip
import json
import os
import pathlib

import numpy as np

TESTED = 1000
# How a brightness from 0 to 1 comes into the network.
SCALINGS = {
    "unit": lambda x: x,
    "bytes": lambda x: x * 255,
    "mnist": lambda x: (x - 0.1307) / 0.3081,
}


def idx(folder, name):
    """A file of MNIST's, gzipped or not."""
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


class Data:
    """MNIST, and the generated digits, brightness 0 to 1."""

    def __init__(self, mnist, out):
        unit = lambda pictures: pictures.astype(np.float32) / 255
        self.train = unit(idx(mnist, "train-images-idx3-ubyte"))
        self.labels = idx(mnist, "train-labels-idx1-ubyte").astype(np.int64)
        self.test = unit(idx(mnist, "t10k-images-idx3-ubyte"))
        self.test_labels = idx(mnist, "t10k-labels-idx1-ubyte").astype(np.int64)
        self.few = unit(idx(out, "digits.idx3-ubyte"))


def keep(out, name, maker, scaling, data, answer):
    """Writes what the maker answers. `answer`: pictures, scaled, to probabilities."""
    scale = SCALINGS[scaling]
    few, many = answer(scale(data.few)), answer(scale(data.test[:TESTED]))
    right = float((many.argmax(1) == data.test_labels[:TESTED]).mean())
    about = {
        "maker": maker,
        "scaling": scaling,
        "digits": [[round(float(p), 5) for p in row] for row in few],
        "mnist_answers": "".join(str(int(d)) for d in many.argmax(1)),
        "mnist_probabilities": [round(float(p), 3) for p in many.max(1)],
    }
    (out / f"{name}.json").write_text(json.dumps(about) + "\n")
    size = (out / f"{name}.onnx").stat().st_size
    print(f"{name}: {maker}, {size} bytes, {right:.1%} of {TESTED}", flush=True)


# --- PyTorch -------------------------------------------------------------------------------


def pytorch(out, data):
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(1)
    maker = f"PyTorch {torch.__version__.split('+')[0]}"

    class LeNet(nn.Module):
        """LeNet-5 of 1998, narrower: padding, tanh, mean pooling."""

        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 12, 5)
            self.fc1, self.fc2, self.fc3 = nn.Linear(300, 60), nn.Linear(60, 40), nn.Linear(40, 10)

        def forward(self, x):
            x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
            x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
            x = x.view(x.size(0), -1)
            return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))

    class Basic(nn.Module):
        """The first MNIST example of PyTorch's, narrower: it normalises its pictures outside
        and answers with logarithms."""

        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, 1), nn.Conv2d(8, 12, 3, 1)
            self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
            self.fc1, self.fc2 = nn.Linear(1728, 18), nn.Linear(18, 10)

        def forward(self, x):
            x = F.relu(self.conv2(F.relu(self.conv1(x))))
            x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)
            x = self.dropout2(F.relu(self.fc1(x)))
            return F.log_softmax(self.fc2(x), dim=1)

    class Lines(nn.Module):
        """A picture as a sequence of rows; 20 units."""

        def __init__(self, of):
            super().__init__()
            self.cell, self.fc = of(28, 20, batch_first=True), nn.Linear(20, 10)

        def forward(self, x):
            states, _ = self.cell(x)
            return self.fc(states[:, -1, :])

    def train(model, shape, scaling, epochs):
        scale = SCALINGS[scaling]
        x = torch.from_numpy(scale(data.train)).reshape(-1, *shape)
        y = torch.from_numpy(data.labels)
        optimiser = torch.optim.Adam(model.parameters(), 2e-3)
        model.train()
        for _ in range(epochs):
            for part in torch.randperm(len(y)).split(64):
                optimiser.zero_grad()
                F.cross_entropy(model(x[part]), y[part]).backward()
                optimiser.step()
        return model.eval()

    def answer(model, shape):
        def probabilities(pictures):
            with torch.inference_mode():
                x = torch.from_numpy(pictures.astype(np.float32)).reshape(-1, *shape)
                return F.softmax(model(x), dim=1).numpy()

        return probabilities

    picture, rows = (1, 28, 28), (28, 28)
    made = [
        ("lenet", LeNet(), picture, "unit", 2),
        ("basic", Basic(), picture, "mnist", 2),
        ("rows", Lines(nn.GRU), rows, "unit", 3),
        ("elman", None, rows, "unit", 3),
    ]
    for name, model, shape, scaling, epochs in made:
        if model is None:
            # Came later: seeded anew, so that the others stay as they were.
            torch.manual_seed(2)
            model = Lines(nn.RNN)
        train(model, shape, scaling, epochs)
        path = str(out / f"{name}.onnx")
        example = (torch.zeros(1, *shape),)
        if name in ("lenet", "elman"):
            # As it was done before 2.9, and with any number of pictures at once.
            axes = {"input": {0: "batch"}}
            torch.onnx.export(
                model, example, path, dynamo=False, input_names=["input"], dynamic_axes=axes
            )
        elif name == "basic":
            torch.onnx.export(model, example, path, dynamo=True, external_data=False)
        else:
            # As it is done by default: weights in a file beside it.
            torch.onnx.export(model, example, path)
        keep(out, name, maker, scaling, data, answer(model, shape))


# --- scikit-learn --------------------------------------------------------------------------


def sklearn(out, data):
    import sklearn
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier

    flat = lambda pictures: pictures.reshape(len(pictures), 784)
    x = SCALINGS["bytes"](flat(data.train)).astype(np.float32)
    model = MLPClassifier((36,), max_iter=6, random_state=1).fit(x, data.labels)
    made = to_onnx(model, x[:1], options={"zipmap": True})
    (out / "mlp.onnx").write_bytes(made.SerializeToString())
    answer = lambda pictures: model.predict_proba(flat(pictures).astype(np.float32))
    keep(out, "mlp", f"scikit-learn {sklearn.__version__}", "bytes", data, answer)


# --- Keras ---------------------------------------------------------------------------------


def keras(out, data):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    maker = f"Keras {keras.__version__}"
    cnn = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    lstm = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.LSTM(32),
            layers.Dense(24, activation="sigmoid"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    for name, model, shape in [("keras", cnn, (28, 28, 1)), ("lstm", lstm, (28, 28))]:
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data.train.reshape(-1, *shape), data.labels, 64, epochs=3, verbose=0)
        model.export(str(out / f"{name}.onnx"), format="onnx", verbose=False)
        answer = lambda x, m=model, s=shape: m.predict(x.reshape(-1, *s), verbose=0)
        keep(out, name, maker, "unit", data, answer)


# --- what cannot be imported ---------------------------------------------------------------


def broken(out):
    from onnx import TensorProto, helper, numpy_helper

    def write(name, nodes, inputs, outputs, weights):
        value = lambda n, s: helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        graph = helper.make_graph(
            nodes,
            name,
            [value(*i) for i in inputs],
            [value(*o) for o in outputs],
            [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()],
        )
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        (out / f"{name}.onnx").write_bytes(model.SerializeToString())

    def dense(into, units):
        gemm = helper.make_node("Gemm", ["flat", "w", "b"], ["scores"], "head")
        return [helper.make_node("Flatten", ["image"], ["flat"]), gemm], {
            "w": np.linspace(-1, 1, into * units).reshape(into, units),
            "b": np.zeros(units),
        }

    picture = ["n", 1, 28, 28]
    nodes, weights = dense(784, 10)
    gelu = helper.make_node("Gelu", ["image"], ["bent"], "bend", domain="")
    bent = [gelu, helper.make_node("Flatten", ["bent"], ["flat"]), nodes[1]]
    write("bad_operator", bent, [("image", picture)], [("scores", ["n", 10])], weights)
    both = [helper.make_node("Add", ["image", "mask"], ["sum"], "join")]
    both += [helper.make_node("Flatten", ["sum"], ["flat"]), nodes[1]]
    inputs = [("image", picture), ("mask", picture)]
    write("bad_inputs", both, inputs, [("scores", ["n", 10])], weights)
    nodes, weights = dense(1024, 10)
    large = [("image", ["n", 1, 32, 32])]
    write("bad_size", nodes, large, [("scores", ["n", 10])], weights)
    nodes, weights = dense(784, 5)
    write("bad_classes", nodes, [("image", picture)], [("scores", ["n", 5])], weights)
    whole = (out / "lenet.onnx").read_bytes()
    (out / "bad_cut.onnx").write_bytes(whole[: len(whole) // 5])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", required=True, help="the folder with MNIST's files")
    parser.add_argument("--out", default="tests/data/onnx", help="where the files go")
    makers = {"pytorch": pytorch, "sklearn": sklearn, "keras": keras}
    parser.add_argument("--makers", default=",".join(makers), help="whose files are made anew")
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    data = Data(args.mnist, out)
    for maker in args.makers.split(","):
        makers[maker](out, data)
    broken(out)


if __name__ == "__main__":
    main()
