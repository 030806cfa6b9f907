//! Bounds of a weight: none, hard (clipped) or soft (changes shrink as the
//! bound comes near; van Rossum et al. 2000, Rubin et al. 2001).

use serde::{Deserialize, Serialize};

use crate::snn::error::SnnError;

/// Kinds of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoundKind {
    /// Weights go where they will.
    None,
    /// Clipped.
    Hard,
    /// An increase is multiplied by `max − w`, a decrease by `w − min`.
    Soft,
}

/// Bounds of the weights of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    pub kind: BoundKind,
    pub min: f32,
    pub max: f32,
}

impl Bounds {
    /// Clipped to 0 … 1.
    pub const UNIT: Self = Self { kind: BoundKind::Hard, min: 0.0, max: 1.0 };

    /// Checks that the bounds are numbers in order.
    ///
    /// # Errors
    /// [`SnnError::Description`].
    pub fn check(&self, owner: &str) -> Result<(), SnnError> {
        if self.min.is_finite() && self.max.is_finite() && self.min < self.max {
            return Ok(());
        }
        Err(SnnError::Description {
            owner: owner.to_owned(),
            reason: format!(
                "weights are bounded by {} and {}; the first must be the smaller",
                self.min, self.max
            ),
        })
    }

    /// A weight that was scaled, brought back within the bounds.
    #[inline(always)]
    pub fn clip(&self, w: f32) -> f32 {
        match self.kind {
            BoundKind::None => w,
            BoundKind::Hard | BoundKind::Soft => w.max(self.min).min(self.max),
        }
    }

    /// The weight after a change of `dw`.
    #[inline(always)]
    pub fn apply(&self, w: f32, dw: f32) -> f32 {
        match self.kind {
            BoundKind::None => w + dw,
            BoundKind::Hard => (w + dw).max(self.min).min(self.max),
            BoundKind::Soft => {
                let room = if dw > 0.0 { self.max - w } else { w - self.min };
                (w + dw * room).max(self.min).min(self.max)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bounded_weights_stay_within_their_bounds(
            start in 0f32..1.0,
            changes in prop::collection::vec(-2f32..2.0, 0..50),
            soft: bool,
        ) {
            let kind = if soft { BoundKind::Soft } else { BoundKind::Hard };
            let bounds = Bounds { kind, ..Bounds::UNIT };
            let mut w = start;
            for dw in changes {
                w = bounds.apply(w, dw);
                prop_assert!((0.0..=1.0).contains(&w));
            }
        }
    }

    #[test]
    fn bounds_in_the_wrong_order_are_refused() {
        for (min, max) in [(1.0, 0.0), (0.0, f32::NAN), (f32::NEG_INFINITY, 1.0)] {
            let bounds = Bounds { kind: BoundKind::Hard, min, max };
            assert!(bounds.check("projection \"a\"").is_err());
        }
    }
}
