//! What a node says besides its inputs.

use super::proto::{Attribute, Node, Tensor};

impl Node {
    fn find(&self, name: &str) -> Option<&Attribute> {
        self.attribute.iter().find(|a| a.name.as_deref() == Some(name))
    }

    /// A whole number.
    pub fn int(&self, name: &str, usual: i64) -> i64 {
        self.find(name).and_then(|a| a.i).unwrap_or(usual)
    }

    /// A number.
    pub fn float(&self, name: &str, usual: f32) -> f32 {
        self.find(name).and_then(|a| a.f).unwrap_or(usual)
    }

    /// Whole numbers, if they are there.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.find(name).map(|a| &a.ints[..])
    }

    /// Numbers, if they are there.
    pub fn floats(&self, name: &str) -> Option<&[f32]> {
        self.find(name).map(|a| &a.floats[..])
    }

    /// A text; empty where there is none.
    pub fn text(&self, name: &str) -> String {
        let bytes = self.find(name).and_then(|a| a.s.as_deref()).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// Texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let all = self.find(name).map_or(&[][..], |a| &a.strings);
        all.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect()
    }

    /// A tensor.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.find(name)?.t.as_ref()
    }

    /// The operator.
    pub fn op(&self) -> &str {
        self.op_type.as_deref().unwrap_or_default()
    }

    /// `N` whole numbers of at least `least`, or `usual` if they are missing.
    pub fn sizes<const N: usize>(
        &self,
        name: &str,
        usual: usize,
        least: usize,
    ) -> Result<[usize; N], String> {
        let Some(ints) = self.ints(name).filter(|ints| !ints.is_empty()) else {
            return Ok([usual; N]);
        };
        let size = |v: &i64| {
            usize::try_from(*v).ok().filter(|n| (least..=super::sums::MOST_SIDE).contains(n))
        };
        let sizes: Option<Vec<usize>> = ints.iter().map(size).collect();
        sizes.and_then(|sizes| sizes.try_into().ok()).ok_or_else(|| {
            format!(
                "its {name} are {ints:?}, where {N} whole numbers from {least} to {} are needed",
                super::sums::MOST_SIDE
            )
        })
    }
}

/// An axis that may be counted from the end.
pub fn axis(axis: i64, axes: usize) -> Result<usize, String> {
    let from_end = if axis < 0 { axis.checked_add(axes as i64) } else { Some(axis) };
    let place = from_end.and_then(|a| usize::try_from(a).ok()).filter(|a| *a < axes);
    place.ok_or_else(|| format!("axis {axis} is not one of its {axes}"))
}
