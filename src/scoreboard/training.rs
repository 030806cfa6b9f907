//! Networks that are trained on the spot: from few labels, in one pass, by each rule.

use std::sync::Arc;

use super::circuit::{both_ways, obey, signs};
use super::member::in_parallel;
use super::subject::{Context, Halt, SEEDS, Subject, What};
use crate::ann::learner::Learner;
use crate::ann::network::Network;
use crate::ann::ops::op::parameter_len;
use crate::ann::optimiser::{OptimiserConfig, OptimiserState};
use crate::ann::rules::{self, RuleConfig};
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::weights::Metadata;
use crate::ann::zoo::{self, Kind, Widths};
use crate::core::rng::Rng;
use crate::data::Dataset;

/// Hidden units of the networks by which rules are compared.
pub const UNITS: usize = 500;

/// How much is seen: labels, passes over them, digits per update (0: as usual).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schooling {
    /// The first training digits, so many.
    pub labels: usize,
    /// Passes over them.
    pub epochs: usize,
    /// Digits per update; `None`: as many as usual.
    pub batch: Option<usize>,
}

/// From few labels to many: passes make up for labels, in part.
pub const CURVE: [Schooling; 3] = [
    Schooling { labels: 100, epochs: 50, batch: None },
    Schooling { labels: 1000, epochs: 20, batch: None },
    FULL,
];
/// What rules are compared on.
pub const FULL: Schooling = Schooling { labels: 10_000, epochs: 5, batch: None };
/// Each digit once, one at a time.
pub const ONCE: Schooling = Schooling { labels: 5000, epochs: 1, batch: Some(1) };

/// How a network is trained.
#[derive(Clone)]
pub struct Lesson {
    /// All but what a [`Schooling`] says, and the seed.
    config: TrainConfig,
    /// So many of the [`SEEDS`].
    pub seeds: usize,
}

impl Lesson {
    /// By a rule with its usual values and optimiser, in networks that are alike: one hidden
    /// layer of [`UNITS`], or two where layers are compared.
    ///
    /// # Errors
    /// [`Halt::Reason`] where there is no such rule.
    pub fn of_rule(id: &str) -> Result<Self, Halt> {
        let rule = rules::find(id).ok_or_else(|| Halt::reason(format!("there is no rule {id}")))?;
        let hidden = vec![UNITS; if rule.kind == Kind::Goodness { 2 } else { 1 }];
        let widths = Widths { kind: rule.kind, hidden, activation: rule.recipe.activation };
        let config = TrainConfig {
            model: widths.id(),
            batch_size: rule.recipe.batch,
            rule: RuleConfig::of(rule),
            optimiser: (rule.usual)(),
            ..alone()
        };
        Ok(Self { config, seeds: SEEDS.len() })
    }

    /// As a network was trained, so far as is known.
    ///
    /// # Errors
    /// [`Halt::Reason`] where there is no such rule.
    pub fn of_network(network: &Network, metadata: &Metadata) -> Result<Self, Halt> {
        let architecture = network.architecture();
        let rule = rules::find(&metadata.rule)
            .ok_or_else(|| Halt::reason(format!("there is no rule {}", metadata.rule)))?;
        if matches!(rule.kind, Kind::ConvStdp | Kind::ConvReward) {
            return Err(Halt::reason(
                "its layers learn one after another and without labels, in many more passes than are made here",
            ));
        }
        let usual = rules::usual_for(architecture);
        let by_hand = usual.id == rules::RULES[0].id && rule.id == usual.id;
        let config = TrainConfig {
            model: architecture.id.to_owned(),
            batch_size: metadata.batch_size,
            rule: RuleConfig::of(rule),
            // The report's networks have its optimiser, the others what suits their rule.
            optimiser: if by_hand { OptimiserConfig::default() } else { (rule.usual)() },
            ..alone()
        };
        Ok(Self { config, seeds: 1 })
    }

    /// That of a subject.
    ///
    /// # Errors
    /// [`Halt::Reason`] where it does not learn here.
    pub fn of(subject: &Subject) -> Result<Self, Halt> {
        match &subject.what {
            What::Rule(id) => Self::of_rule(id),
            What::Network(both) => Self::of_network(&both.0, &both.1),
            What::Converted(_) => Err(Halt::reason(
                "it does not learn in spikes: its weights are those of the original",
            )),
            What::Untrained(_) => Err(Halt::reason("it does not learn")),
            What::DiehlCook(_) => Err(Halt::reason(
                "it learns without labels, and from more digits than are shown here; labels only name its neurons",
            )),
        }
    }

    /// The architecture's id.
    pub fn model(&self) -> &str {
        &self.config.model
    }

    /// What its networks are kept under.
    pub fn key(&self) -> String {
        format!("trained {} {}", self.config.model, self.config.rule.id())
    }

    fn config(&self, schooling: Schooling, seed: u64) -> TrainConfig {
        let mut config = self.config.clone();
        config.seed = seed;
        config.subset = schooling.labels;
        config.epochs = schooling.epochs;
        // Weights are averaged over the last epochs, as in the rules' own recipes.
        config.average_epochs = if schooling.batch.is_none() { schooling.epochs / 2 } else { 0 };
        if let Some(batch) = schooling.batch {
            // Steps as large in sum: linear in the batch for SGD (Goyal et al. 2017), with
            // its root for Adam (Malladi et al. 2022). Adadelta finds its own.
            let ratio = batch as f64 / config.batch_size.max(1) as f64;
            let by = match config.optimiser.id() {
                "sgd" => ratio,
                "adam" => ratio.sqrt(),
                _ => 1.0,
            };
            if let Some(rate) = config.optimiser.get("learning_rate") {
                config.optimiser.set("learning_rate", rate * by);
            }
            config.batch_size = batch;
        }
        config
    }
}

/// On one thread, so that it does not depend on their number.
fn alone() -> TrainConfig {
    TrainConfig { validation_share: 0.0, threads: 1, ..TrainConfig::default() }
}

/// Trains a network for each schooling and each of the lesson's seeds, in that order; those
/// that were trained before are taken from the cache.
///
/// # Errors
/// [`Halt`].
pub fn teach_all(
    lesson: &Lesson,
    schoolings: &[Schooling],
    context: &Context<'_>,
) -> Result<Vec<Vec<Network>>, Halt> {
    let n = schoolings.len() * lesson.seeds;
    // Those that take longest first.
    let trained = in_parallel(n, context.threads, |i| {
        let i = n - 1 - i;
        teach(lesson, schoolings[i / lesson.seeds], SEEDS[i % lesson.seeds], context)
    });
    let mut all: Vec<Vec<Network>> = vec![Vec::new(); schoolings.len()];
    for (i, network) in trained.into_iter().rev().enumerate() {
        all[i / lesson.seeds].push((*network?).clone());
    }
    Ok(all)
}

fn teach(
    lesson: &Lesson,
    schooling: Schooling,
    seed: u64,
    context: &Context<'_>,
) -> Result<Arc<Network>, Halt> {
    let config = lesson.config(schooling, seed);
    let key = format!("{} {:?} {seed} {schooling:?}", lesson.key(), config.optimiser);
    context.cache.get(&key, || {
        let digits = digits(context, schooling.labels)?;
        let mut trainer = Trainer::new(config, digits)?;
        while !trainer.step()?.finished {
            context.go_on()?;
        }
        Ok(trainer.result())
    })
}

/// The networks of a lesson, taught in full with Dale's law: each hidden neuron keeps the
/// sign that weighs more at the beginning.
///
/// # Errors
/// [`Halt`].
pub fn teach_dale(lesson: &Lesson, context: &Context<'_>) -> Result<Vec<Network>, Halt> {
    let architecture = zoo::get(lesson.model())?;
    if both_ways(&Network::new(architecture, 1)?) {
        return Err(Halt::reason(
            "the same weights lead forward and back, so that the classes would need both signs",
        ));
    }
    let taught = in_parallel(lesson.seeds, context.threads, |i| {
        obediently(&lesson.config(FULL, SEEDS[i]), context)
    });
    taught.into_iter().collect()
}

fn obediently(config: &TrainConfig, context: &Context<'_>) -> Result<Network, Halt> {
    config.validate()?;
    let pool = crate::ann::pool(1)?;
    let mut network = Network::new(zoo::get(&config.model)?, config.seed)?;
    // It begins as strong as it would else.
    let (_, main) = signs(&network);
    let mut values = network.values();
    for (weight, sign) in values.iter_mut().flatten().zip(main.iter().flatten()) {
        if *sign != 0.0 {
            *weight = weight.abs() * sign;
        }
    }
    network.set_values(&values);
    let sizes: Vec<usize> = network.plan().steps.iter().map(|s| parameter_len(&*s.op)).collect();
    let mut optimiser = OptimiserState::new(&config.optimiser, &sizes)?;
    let method = config.rule.begin(&network, &config.optimiser, config.seed)?;
    let mut learner = Learner::new(&network, method, config.batch_size, 1);
    let data = digits(context, config.subset)?;
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mut step = 0;
    for epoch in 0..config.epochs {
        order.sort_unstable();
        Rng::stream(config.seed, "shuffle", epoch as u64).shuffle(&mut order);
        learner.method_mut().begin_epoch(epoch);
        for batch in order.chunks(config.batch_size) {
            context.go_on()?;
            let pictures: Vec<f32> = batch.iter().flat_map(|i| data.pixels(*i)).collect();
            let labels: Vec<u8> = batch.iter().map(|i| data.label(*i)).collect();
            pool.install(|| {
                learner.step(
                    &mut network,
                    &mut optimiser,
                    (&pictures, &labels),
                    (config.seed, step),
                )
            })?;
            step += 1;
            let mut values = network.values();
            obey(&mut values, &main);
            network.set_values(&values);
        }
    }
    Ok(network)
}

/// The first training digits.
fn digits(context: &Context<'_>, n: usize) -> Result<Arc<Dataset>, Halt> {
    let first = context
        .cache
        .get(&format!("digits {n}"), || Ok(Arc::new(context.train.first(n, &context.train.id))))?;
    Ok(Arc::clone(&first))
}
