#!/usr/bin/env python3
"""Make small networks of spikes with snnTorch, Norse and Sinabs, write them as NIR, and note how
often each of their neurons spikes.

    python -m venv venv
    venv/bin/pip install torch numpy nir nirtorch snntorch norse sinabs
    venv/bin/python scripts/nir_models.py tests/data/nir

The folder then has a file `NAME.nir` for each network, and `counts.json`: the input spikes, and
for each network how many each neuron of each layer fired in the program that made it. The tests
of Spikescope (`snn::nir`) read the files and compare.
"""

import contextlib
import io
import json
import logging
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import nir
import norse.torch as norse
import numpy as np
import sinabs.layers as sl
import snntorch as snn
import torch
from norse.torch.utils.export_nir import to_nir as norse_to_nir
from sinabs.nir import to_nir as sinabs_to_nir
from snntorch.export_nir import export_to_nir

torch.set_grad_enabled(False)
STEPS = 60


def spikes(shape, seed, rate):
    """Input spikes: a row of 0 and 1 for each step."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand((STEPS, *shape), generator=generator) < rate).float()


def wide(module, factor):
    """Larger weights, so that neurons spike, of steps of 1/1024: sums of them are exact, in
    whichever order they are added."""
    for parameter in module.parameters():
        if parameter.dim() > 0 and parameter.numel() > 1:
            parameter.data = torch.round(parameter.data * factor * 1024) / 1024


class Count:
    """Notes what the spiking layers give."""

    def __init__(self, model, kinds):
        self.counts = {}
        for name, module in model.named_modules():
            if isinstance(module, kinds):
                module.register_forward_hook(lambda m, i, out, name=name: self.add(name, out))

    def add(self, name, out):
        out = out[0] if isinstance(out, tuple) else out
        total = out.reshape(-1).numpy().astype(int)
        self.counts[name] = self.counts.get(name, 0) + total


def leaky(beta, threshold, *shape):
    """The export needs one of each parameter for each neuron."""
    full = lambda x: torch.full(shape, x)
    return snn.Leaky(beta=full(beta), threshold=full(threshold), init_hidden=True)


def synaptic(alpha, beta, *shape):
    full = lambda x: torch.full(shape, x)
    return snn.Synaptic(
        alpha=full(alpha), beta=full(beta), threshold=full(1.0), init_hidden=True
    )


def snntorch_dense():
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(20, 30), leaky(0.9, 1.0, 30),
        torch.nn.Linear(30, 10, bias=False), leaky(0.75, 0.5, 10),
    )
    wide(model, 3)
    return model, (20,), snn.Leaky


def snntorch_synaptic():
    torch.manual_seed(2)
    model = torch.nn.Sequential(
        torch.nn.Linear(20, 24), synaptic(0.5, 0.875, 24),
        torch.nn.Linear(24, 10), synaptic(0.75, 0.5, 10),
    )
    wide(model, 1.5)
    return model, (20,), snn.Synaptic


def snntorch_recurrent():
    torch.manual_seed(3)
    model = torch.nn.Sequential(
        torch.nn.Linear(20, 16), snn.RLeaky(beta=0.875, linear_features=16, init_hidden=True),
        torch.nn.Linear(16, 10), leaky(0.875, 1.0, 10),
    )
    wide(model, 2)
    return model, (20,), (snn.RLeaky, snn.Leaky)


def snntorch_convolution():
    torch.manual_seed(4)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, stride=2, padding=1), leaky(0.875, 1.0, 4, 4, 6),
        torch.nn.AvgPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(4 * 2 * 3, 10), leaky(0.75, 1.0, 10),
    )
    wide(model, 3)
    return model, (2, 8, 12), snn.Leaky


def norse_dense():
    torch.manual_seed(5)
    box = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor(125.0), v_th=torch.as_tensor(0.25))
    model = norse.SequentialState(
        torch.nn.Linear(20, 30), norse.LIFBoxCell(box),
        torch.nn.Linear(30, 10), norse.LIFBoxCell(box),
    )
    wide(model, 4)
    return model, (20,), norse.LIFBoxCell


def norse_current():
    torch.manual_seed(6)
    p = norse.LIFParameters(
        tau_mem_inv=torch.as_tensor(125.0), tau_syn_inv=torch.as_tensor(250.0),
        v_th=torch.as_tensor(0.5),
    )
    model = norse.SequentialState(
        torch.nn.Linear(20, 24), norse.LIFCell(p),
        torch.nn.Linear(24, 10), norse.LIFCell(p),
    )
    wide(model, 3)
    return model, (20,), norse.LIFCell


def sinabs_convolution():
    torch.manual_seed(7)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1), sl.IAFSqueeze(batch_size=1, min_v_mem=None),
        sl.SumPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(4 * 4 * 6, 10, bias=False), sl.IAFSqueeze(batch_size=1, min_v_mem=None),
    )
    wide(model, 1)
    return model, (2, 8, 12), sl.IAFSqueeze


def sinabs_leaky():
    torch.manual_seed(8)
    model = torch.nn.Sequential(
        torch.nn.Linear(20, 30),
        sl.LIFSqueeze(tau_mem=20.0, batch_size=1, norm_input=False, min_v_mem=None),
        torch.nn.Linear(30, 10),
        sl.LIFSqueeze(tau_mem=10.0, batch_size=1, norm_input=False, min_v_mem=None),
    )
    wide(model, 2)
    return model, (20,), sl.LIFSqueeze


def run(program, model, x):
    """All steps, one after the other."""
    if program == "norse":
        state = None
        for step in x:
            _, state = model(step[None], state)
    else:
        for step in x:
            model(step[None])


def export(program, model, shape):
    sample = torch.zeros((1, *shape))
    with contextlib.redirect_stdout(io.StringIO()):
        if program == "snntorch":
            return export_to_nir(model, sample, ignore_dims=[0])
        if program == "norse":
            return norse_to_nir(model, sample)
        graph = sinabs_to_nir(model, sample)
        # Some shapes are left open, which cannot be written.
        with contextlib.suppress(ValueError):
            graph.infer_types()
        return graph


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    every = [
        snntorch_dense, snntorch_synaptic, snntorch_recurrent, snntorch_convolution,
        norse_dense, norse_current, sinabs_convolution, sinabs_leaky,
    ]
    noted = []
    for number, make in enumerate(every):
        program = make.__name__.split("_")[0]
        model, shape, kinds = make()
        x = spikes(shape, 100 + number, 0.2)
        count = Count(model, kinds)
        try:
            graph = export(program, model, shape)
        except Exception as error:
            print(f"{make.__name__}: not exported: {error!r}")
            continue
        try:
            nir.write(folder / f"{make.__name__}.nir", graph)
        except TypeError:
            # Single numbers cannot be compressed.
            nir.write(folder / f"{make.__name__}.nir", graph, compression=None)
        # The export ran the model once.
        count.counts.clear()
        model, _, _ = make()
        count = Count(model, kinds)
        run(program, model, x)
        entering = [[int(i) for i in np.flatnonzero(step.reshape(-1))] for step in x.numpy()]
        counts = {name: [int(c) for c in counts] for name, counts in count.counts.items()}
        totals = {name: sum(c) for name, c in counts.items()}
        print(f"{make.__name__}: {dict((k, type(v).__name__) for k, v in graph.nodes.items())} {totals}")
        noted.append({"name": make.__name__, "program": program, "input": entering, "counts": counts})
    (folder / "counts.json").write_text(json.dumps(noted, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
