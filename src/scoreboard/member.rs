//! A network that answers for a subject, whichever way it works.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::subject::{Context, Halt, SEEDS, Subject, What};
use super::training;
use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::zoo::summary;
use crate::convert::network::Spiking;
use crate::convert::recipe::{Disturbance, Recipe};
use crate::convert::run::Run;
use crate::convert::scales::Activations;
use crate::core::decision::best;
use crate::data::{Dataset, PIXELS, Pixels};
use crate::snn::diehl_cook::assess::{Frozen, sparse};
use crate::snn::diehl_cook::protocol::ProtocolSettings;
use crate::snn::diehl_cook::trained::Trained;

/// Steps after which a converted network answers.
pub const CONVERTED_STEPS: u64 = 40;
/// Training digits that its thresholds are from.
const SCALED_ON: usize = 200;
/// Digits asked between two looks at whether to stop.
const CHUNK: usize = 128;

/// One network of a subject; those that are trained on the spot have several.
#[derive(Clone)]
pub enum Member {
    /// Of layers.
    Network(Network),
    /// Converted: the original, its activations, and what became of it.
    Converted(Box<(Network, Activations, Spiking)>),
    /// Of Diehl and Cook.
    DiehlCook(Box<Trained>),
}

/// The answers to some pictures: the digit, if there is one.
pub type Answers = Vec<Option<u8>>;

/// How many digits a network is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For its accuracy.
    pub all: usize,
    /// For each point of a curve.
    pub curve: usize,
    /// To look at what its neurons do.
    pub look: usize,
}

/// A function of a number, for the numbers below `n`, on so many threads, in their order.
pub fn in_parallel<T: Send>(n: usize, threads: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::with_capacity(n));
    let work = || {
        loop {
            let i = next.fetch_add(1, Relaxed);
            if i >= n {
                return;
            }
            let one = make(i);
            made.lock().unwrap_or_else(PoisonError::into_inner).push((i, one));
        }
    };
    std::thread::scope(|scope| {
        for i in 2..=threads.min(n) {
            let builder = std::thread::Builder::new().name(format!("measure {i}"));
            // With fewer threads it takes longer, and the result is the same.
            if let Err(error) = builder.spawn_scoped(scope, work) {
                log::warn!("only {} of {threads} threads could be started: {error}", i - 1);
                break;
            }
        }
        work();
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_by_key(|(i, _)| *i);
    made.into_iter().map(|(_, one)| one).collect()
}

impl Subject {
    /// The networks that answer for it, trained where need be.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn members(&self, context: &Context<'_>) -> Result<Arc<Vec<Member>>, Halt> {
        context.cache.get(&format!("{}/members", self.key()), || self.make(context))
    }

    /// What its measurements are kept under.
    pub fn key(&self) -> String {
        format!("{} {}", self.id, self.fingerprint())
    }

    fn make(&self, context: &Context<'_>) -> Result<Vec<Member>, Halt> {
        match &self.what {
            What::Network(both) => Ok(vec![Member::Network(both.0.clone())]),
            What::DiehlCook(trained) => {
                let mut trained = trained.clone();
                normalise(&mut trained);
                Ok(vec![Member::DiehlCook(trained)])
            }
            What::Converted(both) => {
                let n = SCALED_ON.min(context.train.len());
                let images: Vec<Pixels> = (0..n).map(|i| context.train.pixels(i)).collect();
                let activations = Activations::measure(&both.0, &images)?;
                Ok(vec![Member::converted(&both.0, activations)?])
            }
            What::Untrained(architecture) => {
                let each = SEEDS.iter().map(|seed| Network::new(architecture, *seed));
                let each = each.collect::<Result<Vec<_>, _>>()?;
                Ok(each.into_iter().map(Member::Network).collect())
            }
            What::Rule(id) => {
                let lesson = training::Lesson::of_rule(id)?;
                let each = training::teach_all(&lesson, &[training::FULL], context)?;
                let trained = each.into_iter().next().unwrap_or_default();
                Ok(trained.into_iter().map(Member::Network).collect())
            }
        }
    }

    /// How many digits it is asked about. It follows from what it computes, not from how
    /// fast a machine is.
    pub fn pace(&self) -> Pace {
        let fast = Pace { all: 10_000, curve: 1000, look: 500 };
        let work = match &self.what {
            What::Rule(_) => return fast,
            What::DiehlCook(trained) => {
                return match trained.about.config.neurons {
                    ..=800 => Pace { look: 200, ..fast },
                    801..=3200 => Pace { all: 2000, curve: 500, look: 100 },
                    _ => Pace { all: 1000, curve: 200, look: 50 },
                };
            }
            What::Converted(both) => CONVERTED_STEPS as usize * multiply_adds(&both.0) / 2,
            What::Network(both) => multiply_adds(&both.0),
            What::Untrained(_) => 0,
        };
        match work {
            ..=20_000_000 => fast,
            20_000_001..=60_000_000 => Pace { all: 10_000, curve: 500, look: 200 },
            _ => Pace { all: 1000, curve: 200, look: 100 },
        }
    }
}

/// Brings the sum of the weights onto each neuron to what it is held at while it learns.
fn normalise(trained: &mut Trained) {
    let neurons = trained.about.config.neurons.max(1);
    let mut sums = vec![0f64; neurons];
    for row in trained.weights.chunks_exact(neurons) {
        sums.iter_mut().zip(row).for_each(|(s, w)| *s += f64::from(*w));
    }
    let sum = trained.about.config.weight_sum;
    let by: Vec<f32> = sums.iter().map(|s| if *s > 0.0 { (sum / s) as f32 } else { 1.0 }).collect();
    for row in trained.weights.chunks_exact_mut(neurons) {
        row.iter_mut().zip(&by).for_each(|(w, by)| *w *= by);
    }
}

/// Multiplications with addition for one picture.
pub fn multiply_adds(network: &Network) -> usize {
    summary(&(network.architecture().layers)()).iter().map(|l| l.multiply_adds).sum()
}

impl Member {
    /// A converted network of these weights.
    ///
    /// # Errors
    /// [`Halt::Reason`] where it cannot be converted.
    pub fn converted(network: &Network, activations: Activations) -> Result<Self, Halt> {
        let spiking = Spiking::new(network, &activations, Recipe::default())?;
        Ok(Self::Converted(Box::new((network.clone(), activations, spiking))))
    }

    /// The network of layers whose weights it has; none of Diehl and Cook's.
    pub fn network(&self) -> Option<&Network> {
        match self {
            Self::Network(network) => Some(network),
            Self::Converted(all) => Some(&all.0),
            Self::DiehlCook(_) => None,
        }
    }

    /// The same with other weights; of Diehl and Cook's nothing.
    ///
    /// # Errors
    /// [`Halt::Reason`].
    pub fn with_network(&self, network: Network) -> Result<Self, Halt> {
        match self {
            Self::Network(_) => Ok(Self::Network(network)),
            Self::Converted(all) => Self::converted(&network, all.1.clone()),
            Self::DiehlCook(trained) => Ok(Self::DiehlCook(trained.clone())),
        }
    }

    /// Answers to `n` pictures, each made of its number. A presentation of Diehl and
    /// Cook's that raises too few spikes is repeated, brighter, where `again` is set.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn answers(
        &self,
        n: usize,
        picture: &(dyn Fn(usize) -> Pixels + Sync),
        again: bool,
        context: &Context<'_>,
    ) -> Result<Answers, Halt> {
        let mut answers = Vec::with_capacity(n);
        match self {
            Self::Network(network) => {
                let pool = crate::ann::pool(context.threads)?;
                while answers.len() < n {
                    context.go_on()?;
                    let numbers = answers.len()..(answers.len() + CHUNK).min(n);
                    let pictures: Vec<Pixels> = numbers.map(picture).collect();
                    let rows = pool.install(|| network.probabilities(&pictures));
                    answers.extend(rows.iter().map(|row| best(row).0.map(|d| d as u8)));
                }
            }
            Self::Converted(all) => {
                let one = |i: usize| -> Result<Option<u8>, Halt> {
                    context.go_on()?;
                    let mut run = Run::new(&all.2, &picture(i), Disturbance::default(), 0);
                    (0..CONVERTED_STEPS).for_each(|_| run.advance());
                    Ok(run.answer().0)
                };
                for answer in in_parallel(n, context.threads, one) {
                    answers.push(answer?);
                }
            }
            Self::DiehlCook(trained) => {
                for counts in spikes(trained, n, picture, again, context)? {
                    answers.push(trained.answers(counts.as_ref()).vote);
                }
            }
        }
        Ok(answers)
    }
}

/// Spikes of the neurons of a network of Diehl and Cook at `n` pictures.
pub fn spikes(
    trained: &Trained,
    n: usize,
    picture: &(dyn Fn(usize) -> Pixels + Sync),
    again: bool,
    context: &Context<'_>,
) -> Result<Vec<Option<crate::snn::diehl_cook::assess::Counts>>, Halt> {
    let config = &trained.about.config;
    let mut frozen = Frozen::as_is(config, &trained.weights, &trained.theta, context.threads)?;
    let once = ProtocolSettings { least_spikes: 0, most_times: 1, ..ProtocolSettings::default() };
    let settings = if again { ProtocolSettings::default() } else { once };
    let mut shown = vec![None; n];
    let whole = frozen.show(
        settings,
        (n, &|i| picture(i)),
        &mut |i, counts| shown[i] = counts.map(sparse),
        &mut |_| context.go_on().is_ok(),
    )?;
    if whole { Ok(shown) } else { Err(Halt::Stopped) }
}

/// Pictures of a data set by their numbers.
pub fn pictures(data: &Dataset, n: usize) -> Vec<Pixels> {
    (0..n.min(data.len())).map(|i| data.pixels(i)).collect()
}

/// What comes out of the layers of a network at some pictures, in pieces: `take` gets the
/// trace of each.
pub fn traced(
    network: &Network,
    pictures: &[Pixels],
    context: &Context<'_>,
    mut take: impl FnMut(&Dissection<'_>, &crate::ann::inspect::dissection::Trace),
) -> Result<(), Halt> {
    let taken = Dissection::new(network);
    for part in pictures.chunks(16) {
        context.go_on()?;
        debug_assert_eq!(taken.input().len(), PIXELS);
        take(&taken, &taken.forward(part.as_flattened(), part.len()));
    }
    Ok(())
}
