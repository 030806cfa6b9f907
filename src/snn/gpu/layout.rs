//! Where everything of a network lies in the buffers of the graphics card: six
//! buffers, each divided once, when the network is built. The generated part of
//! the program (`program`) has these places as numbers.
//!
//! `given` is also filled here; the others begin with zeros and what
//! [`super::state`] writes.

use super::BLOCK;
use crate::snn::engine::source_number;
use crate::snn::error::SnnError;
use crate::snn::models::kernel::SLOW_MS;
use crate::snn::network::{Connection, Delay, Network, Projection};
use crate::snn::plasticity::{BoundKind, Follows};

/// Most words of the ring of spikes: 64 MB.
const MOST_RING: u64 = 1 << 24;
/// A portion of steps that is submitted at once has at most so many.
pub(super) const MOST_PORTION: u32 = 1024;

/// Hands out successive parts of a buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(u64);

impl Room {
    fn take(&mut self, words: usize) -> u32 {
        let at = self.0;
        self.0 += words as u64;
        // A buffer that is too large is refused before anything uses this.
        at as u32
    }

    pub(super) fn words(&self) -> u64 {
        self.0
    }
}

/// The places of a population.
#[derive(Clone, Debug)]
pub(super) struct PopulationPlaces {
    /// In `state`: `[replica][variable][neuron]`.
    pub(super) own: u32,
    /// In `state`: `[variable][neuron]`.
    pub(super) shared: u32,
    /// In `state`, where something follows the membrane: its change in this
    /// step, `[replica][neuron]`.
    pub(super) change: Option<u32>,
    /// In `cells`: `[replica][neuron]`.
    pub(super) refractory: u32,
    pub(super) counts: u32,
    /// In `given`.
    pub(super) constants: u32,
    pub(super) rest: u32,
}

/// The places of a source: a population or an input.
#[derive(Clone, Debug)]
pub(super) struct SourcePlaces {
    pub(super) neurons: u32,
    /// Words of bits of one replica, and blocks of neurons.
    pub(super) words: u32,
    pub(super) blocks: u32,
    /// In `spikes`: `[step][replica][word]`.
    pub(super) bits: u32,
    /// In `spikes`: `[step][replica][neuron of the list]` and its lengths,
    /// `[step][replica][block]`.
    pub(super) list: Option<(u32, u32)>,
    /// In `marks`.
    pub(super) tally: u32,
    /// Steps that its spikes travel at most.
    pub(super) longest: u32,
}

/// The places of an input, in `given`.
#[derive(Clone, Debug)]
pub(super) struct InputPlaces {
    /// `[replica]`: 0 silent or by rate, 1 listed.
    pub(super) listed: u32,
    /// `[replica]`, two words each.
    pub(super) keys: u32,
    /// `[replica][neuron]`.
    pub(super) thresholds: u32,
}

/// The places of a current.
#[derive(Clone, Debug)]
pub(super) struct CurrentPlaces {
    /// In `given`: 0 constant, 1 the same for all neurons, 2 their own from a time on.
    pub(super) varies: u32,
    /// In `state`: `[neuron]`, where each has its own.
    pub(super) each: u32,
}

/// The places of a projection.
#[derive(Clone, Debug)]
pub(super) struct ProjectionPlaces {
    /// In `weights`.
    pub(super) weights: u32,
    /// In `marks`: times that spikes reached synapses (or, where
    /// [`super::program::counts_arrivals`], spikes that arrived).
    pub(super) events: u32,
    /// In `marks`: `[target]`, and a mark for all of them.
    pub(super) changed: u32,
    pub(super) all_changed: u32,
    pub(super) columns: Option<Columns>,
    pub(super) learning: Option<LearningPlaces>,
    /// In `given`: what weights are normalised to.
    pub(super) sum: u32,
}

/// The synapses of a sparse projection by target, in `given`.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) offsets: u32,
    pub(super) sources: u32,
    pub(super) synapses: u32,
    /// The same with sources rising, whatever the delays.
    pub(super) by_source: u32,
    /// By synapse: its source, its target, its delay (where each has its own).
    pub(super) source_of: u32,
    pub(super) target_of: u32,
    pub(super) delays: u32,
    pub(super) longest: usize,
}

/// The places of a plastic projection.
#[derive(Clone, Debug)]
pub(super) struct LearningPlaces {
    /// In `given`: whether it learns, whether spikes add to traces, whether
    /// the membrane is followed (else the rate).
    pub(super) on: u32,
    pub(super) adds: u32,
    pub(super) membrane: u32,
    pub(super) constants: u32,
    pub(super) bounds: u32,
    pub(super) pre: SidePlaces,
    pub(super) post: SidePlaces,
    /// In `state`, `[replica][target]`: the change of the rate, if followed.
    pub(super) change: Option<u32>,
    /// In `cells`, `[replica][source]`: whether it has a trace, if followed.
    pub(super) active: Option<u32>,
    /// In `spikes`: which sources and which targets spiked in any replica, as
    /// bits; for dense projections that learn at spikes alone.
    pub(super) any: Option<(u32, u32)>,
}

/// The traces of one side.
#[derive(Clone, Debug)]
pub(super) struct SidePlaces {
    pub(super) neurons: u32,
    pub(super) count: u32,
    /// In `state`, `[replica][trace][neuron]`: at the last spike; in this step
    /// before a spike, and after it.
    pub(super) values: u32,
    pub(super) before: u32,
    pub(super) after: u32,
    /// In `cells`, `[replica][neuron]`.
    pub(super) since: u32,
    /// In `given`: place and length of each trace's table, then the longest.
    pub(super) tables: u32,
}

/// The whole.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) replicas: u32,
    pub(super) populations: Vec<PopulationPlaces>,
    /// Populations first, then inputs.
    pub(super) sources: Vec<SourcePlaces>,
    pub(super) inputs: Vec<InputPlaces>,
    pub(super) currents: Vec<CurrentPlaces>,
    pub(super) projections: Vec<ProjectionPlaces>,
    /// Steps that bits and lists are kept for, less one (both powers of two).
    pub(super) ring_mask: u32,
    pub(super) list_mask: u32,
    /// The longest delay.
    pub(super) longest: u32,
    pub(super) slow_every: u32,
    pub(super) state: Room,
    pub(super) weights: Room,
    pub(super) spikes: Room,
    pub(super) cells: Room,
    pub(super) marks: Room,
    /// What `given` holds; tables of decay come last, from `tables_from` on.
    pub(super) given: Vec<u32>,
    pub(super) tables_from: usize,
}

impl Layout {
    /// # Errors
    /// [`SnnError::Engine`] for spikes that are under way for too long.
    pub(super) fn new(network: &Network) -> Result<Self, SnnError> {
        let mut layout = Self {
            replicas: network.replicas as u32,
            populations: Vec::new(),
            sources: Vec::new(),
            inputs: Vec::new(),
            currents: Vec::new(),
            projections: Vec::new(),
            ring_mask: 0,
            list_mask: 0,
            longest: network.projections.iter().map(|p| p.delay.most()).max().unwrap_or(0),
            slow_every: (SLOW_MS / network.dt_ms).round().max(1.0) as u32,
            state: Room::default(),
            weights: Room::default(),
            spikes: Room::default(),
            cells: Room::default(),
            marks: Room::default(),
            given: Vec::new(),
            tables_from: 0,
        };
        layout.place_sources(network)?;
        layout.place_populations(network);
        layout.place_inputs(network);
        layout.place_currents(network);
        // Tallies come first, so that they are read at once.
        let events = layout.marks.take(network.projections.len());
        for (events, projection) in (events..).zip(&network.projections) {
            let places = layout.place_projection(network, projection, events);
            layout.projections.push(places);
        }
        layout.tables_from = layout.given.len();
        Ok(layout)
    }

    fn give(&mut self, words: impl IntoIterator<Item = u32>) -> u32 {
        let at = self.given.len() as u32;
        self.given.extend(words);
        at
    }

    fn place_sources(&mut self, network: &Network) -> Result<(), SnnError> {
        let sizes = network.populations.iter().map(|p| p.size);
        let sizes: Vec<usize> = sizes.chain(network.inputs.iter().map(|i| i.size)).collect();
        let replicas = u64::from(self.replicas);
        let per_step: u64 = sizes.iter().map(|n| n.div_ceil(32) as u64 * replicas).sum();
        // The ring holds a portion of steps besides those that are still needed.
        let least = (u64::from(self.longest) + 2).next_power_of_two();
        if per_step * least > MOST_RING {
            let delay_ms = f64::from(self.longest) * network.dt_ms;
            let megabytes = |words: u64| words as f64 * 4e-6;
            return Err(SnnError::Engine(format!(
                "network {:?}, with delays of up to {delay_ms} ms, needs {:.0} MB for the spikes that are under way; the GPU engine has {:.0} MB for them. Use fewer neurons, fewer replicas, shorter delays or the CPU engine",
                network.name,
                megabytes(per_step * least),
                megabytes(MOST_RING)
            )));
        }
        let room = 1 << (MOST_RING / per_step).ilog2();
        let preference = u64::from(self.longest + 1 + MOST_PORTION).next_power_of_two();
        let ring = preference.min(room);
        self.ring_mask = ring as u32 - 1;
        let lists = u64::from(self.longest + 1).next_power_of_two();
        self.list_mask = lists as u32 - 1;
        for (s, n) in sizes.into_iter().enumerate() {
            let (words, blocks) = (n.div_ceil(32), n.div_ceil(BLOCK as usize));
            let slots = self.replicas as usize * ring as usize;
            let bits = self.spikes.take(slots * words);
            let needed = network.projections.iter().any(|p| {
                usize::from(source_number(network, p.from)) == s
                    && matches!(p.delay, Delay::Steps(_))
                    && !matches!(p.connection, Connection::OneToOne | Connection::Convolution(_))
            });
            let slots = self.replicas as usize * lists as usize * blocks;
            let list =
                needed.then(|| (self.spikes.take(slots * BLOCK as usize), self.spikes.take(slots)));
            let mine = network
                .projections
                .iter()
                .filter(|p| usize::from(source_number(network, p.from)) == s);
            let longest = mine.map(|p| p.delay.most()).max().unwrap_or(0);
            let tally = self.marks.take(1);
            self.sources.push(SourcePlaces {
                neurons: n as u32,
                words: words as u32,
                blocks: blocks as u32,
                bits,
                list,
                tally,
                longest,
            });
        }
        Ok(())
    }

    fn place_populations(&mut self, network: &Network) {
        let replicas = network.replicas;
        for (index, p) in network.populations.iter().enumerate() {
            let own = p.model.own();
            let followed = network.projections.iter().any(|q| q.to == index && follows(q));
            let constants = ((p.model.kernel)(&p.values).derive)(&p.values, network.dt_ms);
            let places = PopulationPlaces {
                own: self.state.take(replicas * own * p.size),
                shared: self.state.take((p.model.state.len() - own) * p.size),
                change: followed.then(|| self.state.take(replicas * p.size)),
                refractory: self.cells.take(replicas * p.size),
                counts: self.cells.take(replicas * p.size),
                constants: self.give(constants.into_iter().map(f32::to_bits)),
                rest: self.give([p.model.refractory_steps(&p.values, network.dt_ms)]),
            };
            self.populations.push(places);
        }
    }

    fn place_inputs(&mut self, network: &Network) {
        let replicas = network.replicas;
        for input in &network.inputs {
            let places = InputPlaces {
                listed: self.give(vec![0; replicas]),
                keys: self.give(vec![0; 2 * replicas]),
                thresholds: self.give(vec![0; replicas * input.size]),
            };
            self.inputs.push(places);
        }
    }

    fn place_currents(&mut self, network: &Network) {
        for current in &network.currents {
            let n = network.populations[current.to].size;
            let places = CurrentPlaces { varies: self.give([0]), each: self.state.take(n) };
            self.currents.push(places);
        }
    }

    fn place_projection(
        &mut self,
        network: &Network,
        p: &Projection,
        events: u32,
    ) -> ProjectionPlaces {
        let (from, to) = (network.describe(p.from).1, network.populations[p.to].size);
        let columns = self.place_columns(p, from, to);
        let learning = p.plasticity.is_some().then(|| self.place_learning(network, p));
        ProjectionPlaces {
            weights: self.weights.take(p.weights.len()),
            events,
            changed: self.marks.take(to),
            all_changed: self.marks.take(1),
            columns,
            learning,
            sum: self.give([p.normalise_to.unwrap_or(0.0).to_bits()]),
        }
    }

    fn place_columns(&mut self, p: &Projection, from: usize, to: usize) -> Option<Columns> {
        let each = matches!(p.delay, Delay::Each(_));
        let rows: Vec<(u32, u32)> = match &p.connection {
            Connection::Sparse { offsets, targets } => (0..from)
                .flat_map(|i| {
                    let row = &targets[offsets[i] as usize..offsets[i + 1] as usize];
                    row.iter().map(move |j| (i as u32, *j))
                })
                .collect(),
            Connection::Dense if each => {
                (0..from * to).map(|s| ((s / to) as u32, (s % to) as u32)).collect()
            }
            _ => return None,
        };
        let delay = |s: usize| match &p.delay {
            Delay::Each(all) => all[s],
            Delay::Steps(_) => 0,
        };
        // By target, then delay, then source: the order in which spikes arrive.
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_by_key(|s| {
            let (i, j) = rows[*s as usize];
            (j, delay(*s as usize), i)
        });
        let mut by_source: Vec<u32> = (0..rows.len() as u32).collect();
        by_source.sort_by_key(|s| (rows[*s as usize].1, *s));
        let mut counts = vec![0u32; to + 1];
        for (_, j) in &rows {
            counts[*j as usize + 1] += 1;
        }
        let longest = counts.iter().copied().max().unwrap_or(0) as usize;
        for j in 0..to {
            counts[j + 1] += counts[j];
        }
        Some(Columns {
            offsets: self.give(counts),
            sources: self.give(order.iter().map(|s| rows[*s as usize].0)),
            synapses: self.give(order.iter().copied()),
            by_source: self.give(by_source),
            source_of: self.give(rows.iter().map(|r| r.0)),
            target_of: self.give(rows.iter().map(|r| r.1)),
            delays: if each { self.give((0..rows.len()).map(delay)) } else { 0 },
            longest,
        })
    }

    fn place_learning(&mut self, network: &Network, p: &Projection) -> LearningPlaces {
        let Some(plasticity) = &p.plasticity else { unreachable!("asked for plastic ones alone") };
        let (from, to) = (network.describe(p.from).1, network.populations[p.to].size);
        let replicas = network.replicas;
        let per_synapse = matches!(p.delay, Delay::Each(_));
        let sources = if per_synapse { p.weights.len() } else { from };
        let (rule, values) = (plasticity.rule, &plasticity.values);
        let follows = follows(p);
        let constants = (rule.kernel.derive)(values, network.dt_ms);
        let kind = match plasticity.bounds.kind {
            BoundKind::None => 0,
            BoundKind::Hard => 1,
            BoundKind::Soft => 2,
        };
        let bounds = plasticity.bounds;
        let mut side = |count: usize, n: usize| SidePlaces {
            neurons: n as u32,
            count: count as u32,
            values: self.state.take(replicas * count * n),
            before: self.state.take(replicas * count * n),
            after: self.state.take(replicas * count * n),
            since: self.cells.take(replicas * n),
            tables: {
                let at = self.given.len() as u32;
                self.given.extend(vec![0; 2 * count + 1]);
                at
            },
        };
        let pre = side(rule.pre.len(), sources);
        let post = side(rule.post.len(), to);
        let event_driven = matches!(p.connection, Connection::Dense) && !per_synapse && !follows;
        LearningPlaces {
            on: self.give([1]),
            adds: self.give([0]),
            membrane: self.give([0]),
            constants: self.give(constants.into_iter().map(f32::to_bits)),
            bounds: self.give([kind, bounds.min.to_bits(), bounds.max.to_bits()]),
            pre,
            post,
            change: follows.then(|| self.state.take(replicas * to)),
            active: follows.then(|| self.cells.take(replicas * sources)),
            any: event_driven
                .then(|| (self.spikes.take(from.div_ceil(32)), self.spikes.take(to.div_ceil(32)))),
        }
    }
}

/// Whether a projection's rule changes weights in every step.
pub(super) fn follows(p: &Projection) -> bool {
    p.plasticity.as_ref().is_some_and(|q| (q.rule.follows)(&q.values) != Follows::Spikes)
}
