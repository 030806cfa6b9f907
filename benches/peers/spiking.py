#!/usr/bin/env python3
"""Diehl and Cook's network in Brian2 and in BindsNET, for `spikescope bench spiking`.

784 Poisson inputs -> N excitatory (STDP on) -> N inhibitory -> all other excitatory,
dt 0.5 ms, 350 ms of an image and 150 ms of nothing, on one thread. Brian2 runs the
model's own equations without the normalisation of weights, which it cannot do
between two images of one run (that is in its favour). BindsNET runs its own
DiehlAndCook2015, which has no conductances and fewer traces (in its favour as well).

Times are processor times of the simulation alone: the difference between a long and
a short run where a run cannot be separated from its start. One JSON object goes to
stdout, progress to stderr.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time

FRAMEWORKS = ["brian2-cpp", "brian2-cython", "bindsnet"]
SHOW, SLOTS = 7, 10  # slots of 50 ms in which the image is shown, and in all


def brian_network(b2, images, neurons, seed=1):
    """The network with its input for all images."""
    import numpy as np
    from brian2 import Hz, mV, ms

    rates = np.zeros((len(images) * SLOTS, 784))
    for k, image in enumerate(images):
        rates[k * SLOTS : k * SLOTS + SHOW] = image / 8.0 * 2
    b2.defaultclock.dt = 0.5 * ms
    b2.seed(seed)
    names = {
        "stimulus": b2.TimedArray(rates * Hz, dt=50 * ms),
        "tau_e": 100 * ms, "tau_i": 10 * ms, "tau_ge": 1 * ms, "tau_gi": 2 * ms,
        "tau_theta": 1e7 * ms, "tau_pre": 20 * ms, "tau_post1": 20 * ms, "tau_post2": 40 * ms,
        "nu_pre": 1e-4, "nu_post": 1e-2,
    }
    inputs = b2.PoissonGroup(784, rates="stimulus(t, i)", namespace=names)
    exc = b2.NeuronGroup(
        neurons,
        """dv/dt = ((-65*mV - v) + ge*(0*mV - v) + gi*(-100*mV - v))/tau_e : volt
        dge/dt = -ge/tau_ge : 1
        dgi/dt = -gi/tau_gi : 1
        dtheta/dt = -theta/tau_theta : volt""",
        threshold="v > theta - 72*mV", reset="v = -65*mV; theta += 0.05*mV",
        refractory=5 * ms, method="euler", namespace=names,
    )
    inh = b2.NeuronGroup(
        neurons,
        """dv/dt = ((-60*mV - v) + ge*(0*mV - v) + gi*(-85*mV - v))/tau_i : volt (unless refractory)
        dge/dt = -ge/tau_ge : 1
        dgi/dt = -gi/tau_gi : 1""",
        threshold="v > -40*mV", reset="v = -45*mV", refractory=2 * ms, method="euler",
        namespace=names,
    )
    exc.v, inh.v, exc.theta = -105 * mV, -100 * mV, 20 * mV
    learning = b2.Synapses(
        inputs, exc,
        """w : 1
        before : 1
        dpre/dt = -pre/tau_pre : 1 (event-driven)
        dpost1/dt = -post1/tau_post1 : 1 (event-driven)
        dpost2/dt = -post2/tau_post2 : 1 (event-driven)""",
        on_pre="ge_post += w; pre = 1.; w = clip(w - nu_pre*post1, 0, 1)",
        on_post="before = post2; w = clip(w + nu_post*pre*before, 0, 1); post1 = 1.; post2 = 1.",
        namespace=names,
    )
    learning.connect()
    learning.w = "0.2*rand()"  # sums to 78 on average, as after normalisation
    to_inh = b2.Synapses(exc, inh, on_pre="ge_post += 10.4")
    to_inh.connect(j="i")
    to_exc = b2.Synapses(inh, exc, on_pre="gi_post += 17.")
    to_exc.connect(condition="i != j")
    counter = b2.SpikeMonitor(exc, record=False)
    return b2.Network(inputs, exc, inh, learning, to_inh, to_exc, counter), counter


def brian_cpp(images, neurons):
    import brian2 as b2

    def cpu(part):
        with tempfile.TemporaryDirectory() as folder:
            b2.device.reinit()
            b2.device.activate()
            b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
            network, counter = brian_network(b2, part, neurons)
            network.run(len(part) * 0.5 * b2.second)
            b2.device.build(directory=folder, run=False, compile=True, with_output=False)
            begun = resource.getrusage(resource.RUSAGE_CHILDREN)
            b2.device.run(directory=folder, with_output=False, run_args=[])
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
            return used, int(sum(counter.count))

    few = images[: max(1, len(images) // 5)]
    (long, spikes), (short, _) = cpu(images), cpu(few)
    per_image = (long - short) / (len(images) - len(few))
    return {"ms_per_image": 1e3 * per_image, "spikes_per_image": spikes / len(images)}


def brian_cython(images, neurons):
    import brian2 as b2

    b2.prefs.codegen.target = "cython"
    network, counter = brian_network(b2, images, neurons)
    network.run(5 * b2.ms)  # compiles
    begun = time.process_time()
    network.run(len(images) * 0.5 * b2.second - 5 * b2.ms)
    used = time.process_time() - begun
    return {
        "ms_per_image": 1e3 * used / len(images),
        "spikes_per_image": int(sum(counter.count)) / len(images),
    }


def bindsnet(images, neurons):
    import torch
    from bindsnet.encoding import PoissonEncoder
    from bindsnet.models import DiehlAndCook2015
    from bindsnet.network.monitors import Monitor

    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = DiehlAndCook2015(
        n_inpt=784, n_neurons=neurons, exc=22.5, inh=120, dt=0.5, norm=78.4,
        theta_plus=0.05, inpt_shape=(1, 28, 28),
    )
    show, all_ms = 350, 500
    spikes = Monitor(network.layers["Ae"], ["s"], time=2 * all_ms)
    network.add_monitor(spikes, "spikes")
    encode = PoissonEncoder(time=show, dt=0.5)
    total, begun = 0, time.process_time()
    for image in images:
        rates = torch.from_numpy(image.astype("float32")).reshape(1, 1, 28, 28) / 4
        shown = encode(rates)
        rest = torch.zeros(2 * all_ms - shown.shape[0], *shown.shape[1:], dtype=shown.dtype)
        network.run(inputs={"X": torch.cat([shown, rest])}, time=all_ms)
        total += int(spikes.get("s").sum())
        network.reset_state_variables()
    used = time.process_time() - begun
    return {"ms_per_image": 1e3 * used / len(images), "spikes_per_image": total / len(images)}


def one(framework, neurons, path, count):
    import numpy as np

    images = np.fromfile(path, dtype=np.uint8).reshape(-1, 784)[:count]
    run = {"brian2-cpp": brian_cpp, "brian2-cython": brian_cython, "bindsnet": bindsnet}[framework]
    result = run(images, neurons)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    who = resource.RUSAGE_CHILDREN if framework == "brian2-cpp" else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss / unit
    return {"framework": framework, "images": len(images), **result, "peak_mb": peak}


def versions():
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ["brian2", "bindsnet", "torch", "numpy"]:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, required=True)
    parser.add_argument("--images", required=True, help="a file of 784 bytes per image")
    parser.add_argument("--count", type=int, default=10, help="images for the slow frameworks")
    parser.add_argument("--frameworks", default=",".join(FRAMEWORKS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print("\n" + json.dumps(one(args.one, args.neurons, args.images, args.count)))
        return
    results = []
    for framework in args.frameworks.split(","):
        if importlib.util.find_spec(framework.split("-")[0]) is None:
            print(f"{framework} is not installed and is left out", file=sys.stderr)
            continue
        print(f"{framework}: {args.neurons} neurons", file=sys.stderr)
        # Compiled code is fast: more images make its figure steadier.
        count = args.count * (5 if framework == "brian2-cpp" else 1)
        command = [sys.executable, __file__, "--one", framework, "--images", args.images]
        command += ["--neurons", str(args.neurons), "--count", str(count)]
        environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
        if done.returncode:
            print(f"{framework} failed and is left out", file=sys.stderr)
            continue
        results.append(json.loads(done.stdout.decode().strip().splitlines()[-1]))
    print(json.dumps({"versions": versions(), "results": results}))


if __name__ == "__main__":
    main()
