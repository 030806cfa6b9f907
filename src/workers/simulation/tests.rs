use std::sync::mpsc::{Receiver, sync_channel};

use super::*;
use crate::snn::network::{Connect, ProjectionSpec, Values, Waveform};
use crate::snn::params::Config;
use crate::snn::stimulus::Shape;

/// The report's Fig. 1: two leaky neurons of threshold 1.
pub fn setup(weight: f64, head_start: u64) -> Setup {
    let config = Config::new("lif")
        .with("tau_m_ms", 10.0)
        .with("v_rest_mv", 0.0)
        .with("v_reset_mv", 0.0)
        .with("v_th_mv", 1.0)
        .with("r_mohm", 1.0)
        .with("t_ref_ms", 0.0);
    let weights = Values::Same(weight);
    let spec = NetworkSpec::new("two neurons", 0.1, 1)
        .population("pre", 1, config.clone())
        .population("post", 1, config)
        .current("current", "pre", Waveform::Constant(Values::Same(0.0)))
        .projection(ProjectionSpec::new("w", "pre", "post", "v", Connect::Dense, weights));
    let traced = |population: &str| Traced {
        population: population.into(),
        variable: "v",
        neuron: 0,
        name: population.into(),
    };
    Setup {
        spec,
        stimulus: Some((0, Stimulus::default())),
        plain: true,
        traced: vec![traced("pre"), traced("post")],
        head_start,
        cap_bytes: 1 << 20,
    }
}

struct Bench {
    simulation: Simulation,
    woken: Receiver<()>,
    told: Receiver<Event>,
}

impl Bench {
    fn new() -> Self {
        let (sender, told) = sync_channel(64);
        let (wake, woken) = sync_channel(1024);
        let events = Events::new(
            sender,
            Arc::new(move || {
                let _ = wake.try_send(());
            }),
        );
        let simulation = Simulation::start("simulation test", events).unwrap();
        simulation.set_watched(true);
        Self { simulation, woken, told }
    }

    /// Waits until the view is as wanted.
    #[track_caller]
    fn wait(&self, wanted: impl Fn(&SimulationView) -> bool) -> Arc<SimulationView> {
        loop {
            let view = self.simulation.view();
            if wanted(&view) {
                return view;
            }
            self.woken.recv_timeout(Duration::from_secs(60)).expect("the simulation says nothing");
        }
    }

    fn send(&self, command: SimCommand) {
        self.simulation.send(command).unwrap();
    }
}

fn spikes(view: &SimulationView) -> Vec<(u64, u32)> {
    view.recording.spikes(0..u64::MAX).collect()
}

/// A current of 2 charges to 1 in τ ln 2 = 6.93 ms, so every 7.0 ms; spike times
/// as in the golden file of two neurons.
#[test]
fn the_two_neurons_of_fig_1_fire_when_they_should() {
    let bench = Bench::new();
    bench.send(SimCommand::Load(Box::new(setup(0.6, 2_000))));
    let view = bench.wait(|v| v.step == 2_000);
    let pre: Vec<u64> = spikes(&view).into_iter().filter(|s| s.1 == 0).map(|s| s.0).collect();
    let wanted: Vec<u64> = (0..28).map(|k| 69 + 70 * k).collect();
    assert_eq!(pre, wanted);
    assert_eq!(view.traces.steps(), 2_000);
    assert_eq!(view.traces.value(0, 100), Some(2.0));
    let v = view.traces.value(1, 50).unwrap();
    assert!((f64::from(v) - 2.0 * (1.0 - (-0.5f64).exp())).abs() < 1e-5, "{v}");
    // Neuron 2: jumps by 0.6 in the sample after the spike of neuron 1.
    assert!((view.traces.value(2, 70).unwrap() - 0.6).abs() < 1e-6);
}

#[test]
fn steps_one_by_one_or_all_at_once_make_the_same_run() {
    let (one, all) = (Bench::new(), Bench::new());
    for bench in [&one, &all] {
        bench.send(SimCommand::Load(Box::new(setup(0.8, 0))));
        let noise = Stimulus { shape: Shape::Noise, ..Stimulus::default() };
        bench.send(SimCommand::Stimulus(Box::new(noise)));
    }
    for k in 1..=150 {
        one.send(SimCommand::Steps(1));
        one.send(SimCommand::Steps(3));
        one.wait(|v| v.step == 4 * k);
    }
    all.send(SimCommand::Steps(600));
    let (one, all) = (one.wait(|v| v.step == 600), all.wait(|v| v.step == 600));
    assert_eq!(spikes(&one), spikes(&all));
    for channel in 0..3 {
        let of = |v: &SimulationView| v.traces.samples(channel, 0..600).collect::<Vec<_>>();
        assert_eq!(of(&one), of(&all));
    }
}

#[test]
fn it_runs_only_while_running_and_watched_and_tells_its_speed() {
    let bench = Bench::new();
    bench.send(SimCommand::Load(Box::new(setup(0.6, 10))));
    bench.wait(|v| v.step == 10);
    bench.simulation.set_speed(f64::INFINITY);
    bench.simulation.set_running(true);
    let view = bench.wait(|v| v.speeds.is_some());
    let speeds = view.speeds.unwrap();
    assert!(speeds.steps_per_s > 0.0);
    assert!((speeds.ms_per_s - speeds.steps_per_s * 0.1).abs() < 1e-6 * speeds.ms_per_s);
    bench.simulation.set_watched(false);
    let held = bench.wait(|v| v.speeds.is_none());
    assert!(held.failure.is_none());
    bench.simulation.set_running(false);
}

#[test]
fn a_changed_parameter_and_weight_count_from_the_next_step() {
    let bench = Bench::new();
    bench.send(SimCommand::Load(Box::new(setup(0.0, 100))));
    bench.wait(|v| v.step == 100);
    bench.send(SimCommand::Weights { projection: 0, weights: vec![1.5] });
    bench.send(SimCommand::Parameter { population: 0, name: "t_ref_ms", value: 10.0 });
    bench.send(SimCommand::Steps(900));
    let view = bench.wait(|v| v.step == 1_000);
    let all = spikes(&view);
    assert_eq!(all[0], (69, 0));
    // After the first spike, at a weight of 0, neuron 2 answers to each.
    let (pre, post): (Vec<(u64, u32)>, Vec<_>) = all[1..].iter().copied().partition(|s| s.1 == 0);
    assert!(!post.is_empty() && pre.len().abs_diff(post.len()) <= 1, "{all:?}");
    let last = pre.windows(2).last().unwrap();
    assert!((last[1].0 - last[0].0).abs_diff(170) <= 1, "{last:?}");
}

#[test]
fn a_broken_network_is_told_and_the_next_one_runs() {
    let bench = Bench::new();
    let mut broken = setup(0.6, 10);
    broken.spec.dt_ms = 0.0;
    bench.send(SimCommand::Load(Box::new(broken)));
    let view = bench.wait(|v| v.failure.is_some());
    assert!(view.failure.as_ref().unwrap().contains("time step"), "{:?}", view.failure);
    assert!(matches!(bench.told.recv().unwrap(), Event::Failure(_)));
    bench.send(SimCommand::Load(Box::new(setup(0.6, 10))));
    bench.wait(|v| v.step == 10 && v.failure.is_none());
    bench.send(SimCommand::Parameter { population: 0, name: "tau_m_ms", value: f64::NAN });
    let view = bench.wait(|v| v.failure.is_some());
    assert!(view.failure.as_ref().unwrap().contains("tau_m_ms"), "{:?}", view.failure);
    assert_eq!(view.step, 10);
}

#[test]
fn the_engine_is_changed_on_the_way_and_the_recording_goes_on() {
    let (stays, changes) = (Bench::new(), Bench::new());
    for bench in [&stays, &changes] {
        bench.send(SimCommand::Load(Box::new(setup(0.6, 700))));
    }
    let view = changes.wait(|v| v.step == 700);
    assert_eq!(view.engine.as_ref().unwrap().info.kind, "CPU");
    changes.send(SimCommand::Engine(Preference::Gpu));
    let view = changes.wait(|v| v.engine.as_ref().is_some_and(|e| e.preference == Preference::Gpu));
    assert_eq!(view.engine.as_ref().unwrap().info.kind, "GPU");
    assert_eq!((view.step, view.generation), (700, 1));
    for bench in [&stays, &changes] {
        bench.send(SimCommand::Parameter { population: 0, name: "t_ref_ms", value: 3.0 });
        bench.send(SimCommand::Steps(300));
    }
    changes.wait(|v| v.step == 1_000);
    changes.send(SimCommand::Engine(Preference::Automatic));
    changes.wait(|v| v.engine.as_ref().is_some_and(|e| e.info.kind == "CPU"));
    for bench in [&stays, &changes] {
        bench.send(SimCommand::Steps(300));
    }
    let (stays, changes) = (stays.wait(|v| v.step == 1_300), changes.wait(|v| v.step == 1_300));
    assert_eq!(spikes(&stays), spikes(&changes));
    for channel in 0..3 {
        let of = |v: &SimulationView| v.traces.samples(channel, 0..1_300).collect::<Vec<_>>();
        assert_eq!(of(&stays), of(&changes));
    }
}
