//! Which engine runs a network: the CPU's for small networks and wherever the
//! graphics adapter is a software one, the GPU's else. The reason comes along,
//! to be shown beside the switch.

use super::cpu::CpuEngine;
use super::engine::Engine;
use super::error::SnnError;
use super::gpu::GpuEngine;
use super::gpu::device::{AdapterInfo, Gpu, best_adapter};
use super::gpu::fallback::GuardedEngine;
use super::network::Network;

/// Neurons and inputs, times replicas, below which a step takes the CPU less
/// time than a graphics card needs to be told of it: the CPU engine does some
/// thousand of them in a microsecond (Diehl and Cook's network, one thread), a
/// step's two or three dispatches take ten microseconds or more.
const WORTHWHILE: usize = 40_000;

/// What the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Wish {
    /// Whichever should be faster.
    #[default]
    Automatic,
    Cpu,
    Gpu,
}

/// A running network, and why it runs there.
pub struct Started {
    pub engine: Box<dyn Engine>,
    /// `CPU: the graphics adapter llvmpipe is a software one`.
    pub reason: String,
}

/// Starts a network on the engine that suits it.
///
/// # Errors
/// [`SnnError::Engine`] where the GPU was asked for and cannot run it; the
/// message says why. Where nothing was asked for, the CPU runs it then.
pub fn start(network: &Network, wish: Wish, threads: usize) -> Result<Started, SnnError> {
    let on_cpu = |reason: String| {
        let engine = Box::new(CpuEngine::new(network, threads));
        Ok(Started { engine, reason: format!("CPU: {reason}") })
    };
    let adapter = if wish == Wish::Cpu { None } else { best_adapter() };
    match decide(size(network), wish, adapter.as_ref()) {
        Err(reason) => on_cpu(reason),
        Ok(reason) => {
            let made = Gpu::open().and_then(|gpu| GpuEngine::new(&gpu, network));
            match made.and_then(|engine| GuardedEngine::new(engine, threads)) {
                Ok(engine) => {
                    Ok(Started { engine: Box::new(engine), reason: format!("GPU: {reason}") })
                }
                Err(e) if wish == Wish::Gpu => Err(e),
                Err(e) => on_cpu(e.to_string()),
            }
        }
    }
}

/// Neurons and inputs, times replicas.
fn size(network: &Network) -> usize {
    let neurons: usize = network.populations.iter().map(|p| p.size).sum();
    let inputs: usize = network.inputs.iter().map(|i| i.size).sum();
    (neurons + inputs) * network.replicas
}

/// `Ok` for the GPU, `Err` for the CPU, each with the reason.
fn decide(size: usize, wish: Wish, adapter: Option<&AdapterInfo>) -> Result<String, String> {
    match (wish, adapter) {
        (Wish::Cpu, _) => Err("as you chose".to_owned()),
        (Wish::Gpu, _) => Ok("as you chose".to_owned()),
        (Wish::Automatic, None) => Err("there is no graphics adapter".to_owned()),
        (Wish::Automatic, Some(a)) if a.software => {
            Err(format!("the graphics adapter {} is a software one", a.name))
        }
        (Wish::Automatic, Some(_)) if size < WORTHWHILE => Err(format!(
            "{size} neurons (all inputs and replicas) are too few for a graphics card to be faster"
        )),
        (Wish::Automatic, Some(a)) => {
            Ok(format!("{size} neurons (all inputs and replicas) on {}", a.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_follows_the_adapter_the_size_and_the_wish() {
        let card = AdapterInfo { name: "a card".into(), software: false };
        let soft = AdapterInfo { name: "llvmpipe".into(), software: true };
        let auto = |size, adapter| decide(size, Wish::Automatic, adapter);
        assert!(auto(1_000_000, Some(&card)).is_ok_and(|r| r.contains("a card")));
        assert!(auto(1000, Some(&card)).is_err_and(|r| r.contains("too few")));
        assert!(auto(1_000_000, Some(&soft)).is_err_and(|r| r.contains("llvmpipe")));
        assert!(auto(1_000_000, None).is_err_and(|r| r.contains("no graphics adapter")));
        assert!(decide(1, Wish::Gpu, Some(&soft)).is_ok());
        assert!(decide(1_000_000, Wish::Cpu, Some(&card)).is_err());
    }
}
