use egui::{Align2, Context, FontId, RawInput, pos2};

use super::*;
use crate::ui::theme;

/// Draws something in a page of 400×300 points.
fn drawn(draw: impl FnMut(&mut egui::Ui)) -> Drawing {
    let mut draw = draw;
    let ctx = Context::default();
    theme::install(&ctx);
    let rect = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 300.0));
    let input = || RawInput { screen_rect: Some(rect), ..RawInput::default() };
    // Fonts are there from the second pass on.
    ctx.run_ui(input(), |ui| draw(ui)).textures_delta.clear();
    let mut output = ctx.run_ui(input(), |ui| draw(ui));
    output.textures_delta.clear();
    let shapes = within(std::mem::take(&mut output.shapes), rect);
    Drawing { name: "A & B".into(), rect, shapes, scale: 2.0 }
}

/// Names of all elements of a document; panics where it is not well formed.
pub fn elements(xml: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
    while let Some((text, tag)) = rest.split_once('<') {
        no_bare_ampersand(text);
        assert!(!text.contains('>'), "{text}");
        let (tag, after) = tag.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut names = Vec::new();
        while !attributes.trim().is_empty() {
            let (attribute, value) = attributes.split_once("=\"").unwrap();
            let (value, after) = value.split_once('"').unwrap();
            let attribute = attribute.trim().to_owned();
            assert!(!names.contains(&attribute), "{attribute} twice in {tag}");
            assert!(!value.contains('<') && !value.contains("NaN") && !value.contains("inf"));
            no_bare_ampersand(value);
            names.push(attribute);
            attributes = after;
        }
        all.push(name.to_owned());
        if !closed {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    all
}

fn no_bare_ampersand(text: &str) {
    for part in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"].iter().any(|e| part.starts_with(e));
        assert!(known, "{text}");
    }
}

fn count(elements: &[String], name: &str) -> usize {
    elements.iter().filter(|e| *e == name).count()
}

#[test]
fn a_plot_has_its_curve_and_its_axes_with_labels_and_units() {
    let drawing = drawn(|ui| {
        egui_plot::Plot::new("plot")
            .x_axis_label("Time (ms)")
            .y_axis_label("V < threshold & rising (mV)")
            .show(ui, |plot| {
                let points: Vec<[f64; 2]> =
                    (0..200).map(|i| [f64::from(i), (f64::from(i) / 9.0).sin()]).collect();
                plot.line(egui_plot::Line::new("V", points));
            });
    });
    let svg = write(&drawing, None).unwrap();
    let elements = elements(&svg);
    assert!(svg.contains(">Time (ms)</text>"), "{svg}");
    assert!(svg.contains(">V &lt; threshold &amp; rising (mV)</text>"), "{svg}");
    assert!(svg.contains("<title>A &amp; B</title>") && svg.contains("rotate(-90"), "{svg}");
    // Numbers along both axes, too.
    assert!(count(&elements, "text") > 6 && count(&elements, "path") >= 1);
    let longest = svg.lines().filter(|l| l.starts_with("<path")).map(str::len).max().unwrap();
    assert!(longest > 1000, "the curve has {longest} characters");
}

#[test]
fn shapes_keep_colour_opacity_and_place() {
    let half = Color32::from_rgba_unmultiplied(255, 0, 0, 128);
    let drawing = drawn(|ui| {
        let painter = ui.painter();
        painter.circle_filled(pos2(50.0, 60.5), 7.25, half);
        let stroke = Stroke::new(2.0, Color32::BLUE);
        painter.rect(
            Rect::from_min_size(pos2(10.0, 20.0), vec2(30.0, 40.0)),
            4,
            Color32::GREEN,
            stroke,
            StrokeKind::Inside,
        );
        painter.line_segment([pos2(0.0, 0.0), pos2(9.0, f32::NAN)], stroke);
        // Beyond the page.
        painter.circle_filled(pos2(4000.0, 60.0), 7.0, Color32::WHITE);
    });
    let svg = write(&drawing, None).unwrap();
    let elements = elements(&svg);
    assert!(
        svg.contains(
            "<circle cx=\"50\" cy=\"60.5\" r=\"7.25\" fill=\"#ff0000\" fill-opacity=\"0.5\"/>"
        ),
        "{svg}"
    );
    let rect = "<rect x=\"11\" y=\"21\" width=\"28\" height=\"38\" rx=\"4\" fill=\"#00ff00\" stroke=\"#0000ff\" stroke-width=\"2\"/>";
    assert!(svg.contains(rect), "{svg}");
    assert_eq!(count(&elements, "circle"), 1);
}

#[test]
fn what_is_cut_on_the_screen_is_cut_in_the_file() {
    let clip = Rect::from_min_size(pos2(100.0, 100.0), vec2(50.0, 50.0));
    let drawing = drawn(|ui| {
        let painter = ui.painter().with_clip_rect(clip);
        painter.circle_filled(pos2(100.0, 100.0), 20.0, Color32::RED);
        painter.circle_filled(pos2(125.0, 125.0), 10.0, Color32::RED);
    });
    let svg = write(&drawing, None).unwrap();
    let elements = elements(&svg);
    assert_eq!((count(&elements, "clipPath"), count(&elements, "g")), (1, 1));
    let inner = svg.split_once("url(#c0)").unwrap().1.split_once("</g>").unwrap().0;
    assert_eq!(inner.matches("<circle").count(), 1);
}

#[test]
fn text_keeps_its_rows_its_faces_and_its_colours() {
    let drawing = drawn(|ui| {
        let mut job = LayoutJobOf::default();
        job.append("One ", theme::regular(12.0), Color32::RED);
        job.append("two", theme::strong(15.0), Color32::BLUE);
        job.append("\nthree", theme::regular(12.0), Color32::RED);
        let galley = ui.painter().layout_job(job.0);
        ui.painter().galley(pos2(20.0, 30.0), galley, Color32::BLACK);
        let font = FontId::proportional(11.0);
        ui.painter().text(pos2(99.0, 99.0), Align2::CENTER_CENTER, "a\u{1}b", font, Color32::RED);
    });
    let svg = write(&drawing, None).unwrap();
    let _ = elements(&svg);
    let line = |text: &str| svg.lines().find(|l| l.contains(text)).unwrap();
    assert!(
        line(">One</text>").contains("fill=\"#ff0000\"")
            && line(">One</text>").contains("font-size=\"12\"")
    );
    let two = line(">two</text>");
    assert!(two.contains("font-size=\"15\" font-weight=\"600\"") && two.contains("#0000ff"));
    assert!(line(">three</text>").contains("x=\"20\""));
    assert!(svg.contains(">ab</text>"));
}

/// Sections one after the other.
#[derive(Default)]
struct LayoutJobOf(egui::text::LayoutJob);

impl LayoutJobOf {
    fn append(&mut self, text: &str, font: FontId, colour: Color32) {
        let format = egui::TextFormat::simple(font, colour);
        self.0.append(text, 0.0, format);
    }
}

#[test]
fn rectangles_of_a_mesh_are_rectangles_and_pictures_are_embedded() {
    let place = Rect::from_min_size(pos2(40.0, 50.0), vec2(20.0, 10.0));
    let drawing = drawn(|ui| {
        let mut mesh = egui::Mesh::default();
        mesh.add_colored_rect(Rect::from_min_size(pos2(1.0, 2.0), vec2(3.0, 4.0)), Color32::RED);
        mesh.add_colored_rect(Rect::from_min_size(pos2(7.0, 2.0), vec2(3.0, 4.0)), Color32::GREEN);
        ui.painter().add(mesh);
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(TextureId::User(7), place, uv, Color32::WHITE);
    });
    // Half red, as the graphics card has it.
    let pixels = Pixels { size: [800, 600], rgba: [128, 0, 0, 128].repeat(800 * 600) };
    let svg = write(&drawing, Some(&pixels)).unwrap();
    let elements = elements(&svg);
    assert!(
        svg.contains("<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"#ff0000\"/>"),
        "{svg}"
    );
    assert_eq!((count(&elements, "polygon"), count(&elements, "image")), (0, 1));
    let (before, data) = svg.split_once("data:image/png;base64,").unwrap();
    assert!(before.contains("<image x=\"40\" y=\"50\" width=\"20\" height=\"10\""));
    let data = data.split_once('"').unwrap().0;
    let png = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let image = image::load_from_memory(&png).unwrap().to_rgba8();
    assert_eq!(image.dimensions(), (40, 20));
    assert!(image.pixels().all(|p| p.0 == [255, 0, 0, 128]));
}

#[test]
fn an_empty_figure_and_a_huge_one() {
    let none = Drawing { name: String::new(), rect: Rect::ZERO, shapes: Vec::new(), scale: 2.0 };
    assert_eq!(elements(&write(&none, None).unwrap()), ["svg", "title"]);
    let zigzag = (0..6_000_000).map(|i| pos2(1000.25, 1000.25 + (i % 2) as f32)).collect();
    let line = Shape::line(zigzag, Stroke::new(1.0, Color32::RED));
    let shapes = vec![ClippedShape::new(Rect::EVERYTHING, line)];
    let huge = Drawing { shapes, ..none };
    assert!(write(&huge, None).unwrap_err().contains("save it as PNG"));
}
