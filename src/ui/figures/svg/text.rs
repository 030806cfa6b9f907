//! Text in SVG: as text, so that it can be searched and set in another face. Each run is
//! given the width that it has in the window, so that it fits with other faces, too.

use std::fmt::Write as _;
use std::ops::Range;

use egui::epaint::TextShape;
use egui::text::LayoutJob;
use egui::{Color32, FontFamily, FontId, Vec2};

use super::{Number, Svg, attribute, escaped, turned};

/// Glyphs of one row that look alike.
struct Run {
    text: String,
    /// From the galley's corner to the start of the baseline, points.
    from: Vec2,
    /// Where its last glyph that is not a space ends, points.
    to: f32,
    section: usize,
    colour: Color32,
}

impl Svg<'_> {
    /// Writes a text, row by row.
    pub(super) fn text(&mut self, shape: &TextShape) {
        let corner = self.at(shape.pos);
        let turn = turned(shape.angle, corner);
        for run in runs(shape) {
            let Some(section) = shape.galley.job.sections.get(run.section) else { continue };
            let font = &section.format.font_id;
            let at = corner + run.from;
            let (x, y) = (Number(at.x), Number(at.y));
            let width = run.to - run.from.x;
            let fit = if run.text.chars().count() > 1 && width > 0.0 {
                format!(" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"", Number(width))
            } else {
                String::new()
            };
            let _ = writeln!(
                self.out,
                "<text x=\"{x}\" y=\"{y}\"{}{fit}{turn}{}>{}</text>",
                face(font),
                attribute("fill", run.colour),
                escaped(&run.text)
            );
        }
    }
}

/// Family, size and weight of a font.
fn face(font: &FontId) -> String {
    let (family, weight) = match &font.family {
        FontFamily::Monospace => ("Hack, Menlo, Consolas, monospace", ""),
        FontFamily::Proportional => ("Inter, Helvetica, Arial, sans-serif", ""),
        FontFamily::Name(_) => ("Inter, Helvetica, Arial, sans-serif", " font-weight=\"600\""),
    };
    format!(" font-family=\"{family}\" font-size=\"{}\"{weight}", Number(font.size))
}

/// Number of the section that the byte is in.
fn section_of(job: &LayoutJob, byte: usize) -> usize {
    let within = |range: &Range<usize>| range.contains(&byte);
    let found = job.sections.iter().position(|s| {
        let range = s.byte_range.start.0..s.byte_range.end.0;
        within(&range)
    });
    found.unwrap_or(job.sections.len().saturating_sub(1))
}

fn runs(shape: &TextShape) -> Vec<Run> {
    let job = &shape.galley.job;
    let mut bytes = job.text.char_indices().map(|(byte, _)| byte);
    let mut runs: Vec<Run> = Vec::new();
    for row in &shape.galley.rows {
        let mut fresh = true;
        let vertices = &row.visuals.mesh.vertices;
        let mut colour = shape.fallback_color;
        for glyph in &row.glyphs {
            let section = section_of(job, bytes.next().unwrap_or(job.text.len()));
            // Spaces have no vertices, and no colour to be seen.
            if !glyph.chr.is_whitespace()
                && let Some(vertex) = vertices.get(glyph.first_vertex as usize)
            {
                colour = vertex.color;
            }
            let colour = final_colour(shape, colour);
            let from = row.pos.to_vec2() + glyph.pos.to_vec2();
            let end = row.pos.x + glyph.max_x();
            let space = glyph.chr.is_whitespace();
            match runs.last_mut().filter(|r| {
                let same = r.section == section && r.from.y == from.y;
                !fresh && same && (space || r.colour == colour)
            }) {
                Some(run) => {
                    run.text.push(glyph.chr);
                    if !space {
                        run.to = end;
                    }
                }
                None if space => {}
                None => {
                    runs.push(Run { text: glyph.chr.into(), from, to: end, section, colour });
                    fresh = false;
                }
            }
        }
        if row.ends_with_newline {
            bytes.next();
        }
    }
    for run in &mut runs {
        run.text.truncate(run.text.trim_end().len());
    }
    runs
}

/// The colour with which a glyph ends up on the page.
fn final_colour(shape: &TextShape, own: Color32) -> Color32 {
    let own = if own == Color32::PLACEHOLDER { shape.fallback_color } else { own };
    let colour = shape.override_text_color.unwrap_or(own);
    if shape.opacity_factor < 1.0 { colour.gamma_multiply(shape.opacity_factor) } else { colour }
}
