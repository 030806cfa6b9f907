//! The end of a network: softmax, the class, and what may follow them.

use super::array::Array;
use super::attributes::axis;
use super::flow::Flow;
use super::proto::Node;
use super::quoted;
use super::walk::{Value, Walk};
use crate::data::MOST_CLASSES;
use crate::data::classes::FEWEST;

impl Walk {
    /// Takes down what the answer is made of.
    pub(super) fn answered(&mut self, node: &Node, flow: &Flow) -> Result<(), String> {
        let n = flow.places.len();
        if !(FEWEST..=MOST_CLASSES).contains(&n) {
            return Err(format!(
                "it is over {n} numbers; {FEWEST} to {MOST_CLASSES} are needed, one for each class"
            ));
        }
        let usual = if node.op() == "ArgMax" {
            0
        } else if self.opset >= 13 {
            -1
        } else {
            1
        };
        let axis = axis(node.int("axis", usual), flow.dims.len())?;
        // Before version 13 all axes from this one on were taken together.
        let together: usize = flow.dims[axis..].iter().product();
        if flow.dims[axis] != n && together != n {
            return Err("it is not taken over the classes".into());
        }
        self.answer = Some(flow.clone());
        Ok(())
    }

    /// scikit-learn's linear classifiers: a dense layer and what follows it in one.
    pub(super) fn classified(&mut self, node: &Node, flow: &Flow) -> Result<Vec<Value>, String> {
        let after = node.text("post_transform");
        if !["", "NONE", "SOFTMAX", "LOGISTIC"].contains(&&after[..]) {
            return Err(format!("what it makes of its sums, {}, is not known", quoted(&after)));
        }
        let whole = node.ints("classlabels_ints").unwrap_or_default();
        let strings = node.texts("classlabels_strings");
        let classes = whole.len().max(strings.len());
        let possible = (FEWEST..=MOST_CLASSES).contains(&classes);
        let texts = || (0..classes).map(|class| class.to_string()).collect::<Vec<_>>();
        // Counted before as many texts are made.
        if !possible || !(whole.iter().copied().eq(0..classes as i64) || strings == texts()) {
            return Err("its classes are not the numbers from 0 on, in this order".into());
        }
        let weights = node.floats("coefficients").unwrap_or_default();
        let inputs = flow.places.len();
        let zeros = [0.0; MOST_CLASSES];
        let bias = node.floats("intercepts").unwrap_or(&zeros[..classes]);
        let finite = weights.iter().chain(bias).all(|v| v.is_finite());
        if weights.len() != inputs * classes || bias.len() != classes || !finite {
            return Err(format!(
                "its weights are not those of {inputs} numbers and {classes} classes"
            ));
        }
        self.chain.dense(flow, classes, &|i, class| weights[class * inputs + i], bias.to_vec())?;
        if after == "LOGISTIC" {
            self.chain.notes.push("Each class was compared with the rest: the decision is the same, but probabilities come from a softmax, as with all networks here.".into());
        }
        self.answer = Some(Flow::new(vec![1, classes], self.chain.at()));
        Ok(vec![Value::Answer; 2])
    }

    /// After the softmax nothing changes the decision.
    pub(super) fn after(
        &self,
        node: &Node,
        inputs: &[Option<Value>],
        constants: &[Option<&Array>],
    ) -> Result<Vec<Value>, String> {
        let plain = [
            "Identity",
            "Cast",
            "Reshape",
            "Squeeze",
            "Unsqueeze",
            "Flatten",
            "Log",
            "ArgMax",
            "ZipMap",
            "Normalizer",
        ];
        let first = matches!(inputs.first(), Some(Some(Value::Answer)));
        match node.op() {
            op if first && plain.contains(&op) => {}
            "ArrayFeatureExtractor" => {
                let names =
                    constants.first().copied().flatten().ok_or("its classes are missing")?;
                let classes = self.answer.as_ref().map_or(0, |answer| answer.places.len());
                let right = match names.as_whole() {
                    Ok(whole) => whole.iter().copied().eq(0..classes as i64),
                    Err(_) => names.is_digits(),
                };
                if !right {
                    return Err("its classes are not the numbers from 0 on, in this order".into());
                }
            }
            _ => return Err("it comes after the softmax, where nothing may follow".into()),
        }
        Ok(vec![Value::Answer; 2])
    }
}
