#!/usr/bin/env python3
"""Read a network of spikes (NIR) with snnTorch, Sinabs and Norse, and compare their
decisions with Spikescope's, digit by digit.

    python -m venv venv
    venv/bin/pip install torch numpy nir nirtorch snntorch norse
    venv/bin/pip install --no-deps sinabs==3.1.3
    spikescope convert mlp --steps 50 --images 100 --nir mlp.nir --evidence mlp.csv
    venv/bin/python scripts/nir_readers.py mlp.nir mlp.csv --mnist DIR

The same with a network that was trained in spikes, for snnTorch and Norse:

    spikescope convert lif-dense --images 300 --nir lif.nir --evidence lif.csv
    venv/bin/python scripts/nir_readers.py lif.nir lif.csv --mnist DIR --digits 300 \
        --readers snntorch,norse

The first file is what `--nir` wrote, the second what `--evidence` wrote in the same
call: what speaks for each digit, of each image after each number of steps. DIR has
MNIST's test files, gzipped or not; --images and --labels take other IDX files.

Each reader is asked in two ways.

* `as read`: what its importer makes of the file, unchanged. Where this cannot be run,
  the reason is printed.
* `as said`: with what the file's metadata says and NIR has no word for: a spike
  subtracts the threshold, potentials begin half full, a neuron spikes at most once a
  step; and with what a reader leaves out, such as a resistance. Each repair stands in `said_*` below.

A digit's picture is a constant input for so many steps; a network whose input is a row
gets the rows from the top. The answer is the class with the largest sum of what comes out
of the last layer, or with the largest potential where the file says how it is read. Printed
are, by steps, how many answers are right and how many are those of Spikescope; also how far
the logits are from Spikescope's at most, where the file says how they are read.
"""

import argparse
import contextlib
import csv
import gzip
import importlib.metadata
import io
import logging
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import nir
import numpy as np
import torch

torch.set_grad_enabled(False)


def idx(path):
    """An IDX file, gzipped or not."""
    path = pathlib.Path(path)
    if not path.exists():
        path = pathlib.Path(f"{path}.gz")
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def evidence(path):
    """What speaks for each class: `{(image, steps): ten numbers}`."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {(int(r["image"]), int(r["steps"])): [float(r[str(k)]) for k in range(10)] for r in rows}


def remark(node, name):
    """A remark of a node or of the whole graph, as text."""
    text = (node.metadata or {}).get(name, "")
    return text.decode() if isinstance(text, bytes) else str(text)


def inputs(graph, picture, steps):
    """What comes in at each step: the picture, or its rows from the top."""
    node = next(n for n in graph.nodes.values() if isinstance(n, nir.Input))
    shape = next(iter(node.input_type.values()))
    rows = len(shape) == 1
    return [picture[0, t * 28 // steps] if rows else picture for t in range(steps)]


class Answer:
    """What speaks for each class after each step: the sum of what comes out, or the
    membrane that it charges, by the remark of the file."""

    def __init__(self, graph):
        words = (remark(graph, "read_out") or "sum").split()
        self.word, self.leak = words[0], float(words[1]) if len(words) > 1 else 1.0
        self.u, self.total, self.steps = 0, 0, 0

    def add(self, out):
        self.u = self.leak * self.u + out
        self.total, self.steps = self.total + self.u, self.steps + 1
        return self.total / self.steps if self.word == "mean" else self.u


def initial(graph):
    """Potentials at the start, by the remark of the first neurons that has one."""
    for node in graph.nodes.values():
        text = remark(node, "v_initial")
        if text:
            return float(text.split("=")[1].split("(")[0])
    return 0.0


def subtracts(graph):
    """Whether a spike subtracts the threshold, by the metadata."""
    return any("reset" in (n.metadata or {}) for n in graph.nodes.values())


# snnTorch. Its importer makes of IF a leaky neuron (β = 0.9) that hands on its state
# beside its spikes, which the next layer cannot take. Of LIF it makes one with the leak of
# the file and a reset to zero; connections among neurons become a graph within the graph, in
# which the input, too, goes through them.


def snntorch_read(graph):
    from snntorch.import_nir import import_from_nir

    with contextlib.redirect_stdout(io.StringIO()):
        return import_from_nir(graph)


def snntorch_said(graph):
    if any(isinstance(n, nir.LIF) for n in graph.nodes.values()):
        return snntorch_lif(graph)
    model = snntorch_read(graph)
    for part in model.modules():
        if type(part).__name__ == "Leaky":
            # No leak, and the state is kept inside.
            part.beta.fill_(1.0)
            part.init_hidden = True
            if not subtracts(graph):
                part.reset_mechanism = "zero"
                part.state_function = part._base_zero
            part.begin = initial(graph)
            part.forward = leaky_from(part, part.forward)
    return model


def snntorch_lif(graph):
    """Its own modules, node by node, with connections among neurons as they are, and with
    the threshold subtracted in the step of the spike. (`reset_mechanism = "subtract"` does
    that too, but tests the potential after one more subtraction where it lay above two
    thresholds.)"""
    import nirtorch
    from snntorch.import_nir import _nir_to_snntorch_module

    def made(node):
        with contextlib.redirect_stdout(io.StringIO()):
            part = _nir_to_snntorch_module(node, init_hidden=True)
        if isinstance(node, nir.LIF) and subtracts(graph):

            def step(x):
                mem = part.mem if part.mem.shape == x.shape else torch.zeros_like(x)
                mem = part.beta * mem + x
                spk = part.fire(mem)
                part.mem = mem - spk * part.threshold
                return spk

            part.forward = step
        return part

    kinds = (nir.Affine, nir.Linear, nir.Conv2d, nir.Flatten, nir.LIF)
    return nirtorch.nir_to_torch(graph, {kind: made for kind in kinds})


def leaky_from(part, forward):
    """Begins at the potential of the file."""

    def step(x, mem=None):
        if part.mem.shape != x.shape:
            part.mem = torch.full_like(x, part.begin)
        return forward(x)

    return step


def snntorch_run(model, shown, answer, steps):
    for part in model.modules():
        if type(part).__name__ == "Leaky":
            part.mem = torch.zeros(0)
    state = None
    # One digit at a time: its Flatten would flatten a batch into the digits.
    for step, x in enumerate(shown, 1):
        out, state = model(x, state) if state is not None else model(x)
        value = answer.add(out)
        if step in steps:
            yield step, value


# Norse. Its integrate-and-fire cell resets to zero and begins at zero; it has no
# setting for either. Of LIF it takes no resistance, and steps of 1 ms unless told.


def norse_read(graph):
    import norse.torch

    return norse.torch.from_nir(graph, ignore_warnings=True)


def norse_said(graph):
    from norse.torch.functional.iaf import IAFFeedForwardState

    if any(isinstance(n, nir.LIF) for n in graph.nodes.values()):
        return norse_lif(graph)
    model = norse_read(graph)
    begin, subtract = initial(graph), subtracts(graph)
    for part in model.modules():
        if type(part).__name__ == "IAFCell":

            def step(x, state=None, part=part):
                v = torch.full_like(x, begin) if state is None else state.v
                v = v + x
                z = (v >= part.p.v_th).to(x.dtype)
                v = v - z * part.p.v_th if subtract else (1 - z) * v
                return z, IAFFeedForwardState(v=v)

            part.forward = step
    return model


def norse_lif(graph):
    """In the file's steps of 0.1 ms, with its resistances and a reset by subtraction."""
    import norse.torch
    from norse.torch.functional.reset import reset_subtract

    model = norse.torch.from_nir(graph, ignore_warnings=True, dt=1e-4)
    nodes = [n for n in graph.nodes.values() if isinstance(n, nir.LIF)]
    for part in model.modules():
        if type(part).__name__ == "LIFBoxCell":
            tau = 1 / part.p.tau_mem_inv.numpy()
            own = next(n for n in nodes if n.tau.shape == tau.shape and np.allclose(n.tau, tau))
            if subtracts(graph):
                part.p = part.p._replace(reset_method=reset_subtract)
            step, r = part.forward, torch.from_numpy(own.r)
            part.forward = lambda x, state=None, step=step, r=r: step(r * x, state)
    return model


def norse_run(model, shown, answer, steps):
    state = None
    for step, x in enumerate(shown, 1):
        out, state = model(x, state)
        value = answer.add(out)
        if step in steps:
            yield step, value


# Sinabs. Its neurons subtract the threshold, but may spike more than once a step, and
# potentials are cut off below −1 threshold.


def sinabs_read(graph):
    import sinabs.nir

    return sinabs.nir.from_nir(graph, batch_size=1)


def sinabs_said(graph):
    from sinabs.activation import MembraneReset, SingleSpike

    model = sinabs_read(graph)
    for part in model.modules():
        if type(part).__name__ == "IAFSqueeze":
            part.spike_fn, part.min_v_mem, part.begin = SingleSpike, None, initial(graph)
            if not subtracts(graph):
                part.reset_fn = MembraneReset()
    return model


def sinabs_run(model, shown, answer, steps):
    import sinabs

    sinabs.reset_states(model)
    for part in model.modules():
        if hasattr(part, "begin"):
            part.start = part.begin
    for step, out in enumerate(model_from(model, torch.stack(shown)), 1):
        value = answer.add(out)
        if step in steps:
            yield step, value


def model_from(model, x):
    """All steps at once; each neuron begins at the potential of the file."""
    hooks = []
    for part in model.modules():
        if hasattr(part, "begin"):

            def start(part, inputs):
                shape = inputs[0].shape[1:]
                if not part.is_state_initialised() or part.v_mem.shape[1:] != shape:
                    part.init_state_with_shape((1, *shape))
                part.v_mem = torch.full_like(part.v_mem, part.begin)

            hooks.append(part.register_forward_pre_hook(start))
    out = model(x)
    for hook in hooks:
        hook.remove()
    return out[0] if isinstance(out, tuple) else out


READERS = {
    "snntorch": (snntorch_read, snntorch_said, snntorch_run),
    "sinabs": (sinabs_read, sinabs_said, sinabs_run),
    "norse": (norse_read, norse_said, norse_run),
}


def reason(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}" if str(error) else type(error).__name__


def ask(make, run, path, digits, steps):
    """What speaks for each class by digit and step, or why there is nothing."""
    graph = nir.read(path)
    try:
        model = make(nir.read(path))
    except Exception as error:  # a reader's own, of any kind
        return None, f"does not read the file ({reason(error)})"
    answers = {}
    try:
        for image, picture in digits:
            shown = inputs(graph, picture, max(steps))
            for step, out in run(model, shown, Answer(graph), steps):
                answers[image, step] = torch.as_tensor(out).flatten().tolist()
    except Exception as error:
        return None, f"reads the file, but what it makes of it does not run ({reason(error)})"
    return answers, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="what `spikescope convert --nir` wrote")
    parser.add_argument("evidence", help="what `spikescope convert --evidence` wrote")
    parser.add_argument("--mnist", help="the folder with MNIST's test files")
    parser.add_argument("--images", help="an IDX file of pictures, instead")
    parser.add_argument("--labels", help="an IDX file of their labels")
    parser.add_argument("--digits", type=int, default=100, help="the first so many are asked")
    parser.add_argument("--readers", default=",".join(READERS), help="which, by commas")
    args = parser.parse_args()
    if not args.mnist and not (args.images and args.labels):
        parser.error("--mnist, or --images and --labels")
    pictures = idx(args.images or f"{args.mnist}/t10k-images-idx3-ubyte")
    labels = idx(args.labels or f"{args.mnist}/t10k-labels-idx1-ubyte")
    own = evidence(args.evidence)
    images = sorted({image for image, _ in own})[: args.digits]
    steps = sorted({step for _, step in own})
    digits = [(i, torch.from_numpy(pictures[i].astype(np.float32) / 255)[None]) for i in images]
    digits = [(i, picture) for i, picture in digits]
    print(f"{args.file}, {len(images)} digits; right answers, and those like Spikescope's, after")
    print("  {:28}".format("") + "".join(f"{s:>12}" for s in steps))
    reads = bool(remark(nir.read(args.file), "read_out"))
    right = [sum(np.argmax(own[i, s]) == labels[i] for i in images) for s in steps]
    print("  {:28}".format("Spikescope") + "".join(f"{r:>12}" for r in right))
    for name in args.readers.split(","):
        make_read, make_said, run = READERS[name]
        title = f"{name} {importlib.metadata.version(name)}"
        for how, make in (("as read", make_read), ("as said", make_said)):
            answers, why = ask(make, run, args.file, digits, steps)
            line = "  {:28}".format(f"{title}, {how}")
            if answers is None:
                print(f"{line} {why}", flush=True)
                continue
            for s in steps:
                digit = {i: np.argmax(answers[i, s]) for i in images}
                good = sum(digit[i] == labels[i] for i in images)
                same = sum(digit[i] == np.argmax(own[i, s]) for i in images)
                line += f"{good:>6} {same:>5}"
            if reads:
                s = steps[-1]
                apart = [np.abs(np.subtract(answers[i, s], own[i, s])).max() for i in images]
                line += f", logits within {max(apart):.2g}; {np.median(apart):.2g} in the median"
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
