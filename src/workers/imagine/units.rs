//! What the units of a generative network look for and draw.

use std::sync::Arc;

use crate::ann::energy::Model as Generative;
use crate::ann::ops::energy::Map;
use crate::data::Pixels;
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// All units of a network.
#[derive(Clone, Default)]
pub struct Units {
    /// The network; `None` before the first.
    pub model: Option<Arc<Model>>,
    /// Weights into each unit of h1 from the pixels.
    pub sees: Vec<Pixels>,
    /// Weights out of it, to the pixels.
    pub draws: Vec<Pixels>,
    /// What each unit of h2 adds to the picture, −1 to 1.
    pub above: Vec<Pixels>,
}

impl Answer<Arc<Model>> for Units {
    fn failure(why: &str) -> String {
        format!("The units could not be shown: {why}. Choose another network.")
    }
}

fn units(model: &Arc<Model>) -> Option<Units> {
    let network = Generative::of(&model.network)?;
    let [_, h1, h2] = network.widths();
    Some(Units {
        model: Some(Arc::clone(model)),
        sees: (0..h1).filter_map(|unit| network.field(Map::Encode1, unit)).collect(),
        draws: (0..h1).filter_map(|unit| network.field(Map::Decode1, unit)).collect(),
        above: (0..h2).filter_map(|unit| network.draws(unit)).collect(),
    })
}

pub(super) fn start(events: Events) -> std::io::Result<Answering<Arc<Model>, Units>> {
    Answering::spawn("units", events, || {
        |model: &Arc<Model>, _: &Reply<Arc<Model>, Units>| Ok(units(model))
    })
}
