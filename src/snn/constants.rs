//! What a kernel computes with, by name: derived from parameters and dt once, and
//! on the GPU a structure with the same members in the same order.

/// The constants of a neuron model or a plasticity rule; made by [`constants!`].
pub trait Constants: Copy {
    /// Their names, in the order of the members.
    const NAMES: &'static [&'static str];

    /// From numbers in that order.
    fn of(values: &[f32]) -> Self;

    /// As numbers in that order.
    fn to_vec(self) -> Vec<f32>;
}

/// `constants! { LifConstants { v_rest, v_reset, v_th } }` declares a struct of
/// `f32` that implements [`Constants`].
macro_rules! constants {
    ($Name:ident { $($field:ident),+ $(,)? }) => {
        #[derive(Clone, Copy)]
        struct $Name {
            $($field: f32),+
        }

        impl $crate::snn::constants::Constants for $Name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];

            #[inline(always)]
            fn of(values: &[f32]) -> Self {
                let &[$($field),+] = values else { return Self { $($field: 0.0),+ } };
                Self { $($field),+ }
            }

            fn to_vec(self) -> Vec<f32> {
                vec![$(self.$field),+]
            }
        }
    };
}
pub(crate) use constants;
