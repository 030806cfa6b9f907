//! Snapshots of the whole state, and going back to one.

use super::CpuEngine;
use crate::snn::engine::{EngineState, PopulationState, ProjectionState};
use crate::snn::error::SnnError;

impl CpuEngine {
    pub(super) fn save(&self) -> EngineState {
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
                weights: self.weights[p].clone(),
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
            self.weights[p].copy_from_slice(&saved.weights);
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
            replica.emitters.iter_mut().for_each(|e| e.seek(state.step));
            replica.recorded.clear();
        }
        self.recorder.forget();
        self.renew_slow();
        self.renew_currents(true);
        self.wake();
        Ok(())
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
        Ok(())
    }
}
