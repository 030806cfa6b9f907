//! What the workspace measures, for lessons.

use super::board::{curve_of, number_of};
use super::{Close, beside, weigh};
use crate::lessons::Reading;
use crate::scoreboard::board::{Curve, Kind, Profile};
use crate::ui::workspace::Measure;

/// All of them.
pub const MEASURES: &[Measure<Close>] = &[
    Measure {
        name: "value",
        unit: "",
        doc: "The number in the cell looked at, in the unit of its criterion.",
        of: |room, _| {
            let (profile, criterion) = room.looked_at()?;
            number(number_of(profile, criterion.id)?)
        },
    },
    Measure {
        name: "curve",
        unit: "",
        doc: "The curve behind the cell looked at.",
        of: |room, _| {
            let (profile, criterion) = room.looked_at()?;
            Some(points(curve_of(profile, criterion.id)?))
        },
    },
    Measure {
        name: "value_a",
        unit: "",
        doc: "The number of subject A in the criterion looked at.",
        of: |room, _| number(pinned(room, 0)?),
    },
    Measure {
        name: "value_b",
        unit: "",
        doc: "The number of subject B in the criterion looked at.",
        of: |room, _| number(pinned(room, 1)?),
    },
    Measure {
        name: "difference",
        unit: "",
        doc: "The number of subject A less that of subject B, in the criterion looked at.",
        of: |room, _| number(pinned(room, 0)? - pinned(room, 1)?),
    },
    Measure {
        name: "curve_a",
        unit: "",
        doc: "The curve of subject A in Side by side.",
        of: |room, _| curve_beside(room, 0),
    },
    Measure {
        name: "curve_b",
        unit: "",
        doc: "The curve of subject B in Side by side.",
        of: |room, _| curve_beside(room, 1),
    },
    Measure {
        name: "rank",
        unit: "",
        doc: "Place of the subject looked at among all networks by its number in the criterion looked at, the largest first.",
        of: |room, _| {
            let (profile, criterion) = room.looked_at()?;
            let own = number_of(profile, criterion.id)?;
            let networks = room.table.iter().filter(|p| p.kind == Kind::Network);
            let ahead = networks.filter_map(|p| number_of(p, criterion.id)).filter(|n| *n > own);
            number(ahead.count() as f64 + 1.0)
        },
    },
    Measure {
        name: "weighed",
        unit: "",
        doc: "Criteria that count by your own weights.",
        of: |room, _| number(room.kept.weights.iter().filter(|w| w.weight > 0.0).count() as f64),
    },
    Measure {
        name: "place",
        unit: "",
        doc: "Place of the subject looked at in the order by your own weights.",
        of: |room, _| {
            let (profile, _) = room.looked_at()?;
            let (placed, _) = weigh::order(&room.table, room.criteria, &room.kept);
            number(placed.iter().position(|p| p.profile.id == profile.id)? as f64 + 1.0)
        },
    },
    Measure {
        name: "answered",
        unit: "digits",
        doc: "Digits of the game that were answered.",
        of: |room, _| number(room.game.as_ref()?.answers.len() as f64),
    },
    Measure {
        name: "right",
        unit: "%",
        doc: "Share of the game’s digits that were answered right, once all are answered.",
        of: |room, _| {
            let game = room.game.as_ref().filter(|g| g.trial().is_none())?;
            number(100.0 * game.right() as f64 / game.trials.len().max(1) as f64)
        },
    },
    Measure {
        name: "answer_time",
        unit: "s",
        doc: "Median time to answer a digit of the game, once all are answered.",
        of: |room, _| number(room.game.as_ref().filter(|g| g.trial().is_none())?.median_s()),
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

fn points(curve: &Curve) -> Reading {
    Reading::Curve(curve.xs.iter().zip(&curve.ys).map(|(x, y)| [*x, *y]).collect())
}

/// The number of the subject at this place, in the criterion looked at.
fn pinned(room: &Close, place: usize) -> Option<f64> {
    let (_, criterion) = room.looked_at()?;
    let pair = room.pinned();
    number_of(pair.get(place).copied().flatten()?, criterion.id)
}

/// The curve of the subject at this place, of the criterion whose curves are shown.
fn curve_beside(room: &Close, place: usize) -> Option<Reading> {
    let [Some(a), Some(b)] = room.pinned() else { return None };
    let pair: [&Profile; 2] = [a, b];
    let criterion = beside::chosen_curve(room, pair)?;
    Some(points(curve_of(pair.get(place)?, criterion.id)?))
}
