//! Parsers for the values of arguments.

use std::num::NonZeroUsize;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::train::EPROP;
use crate::ann::AnnError;
use crate::ann::bundled::SETS;
use crate::ann::device::DEVICES;
use crate::ann::ensemble::ENSEMBLES;
use crate::ann::optimiser::OPTIMISERS;
use crate::ann::rules;
use crate::ann::trainer::config::MOST_THREADS;
use crate::ann::zoo::{self, ZOO};
use crate::convert::recipe::Scaling;
use crate::core::folders;
use crate::data::own;
use crate::data::registry::{self, SOURCES};
use crate::scoreboard::criteria::CRITERIA;
use crate::snn::choose::Preference;
use crate::snn::diehl_cook::bundled::BUNDLED;
use crate::ui::workspaces::WORKSPACES;

/// An id, and what the help says of it.
type Id = (&'static str, &'static str);

fn ids(all: impl Iterator<Item = Id>) -> PossibleValuesParser {
    all.map(|(id, help)| PossibleValue::new(id).help(help)).collect::<Vec<_>>().into()
}

fn networks() -> impl Iterator<Item = Id> {
    ZOO.iter().map(|a| (a.id, a.name))
}

/// Deep networks of spikes.
fn deep() -> impl Iterator<Item = Id> {
    let eprop = &rules::eprop::RULE;
    zoo::SPIKING.iter().map(|a| (a.id, a.name)).chain([(eprop.id, eprop.name)])
}

/// Networks that imagine.
fn generative() -> impl Iterator<Item = Id> {
    zoo::GENERATIVE.iter().map(|a| (a.id, a.name))
}

fn spiking() -> impl Iterator<Item = Id> {
    BUNDLED.iter().map(|s| (s.id, s.name))
}

/// Networks that do not spike.
pub fn models() -> PossibleValuesParser {
    ids(networks())
}

/// Networks that are converted, and those that spike already.
pub fn convertible() -> PossibleValuesParser {
    ids(networks().chain(deep()))
}

/// Networks that can be trained: those, dense layers of any width by their ids, and
/// structures in the report's notation.
pub fn trainable() -> impl TypedValueParser<Value = String> {
    Trainable
}

/// Deep networks of spikes, also by their sizes.
pub fn spiking_models() -> impl TypedValueParser<Value = String> {
    |text: &str| match zoo::spiking::sizes(text).and(zoo::find(text)) {
        Some(found) => Ok(found.id.to_owned()),
        None => Err("a network of spikes is needed, such as lif-dense or lif-conv-32-64-128"),
    }
}

#[derive(Clone)]
struct Trainable;

impl TypedValueParser for Trainable {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        let text = value.to_str();
        if let Some(text) = text.filter(|text| text.contains('(')) {
            let own = zoo::notation::parse(text).map_err(AnnError::Notation);
            let own = own.and_then(|layers| zoo::notation::own(&layers));
            return own.map(|a| a.id.to_owned()).map_err(|error| {
                let kind = clap::error::ErrorKind::ValueValidation;
                clap::Error::raw(kind, format!("{error}\n")).with_cmd(command)
            });
        }
        match text.filter(|id| zoo::find(id).is_some() || *id == EPROP) {
            Some(id) => Ok(id.to_owned()),
            None => ids(networks().chain(deep()).chain(generative()))
                .parse_ref(command, argument, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let known = networks().chain(deep()).chain(generative());
        let known = known.map(|(id, help)| PossibleValue::new(id).help(help));
        Some(Box::new(known.collect::<Vec<_>>().into_iter()))
    }
}

/// Criteria of the scoreboard.
pub fn criteria() -> PossibleValuesParser {
    ids(CRITERIA.iter().map(|c| (c.id, c.name)))
}

/// The learning rules.
pub fn rules() -> PossibleValuesParser {
    ids(rules::all().map(|r| (r.id, r.name)))
}

/// Those that spike too.
pub fn all_models() -> PossibleValuesParser {
    ids(networks().chain(deep()).chain(generative()).chain(spiking()))
}

/// With ensembles and those that spike.
pub fn askable() -> PossibleValuesParser {
    let ensembles = ENSEMBLES.iter().map(|e| (e.id, e.name));
    ids(networks().chain(ensembles).chain(deep()).chain(generative()).chain(spiking()))
}

pub fn devices() -> PossibleValuesParser {
    ids(DEVICES.iter().map(|d| (d.id, d.name)))
}

/// Data sets: the built-in ones, and those of the user's own.
pub fn sources() -> impl TypedValueParser<Value = String> {
    Sources
}

#[derive(Clone)]
struct Sources;

impl TypedValueParser for Sources {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        let own = |id: &&str| own::is_id(id) && folders::data().join(id).is_dir();
        if let Some(id) = value.to_str().filter(own) {
            return Ok(id.to_owned());
        }
        // The user's own are among what can be said instead.
        let known = SOURCES.iter().map(|s| PossibleValue::new(s.id).help(s.name));
        let own = own::store::list(&folders::data()).0.into_iter();
        let own = own.filter_map(|about| registry::interned(&about.id)).map(PossibleValue::new);
        let all: Vec<PossibleValue> = known.chain(own).collect();
        PossibleValuesParser::from(all).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let known = SOURCES.iter().map(|s| PossibleValue::new(s.id).help(s.name));
        Some(Box::new(known.collect::<Vec<_>>().into_iter()))
    }
}

pub fn sets() -> PossibleValuesParser {
    ids(SETS.iter().map(|s| (s.id, s.doc)))
}

pub fn optimisers() -> PossibleValuesParser {
    ids(OPTIMISERS.iter().map(|o| (o.id, o.name)))
}

pub fn workspaces() -> PossibleValuesParser {
    ids(WORKSPACES.iter().map(|w| (w.about.id, w.about.doc)))
}

/// One of some values by its name, with what the help says of it (or nothing).
pub fn choice<T>(
    all: &'static [(&'static str, &'static str, T)],
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync,
{
    let possible = |(name, help, _): &(&'static str, &'static str, T)| match *help {
        "" => PossibleValue::new(*name),
        help => PossibleValue::new(*name).help(help),
    };
    PossibleValuesParser::new(all.iter().map(possible)).try_map(move |name| {
        let found = all.iter().find(|choice| choice.0 == name);
        found.map(|choice| choice.2).ok_or_else(|| format!("there is no {name}"))
    })
}

/// Which engine simulates.
pub fn engine() -> impl TypedValueParser<Value = Preference> {
    choice(&[
        ("automatic", "Whichever should be faster", Preference::Automatic),
        ("cpu", "", Preference::Cpu),
        ("gpu", "", Preference::Gpu),
    ])
}

/// A number of things, of which there has to be one.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it must be a whole number of 1 or more".into())
}

/// From 1 to [`MOST_THREADS`].
pub fn threads() -> impl TypedValueParser<Value = NonZeroUsize> {
    let number = |n: u16| NonZeroUsize::new(usize::from(n)).unwrap_or(NonZeroUsize::MIN);
    clap::value_parser!(u16).range(1..=MOST_THREADS as i64).map(number)
}

/// A whole number within a range.
pub fn number(range: std::ops::RangeInclusive<i64>) -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u32).range(range).map(|n| n as usize)
}

/// A time of up to an hour, seconds.
pub fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    let fits = (0.0..=3600.0).contains(&seconds);
    if fits { Ok(seconds) } else { Err("it must be from 0 to 3600".into()) }
}

/// What thresholds are taken from.
pub fn scaling(text: &str) -> Result<Scaling, String> {
    if text == "maximum" {
        return Ok(Scaling::Maximum);
    }
    match text.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(Scaling::Percentile(percent)),
        _ => Err("it must be `maximum` or a percentile above 0 and up to 100".into()),
    }
}

/// A number from 0 to `MOST`.
pub fn share_to<const MOST: u8>(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=f32::from(MOST)).contains(&value) => Ok(value),
        _ => Err(format!("it must be a number from 0 to {MOST}")),
    }
}
