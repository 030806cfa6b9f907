//! Convolutions that learn by STDP under competition: what came in and who fired first is
//! held, since the code that learns is given it.

use super::{Carrier, Quantity, Structure, compare, other};
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::layer::First;
use crate::ann::ops::conv_stdp::learn::{Competition, Rates, learn};
use crate::ann::ops::conv_stdp::{Spike, Work};
use crate::ann::rules::stdp::op_of;
use crate::ann::zoo;
use crate::data::PIXELS;

/// The network that is looked at: a small one of the kind.
const ARCHITECTURE: &str = "stdp-8-6";
/// Of whichever rates and however many winners: what is read does not depend on them.
const RATES: Rates = Rates { plus: 0.01, minus: -0.0075 };
const BY: Competition = Competition { winners: 3, radius: 2 };

/// What the first convolution reads when it learns from a picture, `(28, 28)`; `None` if
/// nobody fires.
pub fn structure(picture: &[f32]) -> Option<Structure> {
    let architecture = zoo::find(ARCHITECTURE)?;
    let network = Network::new(architecture, 1).ok()?;
    let op = op_of(&architecture.layers);
    let (shape, own) = (op.shapes()[0], op.weights(0));
    let (maps, side) = (shape.conv.maps, shape.side());
    let parameters = network.step_parameters(0);
    let mut work = Work::default();
    if picture.len() != PIXELS || !op.encode(picture, &mut work) {
        return None;
    }
    let spikes = work.code.clone();
    op.run(0, parameters, &spikes, &mut work);
    let firsts = work.firsts.clone();
    // One learning step, as the rule takes it.
    let step = |parameters: &[f32], spikes: &[Spike], firsts: &[First]| {
        let mut work = Work::default();
        work.firsts.extend_from_slice(firsts);
        work.arrivals.gather(&shape, spikes);
        let mut new = parameters[own.clone()].to_vec();
        let winners = learn(&mut new, (maps, side), &work, BY, RATES);
        (new, winners)
    };
    let (after, winners) = step(parameters, &spikes, &firsts);
    let winner = winners.first()?;
    let place = winner.y * side + winner.x;
    let map = usize::from(winner.first.map);
    // An input that came in time: its synapse grows.
    let mut arrivals = Work::default().arrivals;
    arrivals.gather(&shape, &spikes);
    let (_, row) = arrivals.at(place).find(|(at, _)| *at <= winner.first.step)?;
    let at = row * maps + map;
    let change = after[at] - parameters[own.clone()][at];
    let reaches = |spike: &Spike| {
        let mut one = Work::default().arrivals;
        one.gather(&shape, &[*spike]);
        one.at(place).any(|(_, r)| r == row)
    };
    let beside = |same_map: bool| -> Vec<First> {
        let replace = |(p, first): (usize, &First)| match (p == place, same_map) {
            (true, _) => *first,
            (false, false) => First::NONE,
            (false, true) => First { step: 0, map: map as u16, potential: 100.0 },
        };
        firsts.iter().enumerate().map(replace).collect()
    };
    let has = |q: Quantity| {
        use Quantity as Q;
        matches!(
            q,
            Q::Before
                | Q::Behind
                | Q::OwnWeight
                | Q::OtherInputs
                | Q::Beside
                | Q::WeightsOnto
                | Q::WeightsOut
                | Q::WeightsElsewhere
        )
    };
    let reads = compare(change, has, |q| {
        let (mut weights, mut spikes) = (parameters.to_vec(), spikes.clone());
        let mut all = vec![firsts.clone()];
        match q {
            Quantity::Before => spikes.retain(|s| !reaches(s)),
            Quantity::OtherInputs => spikes.retain(reaches),
            Quantity::Behind => all[0][place] = First::NONE,
            // Nobody else fires, or another of the same kind does first.
            Quantity::Beside => all = vec![beside(false), beside(true)],
            _ => {}
        }
        for (i, w) in weights.iter_mut().enumerate() {
            let number = i.checked_sub(own.start).filter(|_| i < own.end);
            let replaced = match (q, number) {
                (Quantity::OwnWeight, Some(n)) => n == at,
                (Quantity::WeightsOnto, Some(n)) => n % maps == map && n != at,
                (Quantity::WeightsElsewhere, Some(n)) => n % maps != map,
                (Quantity::WeightsOut, None) => true,
                _ => false,
            };
            if replaced {
                *w = if q == Quantity::OwnWeight { other(*w, i) } else { f32::NAN };
            }
        }
        let changes = all.iter().map(|firsts| {
            let (new, _) = step(&weights, &spikes, firsts);
            new[at] - weights[own.clone()][at]
        });
        // The first that differs tells.
        let mut changes = changes.collect::<Vec<f32>>();
        let differs = changes.iter().position(|c| c.to_bits() != change.to_bits());
        changes.swap_remove(differs.unwrap_or(0))
    });
    Some(Structure {
        reads,
        // The layers above have not run at all.
        waits: false,
        signals: 1.0,
        moves: false,
        errors: None,
        carrier: Carrier::Spikes,
        back_in_time: None,
        one_by_one: true,
        angle: None,
    })
}
