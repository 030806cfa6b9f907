//! One synapse: what its last change was computed from.

use crate::ann::rules::Rule;
use crate::ann::rules::passage::{Back, LayerPassage, Passage};
use crate::core::decision::first_max;
use crate::core::text::short;

/// A synapse: the layer, counted from 0 at the picture, the unit below, the unit in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    pub layer: usize,
    pub input: usize,
    pub unit: usize,
}

/// A quantity, its value, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    pub name: &'static str,
    pub value: Option<f32>,
    pub how: String,
}

/// What arrives at a unit of a layer from the errors above it; `None` where nothing
/// does, or where it is the last layer.
pub fn arriving(passage: &Passage, layer: usize, unit: usize) -> Option<f32> {
    let above = passage.layers.get(layer + 1)?;
    let over = |m: &[f32]| -> Option<f32> {
        let row = m.get(unit * above.units..(unit + 1) * above.units)?;
        Some(row.iter().zip(&above.error).map(|(w, e)| w * e).sum())
    };
    match &above.back {
        Back::Weights => over(&above.weights),
        Back::Matrix(matrix) => over(matrix),
        Back::FromOutput(matrix) => {
            let classes = &passage.layers.last()?.error;
            let column = matrix.iter().skip(unit).step_by(above.inputs);
            Some(column.zip(classes).map(|(w, e)| w * e).sum())
        }
        Back::Nothing => None,
    }
}

/// The synapse of a block of weights that changes most; where none does, the strongest.
pub fn most_changed(
    layer: &LayerPassage,
    inputs: std::ops::Range<usize>,
    units: std::ops::Range<usize>,
) -> Option<(usize, usize)> {
    let all: Vec<_> = inputs.flat_map(|i| units.clone().map(move |j| (i, j))).collect();
    let size = |(i, j): &(usize, usize)| {
        let at = i * layer.units + j;
        let of = |values: &[f32]| values.get(at).copied().unwrap_or(0.0).abs();
        (of(&layer.gradient), of(&layer.weights))
    };
    first_max(all.iter().map(size)).map(|k| all[k])
}

/// Everything that the synapse's change is computed from, in order.
pub fn account(passage: &Passage, rule: &Rule, synapse: Synapse) -> Option<Vec<Quantity>> {
    let Synapse { layer: number, input, unit } = synapse;
    let layer = passage.layers.get(number)?;
    if input >= layer.inputs || unit >= layer.units {
        return None;
    }
    let at = input * layer.units + unit;
    let below = if number == 0 {
        format!("pixel {} of row {}", input % crate::data::SIDE, input / crate::data::SIDE)
    } else {
        format!("unit {input} of hidden layer {number}")
    };
    let before =
        Quantity { name: "Activity before", value: layer.activity.get(input).copied(), how: below };
    let weight = Quantity {
        name: "Weight",
        value: layer.weights.get(at).copied(),
        how: again(&layer.back, number, at),
    };
    let error = layer.error.get(unit).copied();
    let after = Quantity { name: "Error after", value: error, how: cause(passage, rule, synapse) };
    let change = Quantity {
        name: "Change",
        value: layer.gradient.get(at).map(|g| -g),
        how: "minus activity × error; the optimiser makes the step of it".to_owned(),
    };
    Some(vec![before, weight, after, change])
}

/// What else this weight is needed for.
fn again(back: &Back, number: usize, at: usize) -> String {
    match back {
        _ if number == 0 => "the picture below needs no error".to_owned(),
        Back::Weights => "needed a second time, on the way back: weight transport".to_owned(),
        Back::Matrix(matrix) => {
            let other = short(matrix.get(at).copied().unwrap_or(0.0));
            format!("on the way back {other} stands in its place")
        }
        Back::FromOutput(_) => "not on any way back: errors come from the classes".to_owned(),
        Back::Nothing => "nothing goes back over it".to_owned(),
    }
}

/// How the error of its unit came about.
fn cause(passage: &Passage, rule: &Rule, synapse: Synapse) -> String {
    let Synapse { layer: number, unit, .. } = synapse;
    if number + 1 == passage.layers.len() {
        let target = f32::from(u8::from(usize::from(passage.label) == unit));
        let answer = passage.answer.get(unit).copied().unwrap_or(0.0);
        return format!("class {unit}: answer {answer:.3} minus target {target}");
    }
    if rule.relaxes {
        return format!("held by a cell of its own beside unit {unit}: activity minus prediction");
    }
    let Some(arrives) = arriving(passage, number, unit) else {
        return "no error arrives, so nothing is learnt here".to_owned();
    };
    let way = match passage.layers[number + 1].back {
        Back::FromOutput(_) => {
            format!("row {unit} of the random matrix × the ten errors of the classes")
        }
        Back::Weights => format!("row {unit} of the weights above × the errors there"),
        _ => format!("row {unit} of the matrix above × the errors there"),
    };
    format!("{way} = {}, times the slope of the unit", short(arrives))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::rules;

    /// Two inputs, three hidden units, two classes.
    fn passage(back: Back) -> Passage {
        let hidden = LayerPassage {
            inputs: 2,
            units: 3,
            weights: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            back: Back::Nothing,
            activity: vec![0.5, 1.0],
            output: vec![1.0, 0.0, 2.0],
            error: vec![0.1, 0.0, -0.3],
            gradient: vec![0.05, 0.0, -0.15, 0.1, 0.0, -0.3],
        };
        let classes = LayerPassage {
            inputs: 3,
            units: 2,
            weights: vec![1.0, -1.0, 2.0, 0.5, 0.0, 3.0],
            back,
            activity: vec![1.0, 0.0, 2.0],
            output: vec![0.0, 0.0],
            error: vec![-0.4, 0.2],
            gradient: vec![-0.4, 0.2, 0.0, 0.0, -0.8, 0.4],
        };
        let mut answer = [0.0; 10];
        (answer[0], answer[1]) = (0.6, 0.2);
        Passage { layers: vec![hidden, classes], answer, label: 0 }
    }

    #[test]
    fn errors_arrive_over_what_stands_on_the_way_back() {
        let close = |a: Option<f32>, b: f32| assert!((a.unwrap() - b).abs() < 1e-6, "{a:?} {b}");
        close(arriving(&passage(Back::Weights), 0, 2), 0.6);
        close(arriving(&passage(Back::Matrix(vec![1.0; 6])), 0, 2), -0.2);
        // Rows are classes.
        let direct = Back::FromOutput(vec![0.0, 0.0, 1.0, 0.0, 0.0, 4.0]);
        close(arriving(&passage(direct), 0, 2), 0.4);
        assert_eq!(arriving(&passage(Back::Nothing), 0, 2), None);
        assert_eq!(arriving(&passage(Back::Weights), 1, 0), None);
    }

    #[test]
    fn a_synapse_says_what_its_change_is_made_of() {
        let rule = rules::RULES[0];
        let told = |p: &Passage, synapse| account(p, rule, synapse).unwrap();
        let hidden = told(&passage(Back::Weights), Synapse { layer: 0, input: 1, unit: 2 });
        let values: Vec<_> = hidden.iter().filter_map(|q| q.value).collect();
        assert_eq!(values, [1.0, 6.0, -0.3, 0.3]);
        assert!(hidden[2].how.contains("row 2 of the weights above"), "{}", hidden[2].how);
        let last = told(&passage(Back::Weights), Synapse { layer: 1, input: 0, unit: 0 });
        assert!(last[1].how.contains("weight transport") && last[2].how.contains("minus target 1"));
        assert!(
            account(&passage(Back::Weights), rule, Synapse { layer: 2, input: 0, unit: 0 })
                .is_none()
        );
        let layer = &passage(Back::Weights).layers[0];
        assert_eq!(most_changed(layer, 0..2, 0..3), Some((1, 2)));
        assert_eq!(most_changed(layer, 0..1, 1..2), Some((0, 1)));
    }
}
