//! The WGSL itself: valid for every registered model and rule, laid out as the
//! host believes, and rounding as the host rounds.

use wgpu::naga;

use super::*;
use crate::snn::gpu::run::Run;

/// Parses and validates a program for devices that can do nothing but what
/// every WebGPU device can.
fn validated(wgsl: &str) -> naga::Module {
    let module =
        naga::front::wgsl::parse_str(wgsl).unwrap_or_else(|e| panic!("{}", e.emit_to_string(wgsl)));
    let mut validator = naga::valid::Validator::new(
        naga::valid::ValidationFlags::all(),
        naga::valid::Capabilities::empty(),
    );
    validator.validate(&module).unwrap_or_else(|e| panic!("{}", e.emit_to_string(wgsl)));
    module
}

fn program_of(spec: &NetworkSpec) -> String {
    let network = spec.build().unwrap();
    program::write(&network, &Layout::new(&network).unwrap()).wgsl
}

#[test]
fn every_registered_model_and_rule_has_a_twin_that_is_valid() {
    for m in MODELS {
        validated(&program_of(&NetworkSpec::new(m.id, 0.5, 1).population(
            "n",
            300,
            Config::new(m.id),
        )));
    }
    for (seed, r) in (0..).zip(RULES) {
        validated(&program_of(&random("dc_exc", r.id, seed)));
    }
    let files = |folder: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders").join(folder);
        std::fs::read_dir(&folder).unwrap().count()
    };
    // No file that nobody uses.
    assert_eq!(files("lib"), program::LIBRARY.len());
    assert_eq!(files("models"), MODELS.len());
    assert_eq!(files("plasticity"), RULES.len());
}

#[test]
fn the_uniform_lies_as_the_host_writes_it() {
    let wgsl: String = program::LIBRARY.iter().map(|(_, text)| *text).collect();
    let module = validated(&wgsl);
    let (_, run) =
        module.types.iter().find(|(_, t)| t.name.as_deref() == Some("Run")).expect("the uniform");
    let naga::TypeInner::Struct { members, span } = &run.inner else { panic!("no structure") };
    let run = Run {
        zero: 10,
        first: 11,
        steps: 12,
        begin: 13,
        apart: 14,
        projection: 15,
        currents: 16,
        listed: 17,
    };
    let here = [
        ("zero", std::mem::offset_of!(Run, zero), run.zero),
        ("first", std::mem::offset_of!(Run, first), run.first),
        ("steps", std::mem::offset_of!(Run, steps), run.steps),
        ("begin", std::mem::offset_of!(Run, begin), run.begin),
        ("apart", std::mem::offset_of!(Run, apart), run.apart),
        ("projection", std::mem::offset_of!(Run, projection), run.projection),
        ("currents", std::mem::offset_of!(Run, currents), run.currents),
        ("listed", std::mem::offset_of!(Run, listed), run.listed),
    ];
    assert_eq!(*span as usize, size_of::<Run>());
    assert_eq!(members.len(), here.len());
    for (member, (name, offset, value)) in members.iter().zip(here) {
        assert_eq!((member.name.as_deref(), member.offset as usize), (Some(name), offset));
        assert_eq!(run.words()[offset / 4], value, "{name}");
    }
}

#[test]
fn structures_of_constants_are_read_in_the_order_declared() {
    let wgsl = program_of(&random("adex", "triplet", 1));
    let module = validated(&wgsl);
    let members = |name: &str| -> Vec<(String, u32)> {
        let found = module.types.iter().find(|(_, t)| t.name.as_deref() == Some(name));
        let naga::TypeInner::Struct { members, .. } = &found.expect(name).1.inner else {
            panic!("{name} is no structure")
        };
        members.iter().map(|m| (m.name.clone().unwrap(), m.offset)).collect()
    };
    let declared = |names: &[&str]| -> Vec<(String, u32)> {
        names.iter().zip(0..).map(|(n, i)| ((*n).to_owned(), 4 * i)).collect()
    };
    let adex = MODELS.iter().find(|m| m.id == "adex").unwrap();
    let triplet = RULES.iter().find(|r| r.id == "triplet").unwrap();
    assert_eq!(members("AdexConstants"), declared(adex.constants));
    assert_eq!(members("TripletConstants"), declared(triplet.constants));
    let state: Vec<&str> = adex.state.iter().map(|s| s.name).collect();
    assert_eq!(members("AdexState"), declared(&state));
}

/// Runs `body`, which makes a number from `a` and `b`, for each pair.
fn computed(body: &str, pairs: &[(f32, f32)]) -> Vec<f32> {
    let gpu = gpu();
    let library: String = program::LIBRARY.iter().map(|(_, text)| *text).collect();
    let n = pairs.len();
    let wgsl = format!(
        "{library}
@compute @workgroup_size(256)
fn compute(@builtin(global_invocation_id) id: vec3<u32>) {{
    if id.x < {n}u {{
        let a = number(2u * id.x);
        let b = number(2u * id.x + 1u);
        samples[id.x] = {body};
    }}
}}
"
    );
    validated(&wgsl);
    let device = &gpu.device;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(wgsl.into()),
    });
    let layout = buffers::group_layout(device);
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("compute"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    // An engine lends its buffers: its bindings are the same.
    let spec = NetworkSpec::new("lender", 1.0, 1).population("n", 1, Config::new("if"));
    let mut engine = GpuEngine::new(&gpu, &spec.build().unwrap()).unwrap();
    engine.buffers.given = buffers::buffer(&gpu, "pairs", 8 * n as u64).unwrap();
    engine.buffers.samples = buffers::buffer(&gpu, "results", 4 * n as u64).unwrap();
    engine.rebind().unwrap();
    let words: Vec<u32> = pairs.iter().flat_map(|(a, b)| [a.to_bits(), b.to_bits()]).collect();
    engine.put(&engine.buffers.given, 0, &words);
    engine.put(&engine.buffers.run, 0, &Run::default().words());
    let mut encoder = device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &engine.group, &[0]);
        pass.dispatch_workgroups(n.div_ceil(256) as u32, 1, 1);
    }
    gpu.queue.submit([encoder.finish()]);
    engine.read_numbers(|b| &b.samples, 0, n).unwrap()
}

/// Pairs of all magnitudes, and some on purpose.
fn pairs(n: usize) -> Vec<(f32, f32)> {
    let mut draw = networks::Draw::new(4);
    let mut one = || {
        let bits = (draw.below(1 << 24) as u32) << 8 | draw.below(256) as u32;
        // Exponents from 2⁻³⁰ to 2³⁰.
        let exponent = 97 + (bits >> 8) % 61;
        f32::from_bits((bits & 0x807f_ffff) | exponent << 23)
    };
    let mut all: Vec<(f32, f32)> = (0..n).map(|_| (one(), one())).collect();
    let special = [0.0, 1.0, -1.0, 3.0, 1.000_000_1, 0.999_999_94, 16_777_215.0, -65.5, 1e-15];
    all.extend(
        special.iter().flat_map(|a| special.iter().map(|b| (*a, *b))).filter(|p| p.1 != 0.0),
    );
    all
}

#[test]
fn quotients_sums_and_products_round_as_on_the_cpu() {
    let pairs = pairs(100_000);
    let check = |body: &str, here: fn(f32, f32) -> f32| {
        for ((a, b), got) in pairs.iter().zip(computed(body, &pairs)) {
            let want = here(*a, *b);
            assert!(got == want, "{body} of {a:e} and {b:e}: {got:e}, not {want:e}");
        }
    };
    check("divide(a, b)", |a, b| a / b);
    check("r(r(a * b) + a)", |a, b| a * b + a);
    check("r(r(a + b) - b)", |a, b| (a + b) - b);
    check("fade(a, b)", crate::snn::models::math::fade);
}

#[test]
fn the_exponential_is_the_cpus() {
    let pairs: Vec<(f32, f32)> = (-9000..9000).map(|i| (i as f32 / 100.0 + 0.003, 0.0)).collect();
    for ((x, _), got) in pairs.iter().zip(computed("exponential(a)", &pairs)) {
        let want = crate::snn::models::math::exp(*x);
        assert!(got == want, "exp({x}): {got:e}, not {want:e}");
    }
}
