//! `spikescope train --all`: the whole zoo from scratch, network after network, by the
//! report's recipe, then the ensembles, then the table. Finished networks are kept and
//! interrupted runs are resumed, so it can be stopped and started again at any time.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};

use super::args::TrainArgs;
use super::output::Output;
use super::{Outcome, digits, table, train};
use crate::ann::ensemble::{ENSEMBLES, Stacking, Tested};
use crate::ann::network::Network;
use crate::ann::trainer::TrainConfig;
use crate::ann::weights::{self, Metadata, Precision};
use crate::ann::zoo::{Architecture, ZOO, summary};
use crate::core::clock::duration_text;
use crate::core::files::{sweep, write_whole};
use crate::core::folders;
use crate::core::text::{or_dash, percent};
use crate::data::Dataset;
use crate::data::dataset::Fingerprint;
use crate::data::registry::Split;
use crate::workers::runs::{self, RunRecord};

pub fn run(args: &TrainArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let folder = args.out.clone().unwrap_or_else(|| folders::home().join("weights"));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    sweep(&folder);
    let split = digits::load_ten(
        &args.data,
        args.mnist.as_deref(),
        "the report's networks are not trained together",
    )?;
    let subset = recipe(ZOO[0], &split, args)?.subset;
    let at_hand =
        Digits { id: &split.train.id, fingerprint: Some(split.train.fingerprint(subset)) };
    let begun = Instant::now();
    let mut done = 0.0;
    for (number, architecture) in ZOO.iter().enumerate() {
        let file = folder.join(format!("{}.safetensors", architecture.id));
        let recipe = recipe(architecture, &split, args)?;
        if args.fit_only {
            let (_, m) = weights::load(&file)?;
            if m.architecture != architecture.id || !has_held_out(&m, &recipe, &at_hand) {
                bail!(
                    "{} is no {} that held out the same digits: an ensemble is fitted on digits that no member was trained on",
                    file.display(),
                    architecture.name
                );
            }
            continue;
        }
        if weights::load(&file).is_ok_and(|(_, m)| is_of_recipe(&m, &recipe, &at_hand)) {
            out.line(format_args!("{}: there already, {}", architecture.name, file.display()))?;
            continue;
        }
        out.line(format_args!("{} ({} of {})", architecture.name, number + 1, ZOO.len()))?;
        done += cost(architecture) * one(recipe, &file, args, out)?;
        let left: f64 = ZOO[number + 1..].iter().map(|a| cost(a)).sum();
        if left > 0.0 && done > 0.0 {
            let seconds = begun.elapsed().as_secs_f64() * left / done;
            out.line(format_args!("About {} left for the others", duration_text(seconds)))?;
        }
    }
    let members = load(&folder)?;
    let tested = pack(&folder, members, &split, args, out)?;
    fit(&folder, &tested, &split, args, out)?;
    Ok(Outcome::Done)
}

/// Work of training, in multiply–adds of a convolution: those of dense and recurrent
/// layers come in small products, which take some five times as long.
fn cost(architecture: &Architecture) -> f64 {
    let lines = summary(&(architecture.layers)());
    let convolves = lines.iter().any(|l| l.output.len() > 1);
    let each: usize = lines.iter().map(|l| l.multiply_adds + l.parameters / 8).sum();
    each as f64 * architecture.epochs as f64 * if convolves { 1.0 } else { 5.0 }
}

/// The settings by which this network is trained.
fn recipe(
    architecture: &Architecture,
    split: &Split,
    args: &TrainArgs,
) -> anyhow::Result<TrainConfig> {
    let average = args.average.unwrap_or(architecture.average_epochs);
    let usual = train::config(architecture, split, args)?;
    Ok(TrainConfig { seed: architecture.seed, average_epochs: average, ..usual })
}

/// The training digits.
struct Digits<'a> {
    id: &'a str,
    fingerprint: Option<Fingerprint>,
}

/// Whether the same digits were held out. Weights of earlier versions do not say
/// which digits they learnt, only of which data set.
fn has_held_out(m: &Metadata, recipe: &TrainConfig, at_hand: &Digits<'_>) -> bool {
    let others = match (&m.fingerprint, &at_hand.fingerprint) {
        (Some(learnt), Some(at_hand)) => learnt.differs(at_hand).is_some(),
        _ => false,
    };
    (m.dataset == at_hand.id && m.subset == recipe.subset && !others)
        && m.validation_share == recipe.validation_share
}

/// Whether weights are of this recipe; of more epochs, too.
fn is_of_recipe(m: &Metadata, recipe: &TrainConfig, at_hand: &Digits<'_>) -> bool {
    (m.architecture == recipe.model && m.seed == recipe.seed && has_held_out(m, recipe, at_hand))
        && (m.epochs >= recipe.epochs && m.batch_size == recipe.batch_size)
        && m.optimiser == recipe.optimiser.describe()
        && m.augmentation == recipe.augmentation.to_string()
        && m.averaged_epochs == recipe.average_epochs
}

/// Trains one network, or goes on with it; the share of its steps that were left.
fn one(
    recipe: TrainConfig,
    file: &Path,
    args: &TrainArgs,
    out: &mut Output,
) -> anyhow::Result<f64> {
    let mut mine = args.clone();
    mine.all = false;
    mine.out = Some(file.to_owned());
    mine.seed = recipe.seed;
    mine.average = Some(recipe.average_epochs);
    let unfinished = |r: &RunRecord| train::can_go_on(r) && r.config.learns_as(&recipe);
    let mut left = 1.0;
    match runs::list(&folders::runs()).0.into_iter().find(unfinished) {
        Some(record) => {
            left -= record.steps as f64 / record.total_steps.max(1) as f64;
            mine.resume = Some(record.id);
        }
        None => mine.model = Some(recipe.model.clone()),
    }
    train::run(&mine, out).map(|_| left)
}

struct Member {
    file: PathBuf,
    network: Network,
    metadata: Metadata,
}

fn load(folder: &Path) -> anyhow::Result<Vec<Member>> {
    let member = |a: &&Architecture| {
        let file = folder.join(format!("{}.safetensors", a.id));
        let (network, metadata) = weights::load(&file)?;
        Ok(Member { file, network, metadata })
    };
    ZOO.iter().map(member).collect()
}

/// Halves the precision where no held-out digit is answered otherwise, and tests.
fn pack(
    folder: &Path,
    members: Vec<Member>,
    split: &Split,
    args: &TrainArgs,
    out: &mut Output,
) -> anyhow::Result<Vec<(&'static Architecture, Tested)>> {
    let threads = super::models::threads(args.threads);
    let held_out = held_out(split, args)?;
    let ask = |network: &Network, data: &Dataset| {
        super::models::evaluate(network, data, threads, &mut |_, _| {})
    };
    let mut tested = Vec::new();
    for mut member in members {
        let whole = ask(&member.network, &held_out)?;
        let halved = weights::halved(&member.network);
        let half = ask(&halved, &held_out)?;
        let same = whole.confusion == half.confusion;
        let (network, precision, held_out) = if same {
            (halved, Precision::Half, half)
        } else {
            (member.network, Precision::Single, whole)
        };
        let test = ask(&network, &split.test)?;
        member.metadata.test_accuracy = Some(test.accuracy);
        weights::save(&member.file, &network, &member.metadata, precision)?;
        tested.push((network.architecture(), Tested { held_out, test }));
    }
    out.line(format_args!("Weights in {}", folder.display()))?;
    Ok(tested)
}

/// The digits that all runs of the recipe hold out.
fn held_out(split: &Split, args: &TrainArgs) -> anyhow::Result<Dataset> {
    let config = recipe(ZOO[0], split, args)?;
    Ok(crate::ann::trainer::split(&config, &split.train)?.1)
}

/// Fits the stacking learners on the held-out digits, and prints the table.
fn fit(
    folder: &Path,
    tested: &[(&'static Architecture, Tested)],
    split: &Split,
    args: &TrainArgs,
    out: &mut Output,
) -> anyhow::Result<()> {
    let held_out = held_out(split, args)?;
    let (known, test) = (held_out.labels(), split.test.labels());
    let report = |r: Option<f64>| or_dash(r, |r| format!("{r:.2} %"));
    let mut rows: Vec<Vec<String>> = tested
        .iter()
        .map(|(a, t)| {
            vec![a.name.into(), report(a.report), percent(t.test.accuracy), String::new()]
        })
        .collect();
    let mut fitted = Vec::new();
    for ensemble in ENSEMBLES {
        let of = |id: &&str| tested.iter().find(|(a, _)| a.id == *id).map(|(_, t)| t);
        let members: Vec<&Tested> = ensemble.members.iter().filter_map(of).collect();
        let stacking = Stacking::fit_and_test(ensemble, &members, known, test);
        rows.push(vec![
            ensemble.name.into(),
            report(ensemble.report),
            or_dash(stacking.test_accuracy, percent),
            or_dash(stacking.average_test_accuracy, percent),
        ]);
        fitted.push(stacking);
    }
    let file = folder.join("ensembles.json");
    let text = serde_json::to_string_pretty(&fitted)?;
    write_whole(&file, |w| writeln!(w, "{text}"))?;
    let columns = ["network", ">report", ">ours", ">by averaging"];
    out.line(format_args!("{} test images of {}", test.len(), args.data))?;
    Ok(table::print(out, "", &columns, rows)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ann::optimiser::OptimiserConfig;
    use crate::ann::trainer::Trainer;
    use crate::data::augment::Augmentation;
    use crate::data::synthetic;

    #[test]
    fn what_was_trained_otherwise_is_not_of_the_recipe() {
        let data = Arc::new(synthetic::generate(1, 50));
        let recipe = TrainConfig {
            data: "synthetic".into(),
            subset: 50,
            epochs: 1,
            ..TrainConfig::default()
        };
        let at_hand = Digits { id: &data.id, fingerprint: Some(data.fingerprint(50)) };
        let of = |config: &TrainConfig| {
            let mut trainer = Trainer::new(config.clone(), Arc::clone(&data)).unwrap();
            while !trainer.step().unwrap().finished {}
            is_of_recipe(&trainer.metadata(), &recipe, &at_hand)
        };
        let elsewhere = TrainConfig { threads: recipe.threads + 1, ..recipe.clone() };
        assert!(of(&elsewhere) && elsewhere.learns_as(&recipe));
        assert!(of(&TrainConfig { epochs: 2, ..recipe.clone() }), "more of the same");
        let adam = OptimiserConfig::default_of("adam").unwrap();
        let others = [
            TrainConfig { model: "rnn1".into(), ..recipe.clone() },
            TrainConfig { seed: 2, ..recipe.clone() },
            TrainConfig { subset: 40, ..recipe.clone() },
            TrainConfig { batch_size: 31, ..recipe.clone() },
            TrainConfig { validation_share: 0.1, ..recipe.clone() },
            TrainConfig { average_epochs: 1, ..recipe.clone() },
            TrainConfig { augmentation: Augmentation::USUAL, ..recipe.clone() },
            TrainConfig { optimiser: adam, ..recipe.clone() },
        ];
        for other in others {
            assert!(!of(&other) && !other.learns_as(&recipe), "{other:?}");
        }
        let trainer = Trainer::new(recipe.clone(), Arc::clone(&data)).unwrap();
        let (learnt, same) = (trainer.metadata(), &data.id);
        let others = synthetic::generate(2, 50).fingerprint(50);
        assert!(has_held_out(&learnt, &recipe, &at_hand));
        let other = Digits { id: same, fingerprint: Some(others) };
        assert!(!has_held_out(&learnt, &recipe, &other), "other digits of the same name");
        let earlier = Metadata { fingerprint: None, ..learnt };
        assert!(has_held_out(&earlier, &recipe, &at_hand));
        let mnist = TrainConfig { data: "mnist".into(), ..recipe.clone() };
        assert!(!mnist.learns_as(&recipe) && !recipe.learns_as(&mnist));
    }

    #[test]
    fn the_networks_in_the_box_are_of_their_recipes() {
        let check = |set: &str, of: &dyn Fn(&Architecture) -> TrainConfig| {
            let set = crate::ann::bundled::find(set).unwrap();
            assert_eq!(set.metadata().len(), ZOO.len());
            for (m, a) in set.metadata().iter().zip(ZOO) {
                let recipe = TrainConfig { model: a.id.into(), seed: a.seed, ..of(a) };
                let digits = Digits { id: "mnist-train", fingerprint: None };
                assert!(is_of_recipe(m, &recipe, &digits), "{m:?}");
            }
        };
        check("report", &|a| TrainConfig {
            epochs: a.epochs,
            average_epochs: a.average_epochs,
            ..TrainConfig::default()
        });
        let all = Augmentation { unchanged: 0.0, ..Augmentation::USUAL };
        check("augmented", &|a| {
            let (epochs, average_epochs, augmentation) = match &a.id[..3] {
                "cnn" => (16, 5, all),
                "rnn" => (60, 20, Augmentation::USUAL),
                _ => (20, 5, all),
            };
            TrainConfig { epochs, average_epochs, augmentation, ..TrainConfig::default() }
        });
    }
}
