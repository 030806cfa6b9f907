//! Networks for other numbers of classes than ten: the presets with their last layer changed,
//! named by the preset and the number, such as `cnn1-26`, and what fits a data set.

use super::made::{Draft, Made};
use super::{Activation, Architecture, Family, Layer, ZOO, find, notation};
use crate::ann::AnnError;
use crate::data::classes::FEWEST;
use crate::data::{CLASSES, MOST_CLASSES};

/// Most networks that are remembered: more than there are presets and numbers of classes.
const MOST_KNOWN: usize = 10 * MOST_CLASSES;

impl Architecture {
    /// Classes that it tells apart: units of its last dense layer. Networks that end in
    /// something else are of ten.
    pub fn classes(&self) -> usize {
        outputs(&(self.layers)())
    }

    /// The preset that this one is, but for its last layer.
    pub fn preset(&self) -> Option<&'static Self> {
        let base = parse(self.id).map_or(self.id, |(base, _)| base.id);
        ZOO.iter().copied().find(|a| a.id == base)
    }
}

/// Classes that layers tell apart; see [`Architecture::classes`].
pub fn outputs(layers: &[Layer]) -> usize {
    let units = layers.iter().rev().find_map(|layer| match layer {
        Layer::Dense { units, .. } => Some(*units),
        _ => None,
    });
    units.unwrap_or(CLASSES)
}

/// The same layers for so many classes; `None` where they do not end in a dense layer.
pub fn ending_in(layers: &[Layer], classes: usize) -> Option<Vec<Layer>> {
    let mut layers = layers.to_vec();
    match layers.last_mut()? {
        Layer::Dense { units, activation: Activation::Linear } => *units = classes,
        _ => return None,
    }
    Some(layers)
}

/// The preset and the number of classes that an id names.
fn parse(id: &str) -> Option<(&'static Architecture, usize)> {
    let (base, count) = id.rsplit_once('-')?;
    let base = ZOO.iter().copied().find(|a| a.id == base)?;
    let classes: usize = count.parse().ok().filter(|n| (FEWEST..=MOST_CLASSES).contains(n))?;
    // Only one spelling of each, and that of ten is the preset's own.
    (classes != CLASSES && count == classes.to_string()).then_some((base, classes))
}

/// The architecture that an id names, as `mlp-26`.
pub fn preset(id: &str) -> Option<&'static Architecture> {
    static MADE: Made = Made::new(MOST_KNOWN);
    MADE.find(id, || {
        let (base, classes) = parse(id)?;
        Some(Draft {
            name: format!("{} ({classes} classes)", base.name),
            doc: format!("{} Its last layer has {classes} units, one for each class.", base.doc),
            layers: ending_in(&(base.layers)(), classes)?,
            epochs: base.epochs,
            average_epochs: base.average_epochs,
            seed: base.seed,
        })
    })
}

/// The preset of these layers, but for the number of classes.
pub(super) fn preset_of(layers: &[Layer]) -> Option<&'static Architecture> {
    let &Layer::Dense { units, activation: Activation::Linear } = layers.last()? else {
        return None;
    };
    let like = |a: &&&Architecture| ending_in(&(a.layers)(), units).as_deref() == Some(layers);
    let base = ZOO.iter().find(like)?;
    if units == CLASSES { Some(base) } else { preset(&format!("{}-{units}", base.id)) }
}

/// Whether a network with so many outputs can learn so many classes: as many; or it has ten,
/// some of which may never be the answer.
pub fn fits(outputs: usize, classes: usize) -> bool {
    outputs == classes || outputs == CLASSES && classes < CLASSES
}

/// The network that learns a data set of so many classes where this one is chosen: itself if it
/// fits, else the same preset, or dense layers, with so many units at the end.
///
/// # Errors
/// [`AnnError::Classes`] for a structure of one's own whose last layer has another size, and
/// for networks of ten classes only.
pub fn for_classes(
    architecture: &'static Architecture,
    classes: usize,
) -> Result<&'static Architecture, AnnError> {
    let outputs = architecture.classes();
    if fits(outputs, classes) {
        return Ok(architecture);
    }
    let misfit = |remedy: String| AnnError::Classes {
        network: architecture.name.to_owned(),
        outputs,
        classes,
        remedy,
    };
    // Where ten do, they are what there always was.
    let wanted = classes.max(CLASSES);
    if let Some(base) = architecture.preset() {
        let id =
            if wanted == CLASSES { base.id.to_owned() } else { format!("{}-{wanted}", base.id) };
        return find(&id).ok_or_else(|| misfit("choose another network".into()));
    }
    if architecture.family() == Family::Spiking {
        return Err(misfit("choose a dense, a convolutional or a recurrent network".into()));
    }
    let layers = (architecture.layers)();
    match ending_in(&layers, wanted) {
        Some(layers) if layers.iter().all(|l| matches!(l, Layer::Dense { .. })) => {
            notation::own(&layers)
        }
        Some(layers) => Err(misfit(written(&layers))),
        None => Err(misfit("choose a dense, a convolutional or a recurrent network".into())),
    }
}

/// What to write so that a structure ends as these layers do.
fn written(layers: &[Layer]) -> String {
    let last = notation::layer_text(layers, layers.len().saturating_sub(1));
    format!("write {last} as its last layer")
}

/// Whether this network, and no other, can learn so many classes.
///
/// # Errors
/// [`AnnError::Classes`], which says what to do.
pub fn check(architecture: &'static Architecture, classes: usize) -> Result<(), AnnError> {
    let outputs = architecture.classes();
    if fits(outputs, classes) {
        return Ok(());
    }
    let other = for_classes(architecture, classes)?;
    let remedy = match architecture.is_spelled() {
        true => written(&(other.layers)()),
        false => format!("choose {}", other.id),
    };
    Err(AnnError::Classes { network: architecture.name.to_owned(), outputs, classes, remedy })
}

impl Architecture {
    /// Whether its id states the number of its classes, as `mlp-26` does, or all its layers.
    pub fn states_classes(&self) -> bool {
        parse(self.id).is_some() || self.is_spelled()
    }

    fn is_spelled(&self) -> bool {
        notation::spells(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_as_many_outputs_as_their_id_says() {
        for architecture in ZOO {
            assert_eq!(architecture.classes(), CLASSES, "{}", architecture.id);
            for classes in [2, 9, 26, MOST_CLASSES] {
                let id = format!("{}-{classes}", architecture.id);
                let made = find(&id).unwrap();
                assert_eq!((made.classes(), made.epochs), (classes, architecture.epochs));
                assert_eq!(made.preset().map(|a| a.id), Some(architecture.id));
                assert!(std::ptr::eq(made, find(&id).unwrap()), "made once");
                let layers = (made.layers)();
                // Of presets with the same layers, those are the first one's.
                let first = ZOO.iter().find(|a| (a.layers)() == (architecture.layers)()).unwrap();
                let of_layers = notation::own(&layers).unwrap();
                assert_eq!(of_layers.id, format!("{}-{classes}", first.id), "{id}");
                let network = crate::ann::network::Network::new(made, 1).unwrap();
                let answer = network.probabilities(&[[0.5; crate::data::PIXELS]])[0];
                assert_eq!((network.classes(), answer.len()), (classes, classes));
                assert!((answer.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
        for id in ["mlp-1", "mlp-10", "mlp-48", "mlp-026", "mlp-+5", "mlp-", "cnn9-26", "26"] {
            assert!(preset(id).is_none(), "{id}");
        }
    }

    #[test]
    fn what_is_chosen_becomes_what_fits_or_is_refused_with_both_numbers() {
        let fitting = |id: &str, classes| for_classes(find(id).unwrap(), classes);
        for (id, classes, becomes) in [
            ("cnn1", 10, "cnn1"),
            ("cnn1", 3, "cnn1"),
            ("cnn1", 26, "cnn1-26"),
            ("cnn1-26", 47, "cnn1-47"),
            ("cnn1-26", 10, "cnn1"),
            ("rnn4-3", 3, "rnn4-3"),
            ("dense-30-20", 26, "net-f30r-f20r-f26l"),
            ("net-f30r-f20r-f26l", 47, "net-f30r-f20r-f47l"),
            ("net-f30r-f20r-f26l", 10, "dense-30-20"),
            ("dense-30-20", 2, "dense-30-20"),
        ] {
            assert_eq!(fitting(id, classes).unwrap().id, becomes, "{id} for {classes}");
        }
        let own = notation::own(&notation::parse("GRU(32) - Dense(26)").unwrap()).unwrap();
        assert_eq!((own.classes(), own.id), (26, "net-gru32r-f26l"));
        let states = |id: &str| find(id).unwrap().states_classes();
        assert!(states("mlp-26") && states(own.id) && !states("mlp") && !states("dense-30"));
        let error = check(find("net-f20r-f30l").unwrap(), 26).unwrap_err().to_string();
        assert!(error.contains("30 outputs") && error.contains("write Dense(26)"), "{error}");
        assert!(check(own, 26).is_ok() && check(find("mlp").unwrap(), 3).is_ok());
        let error = check(find("mlp-47").unwrap(), 26).unwrap_err().to_string();
        assert!(error.contains("26 classes; choose mlp-26"), "{error}");
        let error = for_classes(own, 47).unwrap_err().to_string();
        assert!(error.contains("26 outputs") && error.contains("47 classes"), "{error}");
        assert!(error.contains("write Dense(47)"), "{error}");
        for id in ["lif-dense", "settling-20", "goodness-20", "energy-20-10", "stdp-4-5"] {
            assert!(fitting(id, 26).is_err(), "{id}");
            assert!(fitting(id, 5).is_ok(), "{id}");
        }
    }
}
