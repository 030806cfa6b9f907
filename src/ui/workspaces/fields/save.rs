//! Everything in view as arrays, for NumPy.

use crate::core::npz::{Array, Values};
use crate::workers::inspect::seek::find;
use crate::workers::inspect::{Findings, Inspection};

/// Named arrays.
type Arrays = Vec<(String, Array)>;

/// The digit, each layer's output and kernels, and what was found of this model.
pub fn arrays(inspection: &Inspection, findings: &Findings) -> Result<Arrays, String> {
    let Some(anatomy) = &inspection.anatomy else {
        return Err("no network has been taken apart yet; try again in a moment".into());
    };
    let mut all = Arrays::new();
    let mut put = |name: String, shape: &[usize], values: Vec<f32>| -> Result<(), String> {
        all.push((name, Array::new(shape, Values::F32(values))?));
        Ok(())
    };
    put("digit".into(), &[28, 28], inspection.trace.planes[0].clone())?;
    let probabilities = inspection.probabilities.to_vec();
    put("probabilities".into(), &[probabilities.len()], probabilities)?;
    let model = &anatomy.model;
    for part in &anatomy.parts {
        let name = part.name.to_lowercase().replace([' ', '×', '-'], "_");
        let name = format!("{:02}_{name}", part.layer);
        let shape: &[usize] = if part.is_map() { &part.shape } else { &part.shape[2..] };
        put(format!("{name}_output"), shape, inspection.trace.output(part.layer).to_vec())?;
        if let Some(f) = &part.filters {
            put(format!("{name}_kernels"), &[f.units, f.inputs, f.h, f.w], f.values.clone())?;
        }
        if let Some(found) = find(&findings.fields, model, part.layer, 0)
            && let Some(first) = found.what.first()
        {
            let shape = [found.what.len(), first.h, first.w];
            let values = found.what.iter().flat_map(|f| f.map.clone()).collect();
            put(format!("{name}_effective_fields"), &shape, values)?;
        }
        for unit in 0..part.shape[2] {
            if let Some(found) = find(&findings.liked, model, part.layer, unit) {
                let liked = &found.what;
                put(
                    format!("{name}_unit_{unit}_liked"),
                    &[liked.h, liked.w],
                    liked.pixels.clone(),
                )?;
            }
        }
    }
    for reason in &inspection.why {
        let name = format!("gradient_times_input_{}", reason.model.key);
        put(name, &[28, 28], reason.attribution.map.to_vec())?;
    }
    for found in &findings.occlusion {
        let name = format!("occlusion_{}", found.model.key);
        put(name, &[28, 28], found.what.occlusion.map.to_vec())?;
    }
    Ok(all)
}
