//! What the update of a synapse reads, and what it waits for: found out by running it.

use super::{Criterion, Group, cell};
use crate::ann::rules::{self, Rule};
use crate::ann::zoo::{Kind, Layer, Spiking};
use crate::scoreboard::board::{Cell, Detail, Value};
use crate::scoreboard::structure::{
    Carrier, Quantity, Structure, competition, engine, passes::Scene,
};
use crate::scoreboard::subject::{Context, Halt, Subject, What};

/// How all of them are measured.
macro_rules! criterion {
    ($name:ident, $id:literal, $label:literal, $unit:literal, $doc:literal, $of:expr) => {
        #[doc = $doc]
        pub static $name: Criterion = Criterion {
            id: $id,
            name: $label,
            unit: $unit,
            doc: concat!(
                $doc,
                " Found out by running the learning code again on a small network with all signals held but one neuron's and one quantity replaced at a time; never typed in."
            ),
            group: Group::Structure,
            better: None,
            measure: |subject, context| cell(measure(subject, context, $of)),
        };
    };
}

criterion!(
    READS,
    "reads",
    "Reads from afar",
    "",
    "What the update of a synapse reads that is neither in the synapse nor in its two neurons, is not sent to them, and is not one number for all (local plasticity: Whittington and Bogacz 2019).",
    |s| {
        let far: Vec<&str> = s.far().map(Quantity::short).collect();
        let word = if far.is_empty() { "nothing".to_owned() } else { far.join(", ") };
        (Some(Value::Word(word)), String::new())
    }
);

criterion!(
    TRANSPORT,
    "weight-transport",
    "Weight transport",
    "",
    "Whether the update reads the weights of the synapses that leave the neuron, as only the neurons behind them could know them (Grossberg 1987; Lillicrap et al. 2016).",
    |s| {
        let read = |q: Quantity| s.reads(q) == Some(true);
        let word = match (read(Quantity::WeightsOut), read(Quantity::SizesOut)) {
            (true, false) if read(Quantity::SignsOut) => "signs only",
            (true, _) => "read",
            (false, _) => "not read",
        };
        (Some(Value::Word(word.to_owned())), String::new())
    }
);

criterion!(
    ANGLE,
    "feedback-angle",
    "Feedback angle",
    "°",
    "The angle between feedback weights and the forward weights that they stand for, after 60 mini-batches: 90° is no relation, 0° is transport by other means.",
    |s| {
        let exact = s.reads(Quantity::WeightsOut) == Some(true) && s.angle.is_none();
        match s.angle {
            Some(angle) => (Some(Value::Number(angle)), String::new()),
            None if exact => (
                Some(Value::Number(0.0)),
                "the forward weights themselves carry what comes back".to_owned(),
            ),
            None => (None, "there are no feedback weights that match forward ones".to_owned()),
        }
    }
);

criterion!(
    LOCKING,
    "locking",
    "Waits for layers above",
    "",
    "Whether the update of a hidden synapse changes when the layers above compute something else: then it has to wait until they have (update locking: Jaderberg et al. 2017).",
    |s| (Some(Value::Word(if s.waits { "waits" } else { "at once" }.to_owned())), String::new())
);

criterion!(
    SIGNALS,
    "signals",
    "Signals per update",
    "",
    "How often the neuron behind the synapse sends something or is sent an error for one update: passes, sweeps, or steps of time.",
    |s| {
        let remark = if s.moves { "its activity changes between them" } else { "" };
        (Some(Value::Number(s.signals)), remark.to_owned())
    }
);

criterion!(
    ERRORS,
    "errors",
    "Errors that travel",
    "",
    "Whether errors are sent to hidden neurons beside their activity, and with which signs: neurons send no negative spikes (Bengio et al. 2015).",
    |s| match s.errors {
        None => (Some(Value::Word("none".to_owned())), String::new()),
        Some((low, high)) => {
            let word = if low < 0.0 && high > 0.0 { "signed numbers" } else { "numbers" };
            (Some(Value::Word(word.to_owned())), format!("from {low:.3} to {high:.3}"))
        }
    }
);

criterion!(
    CARRIER,
    "carrier",
    "Neurons send",
    "",
    "Whether hidden neurons send nothing but spikes while the network learns, or numbers (Bengio et al. 2015).",
    |s| {
        let word = match s.carrier {
            Carrier::Numbers => "numbers",
            Carrier::Times => "spike times",
            Carrier::Spikes => "spikes",
        };
        (Some(Value::Word(word.to_owned())), String::new())
    }
);

criterion!(
    IN_TIME,
    "back-in-time",
    "Back through time",
    "",
    "Whether the error that arrives at one step depends on errors at later steps, as in backpropagation through time; the brain has no way back in time.",
    |s| match s.back_in_time {
        Some(true) => (Some(Value::Word("needed".to_owned())), String::new()),
        Some(false) => (Some(Value::Word("not needed".to_owned())), String::new()),
        None => (None, "no errors travel over steps of time".to_owned()),
    }
);

criterion!(
    ONE_BY_ONE,
    "one-by-one",
    "Digit by digit",
    "",
    "Whether two digits change a weight by the sum of what each does, so that they may come one after another.",
    |s| {
        let word = if s.one_by_one { "possible" } else { "several at once" };
        (Some(Value::Word(word.to_owned())), String::new())
    }
);

/// Digits of the training set that the small networks learn from first.
const DIGITS: usize = 300;

/// The rule that made a subject.
fn rule(subject: &Subject) -> Result<Option<&'static Rule>, Halt> {
    match &subject.what {
        What::Rule(id) => Ok(rules::find(id)),
        What::Network(both) => {
            let usual = rules::usual_for(both.0.architecture());
            Ok(Some(rules::find(&both.1.rule).unwrap_or(usual)))
        }
        What::Untrained(_) => Err(Halt::reason("it does not learn")),
        What::Converted(_) => Err(Halt::reason(
            "it learned before it was converted; see the network that it was made from",
        )),
        What::DiehlCook(_) => Ok(None),
    }
}

fn structure(rule: Option<&'static Rule>, context: &Context<'_>) -> Result<Structure, Halt> {
    let digits = context.train.first(DIGITS, "looked into");
    if digits.is_empty() {
        return Err(Halt::reason("there are no training digits"));
    }
    let looked = match rule {
        None => engine::structure(&digits.pixels(0))?,
        Some(rule) if matches!(rule.kind, Kind::ConvStdp | Kind::ConvReward) => {
            competition::structure(&digits.pixels(0))
        }
        Some(rule) => Scene::of(rule, &digits)?.structure(),
    };
    looked.ok_or_else(|| Halt::reason("its hidden synapses do not change"))
}

fn measure(
    subject: &Subject,
    context: &Context<'_>,
    of: impl Fn(&Structure) -> (Option<Value>, String),
) -> Result<Cell, Halt> {
    let rule = rule(subject)?;
    let key = format!("structure {}", rule.map_or("diehl-cook", |r| r.id));
    let structure = context.cache.get(&key, || structure(rule, context))?;
    let (value, mut remark) = of(&structure);
    // Convolutions and loops were not run: say so.
    if let (Some(rule), What::Network(both)) = (rule, &subject.what) {
        let layers = (both.0.architecture().layers)();
        let shared = |layer: &Layer| {
            matches!(
                layer,
                Layer::Conv { .. }
                    | Layer::Convolution { .. }
                    | Layer::Recurrent { .. }
                    | Layer::Spiking(Spiking::Recurrent { .. })
            )
        };
        if value.is_none() && layers.iter().any(|l| matches!(l, Layer::Recurrent { .. })) {
            remark = "its steps are computed within one operation, where nobody can listen".into();
        } else if layers.iter().any(shared) && !rule.kind.spikes() {
            let more = if remark.is_empty() { "" } else { "; " };
            remark = format!(
                "{remark}{more}found on a dense network by the same rule: shared kernels read every place of a picture besides, and loops the past"
            );
        }
    }
    let reads = structure.reads.iter().map(|(_, read)| read.clone()).collect();
    Ok(Cell { value, remark, detail: Some(Detail::Reads(reads)), ..Cell::default() })
}
