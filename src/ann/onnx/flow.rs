//! What runs through the graph: the numbers of one picture at a place of it, and where our
//! layers keep each of them.

use std::rc::Rc;

use super::times;
use super::view::View;

/// Most numbers of one picture between two layers.
pub const MOST: usize = 1 << 20;

/// The numbers of one picture between two nodes.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Their shape in the file, for one picture.
    pub dims: Vec<usize>,
    /// For each of them, the last axis fastest, its place in what our last layer gives
    /// (y, x, channel), or in all states of a recurrent one.
    pub places: Rc<[u32]>,
    /// How far the chain was when they came out.
    pub at: usize,
    /// Steps and units, where they are the states of all steps.
    pub states: Option<(usize, usize)>,
    /// Zeros before and behind along each axis, which are not in `dims`; empty: none.
    pub around: Vec<[usize; 2]>,
}

impl Flow {
    /// Numbers in this shape that lie as ours do.
    pub fn new(dims: Vec<usize>, at: usize) -> Self {
        let all: usize = dims.iter().product();
        Self { dims, places: (0..all as u32).collect(), at, states: None, around: Vec::new() }
    }

    /// A picture with channels first, as convolutions give it.
    pub fn picture([h, w, c]: [usize; 3], at: usize) -> Self {
        let dims = vec![1, c, h, w];
        let places = (0..c * h * w).map(|i| (i % (h * w) * c + i / (h * w)) as u32);
        Self { places: places.collect(), ..Self::new(dims, at) }
    }

    /// Arranged anew.
    pub fn viewed(&self, view: View) -> Result<Self, String> {
        if !self.around.is_empty() {
            return Err("after padding only a convolution may follow".into());
        }
        let places = match view.picks {
            None => Rc::clone(&self.places),
            Some(picks) if picks.len() > MOST => return Err("it makes too many numbers".into()),
            Some(picks) => picks.iter().map(|i| self.places[*i as usize]).collect(),
        };
        Ok(Self { dims: view.dims, places, ..self.clone() })
    }

    /// The places, where these are one layer's output: of all states only the last.
    pub fn settled(&self) -> Result<Rc<[u32]>, String> {
        let Some((steps, units)) = self.states else { return Ok(Rc::clone(&self.places)) };
        let first = (steps.saturating_sub(1) * units) as u32;
        let last = |place: &u32| place.checked_sub(first);
        self.places.iter().map(last).collect::<Option<_>>().ok_or_else(|| {
            "it takes the recurrent layer's states of all steps; only the last state can go on"
                .into()
        })
    }

    /// Height, width and channels, where it is our picture with channels first.
    pub fn as_picture(&self) -> Result<[usize; 3], String> {
        let places = self.settled()?;
        let [1, c, h, w] = self.dims[..] else {
            return Err(format!(
                "it takes numbers in the shape {}, not a picture (1×channels×rows×columns)",
                times(&self.dims)
            ));
        };
        let right = |(i, place): (usize, &u32)| *place as usize == i % (h * w) * c + i / (h * w);
        if places.iter().enumerate().all(right) {
            return Ok([h, w, c]);
        }
        Err("its picture is turned, cut out of another, or made of what was none; none of these can be imported".into())
    }

    /// Whether these are all numbers of a layer that gives so many, each once.
    pub fn is_whole(&self, len: usize) -> bool {
        let mut seen = vec![false; len];
        let mut once = |place: &u32| {
            seen.get_mut(*place as usize).is_some_and(|seen| !std::mem::replace(seen, true))
        };
        self.places.len() == len && self.places.iter().all(&mut once)
    }
}
