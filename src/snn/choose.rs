//! Which engine runs a network: the CPU engine for small networks and wherever the
//! graphics adapter is a software one, otherwise the GPU engine. The choice comes with
//! its reason, for people; and a run can change engines midway.

use super::cpu::CpuEngine;
use super::engine::{Engine, EngineInfo};
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
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Whichever should be faster.
    #[default]
    Automatic,
    Cpu,
    Gpu,
}

impl Preference {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Automatic, Self::Cpu, Self::Gpu];

    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "Automatic",
            Self::Cpu => "CPU",
            Self::Gpu => "GPU",
        }
    }
}

/// A running network, and why it runs there.
pub struct Started {
    pub engine: Box<dyn Engine>,
    /// `CPU: the graphics adapter llvmpipe is a software one`.
    pub reason: String,
    preference: Preference,
}

/// The engine that runs, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    pub info: EngineInfo,
    /// What was asked for.
    pub preference: Preference,
    /// Why it is this one, as in [`Started::reason`].
    pub reason: String,
}

/// Starts a network on the engine that suits it.
///
/// # Errors
/// [`SnnError::Engine`] where the GPU was asked for and cannot run it; the
/// message says why. Where nothing was asked for, the CPU runs it then.
pub fn start(
    network: &Network,
    preference: Preference,
    threads: usize,
) -> Result<Started, SnnError> {
    let on_cpu = |reason: String| Ok(Started::on_cpu(network, preference, &reason, threads));
    // Asking the drivers takes time, and the answer matters to few networks.
    let matters = preference == Preference::Gpu
        || (preference == Preference::Automatic && size(network) >= WORTHWHILE);
    let adapter = if matters { best_adapter() } else { None };
    match decide(size(network), preference, adapter.as_ref()) {
        Err(reason) => on_cpu(reason),
        Ok(reason) => {
            let made = Gpu::open().and_then(|gpu| GpuEngine::new(&gpu, network));
            match made.and_then(|engine| GuardedEngine::new(engine, threads)) {
                Ok(engine) => {
                    let (engine, reason) = (Box::new(engine), format!("GPU: {reason}"));
                    Ok(Started { engine, reason, preference })
                }
                Err(e) if preference == Preference::Gpu => Err(e),
                Err(e) => on_cpu(e.to_string()),
            }
        }
    }
}

/// [`start`] for those who want the network to run in any case: where the GPU
/// was asked for and cannot, the CPU does, and a message tells.
pub fn start_anyhow(
    network: &Network,
    preference: Preference,
    threads: usize,
) -> (Started, Option<String>) {
    match start(network, preference, threads) {
        Ok(started) => (started, None),
        Err(e) => {
            let told = format!(
                "The GPU cannot run this network: {e}. The CPU engine runs it, with the same result."
            );
            let reason = format!("the GPU cannot run it ({e})");
            (Started::on_cpu(network, preference, &reason, threads), Some(told))
        }
    }
}

impl Started {
    fn on_cpu(network: &Network, preference: Preference, reason: &str, threads: usize) -> Self {
        let engine = Box::new(CpuEngine::new(network, threads));
        Self { engine, reason: format!("CPU: {reason}"), preference }
    }

    /// Which engine it is, and why.
    pub fn in_use(&self) -> InUse {
        InUse { info: self.engine.info(), preference: self.preference, reason: self.reason.clone() }
    }

    /// Goes on on the engine that suits another wish, from the step it is at.
    /// Probes and parameters go along; input rates, spikes and currents that were
    /// set during the run, and what was recorded and not taken, do not.
    ///
    /// Returns the message of a GPU that cannot run the network; the CPU goes on
    /// then.
    ///
    /// # Errors
    /// As [`Engine::snapshot`] and [`Engine::restore`]; the engine stays then.
    pub fn change(
        &mut self,
        preference: Preference,
        threads: usize,
    ) -> Result<Option<String>, SnnError> {
        let state = self.engine.snapshot()?;
        let (mut started, told) = start_anyhow(self.engine.network(), preference, threads);
        started.engine.restore(&state)?;
        *self = started;
        Ok(told)
    }

    /// The engine's notice that another took over, once.
    pub fn take_notice(&mut self) -> Option<String> {
        let notice = self.engine.take_notice()?;
        self.reason = "CPU: the GPU failed during the run".to_owned();
        Some(notice)
    }
}

/// Neurons and inputs, times replicas.
fn size(network: &Network) -> usize {
    let neurons: usize = network.populations.iter().map(|p| p.size).sum();
    let inputs: usize = network.inputs.iter().map(|i| i.size).sum();
    (neurons + inputs) * network.replicas
}

/// `Ok` for the GPU, `Err` for the CPU, each with the reason.
fn decide(
    size: usize,
    preference: Preference,
    adapter: Option<&AdapterInfo>,
) -> Result<String, String> {
    match (preference, adapter) {
        (Preference::Cpu, _) => Err("as you chose".to_owned()),
        (Preference::Gpu, Some(a)) if a.software => Ok(format!(
            "as you chose, but {} is a software adapter: slower than the CPU engine",
            a.name
        )),
        (Preference::Gpu, _) => Ok("as you chose".to_owned()),
        (Preference::Automatic, _) if size < WORTHWHILE => {
            let s = if size == 1 { " is" } else { "s are" };
            Err(format!("{size} neuron{s} too few to gain by a GPU"))
        }
        (Preference::Automatic, None) => Err("there is no graphics adapter".to_owned()),
        (Preference::Automatic, Some(a)) if a.software => {
            Err(format!("the graphics adapter {} is a software one", a.name))
        }
        (Preference::Automatic, Some(a)) => {
            Ok(format!("{size} neurons (all inputs and replicas) on {}", a.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::network::{
        Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
    };
    use crate::snn::params::Config;

    #[test]
    fn the_choice_follows_the_adapter_the_size_and_the_wish() {
        let card = AdapterInfo { name: "a card".into(), software: false };
        let soft = AdapterInfo { name: "llvmpipe".into(), software: true };
        let auto = |size, adapter| decide(size, Preference::Automatic, adapter);
        assert!(auto(1_000_000, Some(&card)).is_ok_and(|r| r.contains("a card")));
        assert!(auto(1000, Some(&card)).is_err_and(|r| r.contains("too few")));
        assert!(auto(1_000_000, Some(&soft)).is_err_and(|r| r.contains("llvmpipe")));
        assert!(auto(1_000_000, None).is_err_and(|r| r.contains("no graphics adapter")));
        assert!(decide(1, Preference::Gpu, Some(&soft)).is_ok_and(|r| r.contains("slower")));
        assert!(decide(1_000_000, Preference::Cpu, Some(&card)).is_err());
    }

    /// Two leaky neurons, the first driven, noise on both.
    fn network() -> Network {
        let lif = || Config::new("lif");
        let weights = Values::Same(9.0);
        NetworkSpec::new("two", 0.1, 5)
            .population("pre", 1, lif())
            .population("post", 1, lif())
            .input("noise", 20, Drive::Poisson(vec![300.0; 20]))
            .current("current", "pre", Waveform::Constant(Values::Same(3.0)))
            .projection(ProjectionSpec::new(
                "w",
                "pre",
                "post",
                "v",
                Connect::Dense,
                weights.clone(),
            ))
            .projection(ProjectionSpec::new("n", "noise", "post", "v", Connect::Dense, weights))
            .probe("spikes", ProbeWhat::Spikes { of: "post".into() })
            .build()
            .unwrap()
    }

    #[test]
    fn a_run_that_changes_engines_on_its_way_is_the_same_run() {
        let mut stays = start(&network(), Preference::Automatic, 1).unwrap();
        assert!(stays.reason.contains("22 neurons are too few"), "{}", stays.reason);
        stays.engine.run(900).unwrap();
        let expected = stays.engine.take_spikes().unwrap();
        let mut changes = start(&network(), Preference::Cpu, 1).unwrap();
        let mut spikes = Vec::new();
        for (preference, kind) in
            [(Preference::Gpu, "GPU"), (Preference::Automatic, "CPU"), (Preference::Gpu, "GPU")]
        {
            assert_eq!(changes.change(preference, 1).unwrap(), None);
            assert_eq!(
                (changes.in_use().info.kind, changes.in_use().preference),
                (kind, preference)
            );
            changes.engine.run(300).unwrap();
            spikes.extend(changes.engine.take_spikes().unwrap());
        }
        assert!(expected.len() > 5 && spikes == expected, "{spikes:?} {expected:?}");
    }
}
