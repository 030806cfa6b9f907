//! Arithmetic on constants: shapes that a file computes from the shape of its input, and
//! weights that it turns or scales.

use super::array::{self, Array, Numbers, count};
use super::attributes::axis;
use super::proto::{Node, data};
use super::times;
use super::view::{broadcast, spread, view};

/// The most numbers that a node may make of little.
const MOST: usize = 1 << 20;

/// What a node makes of constants; `None` if it is no such node.
pub fn fold(node: &Node, inputs: &[Option<&Array>]) -> Result<Option<Array>, String> {
    let input = |i: usize| inputs.get(i).copied().flatten().ok_or("an input is missing");
    Ok(Some(match node.op() {
        "Constant" => constant(node)?,
        "ConstantOfShape" => {
            let dims = input(0)?.as_whole()?.iter().map(|d| usize::try_from(*d).ok());
            let dims = dims.collect::<Option<Vec<_>>>().ok_or("a length is negative")?;
            let n = count(&dims).filter(|n| *n <= MOST).ok_or("it makes too many numbers")?;
            let numbers = match node.tensor("value").map(constant_tensor).transpose()? {
                None => Numbers::Floats(vec![0.0; n]),
                Some(value) => match &value.numbers {
                    Numbers::Floats(v) if v.len() == 1 => Numbers::Floats(vec![v[0]; n]),
                    Numbers::Whole(v) if v.len() == 1 => Numbers::Whole(vec![v[0]; n]),
                    _ => return Err("its value is no single number".into()),
                },
            };
            Array { dims, numbers }
        }
        "Cast" => cast(input(0)?, node.int("to", 0))?,
        "Concat" => concat(node, inputs)?,
        "Add" | "Sub" | "Mul" | "Div" => both(node.op(), input(0)?, input(1)?)?,
        "Neg" | "Sqrt" | "Reciprocal" => each(node.op(), input(0)?)?,
        "ReduceProd" => {
            let values = input(0)?.as_whole()?;
            let product = values.iter().try_fold(1i64, |p, v| p.checked_mul(*v));
            let one = product.ok_or("its product is too large")?;
            let dims = if node.int("keepdims", 1) == 1 { vec![1] } else { Vec::new() };
            Array { dims, numbers: Numbers::Whole(vec![one]) }
        }
        _ => {
            let array = input(0)?;
            let Some(seen) = view(node, &array.dims, inputs.get(1..).unwrap_or_default(), 1)?
            else {
                return Ok(None);
            };
            if seen.picks.as_ref().is_some_and(|p| p.len() > array.len().max(MOST)) {
                return Err("it makes too many numbers".into());
            }
            array.viewed(seen)
        }
    }))
}

fn constant_tensor(tensor: &super::proto::Tensor) -> Result<Array, String> {
    array::of(&mut tensor.clone(), &mut |_| Err("a constant may not lie in another file".into()))
}

fn constant(node: &Node) -> Result<Array, String> {
    if let Some(tensor) = node.tensor("value") {
        return constant_tensor(tensor);
    }
    if let Some(ints) = node.ints("value_ints") {
        return Ok(Array::whole(ints.to_vec()));
    }
    if let Some(floats) = node.floats("value_floats") {
        return Ok(Array::floats(vec![floats.len()], floats.to_vec()));
    }
    let given = |name: &str| node.attribute.iter().any(|a| a.name.as_deref() == Some(name));
    if given("value_float") {
        return Ok(Array::floats(Vec::new(), vec![node.float("value_float", 0.0)]));
    }
    if given("value_int") {
        let numbers = Numbers::Whole(vec![node.int("value_int", 0)]);
        return Ok(Array { dims: Vec::new(), numbers });
    }
    Err("it has no value that is read".into())
}

fn cast(array: &Array, to: i64) -> Result<Array, String> {
    let floats = [data::FLOAT, data::DOUBLE, data::FLOAT16, data::BFLOAT16];
    let whole = [data::INT32, data::INT64, data::BOOL, data::UINT8, data::INT8];
    let is = |kinds: &[i32]| kinds.iter().any(|k| i64::from(*k) == to);
    let numbers = match &array.numbers {
        Numbers::Whole(v) if is(&floats) => Numbers::Floats(v.iter().map(|v| *v as f32).collect()),
        Numbers::Floats(v) if is(&whole) => Numbers::Whole(v.iter().map(|v| *v as i64).collect()),
        Numbers::Text(_) => return Err("text is not turned into numbers".into()),
        same if is(&floats) || is(&whole) => same.clone(),
        _ => return Err(format!("numbers of kind {to} of ONNX's list are not read")),
    };
    Ok(Array { dims: array.dims.clone(), numbers })
}

fn concat(node: &Node, inputs: &[Option<&Array>]) -> Result<Array, String> {
    let parts: Option<Vec<&Array>> = inputs.iter().copied().collect();
    let parts = parts.ok_or("an input is missing")?;
    let first = parts.first().ok_or("it has no inputs")?;
    // Shapes are put together this way; nothing else needs it.
    if parts.iter().any(|p| p.dims.len() != 1) || axis(node.int("axis", 0), 1)? != 0 {
        return Err(format!("only lists of numbers are joined, not {}", times(&first.dims)));
    }
    if parts.iter().map(|p| p.len()).sum::<usize>() > MOST {
        return Err("it makes too many numbers".into());
    }
    let whole = parts.iter().map(|p| p.as_whole()).collect::<Result<Vec<_>, _>>()?;
    Ok(Array::whole(whole.concat()))
}

fn both(op: &str, a: &Array, b: &Array) -> Result<Array, String> {
    let dims = broadcast(&a.dims, &b.dims)?;
    let most = a.len().max(b.len()).max(MOST);
    count(&dims).filter(|n| *n <= most).ok_or("it makes too many numbers")?;
    let (of_a, of_b) = (spread(&a.dims, &dims)?, spread(&b.dims, &dims)?);
    let pairs = of_a.iter().zip(&of_b).map(|(i, j)| (*i as usize, *j as usize));
    let numbers = match (&a.numbers, &b.numbers) {
        (Numbers::Floats(a), Numbers::Floats(b)) => {
            let of = |(x, y): (f32, f32)| match op {
                "Add" => x + y,
                "Sub" => x - y,
                "Mul" => x * y,
                _ => x / y,
            };
            Numbers::Floats(pairs.map(|(i, j)| of((a[i], b[j]))).collect())
        }
        (Numbers::Whole(a), Numbers::Whole(b)) => {
            let of = |(x, y): (i64, i64)| match op {
                "Add" => x.checked_add(y),
                "Sub" => x.checked_sub(y),
                "Mul" => x.checked_mul(y),
                _ => x.checked_div(y),
            };
            let all = pairs.map(|(i, j)| of((a[i], b[j]))).collect::<Option<_>>();
            Numbers::Whole(all.ok_or("a whole number becomes too large, or is divided by zero")?)
        }
        _ => return Err("numbers of different kinds are not computed with".into()),
    };
    Ok(Array { dims, numbers })
}

fn each(op: &str, array: &Array) -> Result<Array, String> {
    let numbers = match (&array.numbers, op) {
        (Numbers::Whole(v), "Neg") => {
            Numbers::Whole(v.iter().map(|v| v.saturating_neg()).collect())
        }
        (Numbers::Floats(v), _) => {
            let of = |v: &f32| match op {
                "Neg" => -v,
                "Sqrt" => v.sqrt(),
                _ => 1.0 / v,
            };
            Numbers::Floats(v.iter().map(of).collect())
        }
        _ => return Err("numbers of this kind are not computed with".into()),
    };
    Ok(Array { dims: array.dims.clone(), numbers })
}
