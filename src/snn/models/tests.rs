//! What holds for every model in the registry.

use std::collections::HashSet;

use super::*;
use crate::core::isa::Isa;
use kernel::Cells;

#[test]
fn declarations_are_complete_and_consistent() {
    let mut ids = HashSet::new();
    for m in MODELS {
        assert!(ids.insert(m.id), "{} twice", m.id);
        for text in [m.name, m.doc, m.source, m.integration, m.current_unit] {
            assert!(!text.is_empty(), "{}", m.id);
        }
        assert!(!m.equations.is_empty());
        let mut names = HashSet::new();
        for p in m.params {
            assert!(names.insert(p.name), "{}: {} twice", m.id, p.name);
            assert!(p.allows(p.default), "{}: default of {}", m.id, p.name);
            assert!(!p.label.is_empty() && !p.doc.is_empty());
        }
        assert!(names.contains("t_ref_ms"), "{}", m.id);
        let mut variables = HashSet::new();
        for s in m.state {
            assert!(variables.insert(s.name) && !s.doc.is_empty());
            if let Initial::Param(name) = s.initial {
                assert!(names.contains(name), "{}: {name}", m.id);
            }
        }
        assert!(m.state[0].input && m.state[0].name == "v", "{}", m.id);
        let shared: Vec<bool> = m.state.iter().map(|s| s.shared).collect();
        assert!(shared.is_sorted(), "{}: shared variables come last", m.id);
        let values: Vec<f64> = m.params.iter().map(|p| p.default).collect();
        let constants = ((m.kernel)(&values).derive)(&values, 0.1);
        assert_eq!(constants.len(), m.constants.len(), "{}", m.id);
        assert!(constants.iter().all(|c| c.is_finite()), "{}: {constants:?}", m.id);
        let initial: Vec<f32> = (0..m.state.len()).map(|i| m.initial(&values, i)).collect();
        assert!((m.threshold)(&values, &initial) > f64::from(initial[0]), "{}", m.id);
    }
}

/// Spikes and final state of 37 neurons under various currents.
fn run(m: &NeuronModel, values: &[f64], isa: Isa, steps: usize) -> (Vec<(usize, u32)>, Vec<f32>) {
    let n = 37;
    let kernel = (m.kernel)(values);
    let c = (kernel.derive)(values, 0.25);
    let own = m.own();
    let initial = |v: std::ops::Range<usize>| -> Vec<f32> {
        v.flat_map(|i| vec![m.initial(values, i); n]).collect()
    };
    let mut x = initial(0..own);
    let mut shared = initial(own..m.state.len());
    let mut refractory = vec![0; n];
    let mut awake = vec![true; n.div_ceil(kernel::LANES)];
    let scale = match m.id {
        "adex" => 60.0,
        "if" => 0.05,
        _ => 1.5,
    };
    let current: Vec<f32> = (0..n).map(|j| scale * (j as f32 - 5.0)).collect();
    let (mut spikes, mut fired) = (Vec::new(), Vec::new());
    for k in 0..steps {
        fired.clear();
        let mut cells = Cells {
            own: &mut x,
            shared: &mut shared,
            refractory: &mut refractory,
            current: &current,
            awake: &mut awake,
        };
        (kernel.advance)(isa, &c, &mut cells, &mut fired);
        (kernel.reset)(&c, &mut cells, &fired, m.refractory_steps(values, 0.25));
        spikes.extend(fired.iter().map(|j| (k, *j)));
    }
    x.extend(shared);
    (spikes, x)
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for m in MODELS {
        for values in by_every_method(m) {
            let expected = run(m, &values, Isa::PORTABLE, 2000);
            assert!(!expected.0.is_empty(), "{} never spiked", m.id);
            assert!(expected.1.iter().all(|x| x.is_finite()), "{}", m.id);
            for isa in Isa::available() {
                assert!(run(m, &values, isa, 2000) == expected, "{} by {}", m.id, isa.name());
            }
        }
    }
}

/// The model's defaults, with each of its methods of integration.
fn by_every_method(m: &NeuronModel) -> Vec<Vec<f64>> {
    let defaults: Vec<f64> = m.params.iter().map(|p| p.default).collect();
    let Some(at) = m.params.iter().position(|p| p.name == "integration") else {
        return vec![defaults];
    };
    let methods = 0..m.methods().len();
    methods
        .map(|i| {
            defaults[..at]
                .iter()
                .copied()
                .chain([i as f64])
                .chain(defaults[at + 1..].iter().copied())
                .collect()
        })
        .collect()
}

#[test]
fn no_model_spikes_twice_within_its_refractory_period() {
    for (m, mut values) in
        MODELS.iter().flat_map(|m| by_every_method(m).into_iter().map(move |v| (m, v)))
    {
        let t_ref = m.params.iter().position(|p| p.name == "t_ref_ms").unwrap();
        values[t_ref] = 3.1;
        let steps = m.refractory_steps(&values, 0.25);
        assert_eq!(steps, 13);
        let (spikes, _) = run(m, &values, Isa::best(), 2000);
        let mut last = vec![None; 37];
        let mut shortest = usize::MAX;
        for (k, j) in spikes {
            if let Some(before) = last[j as usize].replace(k) {
                shortest = shortest.min(k - before);
            }
        }
        assert!(shortest >= 13, "{}: {shortest}", m.id);
    }
}
