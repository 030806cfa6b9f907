//! The instruction sets that inner loops are compiled for. The program picks one when
//! it starts, so that one binary is fast everywhere.

use std::sync::OnceLock;

/// An instruction set that this processor has: there is no other way to a value
/// than [`Isa::available`], [`Isa::best`] and [`Isa::PORTABLE`], so whoever is
/// given one need not ask the processor again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Set);

/// What an [`Isa`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// AVX-512 F, DQ, VL and BW, with all of [`Set::Avx2`]: 16 numbers in a vector.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 and FMA: 8 numbers in a vector.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the kind has.
    Portable,
}

impl Isa {
    /// What every processor of the kind has.
    pub const PORTABLE: Self = Self(Set::Portable);

    /// Which it is; the processor has it.
    pub fn set(self) -> Set {
        self.0
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "AVX2",
            Set::Portable => "portable",
        }
    }

    /// Those that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let has_512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw");
            if has_512 {
                found.push(Self(Set::Avx512));
            }
            found.push(Self(Set::Avx2));
        }
        found.push(Self::PORTABLE);
        found
    }

    /// The one in use: the fastest, or what `SPIKESCOPE_SIMD` names (`avx512`,
    /// `avx2`, `portable`) if the processor has it.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let available = Self::available();
            let asked = std::env::var("SPIKESCOPE_SIMD").unwrap_or_default();
            let plain = |isa: Self| isa.name().to_lowercase().replace('-', "");
            available.iter().copied().find(|isa| plain(*isa) == asked).unwrap_or(available[0])
        })
    }
}
