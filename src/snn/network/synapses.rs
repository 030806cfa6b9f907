//! Projections from their description: who is connected, how strongly, and how
//! long spikes travel.

use super::check::{numbers, wrong};
use super::connection::Connection;
use super::plan::{Delay, Network, Plasticity, Projection};
use super::spec::{Connect, DelaySpec, ProjectionSpec};
use crate::core::rng::Rng;
use crate::snn::error::SnnError;
use crate::snn::plasticity;

/// The longest delay, in steps.
const MOST_DELAY: f64 = 100_000.0;

/// Checks a projection and draws what is random in it.
pub(super) fn build(spec: &ProjectionSpec, network: &Network) -> Result<Projection, SnnError> {
    let owner = format!("projection {:?}", spec.name);
    let named = |e: SnnError| match e {
        SnnError::UnknownName { what, name, known, .. } => {
            SnnError::UnknownName { owner: owner.clone(), what, name, known }
        }
        other => other,
    };
    let from = network.source(&spec.from).map_err(named)?;
    let to = network.population(&spec.to).map_err(named)?;
    let target = &network.populations[to];
    let onto = target.model.variable(&owner, &spec.onto)?;
    if !target.model.state[onto].input {
        let (variable, model) = (&spec.onto, target.model.name);
        return Err(wrong(&owner, format!("synapses cannot add to {variable:?} of {model}")));
    }
    let sizes = (network.describe(from).1, target.size);
    let stream = |what: &str| Rng::stream(network.seed, &format!("{what}/{}", spec.name), 0);
    let Synapses { connection, weights: count, order } =
        synapses(&owner, &spec.connect, sizes, stream("pairs"))?;
    let mut weights =
        numbers(&owner, "the list of weights", &spec.weights, count, stream("weights"))?;
    let delay = delays(&owner, spec, network.dt_ms, count, stream("delays"))?;
    let mut delay = delay;
    if let Some(order) = order {
        // Pairs come in any order; engines have them by rows.
        weights = order.iter().map(|i| weights[*i]).collect();
        if let Delay::Each(all) = &mut delay {
            *all = order.iter().map(|i| all[*i]).collect();
        }
    }
    let listed =
        matches!(connection, Connection::Dense | Connection::OneToOne | Connection::Sparse { .. });
    if !listed && (spec.plasticity.is_some() || spec.normalise_to.is_some()) {
        return Err(wrong(
            &owner,
            "synapses that share weights (all but self, convolution) can neither learn by spikes nor be normalised; use dense or sparse ones",
        ));
    }
    let plasticity = spec.plasticity.as_ref().map(|p| {
        let rule = plasticity::get(&owner, &p.rule.id)?;
        let values = p.rule.resolve(&owner, rule.params)?;
        p.bounds.check(&owner)?;
        Ok(Plasticity { rule, values, bounds: p.bounds })
    });
    if spec.normalise_to.is_some_and(|s| !(s.is_finite() && s > 0.0)) {
        return Err(wrong(&owner, "the sum that weights are normalised to must be above 0"));
    }
    Ok(Projection {
        name: spec.name.clone(),
        from,
        to,
        onto,
        connection,
        weights,
        delay,
        plasticity: plasticity.transpose()?,
        normalise_to: spec.normalise_to.map(|s| s as f32),
    })
}

/// The connection, its number of weights, and for pairs the place in the given
/// order of each.
struct Synapses {
    connection: Connection,
    weights: usize,
    order: Option<Vec<usize>>,
}

fn synapses(
    owner: &str,
    connect: &Connect,
    (n, m): (usize, usize),
    mut rng: Rng,
) -> Result<Synapses, SnnError> {
    let plain = |connection, weights| Ok(Synapses { connection, weights, order: None });
    match connect {
        Connect::Dense => plain(Connection::Dense, n * m),
        Connect::OneToOne | Connect::AllButSelf if n != m => Err(wrong(
            owner,
            format!("it connects namesakes, but there are {n} sources and {m} targets"),
        )),
        Connect::OneToOne => plain(Connection::OneToOne, n),
        Connect::AllButSelf => plain(Connection::AllButSelf, 1),
        Connect::Pairs(pairs) => sorted_pairs(owner, pairs, n, m),
        Connect::Random { probability } => {
            if !(*probability >= 0.0 && *probability <= 1.0) {
                return Err(wrong(
                    owner,
                    format!(
                        "the probability of a synapse is {probability}, but must be from 0 to 1"
                    ),
                ));
            }
            let mut pairs = Vec::new();
            for i in 0..n as u32 {
                let chosen = (0..m as u32).filter(|_| f64::from(rng.uniform()) < *probability);
                pairs.extend(chosen.map(|j| (i, j)));
            }
            sorted_pairs(owner, &pairs, n, m)
        }
        Connect::Convolution(shape) => {
            let Some(output) = shape.output() else {
                return Err(wrong(owner, "the kernel does not fit into the source's picture"));
            };
            let product = |s: &[usize]| s.iter().product::<usize>();
            if (product(&shape.input), product(&output)) != (n, m) {
                let ([a, b, c], [d, e, f]) = (shape.input, output);
                return Err(wrong(
                    owner,
                    format!(
                        "it takes {a}×{b}×{c} neurons to {d}×{e}×{f}, but there are {n} and {m}"
                    ),
                ));
            }
            plain(Connection::Convolution(*shape), shape.weights())
        }
    }
}

fn sorted_pairs(
    owner: &str,
    pairs: &[(u32, u32)],
    n: usize,
    m: usize,
) -> Result<Synapses, SnnError> {
    if let Some(index) = pairs.iter().position(|(i, j)| *i as usize >= n || *j as usize >= m) {
        let (i, j) = pairs[index];
        return Err(wrong(
            owner,
            format!("pair {index} is ({i}, {j}), but there are only {n} sources and {m} targets"),
        ));
    }
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|p| pairs[*p]);
    if let Some(twice) = order.windows(2).find(|w| pairs[w[0]] == pairs[w[1]]) {
        return Err(wrong(owner, format!("the pair {:?} is there twice", pairs[twice[0]])));
    }
    let mut offsets = vec![0u32; n + 1];
    for (i, _) in pairs {
        offsets[*i as usize + 1] += 1;
    }
    for i in 0..n {
        offsets[i + 1] += offsets[i];
    }
    let targets = order.iter().map(|p| pairs[*p].1).collect();
    let connection = Connection::Sparse { offsets, targets };
    Ok(Synapses { connection, weights: pairs.len(), order: Some(order) })
}

fn delays(
    owner: &str,
    spec: &ProjectionSpec,
    dt_ms: f64,
    count: usize,
    rng: Rng,
) -> Result<Delay, SnnError> {
    let check = |index: usize, ms: f64| {
        if ms >= 0.0 && ms / dt_ms <= MOST_DELAY {
            return Ok(ms);
        }
        Err(SnnError::Value {
            owner: owner.to_owned(),
            what: "delay",
            index,
            value: ms,
            range: format!("from 0 to {} ms", MOST_DELAY * dt_ms),
        })
    };
    match &spec.delay {
        DelaySpec::None => Ok(Delay::Steps(0)),
        DelaySpec::Ms(ms) => Ok(Delay::Steps((check(0, *ms)? / dt_ms).round() as u32)),
        DelaySpec::Each(values) => {
            if !matches!(spec.connect, Connect::Dense | Connect::Pairs(_) | Connect::Random { .. })
            {
                return Err(wrong(
                    owner,
                    "only dense and sparse synapses can each have a delay of their own",
                ));
            }
            let all = numbers(owner, "the list of delays", values, count, rng)?;
            let steps = all.iter().enumerate().map(|(i, ms)| {
                // Times that are whole steps up to rounding count as such.
                Ok((check(i, f64::from(*ms))? / dt_ms + 1e-4) as u32)
            });
            Ok(Delay::Each(steps.collect::<Result<_, SnnError>>()?))
        }
    }
}
