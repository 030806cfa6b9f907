//! A run on a device: weights and optimiser state live there, and are copied to the
//! host when they are shown or saved.
//!
//! A device can fail in the middle of a run (its memory is full, its driver is
//! gone, the cable is pulled). Then nothing on it can be read any more; so a copy
//! of everything is taken now and then, to which the run goes back.

use std::sync::OnceLock;

use candle_core::{Device, Tensor, Var};

use super::graph::{Graph, cross_entropy};
use super::{ComputeDevice, reason};
use crate::ann::AnnError;
use crate::ann::learner::{Outcome, is_right};
use crate::ann::network::Network;
use crate::ann::ops::loss::softmax;
use crate::ann::optimiser::{Optimiser, OptimiserConfig};
use crate::ann::scores::Scores;
use crate::data::{PIXELS, Pixels, SIDE};

/// What an optimiser keeps: updates done, and numbers by step of the plan, by slot.
pub type Kept = (u64, Vec<Vec<Vec<f32>>>);

/// A run's state on a device.
pub struct Session {
    declared: &'static ComputeDevice,
    device: Device,
    graph: Graph,
    optimiser: &'static Optimiser,
    values: Vec<f32>,
    /// By step of the plan; `None` where nothing is learned.
    weights: Vec<Option<Var>>,
    /// By step, by slot.
    kept: Vec<Vec<Tensor>>,
    updates: u64,
    /// The network on the host, once somebody has asked for it since the last update.
    network: OnceLock<Network>,
    last_good: LastGood,
    /// Mini-batches done.
    done: u64,
    lost: bool,
    #[cfg(test)]
    pub(in crate::ann) fails_at: Option<u64>,
}

/// The last copy on the host.
struct LastGood {
    network: Network,
    kept: Kept,
    /// Mini-batches done.
    step: u64,
}

fn lengths(network: &Network) -> Vec<usize> {
    let steps = network.plan().steps.iter();
    steps.map(|s| crate::ann::ops::op::parameter_len(&*s.op)).collect()
}

impl Session {
    /// Puts a network and what its optimiser keeps on a device, after `step`
    /// mini-batches.
    ///
    /// # Errors
    /// [`AnnError::NoDevice`]; [`AnnError::Setting`] for the optimiser.
    pub fn new(
        declared: &'static ComputeDevice,
        device: Device,
        network: &Network,
        (config, kept): (&OptimiserConfig, Kept),
        step: u64,
    ) -> Result<Self, AnnError> {
        let (optimiser, values) = config.resolve()?;
        let layers = (network.architecture().layers)();
        let graph = Graph::new(&layers, network.plan(), &device)
            .map_err(|error| unusable(declared, &error))?;
        let mut session = Self {
            declared,
            device,
            graph,
            optimiser,
            values,
            weights: Vec::new(),
            kept: Vec::new(),
            updates: 0,
            network: OnceLock::new(),
            last_good: LastGood { network: network.clone(), kept: Kept::default(), step },
            done: step,
            lost: false,
            #[cfg(test)]
            fails_at: None,
        };
        session.load(network, kept, step)?;
        Ok(session)
    }

    /// Puts the state after `step` mini-batches on the device; it is the last
    /// copy, too.
    ///
    /// # Errors
    /// [`AnnError::NoDevice`].
    pub fn load(&mut self, network: &Network, kept: Kept, step: u64) -> Result<(), AnnError> {
        self.last_good = LastGood { network: network.clone(), kept, step };
        self.done = step;
        let put = self.put_weights().and_then(|()| self.put_kept());
        put.map_err(|error| unusable(self.declared, &error))
    }

    /// The weights of the last copy go to the device.
    fn put_weights(&mut self) -> candle_core::Result<()> {
        let network = &self.last_good.network;
        let mut flat: Vec<Vec<f32>> =
            lengths(network).into_iter().map(Vec::with_capacity).collect();
        let places = network.plan().parameters();
        for ((step, ..), values) in places.iter().zip(network.values()) {
            flat[*step].extend(values);
        }
        let var = |v: Vec<f32>| {
            let len = v.len();
            (len > 0).then(|| Var::from_vec(v, len, &self.device)).transpose()
        };
        self.weights = flat.into_iter().map(var).collect::<candle_core::Result<_>>()?;
        self.network = OnceLock::new();
        Ok(())
    }

    fn put_kept(&mut self) -> candle_core::Result<()> {
        let (updates, kept) = &self.last_good.kept;
        let slot = |v: &Vec<f32>| Tensor::from_slice(v, v.len(), &self.device);
        let slots = |step: &Vec<Vec<f32>>| -> candle_core::Result<Vec<Tensor>> {
            let learned = step.iter().filter(|v| !v.is_empty());
            learned.map(slot).collect()
        };
        self.updates = *updates;
        self.kept = kept.iter().map(slots).collect::<candle_core::Result<_>>()?;
        Ok(())
    }

    /// Trains one mini-batch; `pictures` is `(labels.len(), 28, 28)`.
    ///
    /// # Errors
    /// [`AnnError::Diverged`], the weights then being those of the last copy;
    /// [`AnnError::Device`], everything then being that of the last copy.
    pub fn step(
        &mut self,
        (pictures, labels): (&[f32], &[u8]),
        (seed, step): (u64, u64),
    ) -> Result<Outcome, AnnError> {
        let done = self.train((pictures, labels), (seed, step));
        match done {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(diverged)) => {
                self.put_weights().map_err(|e| self.failed(&e, step + 1))?;
                Err(diverged)
            }
            Err(error) => Err(self.failed(&error, step + 1)),
        }
    }

    /// What has failed once is not trusted again: the state on it may be half of
    /// one step and half of the next.
    fn is_there(&self) -> candle_core::Result<()> {
        if self.lost { candle_core::bail!("it failed before") } else { Ok(()) }
    }

    /// From now on, only the last copy is there.
    fn failed(&mut self, error: &candle_core::Error, step: u64) -> AnnError {
        self.lost = true;
        self.network = OnceLock::new();
        AnnError::Device {
            device: self.declared.name,
            step,
            kept: self.last_good.step,
            reason: reason(error),
            remedy: remedy(error),
        }
    }

    fn train(
        &mut self,
        (pictures, labels): (&[f32], &[u8]),
        (seed, step): (u64, u64),
    ) -> candle_core::Result<Result<Outcome, AnnError>> {
        self.is_there()?;
        #[cfg(test)]
        if self.fails_at == Some(step) {
            candle_core::bail!("out of memory\n  0: a line of the backtrace");
        }
        let pictures = Tensor::from_slice(pictures, (labels.len(), SIDE, SIDE), &self.device)?;
        let logits = self.graph.logits(&pictures, &self.weights, Some((seed, step)))?;
        let loss = cross_entropy(&logits, labels)?;
        let gradients = loss.backward()?;
        // One transfer for all that is looked at. A sum is finite only if every
        // term is (or in a rare overflow, which is worth stopping for, too).
        let mut seen = vec![loss];
        for var in self.weights.iter().flatten() {
            let gradient = gradients.get(var.as_tensor());
            let missing = || candle_core::Error::Msg("a gradient is missing".into());
            seen.push(gradient.ok_or_else(missing)?.sum_all()?);
        }
        let seen = Tensor::stack(&seen, 0)?.to_vec1::<f32>()?;
        for (what, value) in ["loss"].into_iter().chain(std::iter::repeat("gradient")).zip(&seen) {
            if !value.is_finite() {
                let (value, step) = (*value, step + 1);
                return Ok(Err(AnnError::Diverged { what, value, step }));
            }
        }
        let flat = logits.flatten_all()?.to_vec1::<f32>()?;
        let rows = flat.chunks_exact((flat.len() / labels.len().max(1)).max(1));
        let right = rows.zip(labels).filter(|(row, label)| is_right(row, **label)).count();
        self.network = OnceLock::new();
        self.done = step + 1;
        self.updates += 1;
        for (var, kept) in self.weights.iter().zip(&mut self.kept) {
            let Some(var) = var else { continue };
            let Some(gradient) = gradients.get(var.as_tensor()) else { continue };
            let (update, weights) = (self.optimiser.update_tensors, var.as_detached_tensor());
            var.set(&update(&self.values, self.updates, &weights, gradient, kept)?)?;
        }
        Ok(Ok(Outcome { loss: seen[0], right }))
    }

    /// Takes the copy to which a failed run goes back.
    ///
    /// # Errors
    /// [`AnnError::Device`].
    pub fn keep(&mut self, step: u64) -> Result<(), AnnError> {
        let copy = self.is_there().and_then(|()| Ok((self.fetch()?, self.fetch_kept()?)));
        match copy {
            Ok((network, kept)) => {
                self.last_good = LastGood { network, kept, step };
                Ok(())
            }
            Err(error) => Err(self.failed(&error, step)),
        }
    }

    /// Mini-batches done at the last copy.
    pub fn kept_step(&self) -> u64 {
        self.last_good.step
    }

    fn fetch(&self) -> candle_core::Result<Network> {
        let network = &self.last_good.network;
        let mut flat = Vec::with_capacity(self.weights.len());
        for var in &self.weights {
            flat.push(var.as_ref().map(|v| v.to_vec1::<f32>()).transpose()?.unwrap_or_default());
        }
        let places = network.plan().parameters().into_iter();
        let values: Vec<Vec<f32>> = places
            .map(|(step, from, _, declared)| flat[step][from..from + declared.len()].to_vec())
            .collect();
        let mut network = network.clone();
        network.set_values(&values);
        Ok(network)
    }

    fn fetch_kept(&self) -> candle_core::Result<Kept> {
        let fetch = |slots: &Vec<Tensor>| -> candle_core::Result<Vec<Vec<f32>>> {
            if slots.is_empty() {
                return Ok(vec![Vec::new(); self.optimiser.slots]);
            }
            slots.iter().map(Tensor::to_vec1::<f32>).collect()
        };
        let kept = self.kept.iter().map(fetch).collect::<candle_core::Result<_>>()?;
        Ok((self.updates, kept))
    }

    /// The network as it is now; as it was at the last copy if the device cannot
    /// be read (the next step will then say so).
    pub fn network(&self) -> &Network {
        if self.lost {
            return &self.last_good.network;
        }
        self.network.get_or_init(|| {
            self.fetch().unwrap_or_else(|error| {
                log::warn!("{} cannot be read: {error}", self.declared.name);
                self.last_good.network.clone()
            })
        })
    }

    /// What the optimiser keeps, likewise.
    ///
    /// # Errors
    /// [`AnnError::NoDevice`] when the device cannot be read.
    pub fn kept(&self) -> Result<Kept, AnnError> {
        if self.lost {
            return Ok(self.last_good.kept.clone());
        }
        self.fetch_kept().map_err(|error| unusable(self.declared, &error))
    }

    /// The probabilities of each picture.
    ///
    /// # Errors
    /// [`AnnError::Device`].
    pub fn probabilities(&mut self, pictures: &[Pixels]) -> Result<Vec<Scores>, AnnError> {
        let flat = pictures.as_flattened();
        let shape = (flat.len() / PIXELS, SIDE, SIDE);
        let asked = self
            .is_there()
            .and_then(|()| Tensor::from_slice(flat, shape, &self.device))
            .and_then(|x| self.graph.logits(&x, &self.weights, None)?.flatten_all()?.to_vec1());
        let rows: Vec<f32> = asked.map_err(|error| self.failed(&error, self.done))?;
        let classes = self.last_good.network.classes();
        let mut rows: Vec<Scores> = rows.chunks_exact(classes).map(Scores::new).collect();
        rows.iter_mut().for_each(|row| softmax(row));
        Ok(rows)
    }
}

fn unusable(declared: &ComputeDevice, error: &candle_core::Error) -> AnnError {
    let (reason, remedy) = (reason(error), remedy(error).into());
    AnnError::NoDevice { device: declared.name, reason, remedy }
}

/// What to do about a failure.
fn remedy(error: &candle_core::Error) -> &'static str {
    let text = error.to_string().to_lowercase().replace('_', " ");
    if text.contains("out of memory") {
        "its memory is full: close other programs that use it and go on with the run, or begin one with a smaller batch"
    } else {
        "check the device and go on with the run, or go on elsewhere with `spikescope train --resume RUN --device cpu`"
    }
}
