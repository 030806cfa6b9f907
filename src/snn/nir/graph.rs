//! A NIR graph that grows, and the HDF5 file of it, laid out as version 1 of the
//! reference implementation does.

use std::collections::BTreeSet;

use hdf5_pure::{FileBuilder, GroupBuilder};

/// A list of numbers with a name and a shape.
pub type Numbers = (&'static str, Vec<u64>, Vec<f32>);

/// A graph that grows.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<(String, Node)>,
    names: BTreeSet<String>,
    edges: Vec<(String, String)>,
    /// Remarks about the whole, by name: NIR's `metadata`, which readers keep and
    /// do not interpret.
    pub remarks: Vec<(&'static str, String)>,
}

/// A node without its name.
pub struct Node {
    /// A primitive of NIR: `Affine`.
    pub kind: &'static str,
    pub numbers: Vec<Numbers>,
    /// Whole numbers: name, shape (none: a single one), values.
    pub integers: Vec<(&'static str, Vec<u64>, Vec<i64>)>,
    pub remarks: Vec<(&'static str, String)>,
}

impl Node {
    /// A node of numbers alone.
    pub fn new(kind: &'static str, numbers: Vec<Numbers>) -> Self {
        Self { kind, numbers, integers: Vec::new(), remarks: Vec::new() }
    }

    /// `Input` or `Output`, through which something of this shape passes.
    pub fn through(kind: &'static str, shape: &[usize]) -> Self {
        Self::new(kind, Vec::new()).list("shape", shape)
    }

    /// The same with a list of whole numbers.
    #[must_use]
    pub fn list(mut self, name: &'static str, values: &[usize]) -> Self {
        let shape = vec![values.len() as u64];
        self.integers.push((name, shape, values.iter().map(|v| *v as i64).collect()));
        self
    }

    /// The same with one whole number.
    #[must_use]
    pub fn one(mut self, name: &'static str, value: i64) -> Self {
        self.integers.push((name, Vec::new(), vec![value]));
        self
    }

    /// The same with a remark.
    #[must_use]
    pub fn remark(mut self, name: &'static str, text: &str) -> Self {
        self.remarks.push((name, text.to_owned()));
        self
    }
}

impl Graph {
    /// Adds a node under a name that nothing else has yet; returns that name.
    pub fn add(&mut self, name: &str, node: Node) -> String {
        // A slash would be a folder.
        let plain = name.replace(['/', '.'], "_");
        let numbered = (2..).map(|i| format!("{plain} {i}"));
        let mut free =
            std::iter::once(plain.clone()).chain(numbered).filter(|n| !self.names.contains(n));
        let name = free.next().unwrap_or(plain);
        self.names.insert(name.clone());
        self.nodes.push((name.clone(), node));
        name
    }

    /// Adds an edge.
    pub fn join(&mut self, from: &str, to: &str) {
        self.edges.push((from.to_owned(), to.to_owned()));
    }

    /// The file.
    ///
    /// # Errors
    /// What the HDF5 writer has to object.
    pub fn write(&self) -> Result<Vec<u8>, hdf5_pure::Error> {
        let mut file = FileBuilder::new();
        file.create_dataset("version").with_vlen_strings(&["1.0"]).with_shape(&[]);
        let mut root = file.create_group("node");
        word(&mut root, "type", "NIRGraph");
        let mut nodes = root.create_group("nodes");
        for (name, node) in &self.nodes {
            let mut group = nodes.create_group(name);
            word(&mut group, "type", node.kind);
            for (name, shape, values) in &node.integers {
                group.create_dataset(name).with_i64_data(values).with_shape(shape);
            }
            for (name, shape, values) in &node.numbers {
                group.create_dataset(name).with_f32_data(values).with_shape(shape);
            }
            remarks(&mut group, &node.remarks);
            nodes.add_group(group.finish());
        }
        root.add_group(nodes.finish());
        let edges: Vec<&str> =
            self.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
        let shape = [self.edges.len() as u64, 2];
        root.create_dataset("edges").with_vlen_strings(&edges).with_shape(&shape);
        remarks(&mut root, &self.remarks);
        file.add_group(root.finish());
        file.finish()
    }
}

fn word(group: &mut GroupBuilder, name: &str, value: &str) {
    group.create_dataset(name).with_vlen_strings(&[value]).with_shape(&[]);
}

fn remarks(group: &mut GroupBuilder, all: &[(&'static str, String)]) {
    if all.is_empty() {
        return;
    }
    let mut metadata = group.create_group("metadata");
    for (name, text) in all {
        word(&mut metadata, name, text);
    }
    group.add_group(metadata.finish());
}
