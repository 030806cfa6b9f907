//! Snapshots of the whole state, and going back to one; and the state that is
//! remembered for [`Engine::undo`](crate::snn::engine::Engine::undo).

use super::CpuEngine;
use crate::snn::engine::{EngineState, PopulationState, ProjectionState};
use crate::snn::error::SnnError;
use crate::snn::network::{Connection, Source};

/// What [`CpuEngine::remember`] keeps.
pub(super) struct Mark {
    /// Without weights.
    state: EngineState,
    /// By projection: those that learn. They are brought up to date column by column,
    /// since few neurons learn from an image.
    weights: Vec<Vec<f32>>,
    /// By projection: whether that copy is of this mark, not of an earlier one.
    fresh: Vec<bool>,
}

impl Mark {
    pub(super) fn bytes(&self) -> usize {
        4 * self.weights.iter().map(Vec::len).sum::<usize>()
    }
}

impl CpuEngine {
    /// Remembers the state.
    pub(super) fn remember(&mut self) {
        let state = self.save_with(false);
        let mut weights = self.mark.take().map(|m| m.weights).unwrap_or_default();
        weights.resize(self.weights.len(), Vec::new());
        let fresh = vec![false; self.weights.len()];
        self.mark = Some(Mark { state, weights, fresh });
        for p in 0..self.weights.len() {
            if self.learning[p].as_ref().is_some_and(|l| l.on) {
                self.remember_weights(p);
            }
        }
    }

    /// The weights of a projection: with the rest of the state, or, where it did not
    /// learn then, when it begins to.
    pub(super) fn remember_weights(&mut self, p: usize) {
        let Some(mark) = self.mark.as_mut().filter(|m| !m.fresh[p]) else { return };
        mark.fresh[p] = true;
        let (changed, dirty) = (&self.changed[p], &mut self.dirty[p]);
        dirty.iter_mut().zip(changed).for_each(|(d, c)| *d |= c);
        let connection = &self.common.network.projections[p].connection;
        copy_columns(connection, dirty, &self.weights[p], &mut mark.weights[p]);
        dirty.fill(false);
    }

    /// Goes back to what was remembered, at the present step.
    pub(super) fn go_back(&mut self) -> Result<(), SnnError> {
        let nothing = || SnnError::Snapshot("nothing was remembered".to_owned());
        let Mark { mut state, weights, fresh } = self.mark.take().ok_or_else(nothing)?;
        state.move_to(self.step);
        for (p, kept) in weights.iter().enumerate().filter(|(p, _)| fresh[*p]) {
            let (changed, dirty) = (&self.changed[p], &mut self.dirty[p]);
            dirty.iter_mut().zip(changed).for_each(|(d, c)| *d |= c);
            let connection = &self.common.network.projections[p].connection;
            copy_columns(connection, dirty, kept, &mut self.weights[p]);
            // What is remembered next begins anew.
            dirty.fill(true);
        }
        self.place(&state);
        self.wake();
        Ok(())
    }

    pub(super) fn save(&self) -> EngineState {
        self.save_with(true)
    }

    fn save_with(&self, weights: bool) -> EngineState {
        let populations = (0..self.shared.len()).map(|p| {
            let states: Vec<_> = self.replicas.iter().map(|r| &r.populations[p]).collect();
            PopulationState {
                own: states.iter().flat_map(|s| &s.own).copied().collect(),
                shared: self.shared[p].clone(),
                refractory: states.iter().flat_map(|s| &s.refractory).copied().collect(),
                counts: states.iter().flat_map(|s| &s.counts).copied().collect(),
            }
        });
        let projections = (0..self.weights.len()).map(|p| {
            let mut state = ProjectionState {
                weights: if weights { self.weights[p].clone() } else { Vec::new() },
                changed: self.changed[p].clone(),
                ..ProjectionState::default()
            };
            if let Some(learning) = &self.learning[p] {
                learning.save(&mut state);
            }
            state
        });
        let (populations, projections) = (populations.collect(), projections.collect());
        EngineState { step: self.step, populations, projections, under_way: self.under_way() }
    }

    fn under_way(&self) -> Vec<Vec<Vec<(u16, u32)>>> {
        let sources = self.replicas[0].rings.len();
        let of_source = |s: usize| {
            let past: Vec<_> = self.replicas.iter().map(|r| r.rings[s].past(self.step)).collect();
            let steps = past[0].len();
            let of_step = |k: usize| {
                let lists = past.iter().enumerate();
                lists.flat_map(|(r, p)| p[k].iter().map(move |j| (r as u16, *j))).collect()
            };
            (0..steps).map(of_step).collect()
        };
        (0..sources).map(of_source).collect()
    }

    pub(super) fn load(&mut self, state: &EngineState) -> Result<(), SnnError> {
        self.check_fit(state).map_err(|what| SnnError::Snapshot(format!("{what} does not fit")))?;
        self.step = state.step;
        for (p, saved) in state.projections.iter().enumerate() {
            self.weights[p].copy_from_slice(&saved.weights);
            self.dirty[p].fill(true);
        }
        self.place(state);
        for replica in &mut self.replicas {
            replica.emitters.iter_mut().for_each(|e| e.seek(state.step));
            replica.recorded.clear();
        }
        self.recorder.forget();
        self.renew_slow();
        self.renew_currents(true);
        self.wake();
        Ok(())
    }

    /// Everything in a state but weights and time.
    fn place(&mut self, state: &EngineState) {
        for (p, saved) in state.populations.iter().enumerate() {
            self.shared[p].copy_from_slice(&saved.shared);
            let n = self.common.network.populations[p].size;
            for (r, replica) in self.replicas.iter_mut().enumerate() {
                let one = &mut replica.populations[p];
                let own = one.own.len();
                one.own.copy_from_slice(&saved.own[r * own..][..own]);
                one.refractory.copy_from_slice(&saved.refractory[r * n..][..n]);
                one.counts.copy_from_slice(&saved.counts[r * n..][..n]);
            }
        }
        for (p, saved) in state.projections.iter().enumerate() {
            self.changed[p].copy_from_slice(&saved.changed);
            if let Some(learning) = &mut self.learning[p] {
                learning.load(saved);
            }
        }
        for (r, replica) in self.replicas.iter_mut().enumerate() {
            for (ring, steps) in replica.rings.iter_mut().zip(&state.under_way) {
                let mine = |list: &Vec<(u16, u32)>| -> Vec<u32> {
                    list.iter().filter(|(of, _)| *of as usize == r).map(|(_, j)| *j).collect()
                };
                ring.set_past(state.step, &steps.iter().map(mine).collect::<Vec<_>>());
            }
        }
    }

    /// The name of the first part that does not fit.
    fn check_fit(&self, state: &EngineState) -> Result<(), String> {
        let fits = |good: bool, what: &str| if good { Ok(()) } else { Err(what.to_owned()) };
        let network = &self.common.network;
        fits(state.populations.len() == network.populations.len(), "the number of populations")?;
        fits(state.projections.len() == network.projections.len(), "the number of projections")?;
        fits(state.under_way.len() == self.replicas[0].rings.len(), "the number of sources")?;
        let replicas = self.replicas.len();
        for (saved, p) in state.populations.iter().zip(&network.populations) {
            let own = p.model.own();
            let good = saved.own.len() == replicas * own * p.size
                && saved.shared.len() == (p.model.state.len() - own) * p.size
                && saved.refractory.len() == replicas * p.size
                && saved.counts.len() == replicas * p.size;
            fits(good, &format!("population {:?}", p.name))?;
        }
        for (i, (saved, p)) in state.projections.iter().zip(&network.projections).enumerate() {
            let good = saved.weights.len() == self.weights[i].len()
                && saved.changed.len() == self.changed[i].len()
                && self.learning[i].as_ref().is_none_or(|l| l.fits(saved));
            fits(good, &format!("projection {:?}", p.name))?;
        }
        for (s, steps) in state.under_way.iter().enumerate() {
            let source = match s.checked_sub(network.populations.len()) {
                Some(i) => Source::Input(i),
                None => Source::Population(s),
            };
            let (name, size) = network.describe(source);
            let known = |(r, j): &(u16, u32)| usize::from(*r) < replicas && (*j as usize) < size;
            let kept = self.replicas[0].rings[s].kept();
            let good = steps.len() <= kept && steps.iter().flatten().all(known);
            fits(good, &format!("what is under way from {name:?}"))?;
        }
        Ok(())
    }
}

/// Copies the weights onto these targets; all of them where that is faster, or where
/// there is no earlier copy.
fn copy_columns(connection: &Connection, columns: &[bool], from: &[f32], to: &mut Vec<f32>) {
    let n = columns.len();
    let count = columns.iter().filter(|c| **c).count();
    if to.len() != from.len() || !matches!(connection, Connection::Dense) || count * 8 >= n {
        to.clear();
        to.extend_from_slice(from);
    } else if count > 0 {
        let columns: Vec<usize> = (0..n).filter(|j| columns[*j]).collect();
        for (to, from) in to.chunks_exact_mut(n).zip(from.chunks_exact(n)) {
            columns.iter().for_each(|j| to[*j] = from[*j]);
        }
    }
}
