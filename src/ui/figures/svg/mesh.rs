//! Triangles in SVG. Two that make up a rectangle are written as one.

use std::fmt::Write as _;

use egui::epaint::{Mesh, Vertex};
use egui::{Color32, Rect};

use super::{Number, Svg, attribute};

/// Meshes of more indices are pictures.
const DENSE: usize = 30_000;

/// Whether there are too many triangles to be written one by one.
pub(super) fn is_dense(mesh: &Mesh) -> bool {
    mesh.indices.len() > DENSE
}

impl Svg<'_> {
    /// Writes coloured triangles; a triangle has the mean colour of its corners.
    pub(super) fn mesh(&mut self, mesh: &Mesh) {
        self.out.push_str("<g shape-rendering=\"crispEdges\">\n");
        let corner = |i: &u32| mesh.vertices.get(*i as usize);
        let triangles = mesh.indices.as_chunks::<3>().0;
        let of = |t: &[u32; 3]| Some([corner(&t[0])?, corner(&t[1])?, corner(&t[2])?]);
        let mut next = 0;
        while let Some(triangle) = triangles.get(next) {
            next += 1;
            let Some(first) = of(triangle) else { continue };
            let second = triangles.get(next).and_then(of);
            match second.and_then(|second| rectangle(&first, &second)) {
                Some((rect, colour)) => {
                    self.tile(rect, colour);
                    next += 1;
                }
                None => self.triangle(&first),
            }
        }
        self.out.push_str("</g>\n");
    }

    fn tile(&mut self, rect: Rect, colour: Color32) {
        if colour.a() == 0 {
            return;
        }
        let at = self.at(rect.min);
        let (x, y) = (Number(at.x), Number(at.y));
        let (w, h) = (Number(rect.width()), Number(rect.height()));
        let fill = attribute("fill", colour);
        let _ =
            writeln!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{fill}/>");
    }

    fn triangle(&mut self, corners: &[&Vertex; 3]) {
        let colour = mean(corners);
        if colour.a() == 0 {
            return;
        }
        let mut points = String::new();
        for vertex in corners {
            let at = self.at(vertex.pos);
            let _ = write!(points, "{},{} ", Number(at.x), Number(at.y));
        }
        let fill = attribute("fill", colour);
        let _ = writeln!(self.out, "<polygon points=\"{}\"{fill}/>", points.trim_end());
    }
}

fn mean(corners: &[&Vertex; 3]) -> Color32 {
    let part = |of: fn(&Color32) -> u8| {
        (corners.iter().map(|v| u32::from(of(&v.color))).sum::<u32>() / 3) as u8
    };
    let (r, g) = (part(Color32::r), part(Color32::g));
    Color32::from_rgba_premultiplied(r, g, part(Color32::b), part(Color32::a))
}

/// The rectangle of one colour that two triangles make up.
fn rectangle(a: &[&Vertex; 3], b: &[&Vertex; 3]) -> Option<(Rect, Color32)> {
    let colour = a[0].color;
    let all = || a.iter().chain(b);
    if all().any(|v| v.color != colour) {
        return None;
    }
    let rect = Rect::from_points(&all().map(|v| v.pos).collect::<Vec<_>>());
    let corners = [rect.left_top(), rect.right_top(), rect.left_bottom(), rect.right_bottom()];
    let is_corner = all().all(|v| corners.contains(&v.pos));
    let has_all = corners.iter().all(|c| all().any(|v| v.pos == *c));
    // Both halves, one on each side of a diagonal.
    let shared = a.iter().filter(|v| b.iter().any(|w| w.pos == v.pos)).count();
    (rect.is_positive() && is_corner && has_all && shared == 2).then_some((rect, colour))
}
