mod plain;

use super::*;
use crate::data::{PIXELS, Pixels};

fn folder() -> std::path::PathBuf {
    std::path::Path::new("/work/wt-onnx/tests/data/onnx").into()
}

fn read(name: &str) -> Result<Imported, OnnxError> {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    let mut beside = |name: &str| std::fs::read(folder().join(name)).map_err(|e| e.to_string());
    import_with(&bytes, &mut beside)
}

fn digits() -> Vec<Pixels> {
    let bytes = std::fs::read(folder().join("digits.idx3-ubyte")).unwrap();
    bytes[16..].chunks_exact(PIXELS).map(|d| std::array::from_fn(|i| f32::from(d[i]) / 255.0)).collect()
}

#[test]
fn look() {
    for name in ["lenet", "basic", "rows", "mlp", "keras", "lstm"] {
        let Ok(about) = std::fs::read(folder().join(format!("{name}.json"))) else { continue };
        let about: serde_json::Value = serde_json::from_slice(&about).unwrap();
        match read(&format!("{name}.onnx")) {
            Err(e) => println!("{name}: ERROR {e}"),
            Ok(i) => {
                println!("{name}: {:?} {} {} {:?} {:?}", i.layers, i.input, i.producer, i.scaling, i.notes);
                let s = Scaling::ALL.into_iter().find(|s| s.id() == about["scaling"]).unwrap();
                let i = with_scaling(i, s);
                let mut worst = 0f64;
                for (d, row) in digits().iter().zip(about["digits"].as_array().unwrap()) {
                    let p = plain::probabilities(&plain::logits(&i.layers, &i.values, d));
                    for (p, q) in p.iter().zip(row.as_array().unwrap()) { worst = worst.max((p - q.as_f64().unwrap()).abs()); }
                }
                println!("   worst {worst}");
            }
        }
    }
    for name in ["bad_operator", "bad_inputs", "bad_size", "bad_classes", "bad_cut"] {
        println!("{name}: {}", read(&format!("{name}.onnx")).unwrap_err());
    }
}
