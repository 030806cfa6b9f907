//! What a column or an array of spikes holds, by its name: times with their
//! unit, or numbers of neurons. One table serves text files and npz files.
//!
//! A name is cut into words where letters end or a capital begins, so
//! `t (s)`, `t_s`, `t/s`, `t [s]` and `tS` are the same.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// Times. So many ms are one of its units, if the name says the unit.
    Time(Option<f64>),
    /// Numbers of neurons. The lowest rank is meant where there are several.
    Neuron(u8),
    /// Something else.
    Other,
}

/// Names of times, written as one word.
const TIMES: [&str; 16] = [
    "t",
    "ts",
    "time",
    "times",
    "spiketime",
    "spiketimes",
    "timestamp",
    "timestamps",
    "spiketimestamp",
    "spiketimestamps",
    "firingtime",
    "firingtimes",
    "eventtime",
    "eventtimes",
    "timeofspike",
    "spikestime",
];

/// Names of neurons' numbers, written as one word, by rank: those that can mean
/// nothing else; those that are usual for it; those that often number rows.
const NEURONS: [&[&str]; 3] = [
    &[
        "sender",
        "senders",
        "senderid",
        "senderids",
        "neuron",
        "neurons",
        "neuronid",
        "neuronids",
        "neuronindex",
        "neuronindices",
        "neuronnumber",
        "neuronidx",
        "neuronno",
        "gid",
        "gids",
        "nodeid",
        "nodeids",
        "cell",
        "cells",
        "cellid",
        "cellids",
        "cellindex",
        "cellgid",
        "unit",
        "units",
        "unitid",
        "unitids",
        "unitindex",
        "sourceid",
        "sourceids",
        "sourceindex",
        "spikesender",
        "spikesenders",
    ],
    &["id", "ids", "i", "node", "nodes", "source", "sources", "addr", "address", "addresses"],
    &["index", "indices", "idx", "n", "spikeid", "spikeids", "spikeindex", "spikeindices"],
];

/// The highest rank: such a column may number the rows instead.
pub const WEAKEST: u8 = 2;

/// One of a unit, ms.
pub(super) fn unit_ms(word: &str) -> Option<f64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1.0,
        // The sign for micro, and the Greek letter that is typed for it.
        "us" | "usec" | "usecs" | "µs" | "μs" | "microsecond" | "microseconds" => 1e-3,
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => 1e-6,
        _ => return None,
    })
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let apart = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if apart && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            // The micro sign stays itself: its capital is another letter.
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

/// What a column of this name holds.
pub fn role(name: &str) -> Role {
    let words = words(name);
    let whole = words.concat();
    if let Some((last, before)) = words.split_last()
        && let Some(ms) = unit_ms(last)
    {
        let before = before.strip_suffix(&["in".to_owned()][..]).unwrap_or(before);
        if TIMES.contains(&&before.concat()[..]) {
            return Role::Time(Some(ms));
        }
    }
    if TIMES.contains(&&whole[..]) {
        return Role::Time(None);
    }
    let rank = NEURONS.iter().position(|names| names.contains(&&whole[..]));
    rank.map_or(Role::Other, |rank| Role::Neuron(rank as u8))
}

/// Which columns hold the spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Columns {
    /// Where the times are.
    pub time: usize,
    /// So many ms are one of their units; `None` if the name does not say.
    pub unit_ms: Option<f64>,
    /// Where the neurons' numbers are.
    pub neuron: usize,
    /// How sure that is: see [`Role::Neuron`].
    pub rank: u8,
}

/// Finds both columns among names.
///
/// # Errors
/// What is missing or there twice, with the names there are.
pub fn find<S: AsRef<str>>(names: &[S]) -> Result<Columns, String> {
    let listed = |chosen: &[usize]| {
        let names = chosen.iter().map(|i| format!("`{}`", shortened(names[*i].as_ref())));
        names.collect::<Vec<_>>().join(", ")
    };
    let all = || listed(&(0..names.len().min(12)).collect::<Vec<_>>());
    let roles: Vec<Role> = names.iter().map(|n| role(n.as_ref())).collect();
    let at = |wanted: &dyn Fn(&Role) -> bool| -> Vec<usize> {
        (0..roles.len()).filter(|i| wanted(&roles[*i])).collect()
    };
    let mut times = at(&|r| matches!(r, Role::Time(Some(_))));
    if times.is_empty() {
        times = at(&|r| matches!(r, Role::Time(None)));
    }
    let [time] = times[..] else {
        return Err(if times.is_empty() {
            format!(
                "no name says where the times are (there: {}); call them time_ms, time_s or time_us",
                all()
            )
        } else {
            format!("several hold times ({}); keep one of them", listed(&times))
        });
    };
    let neurons = (0..=WEAKEST)
        .map(|rank| (rank, at(&|r| *r == Role::Neuron(rank))))
        .find(|(_, found)| !found.is_empty());
    let (rank, found) = neurons.ok_or_else(|| {
        format!("no name says where the neurons are (there: {}); call them sender", all())
    })?;
    let [neuron] = found[..] else {
        return Err(format!("several may be the neurons ({}); keep one of them", listed(&found)));
    };
    let unit_ms = match roles[time] {
        Role::Time(unit_ms) => unit_ms,
        Role::Neuron(_) | Role::Other => None,
    };
    Ok(Columns { time, unit_ms, neuron, rank })
}

/// A name from a file, short enough for a message.
pub fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_simulators_are_known() {
        let (s, ms, us) = (Some(1000.0), Some(1.0), Some(1e-3));
        for (name, unit) in [
            ("time_ms", ms),
            ("Time (ms)", ms),
            ("t [ms]", ms),
            ("t/ms", ms),
            ("timeMs", ms),
            ("TIME_MS", ms),
            ("spike time in ms", ms),
            ("time_s", s),
            ("t (s)", s),
            ("time [s]", s),
            ("Time (seconds)", s),
            ("spike_times_s", s),
            ("time (µs)", us),
            ("time_μs", us),
            ("timestamp_us", us),
            ("t", None),
            ("times", None),
            ("timestamps", None),
            ("spike_time", None),
        ] {
            assert_eq!(role(name), Role::Time(unit), "{name}");
        }
        for (name, rank) in [
            ("sender", 0),
            ("Senders", 0),
            ("neuron_id", 0),
            ("neuronId", 0),
            ("Neuron Index", 0),
            ("GID", 0),
            ("node_ids", 0),
            ("id", 1),
            ("i", 1),
            ("index", 2),
        ] {
            assert_eq!(role(name), Role::Neuron(rank), "{name}");
        }
        for name in ["", "Unnamed: 0", "V_m", "time_step", "time_offset", "population", "s", "ms"] {
            assert_eq!(role(name), Role::Other, "{name}");
        }
    }

    #[test]
    fn the_surer_name_is_taken_and_equals_are_refused() {
        let found = find(&["index", "t_ms", "id", "neuron"]).unwrap();
        assert_eq!((found.time, found.neuron, found.rank), (1, 3, 0));
        assert_eq!(find(&["times", "time_s", "gid"]).unwrap().time, 1);
        for (names, said) in [
            (&["time_ms", "time_s", "gid"][..], "several hold times"),
            (&["time_ms", "sender", "neuron"], "several may be the neurons"),
            (&["a", "sender"], "where the times are"),
            (&["time_ms", "b"], "where the neurons are"),
            (&["sender", "time_step", "time_offset"], "`time_step`"),
        ] {
            let error = find(names).unwrap_err();
            assert!(error.contains(said), "{names:?}: {error}");
        }
    }
}
