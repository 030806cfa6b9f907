//! Runs a NIR graph step by step, as the programs do that write such files.
//!
//! NIR describes neurons in continuous time. Every program makes steps of it in its own way,
//! and which neurons spike depends on that; [`Reading`] says which way is taken. With a program's
//! own way, a network spikes here as it does there.

use super::plan::{Plan, Ready, Work, spikes};
use super::read::{Described, Op};
use crate::core::rng::Rng;
use crate::data::{PIXELS, Pixels, SIDE};
use crate::snn::recording::Recording;
use crate::snn::recording::spike_times::SpikeTimes;

/// Steps for a digit, where neither the file nor anybody says how many.
const USUAL_STEPS: u64 = 100;
/// Most spikes that are kept, and most numbers of what comes out.
const MOST_SPIKES: usize = 50_000_000;
const MOST_ROWS: usize = 50_000_000;
/// Most steps, and most operations of a run.
pub const MOST_STEPS: u64 = 1_000_000;
const MOST_COST: f64 = 1e13;

/// Whose steps are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// NIR's equations by forward Euler; a spike sets the potential back.
    #[default]
    Nir,
    /// snnTorch's neurons as they are set up there: the threshold is taken away a step later.
    SnnTorch,
    /// Norse's neurons: a synaptic current jumps before it fades.
    Norse,
    /// Sinabs's: leaks are exact, thresholds are taken away, and neurons may spike several times
    /// in a step.
    Sinabs,
}

impl Convention {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nir, Self::SnnTorch, Self::Norse, Self::Sinabs];

    /// Its name on the command line and in lists.
    pub fn id(self) -> &'static str {
        match self {
            Self::Nir => "nir",
            Self::SnnTorch => "snntorch",
            Self::Norse => "norse",
            Self::Sinabs => "sinabs",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nir => "NIR's equations",
            Self::SnnTorch => "snnTorch",
            Self::Norse => "Norse",
            Self::Sinabs => "Sinabs",
        }
    }

    /// What is special about it, in a sentence.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Nir => {
                "Forward Euler; a spike sets the potential to v_reset, or subtracts the threshold where the file remarks it"
            }
            Self::SnnTorch => {
                "Forward Euler; the threshold is subtracted in the step after the spike, as snnTorch's neurons do unless they are told otherwise"
            }
            Self::Norse => {
                "Forward Euler; synaptic currents jump before they act; Norse writes time constants in its own steps, of 1 µs here"
            }
            Self::Sinabs => {
                "Exact leaks, time constants in steps; a spike subtracts the threshold, as often as it fits into the potential. What comes in is not normalised (`norm_input=False` there), which the file cannot say"
            }
        }
    }

    /// The step that its numbers are for, if it has one of its own, s.
    pub fn step_s(self) -> Option<f64> {
        match self {
            Self::Nir => None,
            Self::SnnTorch => Some(1e-4),
            Self::Norse => Some(1e-6),
            Self::Sinabs => Some(1.0),
        }
    }

    /// By its id.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.id() == id)
    }
}

/// How steps are made of a graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub convention: Convention,
    /// The step, s.
    pub dt_s: f64,
}

impl Reading {
    /// The share of the way to its aim that a variable goes in a step, and what is left.
    pub(super) fn decay(&self, tau_s: f64) -> (f64, f64) {
        let share = match self.convention {
            Convention::Sinabs => 1.0 - (-self.dt_s / tau_s).exp(),
            _ => self.dt_s / tau_s,
        };
        (share, 1.0 - share)
    }

    pub(super) fn is_euler(&self) -> bool {
        self.convention != Convention::Sinabs
    }

    /// Whether what arrives is scaled as the leak is.
    pub(super) fn scales(&self) -> bool {
        self.convention != Convention::Sinabs
    }

    /// Whether a synaptic current jumps by what arrives, acts, and then fades.
    pub(super) fn jumps(&self) -> bool {
        self.convention == Convention::Norse
    }
}

/// Steps for which a digit is shown: as asked, as the file remarks, or the usual number.
pub fn steps_of(described: &Described, asked: Option<u64>) -> u64 {
    let remarked = described.steps.filter(|steps| (1..=MOST_STEPS).contains(steps));
    asked.or(remarked).unwrap_or(USUAL_STEPS)
}

/// Neurons of a node that spike, and how often they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    pub name: String,
    pub kind: String,
    pub neurons: usize,
    pub spikes: u64,
}

/// How often each population fired.
pub fn fired(plan: &Plan, spikes: &[u64]) -> Vec<Fired> {
    let all = plan.populations().zip(spikes);
    let each = all.map(|((name, kind, neurons), spikes)| Fired {
        name: name.to_owned(),
        kind: kind.to_owned(),
        neurons,
        spikes: *spikes,
    });
    each.collect()
}

/// What comes in.
#[derive(Clone, Debug)]
pub enum Stimulus {
    /// A picture: all of it in every step, or its rows from the top where the network takes
    /// [`SIDE`] numbers.
    Picture(Box<Pixels>),
    /// A picture whose pixels spike: in each step with this probability at full brightness.
    Poisson { picture: Box<Pixels>, most: f32, seed: u64 },
    /// Spikes: for each step the inputs that spike in it.
    Spikes(Vec<Vec<u32>>),
}

/// What a node without successors gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    pub name: String,
    pub width: usize,
    /// A row for each step.
    pub rows: Vec<f32>,
}

impl Given {
    /// The sum over the steps.
    pub fn sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for row in self.rows.chunks_exact(self.width.max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        sums
    }

    /// What speaks for each class: the sum over the steps, or what the remark of a file of
    /// Spikescope's says, `mean a` or `last a` of a membrane u ← a u + out.
    pub fn evidence(&self, read_out: Option<&str>) -> Vec<f64> {
        let mut words = read_out.unwrap_or_default().split_whitespace();
        let (word, a) = (words.next(), words.next().and_then(|a| a.parse::<f64>().ok()));
        let (Some(word @ ("mean" | "last")), Some(a)) = (word, a) else { return self.sums() };
        let (mut u, mut total) = (vec![0.0; self.width], vec![0.0; self.width]);
        let mut steps = 0.0;
        for row in self.rows.chunks_exact(self.width.max(1)) {
            steps += 1.0;
            for ((u, total), x) in u.iter_mut().zip(&mut total).zip(row) {
                *u = a * *u + f64::from(*x);
                *total += *u;
            }
        }
        if word == "last" { u } else { total.iter().map(|t| t / f64::max(steps, 1.0)).collect() }
    }
}

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    pub steps: u64,
    /// Spikes in order of time: step and neuron, neurons counted through all populations of
    /// [`Plan::populations`]. Several of a neuron in a step stand one after the other.
    pub spikes: Vec<(u64, u32)>,
    /// How many each population fired.
    pub fired: Vec<u64>,
    /// What came out, by node of the kind `Output`.
    pub given: Vec<Given>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// What neurons remember.
#[derive(Clone, Debug)]
struct State {
    v: Vec<f32>,
    i: Vec<f32>,
    /// Whether it spiked in the step before: snnTorch subtracts then.
    spiked: Vec<bool>,
}

/// Runs a graph for so many steps, until `go` says no.
///
/// # Errors
/// A clause: what comes in does not fit, or the run would take too long or too much memory.
pub fn run(
    plan: &Plan,
    stimulus: &Stimulus,
    steps: u64,
    go: &dyn Fn(u64) -> bool,
) -> Result<Ran, String> {
    fits(plan, stimulus)?;
    if steps == 0 || steps > MOST_STEPS || plan.cost * steps as f64 > MOST_COST {
        return Err(format!("{steps} steps are none, or too many for a network of this size"));
    }
    let mut state = Running::new(plan);
    let mut ran = Ran { fired: vec![0; state.population.len()], ..Ran::default() };
    let outs = plan.nodes.iter().filter(|n| n.is_output);
    ran.given =
        outs.map(|n| Given { name: n.name.clone(), width: n.outputs, rows: Vec::new() }).collect();
    let mut random = Rng::stream(seed(stimulus), "NIR input", 0);
    for step in 0..steps {
        if !go(step) {
            ran.stopped = true;
            break;
        }
        let spike = plan.spike;
        state.step(plan, |into| enter(stimulus, (step, steps), spike, &mut random, into));
        state.keep(plan, step, &mut ran)?;
        ran.steps = step + 1;
    }
    Ok(ran)
}

fn seed(stimulus: &Stimulus) -> u64 {
    match stimulus {
        Stimulus::Poisson { seed, .. } => *seed,
        _ => 0,
    }
}

/// Whether what comes in has the network's size.
fn fits(plan: &Plan, stimulus: &Stimulus) -> Result<(), String> {
    let size: usize = plan.input().iter().product();
    match stimulus {
        Stimulus::Picture(_) if size == PIXELS || size == SIDE => Ok(()),
        Stimulus::Poisson { .. } if size == PIXELS => Ok(()),
        Stimulus::Picture(_) | Stimulus::Poisson { .. } => Err(format!(
            "it takes {} numbers in a step, and a digit has {SIDE}×{SIDE}; give it a file of spikes",
            super::read::times(plan.input())
        )),
        Stimulus::Spikes(steps) => match steps.iter().flatten().find(|i| **i as usize >= size) {
            None => Ok(()),
            Some(bad) => Err(format!(
                "the file of spikes has the input {bad}, and the network has {size}, from 0 on"
            )),
        },
    }
}

/// What comes in at a step.
fn enter(
    stimulus: &Stimulus,
    (step, steps): (u64, u64),
    spike: f32,
    random: &mut Rng,
    into: &mut [f32],
) {
    match stimulus {
        Stimulus::Picture(pixels) if into.len() == PIXELS => into.copy_from_slice(&pixels[..]),
        Stimulus::Picture(pixels) => {
            let row = (step as u128 * SIDE as u128 / u128::from(steps.max(1))) as usize;
            into.copy_from_slice(&pixels[row * SIDE..][..SIDE]);
        }
        Stimulus::Poisson { picture, most, .. } => {
            for (into, pixel) in into.iter_mut().zip(picture.iter()) {
                let spikes = random.uniform() < pixel * most;
                *into = if spikes { spike } else { 0.0 };
            }
        }
        Stimulus::Spikes(all) => {
            into.fill(0.0);
            for i in all.get(step as usize).into_iter().flatten() {
                into[*i as usize] += spike;
            }
        }
    }
}

/// A graph while it runs.
struct Running {
    /// What each node gives in this step, and gave in the one before where that is asked for.
    out: Vec<Vec<f32>>,
    last: Vec<Vec<f32>>,
    into: Vec<Vec<f32>>,
    state: Vec<Option<State>>,
    /// For each delay the last inputs, the newest at the place that `at` has.
    ring: Vec<Vec<Vec<f32>>>,
    at: Vec<usize>,
    /// Nodes whose neurons spike, each with the number of its first neuron.
    population: Vec<(usize, u32)>,
}

impl Running {
    fn new(plan: &Plan) -> Self {
        let nodes = &plan.nodes;
        let asked = |n: usize| nodes.iter().any(|node| node.before.contains(&n));
        let ring = |node: &Ready| match &node.work {
            Work::Delay { steps, .. } => {
                let longest = steps.iter().max().copied().unwrap_or(0);
                vec![vec![0.0; node.inputs]; longest + 1]
            }
            _ => Vec::new(),
        };
        let state = |node: &Ready| match &node.work {
            Work::Neurons(p) => Some(State {
                v: p.begins.clone(),
                i: vec![0.0; node.outputs],
                spiked: vec![false; node.outputs],
            }),
            _ => None,
        };
        let mut population = Vec::new();
        let mut first = 0;
        for (n, node) in nodes.iter().enumerate().filter(|(_, node)| spikes(&node.work)) {
            population.push((n, first));
            first += node.outputs as u32;
        }
        Self {
            out: nodes.iter().map(|n| vec![0.0; n.outputs]).collect(),
            last: (0..nodes.len())
                .map(|n| vec![0.0; if asked(n) { nodes[n].outputs } else { 0 }])
                .collect(),
            into: nodes.iter().map(|n| vec![0.0; n.inputs]).collect(),
            state: nodes.iter().map(state).collect(),
            ring: nodes.iter().map(ring).collect(),
            at: vec![0; nodes.len()],
            population,
        }
    }

    fn step(&mut self, plan: &Plan, enter: impl FnOnce(&mut [f32])) {
        for (last, out) in self.last.iter_mut().zip(&self.out) {
            if !last.is_empty() {
                last.copy_from_slice(out);
            }
        }
        let mut enter = Some(enter);
        for n in plan.order.iter().copied() {
            let node = &plan.nodes[n];
            let early = matches!(node.work, Work::Delay { early: true, .. });
            if !early {
                self.gather(node, n);
            }
            let (into, out) = (&self.into[n][..], &mut self.out[n][..]);
            match &node.work {
                Work::Input => {
                    if let Some(enter) = enter.take() {
                        enter(out);
                    }
                }
                Work::Delay { steps, .. } => {
                    if !early {
                        self.at[n] = push(&mut self.ring[n], self.at[n], into);
                    }
                    // What comes in in this step has not been pushed where it is early.
                    let newest = self.at[n] + usize::from(early);
                    let size = self.ring[n].len();
                    for (i, (out, steps)) in out.iter_mut().zip(steps).enumerate() {
                        *out = self.ring[n][(newest + size - steps) % size][i];
                    }
                }
                Work::Neurons(p) => {
                    if let Some(state) = &mut self.state[n] {
                        super::neurons::step(p, plan.reading, state_of(state), into, out);
                        if plan.spike != 1.0 && p.kind.spikes() {
                            out.iter_mut().for_each(|out| *out *= plan.spike);
                        }
                    }
                }
                work => super::layers::apply(work, into, out),
            }
        }
        for (n, node) in plan.nodes.iter().enumerate() {
            if matches!(node.work, Work::Delay { early: true, .. }) {
                self.gather(node, n);
                self.at[n] = push(&mut self.ring[n], self.at[n], &self.into[n]);
            }
        }
    }

    /// The sum of what comes in.
    fn gather(&mut self, node: &Ready, n: usize) {
        let into = &mut self.into[n];
        into.fill(0.0);
        let now = node.now.iter().map(|from| &self.out[*from]);
        let before = node.before.iter().map(|from| &self.last[*from]);
        for from in now.chain(before) {
            into.iter_mut().zip(from).for_each(|(into, x)| *into += x);
        }
    }

    /// Notes who spiked and what came out.
    fn keep(&self, plan: &Plan, step: u64, ran: &mut Ran) -> Result<(), String> {
        for (fired, (n, first)) in ran.fired.iter_mut().zip(&self.population) {
            for (neuron, out) in (*first..).zip(&self.out[*n]).filter(|(_, out)| **out > 0.0) {
                let times = (out / plan.spike).round() as usize;
                if ran.spikes.len() + times > MOST_SPIKES {
                    return Err(format!("in step {} it gave too many spikes to keep", step + 1));
                }
                ran.spikes.extend(std::iter::repeat_n((step, neuron), times));
                *fired += times as u64;
            }
        }
        let rows: usize = ran.given.iter().map(|g| g.rows.len() + g.width).sum();
        if rows > MOST_ROWS {
            return Err(format!("in step {} too many numbers came out to keep", step + 1));
        }
        let outs = plan.nodes.iter().zip(&self.out).filter(|(node, _)| node.is_output);
        for (given, (_, out)) in ran.given.iter_mut().zip(outs) {
            given.rows.extend_from_slice(out);
        }
        Ok(())
    }
}

fn state_of(state: &mut State) -> super::neurons::Moving<'_> {
    super::neurons::Moving { v: &mut state.v, i: &mut state.i, spiked: &mut state.spiked }
}

/// Adds a row to a ring; gives its place.
fn push(ring: &mut [Vec<f32>], at: usize, row: &[f32]) -> usize {
    let at = (at + 1) % ring.len();
    ring[at].copy_from_slice(row);
    at
}

/// How long a step of a file of spikes is, ms, if nobody says: the network's own step, or 1 ms
/// where that is a number by which programs count, and no time.
pub fn spike_step_ms(described: &Described, reading: Reading) -> f64 {
    let leaks = |n: &super::read::Node| matches!(&n.op, Op::Neurons(n) if n.kind.leaks());
    let counts = matches!(reading.convention, Convention::Norse | Convention::Sinabs)
        || !described.nodes.iter().any(leaks);
    if counts { 1.0 } else { 1000.0 * reading.dt_s }
}

/// Spikes of a file as what comes in: a row for each step of so many ms.
///
/// # Errors
/// When they last longer than a run may.
pub fn entering(spikes: &SpikeTimes, dt_ms: f64) -> Result<Vec<Vec<u32>>, String> {
    let step = |ms: f64| (ms / dt_ms).round();
    let last = spikes.times_ms.last().map_or(0.0, |ms| step(*ms));
    if last >= MOST_STEPS as f64 {
        return Err(format!(
            "its last spike comes after {last} steps of {dt_ms} ms; {MOST_STEPS} are the most"
        ));
    }
    let mut rows = vec![Vec::new(); last as usize + 1];
    for (ms, sender) in spikes.times_ms.iter().zip(&spikes.senders) {
        let id = spikes.ids.get(*sender as usize).copied().unwrap_or_default();
        let id = u32::try_from(id).map_err(|_| format!("it has the input {id}"))?;
        rows[step(*ms) as usize].push(id);
    }
    Ok(rows)
}

/// The spikes of a run, to be looked at; neurons are counted through all populations.
pub fn recording(plan: &Plan, ran: &Ran, cap_bytes: usize) -> Recording {
    let neurons: usize = plan.populations().map(|(.., size)| size).sum();
    let dt_ms = 1000.0 * plan.reading().dt_s;
    let mut recording = Recording::new(neurons as u32, dt_ms, cap_bytes);
    let mut before = None;
    let once = ran.spikes.iter().copied().filter(|s| before.replace(*s) != Some(*s));
    recording.extend(once);
    recording.advance(ran.steps);
    recording
}

/// How a file is most likely meant: whose it is, and its step; with a sentence that says so.
pub fn guess(described: &Described) -> (Reading, String) {
    let neurons: Vec<_> = described
        .nodes
        .iter()
        .filter_map(|n| if let Op::Neurons(n) = &n.op { Some(n) } else { None })
        .collect();
    let leaky: Vec<_> = neurons.iter().filter(|n| n.kind.leaks()).collect();
    let taus = || leaky.iter().flat_map(|n| n.tau.values.iter().map(|t| f64::from(*t)));
    let filters = leaky.iter().filter(|n| n.kind.filters());
    let syn = filters.flat_map(|n| n.tau_syn.values.iter().map(|t| f64::from(*t)));
    let least = taus().chain(syn).fold(f64::MAX, f64::min);
    let most = taus().fold(0.0, f64::max);
    let resistance = |fits: &dyn Fn(f64, f64) -> bool| {
        leaky.iter().all(|n| {
            let pairs = n.tau.values.iter().cycle().zip(n.r.values.iter().cycle());
            let count = n.tau.values.len().max(n.r.values.len());
            pairs.take(count).all(|(tau, r)| fits(f64::from(*tau), f64::from(*r)))
        })
    };
    let one = |_: f64, r: f64| (r - 1.0).abs() < 1e-3;
    let in_tenths = |tau: f64, r: f64| (r * 1e-4 / tau - 1.0).abs() < 1e-2;
    let read = |convention, dt_s| Reading { convention, dt_s };
    let remarks = neurons.iter().any(|n| n.subtracts);
    let (reading, why) = if let Some(dt_s) = described.dt_s {
        (read(Convention::Nir, dt_s), "The file remarks its step.")
    } else if leaky.is_empty() {
        (read(Convention::Nir, 1.0), "Without leaks nothing tells the step; it is taken as 1.")
    } else if resistance(&in_tenths) && remarks {
        (
            read(Convention::Nir, 1e-4),
            "Its resistances are those of steps of 0.1 ms, and it remarks how spikes reset.",
        )
    } else if resistance(&in_tenths) {
        (
            read(Convention::SnnTorch, 1e-4),
            "Its resistances are those that snnTorch writes, for steps of 0.1 ms.",
        )
    } else if resistance(&one) && most < 2e-4 {
        (
            read(Convention::Norse, 1e-6),
            "Time constants this short are those that Norse writes, in steps of 1 µs.",
        )
    } else if resistance(&one) && least >= 1.0 {
        (
            read(Convention::Sinabs, 1.0),
            "Time constants this long are those that Sinabs writes, in steps; with norm_input=True there, what comes in is (1 − e^(−1/τ)) times as strong.",
        )
    } else if least >= 2e-3 {
        (read(Convention::Nir, 1e-3), "Nothing tells the step; it is taken as 1 ms.")
    } else {
        (
            read(Convention::Nir, least / 10.0),
            "Nothing tells the step; it is taken as a tenth of the shortest time constant.",
        )
    };
    (reading, why.to_owned())
}

/// How a file is run: as asked, and where nobody asks as guessed. A program that is named brings
/// its own step.
pub fn reading(
    described: &Described,
    convention: Option<Convention>,
    dt_s: Option<f64>,
) -> (Reading, String) {
    let (guessed, why) = guess(described);
    let step = convention.filter(|c| *c != guessed.convention).and_then(Convention::step_s);
    let reading = Reading {
        convention: convention.unwrap_or(guessed.convention),
        dt_s: dt_s.or(step).unwrap_or(guessed.dt_s),
    };
    (reading, why)
}
