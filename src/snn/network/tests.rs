//! Broken descriptions: each is refused with a message that says what is wrong.

use super::*;
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds};

fn good() -> NetworkSpec {
    NetworkSpec::new("test", 0.5, 1)
        .input("in", 3, Drive::Poisson(vec![10.0, 0.0, 2000.0]))
        .population("a", 4, Config::new("lif"))
        .population("b", 4, Config::new("if"))
        .current("push", "a", Waveform::Steps(vec![(10.0, 1.0), (0.0, 2.0)]))
        .projection(
            ProjectionSpec::new("in-a", "in", "a", "i_syn", Connect::Dense, Values::Same(0.5))
                .learning(Config::new("pair"), Bounds::UNIT)
                .normalised(1.0),
        )
        .projection(ProjectionSpec::new("a-b", "a", "b", "v", Connect::OneToOne, Values::Same(0.5)))
        .probe("spikes", ProbeWhat::Spikes { of: "a".into() })
}

fn refused(change: impl FnOnce(&mut NetworkSpec)) -> String {
    let mut spec = good();
    change(&mut spec);
    spec.build().err().expect("a broken description").to_string()
}

#[test]
fn a_good_description_is_built() {
    let network = good().build().unwrap();
    assert_eq!(network.source("b").unwrap(), Source::Population(1));
    assert_eq!(network.source("in").unwrap(), Source::Input(0));
    assert_eq!(network.projections[0].weights, vec![0.5; 12]);
    assert_eq!(network.currents[0].waveform.at(5.0), 2.0);
    assert_eq!(network.currents[0].waveform.at(10.0), 1.0);
}

#[test]
fn a_broken_description_is_refused_with_what_is_wrong() {
    type Change = fn(&mut NetworkSpec);
    let cases: &[(&[&str], Change)] = &[
        (&["dt is 0 ms", "0.0001"], |s| s.dt_ms = 0.0),
        (&["dt is NaN"], |s| s.dt_ms = f64::NAN),
        (&["0 replicas"], |s| s.replicas = 0),
        (&["no population"], |s| s.populations.clear()),
        (&["population \"a\"", "size is 0"], |s| s.populations[0].size = 0),
        (&["called \"a\""], |s| s.populations[1].name = "a".into()),
        (&["called \"a\""], |s| s.inputs[0].name = "a".into()),
        (&["population \"a\"", "\"liff\"", "lif, if"], |s| {
            s.populations[0].model.id = "liff".into();
        }),
        (&["population \"a\"", "tau_m_ms", "NaN"], |s| {
            s.populations[0].model = Config::new("lif").with("tau_m_ms", f64::NAN);
        }),
        (&["\"w\"", "v, i_syn"], |s| {
            s.populations[0].initial.push(("w".into(), Values::Same(0.0)));
        }),
        (&["3 values", "must have 4"], |s| {
            s.populations[0].initial.push(("v".into(), Values::Each(vec![0.0; 3])));
        }),
        (&["input \"in\"", "rate 2", "-1"], |s| {
            s.inputs[0].drive = Drive::Poisson(vec![0.0, 0.0, -1.0]);
        }),
        (&["rate 0", "NaN"], |s| s.inputs[0].drive = Drive::Poisson(vec![f32::NAN; 3])),
        (&["rates has 2 values", "must have 3"], |s| {
            s.inputs[0].drive = Drive::Poisson(vec![0.0; 2]);
        }),
        (&["spike 0 is 3", "size, 3"], |s| s.inputs[0].drive = Drive::Listed(vec![(3, 1.0)])),
        (&["time of spike 0", "-1"], |s| s.inputs[0].drive = Drive::Listed(vec![(0, -1.0)])),
        (&["population \"c\""], |s| s.currents[0].to = "c".into()),
        (&["value of step 0", "inf"], |s| {
            s.currents[0].waveform = Waveform::Steps(vec![(0.0, f64::INFINITY)]);
        }),
        (&["projection \"in-a\"", "\"x\"", "a, b, in"], |s| s.projections[0].from = "x".into()),
        (&["projection \"in-a\"", "population \"in\""], |s| s.projections[0].to = "in".into()),
        (&["projection \"in-a\"", "\"g\""], |s| s.projections[0].onto = "g".into()),
        (&["11 values", "must have 12"], |s| {
            s.projections[0].weights = Values::Each(vec![0.0; 11]);
        }),
        (&["weights 4 is NaN"], |s| {
            let mut w = vec![0.0; 12];
            w[4] = f32::NAN;
            s.projections[0].weights = Values::Each(w);
        }),
        (&["3 sources and 4 targets"], |s| s.projections[0].connect = Connect::OneToOne),
        (&["pair 1 is (3, 0)"], |s| {
            s.projections[0].connect = Connect::Pairs(vec![(0, 0), (3, 0)]);
        }),
        (&["(1, 1)", "twice"], |s| s.projections[0].connect = Connect::Pairs(vec![(1, 1), (1, 1)])),
        (&["probability", "1.5"], |s| {
            s.projections[0].connect = Connect::Random { probability: 1.5 };
        }),
        (&["delay 0 is -1"], |s| s.projections[0].delay = DelaySpec::Ms(-1.0)),
        (&["delay of their own"], |s| {
            s.projections[1].delay = DelaySpec::Each(Values::Same(1.0));
        }),
        (&["pear", "pair, triplet"], |s| {
            s.projections[0].plasticity.as_mut().unwrap().rule.id = "pear".into();
        }),
        (&["bounded by 1 and 0"], |s| {
            let bounds = Bounds { kind: BoundKind::Soft, min: 1.0, max: 0.0 };
            s.projections[0].plasticity.as_mut().unwrap().bounds = bounds;
        }),
        (&["above 0"], |s| s.projections[0].normalise_to = Some(0.0)),
        (&["share weights"], |s| {
            s.projections[1].connect = Connect::AllButSelf;
            s.projections[1].normalise_to = Some(1.0);
        }),
        (&["\"nobody\""], |s| s.probes[0].what = ProbeWhat::Spikes { of: "nobody".into() }),
        (&["interval is NaN"], |s| {
            s.probes[0].what = ProbeWhat::Rate { of: "a".into(), bin_ms: f64::NAN };
        }),
    ];
    for (parts, change) in cases {
        let text = refused(*change);
        for part in *parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    }
}

#[test]
fn a_network_over_memory_is_refused_before_it_is_allocated() {
    let text = refused(|s| {
        s.populations[0].size = 1_000_000;
        s.inputs[0].size = 1_000_000;
    });
    assert!(text.contains("MB") && text.contains("fewer neurons"), "{text}");
}

#[test]
fn pairs_in_any_order_keep_their_weights() {
    let mut spec = good();
    spec.projections[0] = ProjectionSpec::new(
        "in-a",
        "in",
        "a",
        "v",
        Connect::Pairs(vec![(2, 1), (0, 3), (2, 0), (0, 1)]),
        Values::Each(vec![1.0, 2.0, 3.0, 4.0]),
    )
    .delayed(DelaySpec::Each(Values::Each(vec![0.5, 1.0, 1.5, 2.0])));
    let built = spec.build().unwrap().projections.remove(0);
    let Connection::Sparse { offsets, targets } = built.connection else { panic!() };
    assert_eq!((offsets, targets), (vec![0, 2, 2, 4], vec![1, 3, 0, 1]));
    assert_eq!(built.weights, [4.0, 2.0, 3.0, 1.0]);
    assert_eq!(built.delay, Delay::Each(vec![4, 2, 3, 1]));
}

#[test]
fn the_description_survives_a_file() {
    let text = serde_json::to_string(&good()).unwrap();
    assert_eq!(serde_json::from_str::<NetworkSpec>(&text).unwrap(), good());
}
