//! The architecture as a test: which module may use which, and which outside
//! packages belong where. A breach is reported as `file:line`, with the rule.
//!
//! The rules are the two tables below. `scan` reads the source text (not the
//! compiled program), so a path behind a `cfg` counts as well.

mod scan;

use scan::{Mention, Root};
use std::path::{Path, PathBuf};

/// One layer: a top-level module, and the ones below it that it may use.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
}

/// `core ← data, snn; core, data ← ann; ann, snn ← convert; all of these ←
/// scoreboard ← lessons ← workers ← ui, cli`. A module that is not listed here breaks the
/// build of this test on purpose: decide where it belongs, then add it.
const LAYERS: &[Layer] = &[
    Layer { module: "core", may_use: &[] },
    Layer { module: "data", may_use: &["core"] },
    Layer { module: "ann", may_use: &["core", "data"] },
    Layer { module: "snn", may_use: &["core", "data"] },
    Layer { module: "convert", may_use: &["core", "data", "ann", "snn"] },
    Layer { module: "scoreboard", may_use: &["core", "data", "ann", "snn", "convert"] },
    Layer { module: "lessons", may_use: &["core", "data", "ann", "snn", "convert", "scoreboard"] },
    Layer {
        module: "workers",
        may_use: &["core", "data", "ann", "snn", "convert", "scoreboard", "lessons"],
    },
    Layer {
        module: "ui",
        may_use: &["core", "data", "ann", "snn", "convert", "scoreboard", "lessons", "workers"],
    },
    // The command line may use everything: it opens the window and renders the tour.
    Layer {
        module: "cli",
        may_use: &[
            "core",
            "data",
            "ann",
            "snn",
            "convert",
            "scoreboard",
            "lessons",
            "workers",
            "ui",
        ],
    },
];

/// Outside packages that belong to some layers only.
struct Confined {
    /// A package, or every package of a family with `*` at the end.
    package: &'static str,
    only_in: &'static [&'static str],
    why: &'static str,
}

const CONFINED: &[Confined] = &[
    Confined {
        package: "candle_*",
        only_in: &["ann"],
        why: "everyone else sees networks and plain numbers, so that a tensor (a live view) never leaves the training thread",
    },
    Confined {
        package: "egui*",
        only_in: &["ui"],
        why: "everything below the window works without one",
    },
    Confined {
        package: "eframe",
        only_in: &["ui"],
        why: "everything below the window works without one",
    },
    Confined {
        package: "winit",
        only_in: &["ui"],
        why: "everything below the window works without one",
    },
    Confined {
        package: "rfd",
        only_in: &["ui", "workers"],
        why: "only the window opens dialogs, on a thread of theirs",
    },
    Confined {
        package: "wgpu",
        only_in: &["ui", "snn"],
        why: "the graphics card is used by the window and by the spiking engine alone",
    },
    Confined { package: "clap", only_in: &["cli"], why: "arguments are read in one place" },
    Confined {
        package: "indicatif",
        only_in: &["cli"],
        why: "only the command line draws on a terminal",
    },
    Confined { package: "pulseaudio", only_in: &["workers"], why: "one thread makes all sounds" },
    Confined {
        package: "prost",
        only_in: &["ann"],
        why: "files of other programs are read and written in one place",
    },
    Confined {
        package: "ureq",
        only_in: &["data"],
        why: "only the download of MNIST uses the network",
    },
];

/// What is wrong with one mention, if anything. `module` is the layer that the
/// file belongs to; `None` for lib.rs and main.rs, which may use everything.
fn breach(module: Option<&str>, mention: &Mention) -> Option<String> {
    let module = module?;
    let layer = LAYERS.iter().find(|l| l.module == module);
    let Some(layer) = layer else {
        return Some(format!(
            "`{module}` is in no layer: add it to LAYERS in tests/layering/main.rs"
        ));
    };
    match &mention.root {
        Root::Crate(used) => {
            let known = LAYERS.iter().any(|l| l.module == used);
            if !known || used == module || layer.may_use.contains(&used.as_str()) {
                return None;
            }
            let below = match layer.may_use {
                [] => "no other module".to_owned(),
                below => below.join(", "),
            };
            Some(format!("`{module}` must not use `{used}`; it may use {below}"))
        }
        Root::Package(package) => {
            let rule = CONFINED.iter().find(|c| match c.package.strip_suffix('*') {
                Some(family) => package.starts_with(family),
                None => package == c.package,
            })?;
            (!rule.only_in.contains(&module)).then(|| {
                format!("`{package}` belongs to {} only: {}", rule.only_in.join(", "), rule.why)
            })
        }
    }
}

/// Every breach in one file. `path` is relative to `src`.
fn check(path: &Path, source: &str) -> Vec<String> {
    let module_path = scan::module_path(path);
    let module = module_path.first().map(String::as_str);
    scan::mentions(&module_path, source)
        .iter()
        .filter_map(|mention| {
            let rule = breach(module, mention)?;
            Some(format!("src/{}:{}: {rule}", path.display(), mention.line))
        })
        .collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_module_keeps_to_its_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files.sort();
    assert!(files.len() > 10, "only {} files found under {}", files.len(), src.display());
    let breaches: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let source = std::fs::read_to_string(file).expect("a source file is text");
            check(file.strip_prefix(&src).expect("it was found under src"), &source)
        })
        .collect();
    assert!(breaches.is_empty(), "the layering is broken:\n{}", breaches.join("\n"));
}

/// The source files, relative to `src`, and their text without comments.
fn sources() -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).expect("a source file is text");
        let code = text.lines().map(|l| l.split("//").next().unwrap_or_default().to_owned() + "\n");
        (file.strip_prefix(&src).expect("it was found under src").to_owned(), code.collect())
    };
    files.iter().map(read).collect()
}

/// A workspace is its folder and its line in the registry: nothing else names it.
#[test]
fn only_the_registry_names_a_workspace() {
    let rooms = Path::new("ui/workspaces");
    let sources = sources();
    let names: Vec<String> = sources
        .iter()
        .filter_map(|(file, _)| file.strip_prefix(rooms).ok()?.parent()?.iter().next())
        .map(|name| name.to_string_lossy().into_owned())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for (file, code) in &sources {
        let own = file.strip_prefix(rooms).ok().and_then(|f| f.iter().next());
        for name in names.iter().filter(|n| own != Some(n.as_ref())) {
            let named = code.match_indices("workspaces::").any(|(at, path)| {
                let rest = &code[at + path.len()..];
                let group = rest.strip_prefix('{').and_then(|r| r.split('}').next());
                let mut words = group.unwrap_or(rest).split(|c: char| !c.is_alphanumeric());
                if group.is_some() { words.any(|w| w == name) } else { words.next() == Some(name) }
            });
            assert!(!named, "src/{} names the workspace {name}", file.display());
        }
    }
}

#[test]
fn no_path_climbs_three_levels() {
    let climbing = |code: &str| code.contains("super::super::super");
    let found: Vec<_> = sources().into_iter().filter(|(_, code)| climbing(code)).collect();
    assert!(
        found.is_empty(),
        "write `crate::…` instead: {:?}",
        found.iter().map(|f| &f.0).collect::<Vec<_>>()
    );
}

#[test]
fn layers_only_use_the_ones_before_them() {
    for (i, layer) in LAYERS.iter().enumerate() {
        for used in layer.may_use {
            assert!(LAYERS[..i].iter().any(|l| l.module == *used), "{} uses {used}", layer.module);
        }
    }
}

#[test]
fn a_breach_names_the_file_the_line_and_the_rule() {
    let found = check(Path::new("data/mnist.rs"), "use std::fs;\n\nuse crate::ann::zoo;\n");
    assert_eq!(found, ["src/data/mnist.rs:3: `data` must not use `ann`; it may use core"]);
    let found = check(Path::new("workers/trainer.rs"), "fn f(c: &egui::Context) {}");
    assert_eq!(
        found,
        [
            "src/workers/trainer.rs:1: `egui` belongs to ui only: everything below the window works without one"
        ]
    );
    let found = check(Path::new("physics/mod.rs"), "use crate::core;");
    assert!(found[0].contains("`physics` is in no layer"), "{found:?}");
}

/// Each of these, in `src/ui/draw/canvas.rs`, is one breach.
#[test]
fn every_way_to_write_a_path_is_seen() {
    for source in [
        "use crate::cli::args;",
        "use crate::{data::Pixels, cli::args};",
        "use crate::{\n    core,\n    cli,\n};",
        "use super::super::super::cli;",
        "use super::{super::{super::{cli}}};",
        "fn f() { crate::cli::main(); }",
        "fn f() -> Vec<crate::cli::Args> { Vec::new() }",
        "pub(in crate::cli) struct S;",
        "pub use spikescope::cli;",
        "use candle_core::Tensor;",
        "use candle_nn as nn;",
        "use ::candle_core::Tensor;",
        "use {candle_core::Tensor, std::fs};",
        "extern crate candle_core;",
        "type T = Option<candle_core::Tensor>;",
        "mod tests { use super::super::super::super::cli; }",
        "mod a { mod b {} use super::super::super::super::cli; }",
        "#[cfg(feature = \"x\")] use crate::cli;",
        "const A: char = '\"'; use crate::cli; const B: char = '\"';",
        "fn f<'a>(x: &'a str) { crate::cli::f::<'a>(x) }",
        "const R: &str = r#\"a\"#; use crate::cli;",
    ] {
        let found = check(Path::new("ui/draw/canvas.rs"), source);
        assert_eq!(found.len(), 1, "{source}\n{found:?}");
    }
}

#[test]
fn what_is_no_path_to_a_layer_is_left_alone() {
    for source in [
        "use crate::data::Pixels;",
        "use crate::workers::{self, cli_messages as cli};",
        "use super::cli;", // a sibling: ui/draw/cli.rs
        "use super::super::theme;",
        "// use crate::cli;",
        "/* use crate::cli; /* nested */ use crate::cli; */",
        "/// See [`crate::cli`].\nstruct S;",
        "const S: &str = \"crate::cli \\\" candle_core::Tensor\";",
        "const S: &str = r##\"crate::cli \"# candle_core::Tensor\"##;",
        "const S: &[u8] = b\"candle_core::Tensor\";",
        "fn f(candle_core: u32) -> u32 { candle_core }",
        "use crate::data::candle_core::Thing;",
        "mod tests { use super::super::super::theme; }",
        "crate::some_macro!();",
        "use egui::Ui;",
    ] {
        let found = check(Path::new("ui/draw/canvas.rs"), source);
        assert!(found.is_empty(), "{source}\n{found:?}");
    }
    assert!(check(Path::new("main.rs"), "fn main() { spikescope::cli::main() }").is_empty());
    assert!(check(Path::new("lib.rs"), "pub mod cli; pub use cli::main;").is_empty());
}
