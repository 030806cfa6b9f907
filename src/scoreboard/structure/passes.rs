//! Rules that run in the trainer's loop: signals are held at [`crate::ann::tap`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Carrier, Quantity, Structure, compare, difference, other};
use crate::ann::AnnError;
use crate::ann::learner::Learner;
use crate::ann::network::Network;
use crate::ann::optimiser::{OptimiserConfig, OptimiserState};
use crate::ann::rules::probe::{self, Digits};
use crate::ann::rules::{Method, Rule, RuleConfig, Way};
use crate::ann::tap::{Signal, Tap, Tapped};
use crate::ann::zoo::{self, Activation, Kind, Widths};
use crate::data::{CLASSES, Dataset, PIXELS};

/// Units of the hidden layers of networks that are looked into: no two layers have as
/// many, so that a matrix tells which layers it lies between.
const HIDDEN: [usize; 3] = [24, 16, 12];

/// The hidden layers of a kind. What the last one of spiking neurons passes on is summed
/// over time: errors over time need one more.
fn hidden(kind: Kind) -> &'static [usize] {
    match kind {
        Kind::BothWays => &HIDDEN[..1],
        Kind::Spiking => &HIDDEN,
        _ => &HIDDEN[..2],
    }
}
/// Mini-batches that they have learned before, and digits of each.
const LEARNED: (u64, usize) = (60, 32);
/// The seed of what is random within an update.
const ADDRESS: (u64, u64) = (11, 0);

/// The network that a rule is looked at with.
pub fn architecture(rule: &Rule) -> String {
    let hidden = hidden(rule.kind).to_vec();
    let activation = rule.recipe.activation;
    let activation = if rule.kind == Kind::Dense { activation } else { Activation::Relu };
    Widths { kind: rule.kind, hidden, activation }.id()
}

/// A rule in the middle of learning: what an update is run with.
pub struct Scene {
    network: Network,
    method: Box<dyn Method>,
    /// Units of the layers, the picture first.
    widths: Vec<usize>,
    picture: Vec<f32>,
    label: u8,
    /// Another digit.
    second: (Vec<f32>, u8),
}

impl Scene {
    /// With a network that has learned a little from these digits, of which there must be
    /// one at least.
    ///
    /// # Errors
    /// As of training.
    pub fn of(rule: &'static Rule, digits: &Dataset) -> Result<Self, AnnError> {
        let network = Network::new(zoo::get(&architecture(rule))?, 1)?;
        let optimiser = (rule.usual)();
        let method = RuleConfig::of(rule).begin(&network, &optimiser, 1)?;
        Self::with(network, method, &optimiser, digits)
    }

    /// Likewise, with this method.
    pub(super) fn with(
        mut network: Network,
        method: Box<dyn Method>,
        optimiser: &OptimiserConfig,
        digits: &Dataset,
    ) -> Result<Self, AnnError> {
        let (batches, size) = LEARNED;
        let sizes: Vec<usize> = {
            let plan = network.plan();
            (0..plan.steps.len()).map(|i| network.step_parameters(i).len()).collect()
        };
        let mut optimiser = OptimiserState::new(optimiser, &sizes)?;
        let mut learner = Learner::new(&network, method, size, 1);
        for step in 0..batches {
            let numbers = (0..size).map(|i| (step as usize * size + i) % digits.len().max(1));
            let (mut pictures, mut labels) = (Vec::with_capacity(size * PIXELS), Vec::new());
            for number in numbers {
                pictures.extend_from_slice(&digits.pixels(number));
                labels.push(digits.label(number));
            }
            learner.step(&mut network, &mut optimiser, (&pictures, &labels), (1, step))?;
        }
        let layers = (network.architecture().layers)();
        let is = |kind: Kind| kind.is_of(&layers);
        let kinds = [Kind::BothWays, Kind::Spiking];
        let kind = kinds.into_iter().find(|k| is(*k)).unwrap_or(Kind::Dense);
        let mut widths = [&[PIXELS], hidden(kind)].concat();
        if !is(Kind::Goodness) && !is(Kind::Energy) {
            widths.push(CLASSES);
        }
        let pick = |number: usize| (digits.pixels(number).to_vec(), digits.label(number));
        let (picture, label) = pick(0);
        let second = pick(1 % digits.len().max(1));
        Ok(Self { network, method: learner.method().copy(), widths, picture, label, second })
    }

    /// Matrices of weights: number among the parameters, rows and columns.
    fn matrices(&self) -> Vec<(usize, usize, usize)> {
        let parameters = self.network.parameters();
        let of = |(i, p): (usize, &crate::ann::network::Parameter<'_>)| match p.shape[..] {
            [rows, columns] => Some((i, rows, columns)),
            _ => None,
        };
        parameters.iter().enumerate().filter_map(of).collect()
    }

    /// The layer before the synapses that are looked at: hidden, where another hidden one
    /// is above it. In time the picture, so that a layer with a past is above.
    fn layer(&self) -> usize {
        let in_time = self.network.plan().steps.iter().any(|s| s.op.output().steps > 1);
        usize::from(self.widths.len() > 3 && !in_time)
    }

    /// The step of the plan that has the weights behind a layer.
    fn step(&self, layer: usize) -> usize {
        let steps = self.network.plan().steps.iter().enumerate();
        let mut learn = steps.filter(|(_, s)| !s.op.parameters().is_empty()).map(|(i, _)| i);
        learn.nth(layer).unwrap_or(usize::MAX)
    }

    /// The number of the matrix from [`Self::layer`] to the next.
    fn own_matrix(&self) -> Option<usize> {
        let (before, behind) = (self.widths[self.layer()], self.widths[self.layer() + 1]);
        let of_size = |m: &&(usize, usize, usize)| (m.1, m.2) == (before, behind);
        self.matrices().iter().find(of_size).map(|m| m.0)
    }

    /// The update of all weights by some digits, and who listens to its passes; what the
    /// rule makes of the weights anew is told to the other one.
    fn update(
        &self,
        (weights, label): (&[Vec<f32>], u8),
        feedback: impl FnOnce(&mut dyn Method),
        (renewed, passed): (&dyn Tap, &dyn Tap),
    ) -> Option<Vec<Vec<f32>>> {
        let architecture = self.network.architecture();
        let mut network = Network::on(architecture, 1, self.network.plan().isa).ok()?;
        network.set_values(weights);
        let mut method = self.method.copy();
        method.renew(&network, ADDRESS, Tapped(Some(renewed)));
        feedback(&mut *method);
        let labels = [label];
        let digits = Digits {
            network: &network,
            pictures: &self.picture,
            labels: &labels,
            address: ADDRESS,
        };
        Some(probe::heard_update(&*method, &digits, Tapped(Some(passed))))
    }

    /// Finds out what the update reads; `None` where nothing changes at all.
    pub fn structure(&self) -> Option<Structure> {
        let weights = self.network.values();
        let (layer, matrix) = (self.layer(), self.own_matrix()?);
        let columns = self.widths[layer + 1];
        let (renewed, passed) = (Recorder::default(), Recorder::default());
        let whole = self.update((&weights, self.label), |_| {}, (&renewed, &passed))?;
        let ((renewed, _), (passed, times)) = (renewed.take(), passed.take());
        // The synapse that changes most: whatever is read shows there.
        let largest = whole[matrix].iter().enumerate();
        let (at, change) = largest.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        if *change == 0.0 || !change.is_finite() {
            return None;
        }
        let change = *change;
        let place = Place { layer, before: at / columns, behind: at % columns };
        let update = |q: Option<Quantity>| -> f32 {
            let held = |seen| Held::new(seen, &self.widths, place, q);
            let taps = (held(&renewed), held(&passed));
            let weights = self.replaced(&weights, (matrix, place), q);
            let label = match q {
                Some(Quantity::Label) => (self.label + 3) % CLASSES as u8,
                _ => self.label,
            };
            let feedback = |method: &mut dyn Method| self.feedback(method, place, q);
            let all = self.update((&weights, label), feedback, (&taps.0, &taps.1));
            all.map_or(f32::NAN, |all| all[matrix][at])
        };
        // With all signals held the update is the same, or the signals are not all.
        let held = update(None);
        let has = |q: Quantity| self.has(&passed, place, q);
        let reads = compare(held, has, |q| update(Some(q)));
        let own = |signal: &Signal| matches!(signal, Signal::Activity(l) | Signal::Error(l) if *l == layer + 1);
        let of_layer = |signal: Signal| passed.get(&signal).map_or(&[][..], |v| &v[..]);
        let sent: usize =
            passed.iter().filter(|(s, _)| own(s)).flat_map(|(_, v)| v).map(Vec::len).sum();
        let activity = of_layer(Signal::Activity(layer + 1));
        let moves = {
            let of = |v: &Vec<f32>| v.get(place.behind).copied();
            activity.len() > 1 && activity.iter().any(|v| of(v) != of(&activity[0]))
        };
        let hidden = (1..=layer + 1).flat_map(|l| of_layer(Signal::Activity(l)));
        let spikes = hidden.flatten().all(|v| *v == 0.0 || *v == 1.0);
        let carrier = match (times, spikes) {
            (true, _) => Carrier::Times,
            (false, true) => Carrier::Spikes,
            (false, false) => Carrier::Numbers,
        };
        let errors = of_layer(Signal::Error(layer + 1)).iter().flatten();
        let errors = errors.fold(None, |range: Option<(f64, f64)>, e| {
            let (low, high) = range.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
            Some((low.min(f64::from(*e)), high.max(f64::from(*e))))
        });
        let angle = probe::feedback_angles(&*self.method, &self.network);
        Some(Structure {
            reads,
            waits: self.waits(&weights, (matrix, at), change),
            signals: sent as f64 / columns as f64,
            moves,
            errors,
            carrier,
            back_in_time: self.back_in_time(&weights, (&renewed, &passed), place),
            one_by_one: self.one_by_one((matrix, at)),
            angle: angle.get(layer).copied().flatten(),
        })
    }

    /// Whether the rule has a quantity.
    fn has(&self, passed: &Seen, place: Place, q: Quantity) -> bool {
        let above = self.widths.len() > place.layer + 2;
        let way = self.method.way(self.step(place.layer + 1));
        let feedback = above && matches!(way, Way::Matrix(_) | Way::FromOutput(_));
        let sends = |f: &dyn Fn(&Signal) -> bool| passed.keys().any(f);
        match q {
            Quantity::FeedbackOnto | Quantity::FeedbackElsewhere => feedback,
            Quantity::ErrorsAbove => {
                sends(&|s| matches!(s, Signal::Error(l) if *l > place.layer + 1))
            }
            Quantity::OwnError => sends(&|s| *s == Signal::Error(place.layer + 1)),
            Quantity::Shared => sends(&|s| matches!(s, Signal::Shared(_))),
            Quantity::Below => place.layer > 0,
            Quantity::Above => above,
            _ => true,
        }
    }

    /// The weights, with those of a quantity replaced.
    fn replaced(
        &self,
        weights: &[Vec<f32>],
        (own, place): (usize, Place),
        q: Option<Quantity>,
    ) -> Vec<Vec<f32>> {
        let mut new = weights.to_vec();
        let Some(q) = q else { return new };
        let width = self.widths[place.layer + 1];
        for (number, rows, columns) in self.matrices() {
            for at in 0..rows * columns {
                let (row, column) = (at / columns, at % columns);
                let itself = number == own && (row, column) == (place.before, place.behind);
                let onto = columns == width && column == place.behind;
                let out = rows == width && row == place.behind;
                let w = weights[number][at];
                new[number][at] = match q {
                    Quantity::OwnWeight if itself => other(w, at),
                    Quantity::WeightsOnto if onto && !itself => other(w, at),
                    Quantity::WeightsOut if out => other(w, at),
                    Quantity::SignsOut if out => -w,
                    Quantity::SizesOut if out => w * (0.2 + 1.7 * (column % 3) as f32),
                    Quantity::WeightsElsewhere if !onto && !out => other(w, at),
                    _ => w,
                };
            }
        }
        if q == Quantity::WeightsElsewhere {
            let is_matrix: Vec<usize> = self.matrices().iter().map(|m| m.0).collect();
            for (number, values) in new.iter_mut().enumerate() {
                if !is_matrix.contains(&number) && values.len() != width {
                    values.iter_mut().enumerate().for_each(|(i, w)| *w = other(*w, i));
                }
            }
        }
        new
    }

    /// Replaces feedback weights.
    fn feedback(&self, method: &mut dyn Method, place: Place, q: Option<Quantity>) {
        let onto = match q {
            Some(Quantity::FeedbackOnto) => true,
            Some(Quantity::FeedbackElsewhere) => false,
            _ => return,
        };
        let width = self.widths[place.layer + 1];
        let step = self.step(place.layer + 1);
        let rows = matches!(method.way(step), Way::Matrix(_));
        for (number, matrix) in method.matrices_mut().iter_mut().enumerate() {
            let len = matrix.len();
            for (at, b) in matrix.iter_mut().enumerate() {
                // As the weights lie, or from the classes to each unit at each step.
                let neuron = if rows { at / (len / width).max(1) } else { at % width };
                if (number == step && neuron == place.behind) == onto {
                    *b = other(*b, at);
                }
            }
        }
    }

    /// Whether the update changes when the layers above compute something else, and
    /// nothing is held.
    fn waits(&self, weights: &[Vec<f32>], (matrix, at): (usize, usize), change: f32) -> bool {
        let layer = self.layer();
        let mut new = weights.to_vec();
        for (number, rows, columns) in self.matrices() {
            let from = self.widths.iter().skip(layer + 1);
            if number != matrix && from.clone().any(|w| *w == rows) && columns != self.widths[layer]
            {
                new[number].iter_mut().enumerate().for_each(|(i, w)| *w = other(*w, i));
            }
        }
        let all = self.update((&new, self.label), |_| {}, (&Nobody, &Nobody));
        all.is_none_or(|all| difference(all[matrix][at], change) > 0.0)
    }

    /// Whether the error of a step depends on later ones of the layer above.
    fn back_in_time(
        &self,
        weights: &[Vec<f32>],
        (renewed, passed): (&Seen, &Seen),
        place: Place,
    ) -> Option<bool> {
        let layer = place.layer + 1;
        let (own, above) = (self.widths[layer], *self.widths.get(layer + 1)?);
        let recorded = passed.get(&Signal::Error(layer))?.first()?;
        let above_errors = passed.get(&Signal::Error(layer + 1))?.first()?;
        if recorded.len() <= own || above_errors.len() <= above {
            return None;
        }
        let tap = |seen| LaterErrors {
            seen,
            layer,
            width: above,
            count: Mutex::default(),
            arrived: Mutex::default(),
        };
        let taps = (tap(renewed), tap(passed));
        self.update((weights, self.label), |_| {}, (&taps.0, &taps.1))?;
        let arrived = taps.1.arrived.into_inner().unwrap_or_else(PoisonError::into_inner);
        let earlier = recorded.len().saturating_sub(own);
        let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
        Some(arrived.iter().zip(recorded).take(earlier).any(differs))
    }

    /// Whether two digits change a weight by the sum of what each does.
    fn one_by_one(&self, (matrix, at): (usize, usize)) -> bool {
        let of = |pictures: &[f32], labels: &[u8]| {
            let digits = Digits { network: &self.network, pictures, labels, address: ADDRESS };
            let all = probe::heard_update(&*self.method, &digits, Tapped::default());
            f64::from(all[matrix][at]) * labels.len() as f64
        };
        let (second, label) = &self.second;
        let both = of(&[&self.picture[..], second].concat(), &[self.label, *label]);
        let first = of(&self.picture, &[self.label]);
        // What is random in an update depends on a digit's place among them: the second is
        // compared in the second place.
        let again = of(&[&second[..], second].concat(), &[*label, *label]);
        let of_second = both - first;
        let expected = again - of(second, &[*label]);
        (of_second - expected).abs() <= 1e-3 * (both.abs() + first.abs() + again.abs())
    }
}

/// A synapse.
#[derive(Clone, Copy)]
struct Place {
    /// The layer before it.
    layer: usize,
    before: usize,
    behind: usize,
}

/// What was sent, by signal, in order.
type Seen = HashMap<Signal, Vec<Vec<f32>>>;

struct Nobody;

impl Tap for Nobody {
    fn sent(&self, _: Signal, _: &mut [f32]) {}
}

/// What was sent, and whether times of spikes were among it.
#[derive(Default)]
struct Recorder(Mutex<(Seen, bool)>);

impl Recorder {
    fn take(self) -> (Seen, bool) {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Times of spikes stand for activity.
fn of_activity(signal: Signal) -> Signal {
    if let Signal::Times(l) = signal { Signal::Activity(l) } else { signal }
}

impl Tap for Recorder {
    fn sent(&self, signal: Signal, values: &mut [f32]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1 |= matches!(signal, Signal::Times(_));
        kept.0.entry(of_activity(signal)).or_default().push(values.to_vec());
    }
}

/// Holds everything but what neurons make of errors; the errors of the layer above differ
/// at their last step. Keeps the errors that arrive at a layer.
struct LaterErrors<'a> {
    seen: &'a Seen,
    layer: usize,
    width: usize,
    count: Mutex<HashMap<Signal, usize>>,
    arrived: Mutex<Vec<f32>>,
}

impl Tap for LaterErrors<'_> {
    fn sent(&self, signal: Signal, values: &mut [f32]) {
        let signal = of_activity(signal);
        let nth = count(&self.count, signal);
        match signal {
            Signal::Inner(_) => return,
            Signal::Error(l) if l == self.layer => {
                let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
                arrived.clear();
                arrived.extend_from_slice(values);
                return;
            }
            _ => {}
        }
        let Some(seen) = self.seen.get(&signal).and_then(|all| all.get(nth)) else { return };
        if seen.len() == values.len() {
            values.copy_from_slice(seen);
        }
        if signal == Signal::Error(self.layer + 1) {
            let last = values.len().saturating_sub(self.width);
            values[last..].iter_mut().enumerate().for_each(|(i, v)| *v = other(*v, i));
        }
    }
}

/// How often this signal was sent before.
fn count(counts: &Mutex<HashMap<Signal, usize>>, signal: Signal) -> usize {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(signal).or_default();
    *count += 1;
    *count - 1
}

/// Holds signals as they were, but those of the neuron behind the synapse, and replaces
/// those that are asked for.
struct Held<'a> {
    seen: &'a Seen,
    widths: &'a [usize],
    place: Place,
    replaced: Option<Quantity>,
    count: Mutex<HashMap<Signal, usize>>,
}

impl<'a> Held<'a> {
    fn new(seen: &'a Seen, widths: &'a [usize], place: Place, replaced: Option<Quantity>) -> Self {
        Self { seen, widths, place, replaced, count: Mutex::default() }
    }

    /// Whether the neuron behind the synapse goes its own way. Where what excites it is
    /// replaced it would, whatever the rule: there it is held, too.
    fn is_free(&self) -> bool {
        use Quantity as Q;
        let excites = [Q::OwnWeight, Q::WeightsOnto, Q::OtherInputs, Q::Before, Q::Below];
        !self.replaced.is_some_and(|q| excites.contains(&q))
    }

    fn replaces(&self, signal: Signal, neuron: Option<usize>) -> bool {
        let Some(q) = self.replaced else { return false };
        let (below, own) = (self.place.layer, self.place.layer + 1);
        let is = |n: usize| neuron == Some(n);
        match (q, signal) {
            (Quantity::Before, Signal::Activity(l)) => l == below && is(self.place.before),
            (Quantity::OtherInputs, Signal::Activity(l)) => {
                l == below && neuron.is_some_and(|n| n != self.place.before)
            }
            (Quantity::Behind, Signal::Activity(l)) => l == own && is(self.place.behind),
            (Quantity::Behind, Signal::State(l)) => {
                l == own && neuron.is_none_or(|n| n == self.place.behind)
            }
            (Quantity::Beside, Signal::Activity(l) | Signal::Error(l)) => {
                l == own && neuron.is_some_and(|n| n != self.place.behind)
            }
            (Quantity::Above, Signal::Activity(l)) => l > own,
            (Quantity::Below, Signal::Activity(l)) => l < below,
            (Quantity::OwnError, Signal::Error(l)) => l == own && is(self.place.behind),
            (Quantity::ErrorsAbove, Signal::Error(l)) => l > own,
            (Quantity::Shared, Signal::Shared(_)) => true,
            _ => false,
        }
    }
}

impl Tap for Held<'_> {
    fn sent(&self, signal: Signal, values: &mut [f32]) {
        let signal = of_activity(signal);
        let nth = count(&self.count, signal);
        let Some(seen) = self.seen.get(&signal).and_then(|all| all.get(nth)) else { return };
        if seen.len() != values.len() {
            return;
        }
        let (Signal::Activity(l)
        | Signal::Times(l)
        | Signal::State(l)
        | Signal::Error(l)
        | Signal::Inner(l)
        | Signal::Shared(l)) = signal;
        let width = match signal {
            Signal::Shared(_) => None,
            _ => self.widths.get(l).copied().filter(|w| values.len().is_multiple_of(*w)),
        };
        for (at, (value, seen)) in values.iter_mut().zip(seen).enumerate() {
            let neuron = width.map(|w| at % w);
            let own = l == self.place.layer + 1 && neuron == Some(self.place.behind);
            if !own || !self.is_free() {
                *value = *seen;
            }
            if self.replaces(signal, neuron) {
                *value = other(*seen, at);
            }
        }
    }
}
