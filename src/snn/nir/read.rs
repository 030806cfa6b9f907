//! NIR files of other programs: what stands in them, node by node, within bounds.
//!
//! Graphs within graphs, as snnTorch writes recurrent layers, become part of the whole. What
//! cannot be expressed is an error that names the node.

use std::collections::HashMap;
use std::path::Path;

use crate::core::hdf5::Tree;

/// Largest file that is read, bytes.
const MOST_BYTES: u64 = 1 << 30;
/// Most numbers in an array, and in all of them.
const MOST_NUMBERS: usize = 100_000_000;
/// Most nodes, and most graphs; most edges; how deep graphs may stand in graphs.
const MOST_NODES: usize = 1000;
const MOST_EDGES: usize = 200_000;
const DEEPEST: usize = 8;
/// Longest list of whole numbers: a shape, a stride.
const MOST_AXES: usize = 8;

/// Numbers that fit a shape as they do in NumPy: one for all, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Param {
    fn same(value: f32) -> Self {
        Self { shape: Vec::new(), values: vec![value] }
    }

    /// One for each element of a shape; the last axis runs fastest.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn spread(&self, shape: &[usize]) -> Result<Vec<f32>, String> {
        let all: usize = shape.iter().product();
        match self.values[..] {
            [one] => return Ok(vec![one; all]),
            _ if self.values.len() == all => return Ok(self.values.clone()),
            _ => {}
        }
        // As in NumPy: axes are compared from the last on, and one of length 1 is repeated.
        let rank = shape.len();
        let fits = self.shape.len() <= rank
            && self.shape.iter().rev().zip(shape.iter().rev()).all(|(a, b)| a == b || *a == 1);
        if !fits {
            let (here, there) = (times(&self.shape), times(shape));
            return Err(format!("a parameter of the shape {here} does not fit {there} neurons"));
        }
        let mut own = vec![1; rank - self.shape.len()];
        own.extend(&self.shape);
        let place = |i: usize| {
            let (mut left, mut at, mut step) = (i, 0, 1);
            for axis in (0..rank).rev() {
                let along = left % shape[axis];
                left /= shape[axis];
                at += if own[axis] == 1 { 0 } else { along * step };
                step *= own[axis];
            }
            at
        };
        Ok((0..all).map(|i| self.values[place(i)]).collect())
    }
}

/// `1×28×28`.
pub fn times(shape: &[usize]) -> String {
    let all: Vec<String> = shape.iter().map(usize::to_string).collect();
    if all.is_empty() { "1".into() } else { all.join("×") }
}

/// A 2-D convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// `[out][in of the group][row][column]`.
    pub weight: Vec<f32>,
    /// Maps out, maps in of each group, rows, columns.
    pub shape: [usize; 4],
    pub bias: Option<Vec<f32>>,
    pub stride: [usize; 2],
    /// `None`: as much as keeps the size.
    pub padding: Option<[usize; 2]>,
    pub dilation: [usize; 2],
    pub groups: usize,
    /// Rows and columns that come in, if the file says so.
    pub input: Option<[usize; 2]>,
}

/// Which equation neurons follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sums up, spikes.
    If,
    /// Leaks, spikes.
    Lif,
    /// The same, driven by a synaptic current that fades.
    CubaLif,
    /// Sums up, without a threshold.
    I,
    /// Leaks, without a threshold.
    Li,
    /// The same, driven by a synaptic current.
    CubaLi,
}

impl Kind {
    /// Whether it has a threshold.
    pub fn spikes(self) -> bool {
        matches!(self, Self::If | Self::Lif | Self::CubaLif)
    }

    /// Whether it leaks.
    pub fn leaks(self) -> bool {
        !matches!(self, Self::If | Self::I)
    }

    /// Whether it has a synaptic current.
    pub fn filters(self) -> bool {
        matches!(self, Self::CubaLif | Self::CubaLi)
    }
}

/// Neurons of one node. Times are seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Neurons {
    pub kind: Kind,
    pub tau: Param,
    pub tau_syn: Param,
    pub r: Param,
    pub w_in: Param,
    pub v_leak: Param,
    pub v_threshold: Param,
    pub v_reset: Param,
    /// A remark of the file: a spike subtracts the threshold.
    pub subtracts: bool,
    /// A remark of the file: where potentials begin; else at the leak's, or at 0.
    pub v_initial: Option<f32>,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Input(Vec<usize>),
    Output,
    /// Weights `[in][out]`.
    Dense {
        weight: Vec<f32>,
        inputs: usize,
        outputs: usize,
        bias: Option<Vec<f32>>,
    },
    Scale(Param),
    Convolution(Convolution),
    Pool {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        mean: bool,
    },
    Flatten,
    /// Hands on what comes: the ends of a graph within the graph.
    Pass,
    /// Seconds.
    Delay(Param),
    Threshold(Param),
    Neurons(Box<Neurons>),
}

/// A node of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub name: String,
    /// As the file calls it: `CubaLIF`.
    pub kind: String,
    pub op: Op,
}

/// What stands in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    pub nodes: Vec<Node>,
    /// From and to, by place among the nodes; each once.
    pub edges: Vec<(usize, usize)>,
    /// Remarks of Spikescope's own files: how many steps, how long each is (s), how the answer
    /// is read, whether a spike is a pulse of area 1 instead of 1 for a step.
    pub steps: Option<u64>,
    pub dt_s: Option<f64>,
    pub read_out: Option<String>,
    pub pulses: bool,
    pub version: Option<String>,
}

/// Reads a file.
///
/// # Errors
/// A clause that follows the name of the file; it names the node.
pub fn read(path: &Path) -> Result<Described, String> {
    of(&Tree::open(path, MOST_BYTES)?)
}

/// The same of bytes.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: Vec<u8>) -> Result<Described, String> {
    of(&Tree::from_bytes(bytes)?)
}

fn of(tree: &Tree) -> Result<Described, String> {
    if tree.text("/node/type").is_err() {
        return Err("it is an HDF5 file, but no NIR graph: it has no `node`".into());
    }
    let mut reader = Reader { tree, described: Described::default(), numbers: 0, graphs: 0 };
    reader.described.version = tree.text("/version").ok();
    let remark = |name: &str| tree.text(&format!("/node/metadata/{name}")).ok();
    reader.described.steps = remark("steps").and_then(|s| s.parse().ok());
    let dt_s = remark("dt").and_then(|s| s.parse::<f64>().ok());
    reader.described.dt_s = dt_s.filter(|dt| *dt >= 1e-9 && *dt <= 1e3);
    reader.described.pulses = remark("spike").is_some_and(|text| text == PULSE);
    reader.described.read_out = remark("read_out");
    if tree.text("/node/type")? != "NIRGraph" {
        return Err("its `node` is no graph".into());
    }
    reader.graph("/node", "", 0)?;
    let described = &mut reader.described;
    described.edges.sort_unstable();
    described.edges.dedup();
    Ok(reader.described)
}

/// The remark of files whose spikes are pulses.
pub(super) const PULSE: &str = "a pulse of area 1";

struct Reader<'a> {
    tree: &'a Tree,
    described: Described,
    numbers: usize,
    graphs: usize,
}

impl Reader<'_> {
    /// Adds the nodes of a graph; gives those through which one comes in and goes out.
    fn graph(&mut self, path: &str, prefix: &str, deep: usize) -> Result<Ends, String> {
        // The same group may stand in several places, even in itself.
        self.graphs += 1;
        if deep > DEEPEST || self.graphs > MOST_NODES {
            return Err("its graphs are too many, or stand too deep in each other".into());
        }
        let nodes = format!("{path}/nodes");
        let mut by_name: HashMap<String, Ends> = HashMap::new();
        let mut ends = Ends::default();
        for name in self.tree.groups(&nodes)? {
            let (at, full) = (format!("{nodes}/{name}"), format!("{prefix}{name}"));
            let kind = self.tree.text(&format!("{at}/type"))?;
            if kind == "NIRGraph" {
                let inner = self.graph(&at, &format!("{full}."), deep + 1)?;
                by_name.insert(name, inner);
                continue;
            }
            if self.described.nodes.len() >= MOST_NODES {
                return Err(format!("it has more than {MOST_NODES} nodes"));
            }
            let op = self.op(&at, &kind).map_err(|e| format!("the node {full:?} ({kind}): {e}"))?;
            let place = self.described.nodes.len();
            match op {
                Op::Input(_) => ends.into.push(place),
                Op::Output => ends.out.push(place),
                _ => {}
            }
            // Within a graph, what comes in is handed on.
            let op = match op {
                Op::Input(_) | Op::Output if deep > 0 => Op::Pass,
                op => op,
            };
            self.described.nodes.push(Node { name: full, kind, op });
            by_name.insert(name, Ends { into: vec![place], out: vec![place] });
        }
        let (shape, edges) = self.tree.texts(&format!("{path}/edges"))?;
        if !edges.is_empty() && shape != [edges.len() / 2, 2] {
            return Err("its list of edges has no two columns".into());
        }
        for edge in edges.chunks_exact(2) {
            let find = |name: &String| {
                by_name
                    .get(name)
                    .ok_or_else(|| format!("an edge names the node {name:?}, which is not there"))
            };
            let (from, to) = (find(&edge[0])?, find(&edge[1])?);
            if self.described.edges.len() + from.out.len() * to.into.len() > MOST_EDGES {
                return Err(format!("it has more than {MOST_EDGES} edges"));
            }
            let pairs = from.out.iter().flat_map(|f| to.into.iter().map(move |t| (*f, *t)));
            self.described.edges.extend(pairs);
        }
        Ok(ends)
    }

    fn op(&mut self, at: &str, kind: &str) -> Result<Op, String> {
        let path = |name: &str| format!("{at}/{name}");
        Ok(match kind {
            "Input" => Op::Input(self.whole(&path("shape"))?),
            "Output" => Op::Output,
            "Affine" | "Linear" => {
                let Param { shape, values } = self.param(&path("weight"))?;
                let [outputs, inputs] = shape[..] else {
                    return Err(format!(
                        "its weights have the shape {}, not outputs × inputs",
                        times(&shape)
                    ));
                };
                let turned = (0..inputs).flat_map(|i| (0..outputs).map(move |o| o * inputs + i));
                let weight = turned.map(|place| values[place]).collect();
                let bias = self.bias(&path("bias"), outputs, kind == "Affine")?;
                Op::Dense { weight, inputs, outputs, bias }
            }
            "Scale" => Op::Scale(self.param(&path("scale"))?),
            "Conv2d" => Op::Convolution(self.convolution(&path)?),
            "SumPool2d" | "AvgPool2d" => {
                let kernel = self.pair(&path("kernel_size"), 1)?;
                let stride = self.pair(&path("stride"), 1)?;
                let padding = self.pair(&path("padding"), 0)?;
                if kernel.iter().zip(padding).any(|(k, p)| p >= *k) {
                    return Err("its padding is as large as its window".into());
                }
                Op::Pool { kernel, stride, padding, mean: kind == "AvgPool2d" }
            }
            "Flatten" => Op::Flatten,
            "Delay" => {
                let delay = self.param(&path("delay"))?;
                if delay.values.iter().any(|d| *d < 0.0) {
                    return Err("a delay is negative".into());
                }
                Op::Delay(delay)
            }
            "Threshold" => Op::Threshold(self.param(&path("threshold"))?),
            "IF" => self.neurons(&path, Kind::If)?,
            "LIF" => self.neurons(&path, Kind::Lif)?,
            "CubaLIF" => self.neurons(&path, Kind::CubaLif)?,
            "I" => self.neurons(&path, Kind::I)?,
            "LI" => self.neurons(&path, Kind::Li)?,
            "CubaLI" => self.neurons(&path, Kind::CubaLi)?,
            _ => {
                return Err("this kind of node is not known here; Input, Output, Affine, Linear, Scale, Conv2d, SumPool2d, AvgPool2d, Flatten, Delay, Threshold, IF, LIF, CubaLIF, I, LI and CubaLI are".into());
            }
        })
    }

    fn neurons(&mut self, path: &dyn Fn(&str) -> String, kind: Kind) -> Result<Op, String> {
        let mut positive = |name: &str| {
            let param = self.param(&path(name))?;
            if param.values.iter().any(|x| *x <= 0.0) {
                return Err(format!("its {name} is not above 0 everywhere"));
            }
            Ok(param)
        };
        let one = || Ok::<_, String>(Param::same(1.0));
        let (tau, tau_syn) = match kind {
            Kind::If | Kind::I => (one()?, one()?),
            Kind::Lif | Kind::Li => (positive("tau")?, one()?),
            Kind::CubaLif | Kind::CubaLi => (positive("tau_mem")?, positive("tau_syn")?),
        };
        let r = self.param(&path("r"))?;
        let there = self.tree.arrays(path("").trim_end_matches('/'))?;
        let mut or = |name: &str, wanted: bool, otherwise: f32| match wanted {
            true if there.iter().any(|n| n == name) => self.param(&path(name)),
            _ => Ok(Param::same(otherwise)),
        };
        let w_in = or("w_in", kind.filters(), 1.0)?;
        let v_leak = or("v_leak", kind.leaks(), 0.0)?;
        let v_reset = or("v_reset", kind.spikes(), 0.0)?;
        let v_threshold = match kind.spikes() {
            true => self.param(&path("v_threshold"))?,
            false => Param::same(f32::INFINITY),
        };
        let remark = |name: &str| self.tree.text(&path(&format!("metadata/{name}"))).ok();
        let subtracts = remark("reset").is_some_and(|text| text.contains("subtract"));
        // `= 0.5 (half of the threshold)`.
        let begins = remark("v_initial").and_then(|text| {
            let number = text.split('=').nth(1)?.split('(').next()?.trim().parse::<f32>().ok()?;
            number.is_finite().then_some(number)
        });
        Ok(Op::Neurons(Box::new(Neurons {
            kind,
            tau,
            tau_syn,
            r,
            w_in,
            v_leak,
            v_threshold,
            v_reset,
            subtracts,
            v_initial: begins,
        })))
    }

    fn convolution(&mut self, path: &dyn Fn(&str) -> String) -> Result<Convolution, String> {
        let Param { shape, values } = self.param(&path("weight"))?;
        let Ok(shape) = <[usize; 4]>::try_from(&shape[..]) else {
            return Err(format!("its weights have the shape {}, not four axes", times(&shape)));
        };
        let there = self.tree.arrays(path("").trim_end_matches('/'))?;
        let has = |name: &str| there.iter().any(|n| n == name);
        let groups = match has("groups") {
            true => self.whole(&path("groups"))?.first().copied().unwrap_or(1),
            false => 1,
        };
        let padding = match self.tree.text(&path("padding")) {
            Ok(word) if word == "same" => None,
            Ok(word) if word == "valid" => Some([0, 0]),
            Ok(word) => return Err(format!("its padding {word:?} is not known")),
            Err(_) => Some(self.pair(&path("padding"), 0)?),
        };
        let input = match has("input_shape") {
            true => <[usize; 2]>::try_from(self.whole(&path("input_shape"))?).ok(),
            false => None,
        };
        let convolution = Convolution {
            bias: self.bias(&path("bias"), shape[0], true)?,
            stride: self.pair(&path("stride"), 1)?,
            dilation: self.pair(&path("dilation"), 1)?,
            weight: values,
            shape,
            padding,
            groups,
            input,
        };
        if groups == 0 || shape[0] % groups != 0 || shape.contains(&0) {
            return Err(format!("{groups} groups do not fit {} maps", shape[0]));
        }
        if padding.is_none() && convolution.stride != [1, 1] {
            return Err("padding that keeps the size needs a stride of 1".into());
        }
        Ok(convolution)
    }

    /// Finite numbers.
    fn param(&mut self, path: &str) -> Result<Param, String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let read = self.tree.numbers(path, MOST_NUMBERS - self.numbers);
        let numbers = read.map_err(|e| format!("its {name} cannot be read ({e})"))?;
        self.numbers += numbers.values.len();
        if let Some(bad) = numbers.values.iter().find(|v| !v.is_finite() || v.abs() > 1e30) {
            return Err(format!("its {name} holds {bad}"));
        }
        if numbers.values.is_empty() {
            return Err(format!("its {name} is empty"));
        }
        let values = numbers.values.iter().map(|v| *v as f32).collect();
        Ok(Param { shape: numbers.shape, values })
    }

    fn bias(
        &mut self,
        path: &str,
        outputs: usize,
        wanted: bool,
    ) -> Result<Option<Vec<f32>>, String> {
        let (group, name) = path.rsplit_once('/').unwrap_or(("/", path));
        if !wanted || !self.tree.arrays(group)?.iter().any(|n| n == name) {
            return Ok(None);
        }
        let bias = self.param(path)?;
        match bias.values.len() {
            n if n == outputs => Ok(Some(bias.values)),
            1 => Ok(Some(vec![bias.values[0]; outputs])),
            n => Err(format!("it has {n} biases for {outputs} outputs")),
        }
    }

    /// A list of whole numbers, or one.
    fn whole(&self, path: &str) -> Result<Vec<usize>, String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let read = self.tree.numbers(path, MOST_AXES);
        let numbers = read.map_err(|e| format!("its {name} cannot be read ({e})"))?;
        let whole = numbers.values.iter().map(|v| {
            let fits = v.fract() == 0.0 && (0.0..1e9).contains(v);
            fits.then_some(*v as usize).ok_or_else(|| format!("its {name} holds {v}"))
        });
        whole.collect()
    }

    /// Two numbers of at least this, or one for both.
    fn pair(&self, path: &str, least: usize) -> Result<[usize; 2], String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let pair = match self.whole(path)?[..] {
            [one] => [one, one],
            [a, b] => [a, b],
            _ => return Err(format!("its {name} is neither one number nor two")),
        };
        match pair.iter().all(|n| (least..=4096).contains(n)) {
            true => Ok(pair),
            false => Err(format!("its {name} is {pair:?}")),
        }
    }
}

/// Through which nodes one comes in and goes out.
#[derive(Clone, Debug, Default)]
struct Ends {
    into: Vec<usize>,
    out: Vec<usize>,
}
