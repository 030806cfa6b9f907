//! `spikescope devices`: where networks can be trained.

use super::Outcome;
use super::output::Output;
use super::report::{DescribedDevice, Devices};
use super::table;
use crate::ann::device::{DEVICES, Status};

pub fn run(out: &mut Output) -> anyhow::Result<Outcome> {
    let all = DEVICES.iter().map(|device| {
        let status = device.status();
        let ready = status == Status::Ready;
        let problem = match status {
            Status::Ready => None,
            Status::NotBuiltIn(text) | Status::Absent(text) => Some(text),
        };
        DescribedDevice {
            id: device.id.into(),
            name: device.name.into(),
            about: device.doc.into(),
            built_in: device.built_in,
            ready,
            problem,
        }
    });
    let report = Devices { devices: all.collect() };
    let rows: Vec<Vec<String>> = report
        .devices
        .iter()
        .map(|d| {
            let state = d.problem.clone().map_or_else(|| "ready".into(), |p| format!("no: {p}"));
            vec![d.id.clone(), d.name.clone(), state]
        })
        .collect();
    table::print(out, "", &["device", "name", "can be used"], rows)?;
    out.json(&report)?;
    Ok(Outcome::Done)
}
