//! What lessons can ask for: how like Gabor functions first kernels are, what a layer's
//! units sense, and what the unit gone into does.

use super::gabor::GOOD;
use super::settings::{FieldsTab, ReasonMap, Show};
use super::state::Seek;
use super::{Fields, network};
use crate::ann::inspect::gabor::Gabor;
use crate::core::decision::unique_max;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::inspect::Part;
use crate::workers::inspect::seek::find;

impl Fields {
    /// Begins the searches that the page in view has a button for, unless they are done or
    /// another is going on.
    pub(super) fn begin_searches(&mut self, desk: &mut Desk) {
        if self.findings.running.is_some() || self.waits() {
            return;
        }
        for seek in self.searches(desk) {
            self.seek(seek, desk);
        }
    }

    /// What is to be searched for the page in view and has not been found.
    fn searches(&self, desk: &Desk) -> Vec<Seek> {
        let Some(model) = self.kept.chosen(&desk.models) else { return Vec::new() };
        let found = &self.findings;
        let layer = self.kept.layer.unwrap_or(0);
        let channel = self.kept.channel.unwrap_or(0);
        let (unit, inside) = (self.kept.channel.is_some(), self.kept.layer.is_some());
        let fields = inside && !unit && self.kept.show == Show::Fields;
        let occlusion = self.kept.reason == ReasonMap::Occlusion && !desk.digit.is_blank();
        let covered = || {
            let same = |v: u64, asked| v == desk.digit.version() && asked == self.kept.class;
            find(&found.occlusion, model, 0, 0).is_some_and(|f| same(f.what.version, f.what.asked))
        };
        match self.kept.tab {
            FieldsTab::Gabor if find(&found.gabor, model, 0, 0).is_none() => vec![Seek::Gabor],
            FieldsTab::Why if occlusion && !covered() => vec![Seek::Occlusion],
            FieldsTab::Network if fields && find(&found.fields, model, layer, 0).is_none() => {
                vec![Seek::Fields]
            }
            FieldsTab::Network if inside && unit => {
                let liked = find(&found.liked, model, layer, channel).is_none();
                let exciting = find(&found.exciting, model, layer, 0).is_none();
                let wanted = [(liked, Seek::Liked), (exciting, Seek::Exciting)];
                wanted.into_iter().filter(|(on, _)| *on).map(|(_, seek)| seek).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Gabor functions of the chosen network's first kernels, once they are fitted.
    fn gabors(&self, desk: &Desk) -> Option<&[Gabor]> {
        let model = self.kept.chosen(&desk.models)?;
        let fits = &find(&self.findings.gabor, model, 0, 0)?.what;
        (!fits.is_empty()).then_some(&fits[..])
    }

    /// The layer gone into, of the chosen network.
    fn inside(&self, desk: &Desk) -> Option<&Part> {
        let layer = self.kept.layer.filter(|_| self.sees(desk))?;
        self.part(layer)
    }

    /// What comes out of that layer for the digit.
    fn outputs(&self, desk: &Desk) -> Option<&[f32]> {
        let part = self.inside(desk).filter(|_| !desk.digit.is_blank())?;
        let values = self.inspection.trace.output(part.layer);
        (!values.is_empty()).then_some(values)
    }

    /// The answer's probabilities.
    fn answer(&self, desk: &Desk) -> Option<(usize, f64)> {
        let there = self.sees(desk) && !desk.digit.is_blank();
        let probabilities = &self.inspection.probabilities;
        let digit = unique_max(probabilities).filter(|_| there)?;
        Some((digit, f64::from(probabilities[digit])))
    }
}

/// Width and height of what a unit senses, pixels.
fn senses(part: &Part) -> [usize; 2] {
    let area = if part.field.whole { part.field.covered() } else { part.field.at(0, 0) };
    [area.w, area.h]
}

fn number(count: usize) -> Reading {
    Reading::Number(count as f64)
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Fields>] = &[
    Measure {
        name: "gabor_kernels",
        unit: "kernels",
        doc: "First kernels of the chosen network to which Gabor functions were fitted.",
        of: |room, desk| Some(number(room.gabors(desk)?.len())),
    },
    Measure {
        name: "gabor_share",
        unit: "%",
        doc: "Share of the first kernels of which a Gabor function explains 70 % or more of the variance.",
        of: |room, desk| {
            let fits = room.gabors(desk)?;
            let good = fits.iter().filter(|f| f.explained >= GOOD).count();
            Some(Reading::Number(100.0 * good as f64 / fits.len() as f64))
        },
    },
    Measure {
        name: "gabor_mean",
        unit: "%",
        doc: "Share of the variance of first kernels that Gabor functions explain, on average; of none less than 0.",
        of: |room, desk| {
            let fits = room.gabors(desk)?;
            let sum: f64 = fits.iter().map(|f| f.explained.max(0.0)).sum();
            Some(Reading::Number(100.0 * sum / fits.len() as f64))
        },
    },
    Measure {
        name: "gabor_best",
        unit: "%",
        doc: "Share of its variance that a Gabor function explains of the best explained first kernel.",
        of: |room, desk| {
            let explained = room.gabors(desk)?.iter().map(|f| f.explained);
            Some(Reading::Number(100.0 * explained.reduce(f64::max)?))
        },
    },
    Measure {
        name: "field_width",
        unit: "pixels",
        doc: "Width of the part of the digit that a unit of the layer gone into senses.",
        of: |room, desk| room.inside(desk).map(|part| number(senses(part)[0])),
    },
    Measure {
        name: "field_share",
        unit: "%",
        doc: "Share of the digit's pixels that a unit of the layer gone into senses.",
        of: |room, desk| {
            let [w, h] = senses(room.inside(desk)?);
            Some(Reading::Number(100.0 * (w * h) as f64 / crate::data::PIXELS as f64))
        },
    },
    Measure {
        name: "units",
        unit: "",
        doc: "Feature maps of the layer gone into, or its units where it has none.",
        of: |room, desk| room.inside(desk).map(|part| number(part.shape[2])),
    },
    Measure {
        name: "parameters",
        unit: "",
        doc: "Learned numbers of the layer gone into.",
        of: |room, desk| room.inside(desk).map(|part| number(part.parameters)),
    },
    Measure {
        name: "active",
        unit: "%",
        doc: "Share of the units of the layer gone into that are above zero for the digit.",
        of: |room, desk| {
            let values = room.outputs(desk)?;
            let active = values.iter().filter(|v| **v > 0.0).count();
            Some(Reading::Number(100.0 * active as f64 / values.len() as f64))
        },
    },
    Measure {
        name: "layer",
        unit: "",
        doc: "Number of the layer gone into, counted from 1 for those that are shown.",
        of: |room, desk| {
            let part = room.inside(desk)?;
            let parts = &room.inspection.anatomy.as_ref()?.parts;
            parts.iter().position(|p| p.layer == part.layer).map(|i| number(i + 1))
        },
    },
    Measure {
        name: "unit",
        unit: "",
        doc: "Number of the feature map or unit gone into, counted from 0 as on the page.",
        of: |room, desk| room.inside(desk).and(room.kept.channel).map(number),
    },
    Measure {
        name: "output",
        unit: "",
        doc: "Output of the unit gone into, at its place, for the digit.",
        of: |room, desk| {
            let (part, unit) = (room.inside(desk)?, room.kept.unit()?);
            let value = network::value(&room.inspection, part, unit);
            let there = !desk.digit.is_blank() && value.is_finite();
            there.then(|| Reading::Number(value.into()))
        },
    },
    Measure {
        name: "answer",
        unit: "",
        doc: "Digit that the chosen network answers.",
        of: |room, desk| room.answer(desk).map(|(digit, _)| number(digit)),
    },
    Measure {
        name: "certainty",
        unit: "%",
        doc: "Probability that the chosen network gives its answer.",
        of: |room, desk| room.answer(desk).map(|(_, sure)| Reading::Number(100.0 * sure)),
    },
];
