//! A function of each number, where it follows no sum: after pooling, say.

use super::op::{Backward, Forward, Op, Plane};
use crate::ann::zoo::Activation;

impl Activation {
    /// Makes of each sum what comes out. Of a ReLU, as of [`Activation::of`], a NaN stays
    /// one.
    pub fn apply(self, sums: &mut [f32]) {
        if self != Self::Linear {
            sums.iter_mut().for_each(|v| *v = self.of(*v));
        }
    }

    /// Takes gradients by what came out, `outputs`, to those by the sums.
    pub fn back(self, gradients: &mut [f32], outputs: &[f32]) {
        match self {
            Self::Linear => {}
            Self::Relu => {
                for (g, y) in gradients.iter_mut().zip(outputs) {
                    *g = if *y > 0.0 { *g } else { 0.0 };
                }
            }
            Self::Tanh | Self::Sigmoid | Self::LeakyRelu => {
                for (g, y) in gradients.iter_mut().zip(outputs) {
                    *g *= self.slope(*y);
                }
            }
        }
    }

    /// An output at which the slope is steepest.
    pub fn steepest(self) -> f32 {
        match self {
            Self::Linear | Self::Relu | Self::LeakyRelu => 1.0,
            Self::Tanh => 0.0,
            Self::Sigmoid => 0.5,
        }
    }
}

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    plane: Plane,
    activation: Activation,
}

impl Function {
    /// On pictures without padding.
    pub fn new(plane: Plane, activation: Activation) -> Self {
        Self { plane, activation }
    }
}

impl Op for Function {
    fn input(&self) -> Plane {
        self.plane
    }

    fn output(&self) -> Plane {
        self.plane
    }

    fn forward(&self, pass: Forward<'_>) {
        let y = &mut pass.y[..pass.n * self.plane.len()];
        y.copy_from_slice(&pass.x[..y.len()]);
        self.activation.apply(y);
    }

    fn backward(&self, pass: Backward<'_>) {
        let Some(dx) = pass.dx else { return };
        let dx = &mut dx[..pass.n * self.plane.len()];
        dx.copy_from_slice(&pass.dy[..dx.len()]);
        self.activation.back(dx, pass.y);
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::gradients_are_right;
    use super::*;

    #[test]
    fn gradients_agree_with_finite_differences() {
        for activation in
            [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::LeakyRelu]
        {
            gradients_are_right(&Function::new(Plane::new(4, 3, 2), activation), 3);
            let slope = activation.slope(activation.steepest());
            assert!((0.25..=1.0).contains(&slope));
        }
    }
}
