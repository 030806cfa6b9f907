//! Nodes that only arrange numbers anew: the same for constants and for what runs through
//! the network.

use super::array::{Array, Numbers, count};
use super::attributes::axis;
use super::proto::Node;
use super::times;

/// How numbers lie after such a node.
pub struct View {
    pub dims: Vec<usize>,
    /// For each number, which one of before it is; `None` where all keep their places.
    pub picks: Option<Vec<u32>>,
}

/// The most numbers that an arrangement has.
const MOST: usize = 1 << 25;

impl View {
    fn plain(dims: Vec<usize>) -> Self {
        Self { dims, picks: None }
    }
}

/// What a node makes of numbers in this shape; `None` if it is not of this sort. `rest` are
/// its other inputs. Where a shape begins with `batch`, the number of pictures that the
/// file was made for, it means one.
pub fn view(
    node: &Node,
    dims: &[usize],
    rest: &[Option<&Array>],
    batch: usize,
) -> Result<Option<View>, String> {
    let whole = |i: usize, attribute: &str| -> Result<Option<Vec<i64>>, String> {
        match rest.get(i).copied().flatten() {
            Some(array) => Ok(Some(array.as_whole()?.to_vec())),
            None => Ok(node.ints(attribute).map(<[i64]>::to_vec)),
        }
    };
    let axes = || whole(0, "axes");
    Ok(Some(match node.op() {
        "Identity" => View::plain(dims.to_vec()),
        "Flatten" => {
            // An axis behind the last one is allowed here.
            let at = match node.int("axis", 1) {
                at if at == dims.len() as i64 => dims.len(),
                at => axis(at, dims.len())?,
            };
            let product = |dims: &[usize]| dims.iter().product::<usize>();
            View::plain(vec![product(&dims[..at]), product(&dims[at..])])
        }
        "Reshape" => {
            let to = whole(0, "shape")?.ok_or("its shape is missing")?;
            View::plain(reshape(dims, &to, node.int("allowzero", 0) == 1, batch)?)
        }
        "Squeeze" => View::plain(squeeze(dims, axes()?.as_deref())?),
        "Unsqueeze" => View::plain(unsqueeze(dims, &axes()?.ok_or("its axes are missing")?)?),
        "Transpose" => transpose(dims, node.ints("perm"))?,
        "Expand" => {
            let to = whole(0, "shape")?.ok_or("its shape is missing")?;
            let to: Option<Vec<usize>> = to.iter().map(|d| usize::try_from(*d).ok()).collect();
            let to = broadcast(dims, &to.ok_or("its shape has a negative length")?)?;
            View { picks: Some(spread(dims, &to)?), dims: to }
        }
        "Gather" => {
            let at = axis(node.int("axis", 0), dims.len())?;
            let indices = rest.first().copied().flatten().ok_or("what it picks is not constant")?;
            let picked = indices.as_whole()?.iter().map(|i| axis(*i, dims[at]));
            let picked = picked.collect::<Result<Vec<_>, _>>()?;
            let mut view = pick(dims, at, &picked)?;
            view.dims.splice(at..=at, indices.dims.iter().copied());
            view
        }
        "Slice" => {
            let starts = whole(0, "starts")?.ok_or("its starts are missing")?;
            let ends = whole(1, "ends")?.ok_or("its ends are missing")?;
            let axes = whole(2, "axes")?;
            let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
            let steps = whole(3, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
            slice(dims, &starts, &ends, &axes, &steps)?
        }
        _ => return Ok(None),
    }))
}

fn reshape(dims: &[usize], to: &[i64], zeros: bool, batch: usize) -> Result<Vec<usize>, String> {
    let all: usize = dims.iter().product();
    let resolved = |to: &[i64]| -> Option<Vec<usize>> {
        let mut shape = Vec::with_capacity(to.len());
        let mut free = None;
        for (i, d) in to.iter().enumerate() {
            shape.push(match *d {
                -1 if free.replace(i).is_some() => return None,
                -1 => 1,
                0 if !zeros => *dims.get(i)?,
                d => usize::try_from(d).ok()?,
            });
        }
        let known = count(&shape)?;
        if let Some(i) = free {
            if known == 0 || !all.is_multiple_of(known) {
                return None;
            }
            shape[i] = all / known;
        }
        (count(&shape)? == all).then_some(shape)
    };
    let one = || {
        let (first, rest) = to.split_first()?;
        let to: Vec<i64> = [1].into_iter().chain(rest.iter().copied()).collect();
        if batch > 1 && *first == batch as i64 { resolved(&to) } else { None }
    };
    if to.len() > 8 {
        return Err("a shape of more than 8 axes is not read".into());
    }
    // With a fixed number of pictures, -1 may fit as well, and mean more than one picture.
    one()
        .or_else(|| resolved(to))
        .ok_or_else(|| format!("{all} numbers ({}) do not fit into the shape {to:?}", times(dims)))
}

fn squeeze(dims: &[usize], axes: Option<&[i64]>) -> Result<Vec<usize>, String> {
    let Some(axes) = axes else {
        return Ok(dims.iter().copied().filter(|d| *d != 1).collect());
    };
    let axes = axes.iter().map(|a| axis(*a, dims.len())).collect::<Result<Vec<_>, _>>()?;
    if let Some(long) = axes.iter().find(|a| dims[**a] != 1) {
        return Err(format!("axis {long} has length {}, so it cannot be left out", dims[*long]));
    }
    let kept = dims.iter().enumerate().filter(|(i, _)| !axes.contains(i));
    Ok(kept.map(|(_, d)| *d).collect())
}

fn unsqueeze(dims: &[usize], axes: &[i64]) -> Result<Vec<usize>, String> {
    let all = dims.len() + axes.len();
    if all > 8 {
        return Err("a shape of more than 8 axes is not read".into());
    }
    let axes = axes.iter().map(|a| axis(*a, all)).collect::<Result<Vec<_>, _>>()?;
    let mut rest = dims.iter().copied();
    let shape = (0..all).map(|i| if axes.contains(&i) { Some(1) } else { rest.next() });
    shape.collect::<Option<_>>().ok_or_else(|| "an axis is named twice".into())
}

/// Steps in memory along each axis.
fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for i in (1..dims.len()).rev() {
        strides[i - 1] = strides[i] * dims[i];
    }
    strides
}

/// Numbers in this shape, taken from places that are so far apart along each axis.
fn walk(dims: &[usize], apart: &[usize]) -> Result<Vec<u32>, String> {
    let all = count(dims).filter(|n| *n <= MOST).ok_or("it makes too many numbers")?;
    let mut at = vec![0; dims.len()];
    let mut place = 0;
    let mut picks = Vec::with_capacity(all);
    for _ in 0..all {
        picks.push(place as u32);
        for i in (0..dims.len()).rev() {
            at[i] += 1;
            place += apart[i];
            if at[i] < dims[i] {
                break;
            }
            place -= apart[i] * dims[i];
            at[i] = 0;
        }
    }
    Ok(picks)
}

fn transpose(dims: &[usize], order: Option<&[i64]>) -> Result<View, String> {
    let n = dims.len();
    let order = match order {
        None => (0..n).rev().collect(),
        Some(order) => order.iter().map(|a| axis(*a, n)).collect::<Result<Vec<_>, _>>()?,
    };
    if order.len() != n || (0..n).any(|i| !order.contains(&i)) {
        return Err(format!("its order {order:?} does not name each of {n} axes"));
    }
    let apart = strides(dims);
    let of = |from: &[usize]| order.iter().map(|i| from[*i]).collect::<Vec<_>>();
    let turned = of(dims);
    Ok(View { picks: Some(walk(&turned, &of(&apart))?), dims: turned })
}

/// Some places along an axis.
fn pick(dims: &[usize], at: usize, picked: &[usize]) -> Result<View, String> {
    let mut to = dims.to_vec();
    to[at] = picked.len();
    count(&to).filter(|n| *n <= MOST).ok_or("it makes too many numbers")?;
    let (before, after): (usize, usize) =
        (dims[..at].iter().product(), dims[at + 1..].iter().product());
    let place = |b: usize, i: usize| (b * dims[at] + i) * after;
    let rows = (0..before).flat_map(|b| picked.iter().map(move |i| place(b, *i)));
    let picks = rows.flat_map(|from| from..from + after).map(|i| i as u32).collect();
    Ok(View { dims: to, picks: Some(picks) })
}

fn slice(
    dims: &[usize],
    starts: &[i64],
    ends: &[i64],
    axes: &[i64],
    steps: &[i64],
) -> Result<View, String> {
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its starts, ends, axes and steps are not of one length".into());
    }
    let mut shape = dims.to_vec();
    let mut picks: Option<Vec<u32>> = None;
    for (i, named) in axes.iter().enumerate() {
        let at = axis(*named, shape.len())?;
        let (n, step) = (shape[at] as i64, steps[i]);
        if step == 0 || step == i64::MIN {
            return Err(format!("its step is {step}"));
        }
        let place = |v: i64| if v < 0 { v.saturating_add(n) } else { v };
        let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
        let (mut from, to) =
            (place(starts[i]).clamp(low.max(0), high.max(0)), place(ends[i]).clamp(low, high));
        let mut picked = Vec::new();
        while (step > 0 && from < to) || (step < 0 && from > to) {
            picked.push(from as usize);
            from = from.saturating_add(step);
        }
        let view = pick(&shape, at, &picked)?;
        shape = view.dims;
        picks = match (picks, view.picks) {
            (Some(before), Some(now)) => Some(now.iter().map(|i| before[*i as usize]).collect()),
            (before, now) => now.or(before),
        };
    }
    Ok(View { dims: shape, picks })
}

/// The shape in which both can be added.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let n = a.len().max(b.len());
    let at = |dims: &[usize], i: usize| (i + dims.len()).checked_sub(n).map_or(1, |i| dims[i]);
    let along = |i: usize| match (at(a, i), at(b, i)) {
        (1, d) | (d, 1) => Some(d),
        (c, d) => (c == d).then_some(d),
    };
    let shape = (0..n).map(along).collect::<Option<Vec<_>>>();
    shape.ok_or_else(|| format!("shapes {} and {} do not go together", times(a), times(b)))
}

/// For each number in the shape `to`, which one of an array in the shape `dims` it is.
pub fn spread(dims: &[usize], to: &[usize]) -> Result<Vec<u32>, String> {
    let first = to.len().saturating_sub(dims.len());
    let own = strides(dims);
    let apart: Vec<usize> = (0..to.len())
        .map(|i| match i.checked_sub(first) {
            Some(k) if dims[k] != 1 => own[k],
            _ => 0,
        })
        .collect();
    walk(to, &apart)
}

impl Array {
    /// These numbers, arranged so.
    pub fn viewed(&self, view: View) -> Self {
        let View { dims, picks } = view;
        let Some(picks) = picks else { return Self { dims, numbers: self.numbers.clone() } };
        let numbers = match &self.numbers {
            Numbers::Floats(v) => Numbers::Floats(picks.iter().map(|i| v[*i as usize]).collect()),
            Numbers::Whole(v) => Numbers::Whole(picks.iter().map(|i| v[*i as usize]).collect()),
            Numbers::Text(v) => {
                Numbers::Text(picks.iter().map(|i| v[*i as usize].clone()).collect())
            }
        };
        Self { dims, numbers }
    }
}
