//! Structures in WGSL from the declarations of models and rules, and the twins
//! that use them.

use std::fmt::Write as _;

use crate::snn::models::NeuronModel;
use crate::snn::network::Network;
use crate::snn::plasticity::PlasticityRule;

/// `dc_exc` → `DcExc`.
pub(super) fn camel(id: &str) -> String {
    let word = |w: &str| {
        let mut letters = w.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    id.split('_').map(word).collect()
}

/// Appends the twins of a network's models and rules, each once, with their
/// structures.
pub(super) fn twins(wgsl: &mut String, network: &Network) {
    let mut seen = Vec::new();
    for model in network.populations.iter().map(|p| p.model) {
        if !seen.contains(&model.id) {
            seen.push(model.id);
            neuron_model(wgsl, model);
        }
    }
    seen.clear();
    for rule in network.projections.iter().filter_map(|p| Some(p.plasticity.as_ref()?.rule)) {
        if !seen.contains(&rule.id) {
            seen.push(rule.id);
            plasticity_rule(wgsl, rule);
        }
    }
}

fn neuron_model(wgsl: &mut String, model: &NeuronModel) {
    let name = camel(model.id);
    constants(wgsl, model.id, model.constants);
    let names = |shared: bool| model.state.iter().filter(move |s| s.shared == shared);
    structure(wgsl, &format!("{name}State"), names(false).map(|s| s.name));
    if names(true).count() > 0 {
        structure(wgsl, &format!("{name}Shared"), names(true).map(|s| s.name));
    }
    wgsl.push_str(model.wgsl);
}

fn plasticity_rule(wgsl: &mut String, rule: &PlasticityRule) {
    let name = camel(rule.id);
    constants(wgsl, rule.id, rule.constants);
    structure(wgsl, &format!("{name}Pre"), rule.pre.iter().map(|t| t.name));
    structure(wgsl, &format!("{name}Post"), rule.post.iter().map(|t| t.name));
    wgsl.push_str(rule.wgsl);
}

fn structure<'a>(wgsl: &mut String, name: &str, members: impl Iterator<Item = &'a str>) {
    let members: String = members.map(|m| format!("    {m}: f32,\n")).collect();
    let _ = write!(wgsl, "\nstruct {name} {{\n{members}}}\n\n");
}

/// The constants' structure, and the function that reads them from `given`.
fn constants(wgsl: &mut String, id: &str, names: &[&str]) {
    let name = format!("{}Constants", camel(id));
    structure(wgsl, &name, names.iter().copied());
    let each: Vec<String> = (0..names.len()).map(|k| format!("number(at + {k}u)")).collect();
    let _ = write!(
        wgsl,
        "fn {id}_constants(at: u32) -> {name} {{\n    return {name}({});\n}}\n\n",
        each.join(", ")
    );
}
