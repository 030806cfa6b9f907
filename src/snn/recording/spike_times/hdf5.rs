//! Spikes in HDF5 files: those of SONATA (Dai et al., PLoS Comput. Biol. 16:e1007696, 2020),
//! which BMTK, NEST and NetPyNE write, the units of NWB (Rübel et al., eLife 11:e78362, 2022),
//! and any group whose arrays are named as columns of other files are.

use super::headings::{self, shortened};
use super::{Raw, Unit};
use crate::core::hdf5::Tree;

/// Most populations of a SONATA file.
const MOST_POPULATIONS: usize = 1000;

/// The spikes of a file, and what is to be told of them.
pub(super) fn read(tree: &Tree, most: usize) -> Result<(Raw, Option<String>), String> {
    if tree.has("/units/spike_times") {
        return Ok((units(tree, most)?, None));
    }
    let populations = populations(tree)?;
    if !populations.is_empty() {
        return sonata(tree, populations, most);
    }
    let mut places = vec!["/".to_owned()];
    places.extend(tree.groups("/")?.into_iter().map(|group| format!("/{group}")));
    let mut why = Err("it holds no spikes: neither a group `spikes` as SONATA has it, nor `units` as NWB has them, nor arrays called time_ms and sender".to_owned());
    for place in places {
        let names = tree.arrays(&place)?;
        match headings::find(&names) {
            Ok(columns) => {
                let at = |i: usize| join(&place, &names[i]);
                let unit = match columns.unit_ms {
                    Some(ms) => Unit::Ms(ms),
                    None => named_unit(tree, &at(columns.time)).unwrap_or_default(),
                };
                let raw = pair(tree, &at(columns.time), &at(columns.neuron), unit, most)?;
                return Ok((raw, None));
            }
            Err(reason) if !names.is_empty() && why.is_err() => {
                why = Err(format!("of the arrays in `{}`, {reason}", shortened(&place)));
            }
            Err(_) => {}
        }
    }
    why
}

fn join(group: &str, name: &str) -> String {
    format!("{}/{name}", group.trim_end_matches('/'))
}

/// The groups of a SONATA file in which there are spikes.
fn populations(tree: &Tree) -> Result<Vec<String>, String> {
    let holds = |group: &String| {
        tree.has(&join(group, "timestamps"))
            && (tree.has(&join(group, "node_ids")) || tree.has(&join(group, "gids")))
    };
    let mut all = vec!["/spikes".to_owned()];
    if let Ok(groups) = tree.groups("/spikes") {
        all.extend(groups.into_iter().map(|group| join("/spikes", &group)));
    }
    if all.len() > MOST_POPULATIONS {
        return Err(format!("it has more than {MOST_POPULATIONS} populations"));
    }
    all.retain(holds);
    Ok(all)
}

/// Neurons have numbers of their own in each population: those of later ones are counted on.
fn sonata(tree: &Tree, groups: Vec<String>, most: usize) -> Result<(Raw, Option<String>), String> {
    let several = groups.len() > 1;
    let (mut all, mut from) = (Raw { unit: Unit::Ms(1.0), ..Raw::default() }, 0u64);
    let mut told = Vec::new();
    for group in groups {
        let ids = if tree.has(&join(&group, "node_ids")) { "node_ids" } else { "gids" };
        let times = join(&group, "timestamps");
        // ms, where the file does not say.
        let unit = named_unit(tree, &times).unwrap_or(Unit::Ms(1.0));
        let left = most - all.times.len();
        let raw = pair(tree, &times, &join(&group, ids), unit, left)?;
        let name = group.rsplit('/').next().unwrap_or_default();
        told.push(format!("{} from {from}", shortened(name)));
        let Unit::Ms(ms) = unit else { continue };
        all.times.extend(raw.times.iter().map(|t| t * ms));
        let highest = raw.neurons.iter().max().copied();
        for neuron in raw.neurons {
            let number = neuron.checked_add(from);
            all.neurons.push(number.ok_or("its neurons have numbers that are too high")?);
        }
        from = highest.map_or(Some(from), |h| from.checked_add(h)?.checked_add(1)).unwrap_or(from);
    }
    let told = told.join(", ");
    let told = format!("Its populations are numbered one after the other: {told}.");
    Ok((all, several.then_some(told)))
}

/// The units of an NWB file: all times in one array, where each unit's end in another.
fn units(tree: &Tree, most: usize) -> Result<Raw, String> {
    let times = tree.numbers("/units/spike_times", most)?.values;
    let ends = tree.counts("/units/spike_times_index", super::MOST_NEURONS)?;
    let ids = match tree.has("/units/id") {
        true => tree.counts("/units/id", super::MOST_NEURONS)?,
        false => (0..ends.len() as u64).collect(),
    };
    let rising = ends.is_sorted() && ends.last().is_none_or(|end| *end == times.len() as u64);
    if ids.len() != ends.len() || !rising {
        return Err("its `spike_times_index` does not fit its `spike_times`".into());
    }
    let mut neurons = Vec::with_capacity(times.len());
    for (id, end) in ids.iter().zip(&ends) {
        neurons.resize(*end as usize, *id);
    }
    Ok(Raw { times, neurons, unit: Unit::Ms(1000.0) })
}

/// Times and neurons from two arrays.
fn pair(tree: &Tree, times: &str, neurons: &str, unit: Unit, most: usize) -> Result<Raw, String> {
    let times = tree.numbers(times, most)?.values;
    let neurons = tree.counts(neurons, most)?;
    if times.len() != neurons.len() {
        return Err(format!("it has {} times and {} neurons", times.len(), neurons.len()));
    }
    Ok(Raw { times, neurons, unit })
}

/// The unit that is noted at an array.
fn named_unit(tree: &Tree, times: &str) -> Option<Unit> {
    let unit = tree.remark(times, "units").or_else(|| tree.remark(times, "unit"))?;
    headings::unit_ms(unit.trim().to_lowercase().as_str()).map(Unit::Ms)
}
