//! Scales and shifts: arithmetic with constants, normalisation.

use super::array::{self, Array};
use super::flow::Flow;
use super::proto::Node;
use super::times;
use super::view::{broadcast, spread};
use super::walk::Walk;

impl Walk {
    /// Adds, subtracts, multiplies or divides by constants; what runs through the network
    /// comes `first` or second.
    pub(super) fn arithmetic(
        &mut self,
        op: &str,
        flow: &Flow,
        array: &Array,
        first: bool,
    ) -> Result<Flow, String> {
        let values = array.as_floats()?;
        let dims = broadcast(&flow.dims, &array.dims)?;
        if array::count(&dims) != Some(flow.places.len()) {
            return Err(format!(
                "numbers in the shape {} are copied to fit {}",
                times(&flow.dims),
                times(&array.dims)
            ));
        }
        let each = spread(&array.dims, &dims)?;
        let each = each.iter().map(|i| f64::from(values[*i as usize]));
        let of = |v: f64| match (op, first) {
            ("Add", _) => Ok((1.0, v)),
            ("Sub", true) => Ok((1.0, -v)),
            ("Sub", false) => Ok((-1.0, v)),
            ("Mul", _) => Ok((v, 0.0)),
            ("Div", true) => Ok((1.0 / v, 0.0)),
            _ => Err("it divides by what runs through the network"),
        };
        let (scale, shift): (Vec<f64>, Vec<f64>) =
            each.map(of).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        self.chain.scale(flow, &scale, &shift)?;
        Ok(Flow { dims, ..self.now(flow) })
    }

    /// Batch normalisation, as it answers.
    pub(super) fn normalised(
        &mut self,
        node: &Node,
        flow: &Flow,
        rest: &[Option<&Array>],
    ) -> Result<Flow, String> {
        if node.int("training_mode", 0) != 0 {
            return Err("it is still training; export the network for answering".into());
        }
        let array = |i: usize| rest.get(i).copied().flatten().ok_or("its numbers are not constant");
        let [scale, shift, mean, variance] = [
            array(0)?.as_floats()?,
            array(1)?.as_floats()?,
            array(2)?.as_floats()?,
            array(3)?.as_floats()?,
        ];
        let channels = flow.dims.get(1).copied().unwrap_or(0);
        if [&scale, &shift, &mean, &variance].iter().any(|v| v.len() != channels) {
            return Err(format!(
                "it has numbers for {} channels, but {channels} come in",
                scale.len()
            ));
        }
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        let of = |c: usize| {
            let s = f64::from(scale[c]) / (f64::from(variance[c]) + epsilon).sqrt();
            (s, f64::from(shift[c]) - f64::from(mean[c]) * s)
        };
        let after: usize = flow.dims.iter().skip(2).product();
        let (scale, shift): (Vec<f64>, Vec<f64>) =
            (0..flow.places.len()).map(|i| of(i / after.max(1) % channels.max(1))).unzip();
        self.chain.scale(flow, &scale, &shift)?;
        Ok(self.now(flow))
    }

    /// scikit-learn's: `(x − offset) · scale`.
    pub(super) fn scaler(&mut self, node: &Node, flow: &Flow) -> Result<Flow, String> {
        let n = flow.places.len();
        let of = |name: &str, usual: f32| match node.floats(name) {
            None | Some([]) => Ok(vec![f64::from(usual); n]),
            Some([one]) => Ok(vec![f64::from(*one); n]),
            Some(all) if all.len() == n => Ok(all.iter().map(|v| f64::from(*v)).collect()),
            Some(all) => Err(format!("it has {} numbers of {name} for {n} pixels", all.len())),
        };
        let (offset, scale) = (of("offset", 0.0)?, of("scale", 1.0)?);
        let shift: Vec<f64> = offset.iter().zip(&scale).map(|(o, s)| -o * s).collect();
        self.chain.scale(flow, &scale, &shift)?;
        Ok(self.now(flow))
    }
}
