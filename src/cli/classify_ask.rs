//! The part of `spikescope classify` that chooses and asks networks, ensembles and
//! spiking networks.

use super::args::ClassifyArgs;
use super::models::{self, Spiking, Trained, holds_spiking, is_spiking};
use super::report::{Answer, EnsembleAnswer, SpikingAnswer};
use super::simulate;
use crate::ann::Scores;
use crate::ann::ensemble::{self, ENSEMBLES, Ensemble, Stacking, average};
use crate::core::decision::unique_max;
use crate::data::{ClassNames, Dataset, Pixels};
use crate::snn::diehl_cook::assess::Counts;
use crate::snn::diehl_cook::bundled::BUNDLED;

/// All who are asked.
pub struct Panel {
    /// With those that only an ensemble needs.
    networks: Vec<Trained>,
    /// Which of them were named.
    shown: Vec<bool>,
    ensembles: Vec<Chosen>,
    spiking: Vec<Spiking>,
}

/// An ensemble with the places of its members.
struct Chosen {
    declared: &'static Ensemble,
    stacking: &'static Stacking,
    weights: String,
    members: Vec<usize>,
}

/// What all say about a digit.
#[derive(Clone, Default)]
pub struct Answers {
    pub models: Vec<Answer>,
    pub ensembles: Vec<EnsembleAnswer>,
    pub spiking: Vec<SpikingAnswer>,
}

impl Panel {
    /// Those that the arguments name; else all networks and ensembles of the set.
    pub fn select(args: &ClassifyArgs) -> anyhow::Result<Self> {
        let everything = args.models.is_empty() && args.weights.is_empty();
        let named = |id: &str| everything || args.models.iter().any(|m| m == id);
        let ensembles: Vec<&'static Ensemble> = ENSEMBLES.iter().filter(|e| named(e.id)).collect();
        let (spiking_files, files): (Vec<_>, Vec<_>) =
            args.weights.iter().cloned().partition(|f| holds_spiking(f));
        let is_other = |id: &str| is_spiking(id) || ensemble::find(id).is_some();
        let mut ids: Vec<String> = args.models.iter().filter(|id| !is_other(id)).cloned().collect();
        let members = ensembles.iter().flat_map(|e| e.members);
        ids.extend(members.filter(|_| !everything).map(|m| (*m).to_owned()));
        let sets = models::sets(Some(&args.set));
        let none = !everything && ids.is_empty() && files.is_empty();
        let networks = if none { Vec::new() } else { models::select(&ids, &files, &sets)? };
        let shown = networks.iter().map(|n| n.set.is_none() || named(n.id())).collect();
        let mut panel = Self { networks, shown, ensembles: Vec::new(), spiking: Vec::new() };
        for declared in ensembles {
            panel.ensembles.extend(sets.iter().find_map(|set| panel.ensemble(declared, set)));
        }
        for bundled in BUNDLED.iter().filter(|s| args.models.iter().any(|m| m == s.id)) {
            panel.spiking.push(Spiking::bundled(bundled)?);
        }
        for file in &spiking_files {
            panel.spiking.push(Spiking::load(file)?);
        }
        Ok(panel)
    }

    /// An ensemble of a set in the box, if it was fitted and its members are there.
    fn ensemble(
        &self,
        declared: &'static Ensemble,
        set: &'static crate::ann::bundled::WeightSet,
    ) -> Option<Chosen> {
        let stacking = set.stackings().iter().find(|s| s.ensemble == declared.id)?;
        let of_set = |n: &Trained| n.set.is_some_and(|s| s.id == set.id);
        let place = |id: &&str| self.networks.iter().position(|n| of_set(n) && n.id() == *id);
        let members = declared.members.iter().map(place).collect::<Option<Vec<_>>>()?;
        Some(Chosen { declared, stacking, weights: models::label(set), members })
    }

    /// Of the networks that are shown, in the order of their answers.
    pub fn model_names(&self) -> impl Iterator<Item = String> {
        self.networks.iter().zip(&self.shown).filter(|(_, shown)| **shown).map(|(n, _)| n.name())
    }

    /// What the classes are called that these tell apart, likewise.
    pub fn model_classes(&self) -> impl Iterator<Item = &ClassNames> {
        self.networks.iter().zip(&self.shown).filter(|(_, shown)| **shown).map(|(n, _)| &n.classes)
    }

    /// Likewise.
    pub fn ensemble_names(&self) -> impl Iterator<Item = &'static str> {
        self.ensembles.iter().map(|e| e.declared.name)
    }

    /// Likewise.
    pub fn spiking_names(&self) -> impl Iterator<Item = String> {
        self.spiking.iter().map(|s| s.name.clone())
    }

    /// The answers about each digit.
    pub fn ask(&self, digits: &[Pixels]) -> anyhow::Result<Vec<Answers>> {
        let mut answers = vec![Answers::default(); digits.len()];
        let by_network: Vec<Vec<Scores>> =
            self.networks.iter().map(|n| n.network.probabilities(digits)).collect();
        if let Some(i) = by_network.iter().position(|p| p.len() != digits.len()) {
            anyhow::bail!("the network {} did not answer all digits", self.networks[i].id());
        }
        for (i, answer) in answers.iter_mut().enumerate() {
            for ((network, all), _) in
                self.networks.iter().zip(&by_network).zip(&self.shown).filter(|(_, shown)| **shown)
            {
                answer.models.push(Answer {
                    id: network.id().to_owned(),
                    weights: network.weights.clone(),
                    digit: unique_max(&all[i]),
                    class: unique_max(&all[i])
                        .filter(|_| !network.classes.is_digits())
                        .map(|class| network.classes.name(class)),
                    probabilities: all[i],
                });
            }
            for chosen in &self.ensembles {
                let members: Vec<_> =
                    chosen.members.iter().map(|m| by_network[*m][i].ten()).collect();
                let (stacked, mean) = (chosen.stacking.combine(&members), average(&members));
                answer.ensembles.push(EnsembleAnswer {
                    id: chosen.declared.id.to_owned(),
                    weights: chosen.weights.clone(),
                    digit: unique_max(&stacked),
                    probabilities: stacked,
                    average_digit: unique_max(&mean),
                    average_probabilities: mean,
                });
            }
        }
        for spiking in &self.spiking {
            for (answer, spoken) in answers.iter_mut().zip(ask(spiking, digits)?) {
                answer.spiking.push(spoken);
            }
        }
        Ok(answers)
    }
}

/// What a spiking network says about each digit.
fn ask(network: &Spiking, digits: &[Pixels]) -> anyhow::Result<Vec<SpikingAnswer>> {
    let bytes = digits.iter().flatten().map(|p| (p.clamp(0.0, 1.0) * 255.0).round() as u8);
    // Labels are needed only to count what is right.
    let data = Dataset::new("pictures", bytes.collect(), vec![0; digits.len()])?;
    let (all, threads) = (simulate::all_of(&data), models::threads(None));
    let shown = simulate::show(&network.trained, &data, &all, threads, &network.name)?;
    Ok(shown.iter().map(|(counts, _)| read(network, counts.as_ref())).collect())
}

/// What the read-outs make of a digit's spikes; nothing, where too few came in all
/// presentations.
fn read(network: &Spiking, counts: Option<&Counts>) -> SpikingAnswer {
    let said = network.trained.answers(counts);
    let digit = |answer: Option<u8>| answer.map(usize::from);
    SpikingAnswer {
        id: network.id.clone(),
        weights: network.weights.clone(),
        vote: digit(said.vote),
        confidence: digit(said.confidence),
        logistic: digit(said.logistic),
        spikes: counts.map(|counts| counts.iter().map(|(_, n)| u64::from(*n)).sum()),
    }
}
