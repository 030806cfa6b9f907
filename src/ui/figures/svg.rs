//! Figures as SVG: what egui would hand to the graphics card, written as lines, shapes and
//! text. What is a picture already (a digit, a raster) is embedded as PNG.

mod mesh;
#[cfg(test)]
pub(super) mod tests;
mod text;

use std::fmt::Write as _;

use base64::Engine as _;
use egui::epaint::{
    Brush, CircleShape, ClippedShape, ColorMode, CubicBezierShape, EllipseShape, PathShape,
    PathStroke, QuadraticBezierShape, RectShape, Shape,
};
use egui::{Color32, Pos2, Rect, Stroke, StrokeKind, TextureId, Vec2, vec2};

use crate::workers::library::Pixels;

/// Larger files are not written.
const MOST_BYTES: usize = 64 << 20;
/// More pictures than this are not embedded.
const MOST_PICTURES: usize = 5000;
/// Points of a curve that are nearer to each other, points, are one.
const NEAR: f32 = 0.05;

/// What belongs to a figure.
pub struct Drawing {
    /// What it is called.
    pub name: String,
    /// Where it is on its page, points.
    pub rect: Rect,
    /// Everything on the page that lies within, from back to front.
    pub shapes: Vec<ClippedShape>,
    /// Pixels for a point in the pictures.
    pub scale: f32,
}

/// Whether a shape is a picture, whose pixels only the graphics card knows.
pub fn is_picture(shape: &Shape) -> bool {
    match shape {
        Shape::Rect(RectShape { brush: Some(brush), .. }) => is_textured(brush),
        Shape::Mesh(mesh) => mesh.texture_id != TextureId::default() || mesh::is_dense(mesh),
        _ => false,
    }
}

fn is_textured(brush: &Brush) -> bool {
    brush.fill_texture_id != TextureId::default() && brush.uv != Rect::ZERO
}

/// Takes nested shapes apart and leaves out what is not within `rect`; what moves a shape
/// is applied.
pub fn within(shapes: Vec<ClippedShape>, rect: Rect) -> Vec<ClippedShape> {
    let mut found = Vec::new();
    for mut clipped in shapes {
        let moves = clipped.transform_after_tessellation;
        if moves != egui::emath::TSTransform::IDENTITY {
            clipped.shape.transform(moves);
        }
        flatten(clipped.shape, clipped.clip_rect, rect, &mut found);
    }
    found
}

fn flatten(shape: Shape, clip: Rect, rect: Rect, found: &mut Vec<ClippedShape>) {
    match shape {
        Shape::Vec(shapes) => {
            shapes.into_iter().for_each(|shape| flatten(shape, clip, rect, found));
        }
        Shape::Noop => {}
        shape => {
            let seen = shape.visual_bounding_rect().intersect(clip).intersect(rect);
            if !seen.is_negative() {
                found.push(ClippedShape::new(clip, shape));
            }
        }
    }
}

/// Writes the figure. `pictures` has those of its shapes that are pictures, and nothing
/// else, `scale` pixels for a point.
///
/// # Errors
/// When it would be too large.
pub fn write(drawing: &Drawing, pictures: Option<&Pixels>) -> Result<String, String> {
    let mut svg =
        Svg { out: String::new(), clips: Vec::new(), open: None, drawing, pictures, embedded: 0 };
    for ClippedShape { clip_rect, shape, .. } in &drawing.shapes {
        svg.clip(*clip_rect, shape);
        svg.shape(shape, *clip_rect)?;
        if svg.out.len() > MOST_BYTES {
            return Err(format!(
                "it has more than {} MiB as SVG; save it as PNG",
                MOST_BYTES >> 20
            ));
        }
    }
    Ok(svg.finish())
}

struct Svg<'a> {
    out: String,
    /// Rectangles that cut what is drawn, in the figure's own places.
    clips: Vec<Rect>,
    /// The one that is open.
    open: Option<usize>,
    drawing: &'a Drawing,
    pictures: Option<&'a Pixels>,
    embedded: usize,
}

impl Svg<'_> {
    /// A place in the figure.
    fn at(&self, pos: Pos2) -> Vec2 {
        pos - self.drawing.rect.min
    }

    /// Opens the group that cuts the shape, if anything does.
    fn clip(&mut self, clip: Rect, shape: &Shape) {
        let corner = self.drawing.rect.min.to_vec2();
        let bounds = shape.visual_bounding_rect().intersect(self.drawing.rect);
        let wanted = (!clip.contains_rect(bounds)).then(|| {
            let clip = clip.intersect(self.drawing.rect).translate(-corner);
            self.clips.iter().rposition(|c| *c == clip).unwrap_or_else(|| {
                self.clips.push(clip);
                self.clips.len() - 1
            })
        });
        if wanted == self.open {
            return;
        }
        if self.open.is_some() {
            self.out.push_str("</g>\n");
        }
        if let Some(i) = wanted {
            let _ = writeln!(self.out, "<g clip-path=\"url(#c{i})\">");
        }
        self.open = wanted;
    }

    fn shape(&mut self, shape: &Shape, clip: Rect) -> Result<(), String> {
        if is_picture(shape) {
            return self.picture(shape.visual_bounding_rect().intersect(clip));
        }
        match shape {
            Shape::Circle(circle) => self.circle(circle),
            Shape::Ellipse(ellipse) => self.ellipse(ellipse),
            Shape::LineSegment { points, stroke } => self.line(points, *stroke),
            Shape::Path(path) => self.path(path),
            Shape::Rect(rect) => self.rect(rect),
            Shape::Text(text) => self.text(text),
            Shape::Mesh(mesh) => self.mesh(mesh),
            Shape::QuadraticBezier(curve) => self.quadratic(curve),
            Shape::CubicBezier(curve) => self.cubic(curve),
            Shape::Band(band) => {
                let turn = egui::emath::Rot2::from_angle(band.angle);
                let place = |x: f32, y: f32| Pos2::ZERO + turn * vec2(x, y);
                let there = band.points.iter().map(|p| place(p.x, p.y.min));
                let back = band.points.iter().rev().map(|p| place(p.x, p.y.max));
                self.path(&PathShape {
                    points: there.chain(back).collect(),
                    closed: true,
                    fill: band.fill,
                    stroke: PathStroke::from(band.stroke),
                });
            }
            // There is none among the program's own; what one draws only it knows.
            Shape::Callback(_) | Shape::Noop | Shape::Vec(_) => {}
        }
        Ok(())
    }

    fn circle(&mut self, CircleShape { center, radius, fill, stroke }: &CircleShape) {
        let at = self.at(*center);
        let paint = painted(*fill, *stroke);
        let (x, y, r) = (Number(at.x), Number(at.y), Number(*radius));
        let _ = writeln!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{paint}/>");
    }

    fn ellipse(&mut self, ellipse: &EllipseShape) {
        let at = self.at(ellipse.center);
        let (x, y) = (Number(at.x), Number(at.y));
        let (rx, ry) = (Number(ellipse.radius.x), Number(ellipse.radius.y));
        let paint = painted(ellipse.fill, ellipse.stroke);
        let turn = turned(ellipse.angle, at);
        let _ = writeln!(
            self.out,
            "<ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\"{turn}{paint}/>"
        );
    }

    fn line(&mut self, points: &[Pos2; 2], stroke: Stroke) {
        if stroke.is_empty() {
            return;
        }
        let [a, b] = points.map(|p| self.at(p));
        let (x1, y1, x2, y2) = (Number(a.x), Number(a.y), Number(b.x), Number(b.y));
        let paint = stroked(stroke);
        let _ =
            writeln!(self.out, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"{paint}/>");
    }

    /// A curve through points, or a filled outline.
    fn path(&mut self, path: &PathShape) {
        let Some(first) = path.points.first() else { return };
        let stroke = solid(&path.stroke, path.visual_bounding_rect(), *first);
        let fill = if path.closed { path.fill } else { Color32::TRANSPARENT };
        if fill == Color32::TRANSPARENT && stroke.is_empty() {
            return;
        }
        let mut d = String::new();
        let (last, mut before) = (path.points.len() - 1, None::<Pos2>);
        for (i, point) in path.points.iter().enumerate() {
            let near = before.is_some_and(|b| b.distance(*point) < NEAR);
            if !point.is_finite() || near && i < last {
                continue;
            }
            let at = self.at(*point);
            let step = if before.is_none() { 'M' } else { 'L' };
            let _ = write!(d, "{step}{} {}", Number(at.x), Number(at.y));
            before = Some(*point);
        }
        if path.closed {
            d.push('Z');
        }
        self.outline(&d, fill, stroke);
    }

    fn outline(&mut self, d: &str, fill: Color32, stroke: Stroke) {
        let paint = painted(fill, stroke);
        let _ = writeln!(self.out, "<path d=\"{d}\"{paint}/>");
    }

    fn quadratic(&mut self, curve: &QuadraticBezierShape) {
        let stroke = solid(&curve.stroke, curve.visual_bounding_rect(), curve.points[0]);
        self.bezier(&curve.points, 'Q', curve.closed, curve.fill, stroke);
    }

    fn cubic(&mut self, curve: &CubicBezierShape) {
        let stroke = solid(&curve.stroke, curve.visual_bounding_rect(), curve.points[0]);
        self.bezier(&curve.points, 'C', curve.closed, curve.fill, stroke);
    }

    fn bezier(&mut self, points: &[Pos2], kind: char, closed: bool, fill: Color32, stroke: Stroke) {
        let mut d = String::new();
        for (i, point) in points.iter().enumerate() {
            let step = match i {
                0 => "M".to_owned(),
                1 => kind.to_string(),
                _ => " ".to_owned(),
            };
            let at = self.at(*point);
            let _ = write!(d, "{step}{} {}", Number(at.x), Number(at.y));
        }
        if closed {
            d.push('Z');
        }
        self.outline(&d, fill, stroke);
    }

    fn rect(&mut self, shape: &RectShape) {
        // A shadow, which figures do without.
        if shape.blur_width > 0.0 {
            return;
        }
        let half = shape.stroke.width / 2.0;
        let rect = match shape.stroke_kind {
            _ if shape.stroke.is_empty() => shape.rect,
            StrokeKind::Inside => shape.rect.shrink(half),
            StrokeKind::Middle => shape.rect,
            StrokeKind::Outside => shape.rect.expand(half),
        };
        let (at, size) = (self.at(rect.min), rect.size().max(Vec2::ZERO));
        let (x, y, w, h) = (Number(at.x), Number(at.y), Number(size.x), Number(size.y));
        let round = shape.corner_radius.average().min(size.min_elem() / 2.0);
        let round = if round > 0.0 { format!(" rx=\"{}\"", Number(round)) } else { String::new() };
        let turn = turned(shape.angle, at + size / 2.0);
        let paint = painted(shape.fill, shape.stroke);
        let _ = writeln!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{round}{turn}{paint}/>"
        );
    }

    /// A part of the pictures.
    fn picture(&mut self, place: Rect) -> Result<(), String> {
        let Some(pixels) = self.pictures else { return Ok(()) };
        let scale = self.drawing.scale;
        let place = place.intersect(self.drawing.rect).translate(-self.drawing.rect.min.to_vec2());
        if !place.is_positive() {
            return Ok(());
        }
        self.embedded += 1;
        if self.embedded > MOST_PICTURES {
            return Err("it has too many pictures for SVG; save it as PNG".into());
        }
        let [width, height] = pixels.size;
        let whole = |from: f32, to: f32, most: usize| {
            let from = (from * scale).floor().max(0.0) as usize;
            from.min(most)..((to * scale).ceil().max(0.0) as usize).min(most)
        };
        let across = whole(place.left(), place.right(), width);
        let down = whole(place.top(), place.bottom(), height);
        if across.is_empty() || down.is_empty() {
            return Ok(());
        }
        let mut part = Vec::with_capacity(4 * across.len() * down.len());
        for y in down.clone() {
            let row = 4 * width * y;
            let line = pixels.rgba.get(row + 4 * across.start..row + 4 * across.end);
            part.extend(
                line.unwrap_or_default().as_chunks::<4>().0.iter().copied().flat_map(unmultiplied),
            );
        }
        let png = png_of([across.len(), down.len()], &part)?;
        let points = |n: usize| Number(n as f32 / scale);
        let (x, y) = (points(across.start), points(down.start));
        let (w, h) = (points(across.len()), points(down.len()));
        let _ = write!(self.out, "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" ");
        self.out.push_str("preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,");
        base64::engine::general_purpose::STANDARD.encode_string(&png, &mut self.out);
        self.out.push_str("\"/>\n");
        Ok(())
    }

    fn finish(mut self) -> String {
        if self.open.is_some() {
            self.out.push_str("</g>\n");
        }
        let (width, height) =
            (Number(self.drawing.rect.width()), Number(self.drawing.rect.height()));
        let mut file = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             stroke=\"none\" xml:space=\"preserve\">"
        );
        let _ = writeln!(file, "<title>{}</title>", escaped(&self.drawing.name));
        if !self.clips.is_empty() {
            file.push_str("<defs>\n");
            for (i, clip) in self.clips.iter().enumerate() {
                let size = clip.size().max(Vec2::ZERO);
                let (x, y) = (Number(clip.left()), Number(clip.top()));
                let (w, h) = (Number(size.x), Number(size.y));
                let _ = writeln!(
                    file,
                    "<clipPath id=\"c{i}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath>"
                );
            }
            file.push_str("</defs>\n");
        }
        file.push_str(&self.out);
        file.push_str("</svg>\n");
        file
    }
}

/// From colours that are multiplied by their opacity, as the graphics card has them.
fn unmultiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    Color32::from_rgba_premultiplied(r, g, b, a).to_srgba_unmultiplied()
}

fn png_of([width, height]: [usize; 2], rgba: &[u8]) -> Result<Vec<u8>, String> {
    let size = |n: usize| u32::try_from(n).map_err(|e| e.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size(width)?, size(height)?);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(rgba).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// A number with two decimals at most; what is no number is 0.
struct Number(f32);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (f64::from(self.0) * 100.0).round() / 100.0;
        // Not −0, either.
        let shown = if rounded.is_finite() && rounded != 0.0 { rounded } else { 0.0 };
        write!(f, "{shown}")
    }
}

/// `#rrggbb` and the opacity.
fn colour(c: Color32) -> (String, f32) {
    let [r, g, b, a] = c.to_srgba_unmultiplied();
    (format!("#{r:02x}{g:02x}{b:02x}"), f32::from(a) / 255.0)
}

/// An attribute that has a colour, and one for its opacity if it lets anything through.
fn attribute(name: &str, c: Color32) -> String {
    if c.a() == 0 {
        return format!(" {name}=\"none\"");
    }
    let (hex, opacity) = colour(c);
    if c.a() == 255 {
        format!(" {name}=\"{hex}\"")
    } else {
        format!(" {name}=\"{hex}\" {name}-opacity=\"{}\"", Number(opacity))
    }
}

fn stroked(stroke: Stroke) -> String {
    if stroke.is_empty() {
        return String::new();
    }
    format!("{} stroke-width=\"{}\"", attribute("stroke", stroke.color), Number(stroke.width))
}

fn painted(fill: Color32, stroke: Stroke) -> String {
    attribute("fill", fill) + &stroked(stroke)
}

/// A stroke of one colour: where it changes along a curve, as at the beginning.
fn solid(stroke: &PathStroke, bounds: Rect, at: Pos2) -> Stroke {
    let color = match &stroke.color {
        ColorMode::Solid(color) => *color,
        ColorMode::UV(of) => of(bounds, at),
    };
    Stroke::new(stroke.width, color)
}

/// Turned clockwise about a point, radians.
fn turned(angle: f32, about: Vec2) -> String {
    if angle == 0.0 {
        return String::new();
    }
    let (x, y) = (Number(about.x), Number(about.y));
    format!(" transform=\"rotate({} {x} {y})\"", Number(angle.to_degrees()))
}

/// Text as XML has it; characters that XML cannot have are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
