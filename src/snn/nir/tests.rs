//! What is written as NIR, what is read of it, and what spikes.

use super::*;
use crate::snn::network::{Connect, DelaySpec, Drive, NetworkSpec, ProjectionSpec, Values};
use crate::snn::params::Config;

fn lif() -> Config {
    Config::new("lif").with("t_ref_ms", 0.0)
}

fn weights(network: &Network) -> Vec<Vec<f32>> {
    network.projections.iter().map(|p| p.weights.clone()).collect()
}

fn refused(spec: &NetworkSpec) -> String {
    let network = spec.build().unwrap();
    file(&network, &weights(&network)).unwrap_err().to_string()
}

#[test]
fn the_graph_is_read_back_as_it_was_said() {
    let dense = |name: &str, to: &str, onto: &str| {
        ProjectionSpec::new(name, "in", to, onto, Connect::Dense, Values::Same(0.5))
    };
    let network = NetworkSpec::new("net", 0.5, 1)
        .input("in", 3, Drive::Silent)
        .population("a/b", 2, lif())
        .population("c", 2, lif())
        .projection(dense("w", "a/b", "v"))
        .projection(dense("w syn", "c", "i_syn").delayed(DelaySpec::Ms(2.0)))
        .projection(ProjectionSpec::new(
            "one",
            "a/b",
            "c",
            "i_syn",
            Connect::OneToOne,
            Values::Each(vec![1.0, -2.0]),
        ))
        .build()
        .unwrap();
    let file = hdf5_pure::File::from_bytes(file(&network, &weights(&network)).unwrap());
    let file = file.unwrap();
    let text = |path: &str| file.dataset(path).unwrap().read_string().unwrap();
    let numbers = |path: &str| file.dataset(path).unwrap().read_f32().unwrap();
    assert_eq!(text("node/type"), ["NIRGraph"]);
    assert_eq!(text("node/nodes/a_b/type"), ["LIF"]);
    assert_eq!(text("node/nodes/c/type"), ["CubaLIF"]);
    assert_eq!(numbers("node/nodes/a_b/tau"), [0.02; 2]);
    // 0.5 mV a spike: 0.5 τ / R = 0.5 · 0.02 s / 10 MΩ.
    assert_eq!(file.dataset("node/nodes/w/weight").unwrap().shape().unwrap(), [2, 3]);
    assert_eq!(numbers("node/nodes/w/weight"), [0.001; 6]);
    assert_eq!(numbers("node/nodes/w syn/weight"), [0.0025; 6]);
    assert_eq!(numbers("node/nodes/one/scale"), [0.005, -0.01]);
    assert_eq!(numbers("node/nodes/delay of w syn/delay"), [0.002; 3]);
    let edges = text("node/edges");
    let edges: Vec<_> = edges.chunks(2).map(|e| (e[0].as_str(), e[1].as_str())).collect();
    for edge in [
        ("in", "w"),
        ("w", "a_b"),
        ("in", "delay of w syn"),
        ("delay of w syn", "w syn"),
        ("w syn", "c"),
        ("one", "c"),
        ("c", "c out"),
    ] {
        assert!(edges.contains(&edge), "{edge:?} {edges:?}");
    }
}

#[test]
fn what_nir_cannot_say_is_said() {
    let spec = |config: Config| NetworkSpec::new("net", 0.5, 1).population("a", 2, config);
    assert!(refused(&spec(Config::new("lif"))).contains("refractory"));
    assert!(refused(&spec(Config::new("if"))).contains("subtraction"));
    let izhikevich = refused(&spec(Config::new("izhikevich")));
    assert!(izhikevich.contains("\"a\"") && izhikevich.contains("izhikevich"), "{izhikevich}");
}

mod reading {
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::super::graph::{Graph, Node};
    use super::super::plan::Plan;
    use super::super::read::{self, Described};
    use super::super::run::{Convention, Reading, Stimulus, guess, run};
    use super::{Connect, Drive, NetworkSpec, ProjectionSpec, Values, file, lif, weights};

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nir")
    }

    #[derive(Deserialize)]
    struct Noted {
        name: String,
        program: String,
        input: Vec<Vec<u32>>,
        counts: std::collections::BTreeMap<String, Vec<u64>>,
    }

    fn noted() -> Vec<Noted> {
        let text = std::fs::read_to_string(folder().join("counts.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn counts(
        described: &Described,
        reading: Reading,
        input: &[Vec<u32>],
    ) -> Vec<(String, Vec<u64>)> {
        let plan = Plan::new(described, reading).unwrap();
        let steps = input.len() as u64;
        let ran = run(&plan, &Stimulus::Spikes(input.to_vec()), steps, &|_| true).unwrap();
        let mut first = 0;
        let populations: Vec<_> = plan.populations().collect();
        let each = populations.iter().zip(&ran.fired).map(|((name, _, size), fired)| {
            let mut counts = vec![0; *size];
            let range = first..first + *size as u32;
            for (_, neuron) in ran.spikes.iter().filter(|s| range.contains(&s.1)) {
                counts[(neuron - first) as usize] += 1;
            }
            first = range.end;
            assert_eq!(counts.iter().sum::<u64>(), *fired);
            ((*name).to_owned(), counts)
        });
        each.collect()
    }

    /// The files of `scripts/nir_models.py`: each neuron spikes as often as in the program that
    /// made them, and whose they are is found out.
    #[test]
    fn networks_of_other_programs_spike_as_they_do_there() {
        let all = noted();
        assert_eq!(all.len(), 8);
        for Noted { name, program, input, counts: theirs } in all {
            let described = read::read(&folder().join(format!("{name}.nir"))).unwrap();
            let (mut reading, why) = guess(&described);
            // Neurons without a leak do not tell whose they are.
            let leaks = name != "sinabs_convolution";
            assert!(!leaks || reading.convention.id() == program, "{name}: {reading:?}, {why}");
            reading.convention = Convention::find(&program).unwrap();
            let ours = counts(&described, reading, &input);
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for (population, counts) in ours {
                let layer = population.split('.').next().unwrap();
                assert_eq!(theirs[layer], counts, "{name}: {population}");
            }
        }
    }

    fn node(kind: &'static str, numbers: &[(&'static str, &[u64], &[f32])]) -> Node {
        let own = numbers.iter().map(|(name, shape, v)| (*name, shape.to_vec(), v.to_vec()));
        Node::new(kind, own.collect())
    }

    fn built(nodes: Vec<(&str, Node)>, edges: &[(&str, &str)]) -> Result<Described, String> {
        let mut graph = Graph::default();
        for (name, node) in nodes {
            graph.add(name, node);
        }
        edges.iter().for_each(|(from, to)| graph.join(from, to));
        read::read_bytes(graph.write().unwrap())
    }

    const STEP: Reading = Reading { convention: Convention::Nir, dt_s: 1e-3 };

    /// One input that spikes at these steps, through these nodes in a row; what comes out.
    fn through(nodes: Vec<(&str, Node)>, back: &[(&str, &str)], spikes: &[u64]) -> Vec<f32> {
        let mut all = vec![("in", Node::through("Input", &[1]))];
        all.extend(nodes);
        all.push(("out", Node::through("Output", &[1])));
        let names: Vec<String> = all.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut edges: Vec<_> = names.windows(2).map(|w| (&w[0][..], &w[1][..])).collect();
        edges.extend(back);
        let plan = Plan::new(&built(all, &edges).unwrap(), STEP).unwrap();
        let input = (0..30).map(|s| if spikes.contains(&s) { vec![0] } else { vec![] });
        let ran = run(&plan, &Stimulus::Spikes(input.collect()), 30, &|_| true).unwrap();
        ran.given[0].rows.clone()
    }

    #[test]
    fn a_leaky_integrator_follows_its_equation_and_a_delay_waits() {
        let li =
            || node("LI", &[("tau", &[1], &[0.01]), ("r", &[1], &[2.0]), ("v_leak", &[1], &[0.5])]);
        let v = through(vec![("li", li())], &[], &[3]);
        // It begins at rest.
        let mut own = 0.5;
        for (step, v) in v.iter().enumerate() {
            let input = if step == 3 { 1.0 } else { 0.0 };
            own += 0.1 * (0.5 - own + 2.0 * input);
            assert!((v - own).abs() < 1e-6, "step {step}: {v} {own}");
        }
        let delay = node("Delay", &[("delay", &[1], &[0.004])]);
        let late = through(vec![("delay", delay), ("li", li())], &[], &[3]);
        assert!((late[8] - late[6] - (v[4] - v[2])).abs() < 0.1 && late[7] > late[6] + 0.15);
        let none = node("Delay", &[("delay", &[1], &[0.0])]);
        assert_eq!(through(vec![("delay", none), ("li", li())], &[], &[3]), v);
    }

    /// A neuron that excites itself goes on once it has spiked, a step later each time, or as
    /// late as a delay in the loop says.
    #[test]
    fn loops_take_a_step_or_their_delay() {
        let fires = || {
            let numbers = [("r", 1000.0), ("v_threshold", 0.5), ("v_reset", 0.0)];
            Node::new("IF", numbers.map(|(n, x)| (n, vec![1], vec![x])).to_vec())
        };
        let times =
            |out: Vec<f32>| -> Vec<usize> { (0..out.len()).filter(|i| out[*i] > 0.0).collect() };
        let back = node("Linear", &[("weight", &[1, 1], &[1.0])]);
        let out = through(vec![("n", fires())], &[], &[2]);
        assert_eq!(times(out), [2]);
        // `back` stands after the neuron, and leads to it.
        let loops = |delay: Option<f32>| {
            let mut nodes = vec![("in", Node::through("Input", &[1])), ("n", fires())];
            nodes.push(("back", back_of(&back)));
            nodes.push(("out", Node::through("Output", &[1])));
            let mut edges = vec![("in", "n"), ("n", "out"), ("back", "n")];
            if let Some(seconds) = delay {
                nodes.push(("wait", node("Delay", &[("delay", &[1], &[seconds])])));
                edges.extend([("n", "wait"), ("wait", "back")]);
            } else {
                edges.push(("n", "back"));
            }
            let plan = Plan::new(&built(nodes, &edges).unwrap(), STEP).unwrap();
            let input = (0..12).map(|s| if s == 2 { vec![0] } else { vec![] }).collect();
            let ran = run(&plan, &Stimulus::Spikes(input), 12, &|_| true).unwrap();
            ran.spikes.iter().map(|(step, _)| *step).collect::<Vec<_>>()
        };
        assert_eq!(loops(None), (2..12).collect::<Vec<_>>());
        assert_eq!(loops(Some(0.003)), [2, 5, 8, 11]);
        // Without neurons or a delay nothing says what it would do.
        let error = built(
            vec![
                ("in", Node::through("Input", &[1])),
                ("a", back_of(&back)),
                ("b", back_of(&back)),
            ],
            &[("in", "a"), ("a", "b"), ("b", "a")],
        );
        let error = Plan::new(&error.unwrap(), STEP).unwrap_err();
        assert!(error.contains("loop without neurons"), "{error}");
    }

    fn back_of(node: &Node) -> Node {
        Node::new(node.kind, node.numbers.clone())
    }

    fn refused(nodes: Vec<(&str, Node)>, edges: &[(&str, &str)]) -> String {
        let planned = built(nodes, edges).and_then(|d| Plan::new(&d, STEP).map(|_| ()));
        planned.unwrap_err()
    }

    #[test]
    fn what_cannot_be_run_is_said_by_its_node() {
        let input = || ("in", Node::through("Input", &[3]));
        let odd = node("Quantum", &[]);
        assert!(refused(vec![input(), ("q", odd)], &[]).contains("\"q\" (Quantum): this kind"));
        let narrow = node("Linear", &[("weight", &[2, 4], &[0.0; 8])]);
        let error = refused(vec![input(), ("w", narrow)], &[("in", "w")]);
        assert!(error.contains("\"w\" (Linear) takes 4") && error.contains("gives 3"), "{error}");
        let nan = node("Scale", &[("scale", &[1], &[f32::NAN])]);
        assert!(refused(vec![input(), ("s", nan)], &[]).contains("holds NaN"));
        let tau = [("tau", 0.0), ("r", 1.0), ("v_leak", 0.0), ("v_threshold", 1.0)];
        let lif = Node::new("LIF", tau.map(|(n, x)| (n, vec![1], vec![x])).to_vec());
        assert!(refused(vec![input(), ("n", lif)], &[]).contains("tau is not above 0"));
        let error = refused(vec![input()], &[("in", "nobody")]);
        assert!(error.contains("\"nobody\", which is not there"), "{error}");
        assert!(refused(vec![], &[]).contains("0 nodes of the kind Input"));
        assert!(read::read_bytes(b"\x89HDF\r\n\x1a\n".to_vec()).is_err());
        assert!(read::read_bytes(b"PK".to_vec()).unwrap_err().contains("no HDF5"));
    }

    /// Convolution and pooling by their definitions.
    #[test]
    fn maps_are_those_of_the_definition() {
        let shape = [2usize, 5, 6];
        let weight: Vec<f32> = (0..3 * 2 * 9).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
        let conv =
            node("Conv2d", &[("weight", &[3, 2, 3, 3], &weight), ("bias", &[3], &[1.0, 2.0, 3.0])])
                .list("stride", &[2, 1])
                .list("padding", &[1, 2])
                .list("dilation", &[1, 2])
                .one("groups", 1);
        let pool = Node::new("AvgPool2d", vec![])
            .list("kernel_size", &[2, 3])
            .list("stride", &[1, 2])
            .list("padding", &[0, 1]);
        let described = built(
            vec![
                ("in", Node::through("Input", &shape)),
                ("c", conv),
                ("p", pool),
                ("out", Node::through("Output", &[1])),
            ],
            &[("in", "c"), ("c", "p"), ("p", "out")],
        );
        let plan = Plan::new(&described.unwrap(), STEP).unwrap();
        let spikes: Vec<u32> = (0..60).filter(|i| i % 3 != 1).collect();
        let x = |c: usize, y: isize, x: isize| {
            let inside = (0..5).contains(&y) && (0..6).contains(&x);
            let place = (c as isize * 30 + y * 6 + x) as u32;
            f32::from(u8::from(inside && spikes.contains(&place)))
        };
        // (5 + 2 − 3) / 2 + 1 rows, 6 + 4 − 5 + 1 columns.
        let (h, w) = (3isize, 6isize);
        let convolved = |o: usize, y: isize, at: isize| {
            let mut sum = [1.0, 2.0, 3.0][o];
            for c in 0..2 {
                for ky in 0..3isize {
                    for kx in 0..3isize {
                        let weight = weight[((o * 2 + c) * 3 + ky as usize) * 3 + kx as usize];
                        sum += weight * x(c, y * 2 + ky - 1, at + 2 * kx - 2);
                    }
                }
            }
            sum
        };
        let stimulus = Stimulus::Spikes(vec![spikes.clone()]);
        let ran = run(&plan, &stimulus, 1, &|_| true).unwrap();
        let mut place = 0;
        for o in 0..3 {
            for y in 0..h - 1 {
                for at in 0..(w + 2 - 3) / 2 + 1 {
                    let mut mean = 0.0;
                    for ky in 0..2 {
                        for kx in 0..3 {
                            let (y, x) = (y + ky, at * 2 + kx - 1);
                            if (0..h).contains(&y) && (0..w).contains(&x) {
                                mean += convolved(o, y, x) / 6.0;
                            }
                        }
                    }
                    let got = ran.given[0].rows[place];
                    assert!((got - mean).abs() < 1e-4, "{o} {y} {at}: {got} {mean}");
                    place += 1;
                }
            }
        }
        assert_eq!(place, ran.given[0].rows.len());
    }

    fn neurons_of(kind: &'static str, numbers: &[(&'static str, f32)]) -> Node {
        Node::new(kind, numbers.iter().map(|(name, x)| (*name, vec![1], vec![*x])).collect())
    }

    /// Neurons in mV begin at rest, not at 0, which is far above their threshold.
    #[test]
    fn neurons_begin_at_rest() {
        let lif = [
            ("tau", 0.02),
            ("r", 1.0),
            ("v_leak", -70.0),
            ("v_threshold", -50.0),
            ("v_reset", -65.0),
        ];
        assert_eq!(through(vec![("n", neurons_of("LIF", &lif))], &[], &[]), [0.0; 30]);
        // 2,000 · 0.05 lift it by 100 in a step.
        let weight = node("Linear", &[("weight", &[1, 1], &[2000.0])]);
        let out = through(vec![("w", weight), ("n", neurons_of("LIF", &lif))], &[], &[3]);
        assert_eq!((out[2], out[3], out[4]), (0.0, 1.0, 0.0));
    }

    /// A current that fades within a step would swing for ever.
    #[test]
    fn steps_are_no_longer_than_the_shortest_time_constant() {
        let cuba = |syn: f32| {
            neurons_of(
                "CubaLIF",
                &[
                    ("tau_mem", 0.02),
                    ("tau_syn", syn),
                    ("r", 1.0),
                    ("w_in", 1.0),
                    ("v_leak", 0.0),
                    ("v_threshold", 1.0),
                    ("v_reset", 0.0),
                ],
            )
        };
        let graph = |syn| {
            let nodes = vec![("in", Node::through("Input", &[1])), ("n", cuba(syn))];
            built(nodes, &[("in", "n")]).unwrap()
        };
        let error = Plan::new(&graph(0.0004), STEP).unwrap_err();
        assert!(error.contains("0.0004 s is shorter than the step of 0.001 s"), "{error}");
        let (reading, _) = guess(&graph(0.0004));
        assert!(reading.dt_s < 1e-4 && Plan::new(&graph(0.0004), reading).is_ok(), "{reading:?}");
        Plan::new(&graph(0.005), STEP).unwrap();
    }

    /// What this program's own engine writes does the same when it is read again: a spike lifts
    /// the potential by its weight, whatever the step.
    #[test]
    fn spikes_of_the_engine_keep_their_weight() {
        let synapses = ProjectionSpec::new("w", "in", "n", "v", Connect::Dense, Values::Same(12.0));
        let network = NetworkSpec::new("net", 0.5, 1)
            .input("in", 1, Drive::Silent)
            .population("n", 1, lif())
            .projection(synapses)
            .build()
            .unwrap();
        let described = read::read_bytes(file(&network, &weights(&network)).unwrap()).unwrap();
        let (reading, why) = guess(&described);
        assert_eq!((reading.dt_s, reading.convention), (5e-4, Convention::Nir), "{why}");
        let plan = Plan::new(&described, reading).unwrap();
        // From −70 mV: 12 mV are too little for the threshold at −50, two within a step or
        // soon after each other are enough.
        let fired = |steps: &[usize]| {
            let rows = (0..40).map(|s| vec![0; steps.iter().filter(|at| **at == s).count()]);
            let ran = run(&plan, &Stimulus::Spikes(rows.collect()), 40, &|_| true).unwrap();
            ran.fired[0]
        };
        assert_eq!((fired(&[3]), fired(&[3, 3]), fired(&[3, 5]), fired(&[3, 30])), (0, 1, 1, 0));
    }

    #[test]
    fn absurd_delays_and_edges_are_refused() {
        let graph = |seconds: f32| {
            let delay = node("Delay", &[("delay", &[1], &[seconds])]);
            let nodes = vec![("in", Node::through("Input", &[20, 30])), ("d", delay)];
            Plan::new(&built(nodes, &[("in", "d")]).unwrap(), STEP)
        };
        assert!(graph(1e20).unwrap_err().contains("waits for"));
        assert!(graph(900.0).unwrap_err().contains("memory"));
        // One delay for all that comes in.
        assert_eq!(graph(0.002).unwrap().nodes[1].shape, [20, 30]);
        // All with all, themselves among them: every edge within leads back.
        let names: Vec<String> = (0..60).map(|i| format!("n{i}")).collect();
        let fires = [("r", 1000.0), ("v_threshold", 0.5), ("v_reset", 0.0)];
        let mut nodes: Vec<_> = names.iter().map(|n| (&n[..], neurons_of("IF", &fires))).collect();
        nodes.push(("in", Node::through("Input", &[1])));
        let mut edges: Vec<_> = names.iter().map(|n| ("in", &n[..])).collect();
        edges.extend(names.iter().flat_map(|a| names.iter().map(move |b| (&a[..], &b[..]))));
        let plan = Plan::new(&built(nodes, &edges).unwrap(), STEP).unwrap();
        let ran = run(&plan, &Stimulus::Spikes(vec![vec![0], vec![]]), 2, &|_| true).unwrap();
        assert!(ran.fired.iter().all(|n| *n >= 1), "{:?}", ran.fired);
    }

    #[test]
    fn inputs_that_do_not_fit_are_refused_and_a_run_can_be_stopped() {
        let path = folder().join("snntorch_dense.nir");
        let described = read::read(&path).unwrap();
        let plan = Plan::new(&described, guess(&described).0).unwrap();
        let error = run(&plan, &Stimulus::Spikes(vec![vec![20]]), 5, &|_| true).unwrap_err();
        assert!(error.contains("the input 20") && error.contains("has 20"), "{error}");
        let picture = Stimulus::Picture(Box::new([0.5; crate::data::PIXELS]));
        let error = run(&plan, &picture, 5, &|_| true).unwrap_err();
        assert!(error.contains("28×28"), "{error}");
        let input = Stimulus::Spikes(vec![vec![0, 1]; 50]);
        let ran = run(&plan, &input, 50, &|step| step < 7).unwrap();
        assert!(ran.stopped && ran.steps == 7);
        assert_eq!(run(&plan, &input, 50, &|_| true), run(&plan, &input, 50, &|_| true));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        /// Whatever is wrong with a file is an error, or leaves one that runs.
        #[test]
        fn damaged_files_are_refused_or_run(which in 0usize..8, at in 0.0f64..1.0, to: u8, cut in proptest::option::of(0.0f64..1.0)) {
            let name = &noted()[which].name;
            let mut bytes = std::fs::read(folder().join(format!("{name}.nir"))).unwrap();
            // What describes the arrays stands at the beginning and is a small part of the file.
            let place = (at * at * bytes.len() as f64) as usize;
            bytes[place] = to;
            if let Some(cut) = cut {
                bytes.truncate((cut * bytes.len() as f64) as usize);
            }
            if let Ok(described) = read::read_bytes(bytes)
                && let Ok(plan) = Plan::new(&described, guess(&described).0)
            {
                let _ = run(&plan, &Stimulus::Spikes(vec![vec![0]; 3]), 3, &|_| true);
            }
        }
    }
}
