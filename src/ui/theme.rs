//! Colours, type and spacing, decided here and nowhere else.
//!
//! The hues are those of Okabe and Ito (2008), which people with any of the common
//! colour-vision deficiencies can tell apart; nothing relies on red against green
//! alone.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow,
    Stroke, TextStyle, Theme, Vec2, Visuals,
};

/// How much larger everything is in projector mode.
pub const PROJECTOR_ZOOM: f32 = 1.45;

/// The smallest text in projector mode, points: with [`PROJECTOR_ZOOM`] 20 pixels, which
/// can be read from four metres.
const PROJECTOR_LEAST: f32 = 13.8;

thread_local! {
    /// The smallest text in the window that this thread draws, points.
    static LEAST: Cell<f32> = const { Cell::new(0.0) };
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind everything.
    pub background: Color32,
    /// Cards and panels on it.
    pub card: Color32,
    /// Wells: the canvas's surroundings, plot grounds, empty bars.
    pub well: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text; still 4.5 : 1 against the card.
    pub weak: Color32,
    /// The one colour for what is chosen, live or to be pressed.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Something that went wrong.
    pub warning: Color32,
    /// Hues of data series, in order of use.
    pub series: [Color32; 6],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Palette = Palette {
    background: rgb(0x0F1216),
    card: rgb(0x191E25),
    well: rgb(0x0A0C0F),
    line: rgb(0x2D3540),
    text: rgb(0xE9EDF2),
    weak: rgb(0x9AA6B5),
    accent: rgb(0x56B4E9),
    on_accent: rgb(0x06121B),
    warning: rgb(0xF0A04B),
    series: [
        rgb(0x56B4E9),
        rgb(0xE69F00),
        rgb(0x2BC79B),
        rgb(0xE58AC0),
        rgb(0xF0E442),
        rgb(0xE8743B),
    ],
};

const LIGHT: Palette = Palette {
    background: rgb(0xF3F4F1),
    card: rgb(0xFFFFFF),
    well: rgb(0xEBEDE9),
    line: rgb(0xD3D7D4),
    text: rgb(0x14181D),
    weak: rgb(0x56606B),
    accent: rgb(0x0066A8),
    on_accent: rgb(0xFFFFFF),
    warning: rgb(0xB34A00),
    series: [
        rgb(0x0072B2),
        rgb(0xC77700),
        rgb(0x00805F),
        rgb(0xB4568C),
        rgb(0x8A7D00),
        rgb(0xC14A12),
    ],
};

/// The palette of the theme in use.
pub fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

/// The colour of an intensity in [0, 1] on the digit: black paper to white ink
/// when dark, white paper to black ink when light, as on a projector.
pub fn ink(visuals: &Visuals, intensity: f32) -> Color32 {
    let v = (intensity.clamp(0.0, 1.0) * 255.0) as u8;
    Color32::from_gray(if visuals.dark_mode { v } else { 255 - v })
}

/// A sequential scale from `from` to `to` (both themes' cells start at the well).
pub fn blend(from: Color32, to: Color32, t: f32) -> Color32 {
    from.lerp_to_gamma(to, t.clamp(0.0, 1.0))
}

/// A colour between the stops of a scale, `t` in [0, 1].
fn along(stops: &[Color32], t: f32) -> Color32 {
    let last = stops.len() - 1;
    let at = t.clamp(0.0, 1.0) * last as f32;
    let i = (at as usize).min(last - 1);
    stops[i].lerp_to_gamma(stops[i + 1], at - i as f32)
}

const SEQUENTIAL_DARK: [Color32; 4] = [rgb(0x0A0C0F), rgb(0x17456E), rgb(0x56B4E9), rgb(0xF6FAE2)];
const SEQUENTIAL_LIGHT: [Color32; 4] = [rgb(0xFFFFFF), rgb(0xA9D0EA), rgb(0x0066A8), rgb(0x071626)];
const DIVERGING_DARK: [Color32; 5] =
    [rgb(0x7CCBFA), rgb(0x1F6796), rgb(0x14181D), rgb(0x9A6200), rgb(0xFFC24D)];
const DIVERGING_LIGHT: [Color32; 5] =
    [rgb(0x00487A), rgb(0x7DB8DC), rgb(0xFFFFFF), rgb(0xE8A25C), rgb(0x8A3D00)];

/// The colour of an activation or a rate in [0, 1]; its lightness goes one way.
pub fn sequential(visuals: &Visuals, t: f32) -> Color32 {
    along(if visuals.dark_mode { &SEQUENTIAL_DARK } else { &SEQUENTIAL_LIGHT }, t)
}

/// The colour of a weight in [−1, 1]: blue below zero, orange above, neutral at
/// zero.
pub fn diverging(visuals: &Visuals, t: f32) -> Color32 {
    let stops = if visuals.dark_mode { &DIVERGING_DARK } else { &DIVERGING_LIGHT };
    along(stops, 0.5 + 0.5 * t)
}

/// Hues of the ten digits, after Paul Tol's muted scheme (2021), which people with
/// colour-vision deficiencies can tell apart in part; the digit is always written as
/// well.
const DIGITS_DARK: [Color32; 10] = [
    rgb(0x9A8FF0),
    rgb(0x88CCEE),
    rgb(0x44BBA6),
    rgb(0x6CC777),
    rgb(0xB5B54A),
    rgb(0xDDCC77),
    rgb(0xE8808F),
    rgb(0xD4699A),
    rgb(0xCB7AC0),
    rgb(0xE39A5B),
];
const DIGITS_LIGHT: [Color32; 10] = [
    rgb(0x332288),
    rgb(0x1F7AA3),
    rgb(0x14796B),
    rgb(0x117733),
    rgb(0x6B6B14),
    rgb(0x86690F),
    rgb(0xB0475A),
    rgb(0x882255),
    rgb(0xA03C8F),
    rgb(0xA3540F),
];

/// The hue of a digit from 0 to 9; grey for none.
pub fn digit_hue(visuals: &Visuals, digit: Option<u8>) -> Color32 {
    let hues = if visuals.dark_mode { &DIGITS_DARK } else { &DIGITS_LIGHT };
    digit.map_or(palette(visuals).weak, |d| hues[usize::from(d.min(9))])
}

/// The colour of a weight in [0, 1] of a neuron that stands for a digit.
pub fn field(visuals: &Visuals, digit: Option<u8>, t: f32) -> Color32 {
    let (paper, ink) = (ink(visuals, 0.0), ink(visuals, 1.0));
    let hue = digit_hue(visuals, digit);
    along(&[paper, blend(paper, hue, 0.75), hue, blend(hue, ink, 0.7)], t)
}

fn at_least(size: f32) -> f32 {
    size.max(LEAST.get())
}

/// The bold cut of the text face.
pub fn strong(size: f32) -> FontId {
    FontId::new(at_least(size), FontFamily::Name("strong".into()))
}

/// The regular cut.
pub fn regular(size: f32) -> FontId {
    FontId::new(at_least(size), FontFamily::Proportional)
}

/// Large type, or the usual.
pub fn set_projector(ctx: &Context, on: bool) {
    LEAST.set(if on { PROJECTOR_LEAST } else { 0.0 });
    ctx.set_zoom_factor(if on { PROJECTOR_ZOOM } else { 1.0 });
    ctx.all_styles_mut(|style| style.text_styles = text_styles());
}

/// Does something with large type, as in projector mode, but no larger zoom; afterwards
/// type is as before.
pub fn in_large_type<R>(ctx: &Context, work: impl FnOnce() -> R) -> R {
    let styles = |least: f32| {
        LEAST.set(least);
        ctx.all_styles_mut(|style| style.text_styles = text_styles());
    };
    let before = LEAST.get();
    styles(before.max(PROJECTOR_LEAST));
    let done = work();
    styles(before);
    done
}

fn text_styles() -> BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Small, regular(12.0)),
        (TextStyle::Body, regular(14.0)),
        (TextStyle::Button, regular(14.0)),
        (TextStyle::Heading, strong(18.0)),
        (TextStyle::Monospace, FontId::new(at_least(13.0), FontFamily::Monospace)),
    ]
    .into()
}

/// Installs fonts and both themes.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        let palette = if theme == Theme::Dark { &DARK } else { &LIGHT };
        ctx.set_visuals_of(theme, visuals(theme, palette));
        ctx.style_mut_of(theme, |style| {
            style.spacing.item_spacing = Vec2::new(8.0, 8.0);
            style.spacing.button_padding = Vec2::new(10.0, 5.0);
            style.spacing.interact_size = Vec2::new(36.0, 26.0);
            style.spacing.slider_width = 120.0;
            style.spacing.combo_width = 90.0;
            style.spacing.window_margin = Margin::same(14);
            style.spacing.tooltip_width = 340.0;
            style.text_styles = text_styles();
            style.animation_time = 0.08;
        });
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let inter: [(&str, &'static [u8]); 2] = [
        ("inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("inter-strong", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
    ];
    for (name, bytes) in inter {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
    }
    // The built-in faces stay behind as a fallback for symbols.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with =
        |first: &str| std::iter::once(first.to_owned()).chain(fallback.clone()).collect::<Vec<_>>();
    fonts.families.insert(FontFamily::Proportional, with("inter"));
    fonts.families.insert(FontFamily::Name("strong".into()), with("inter-strong"));
    fonts
}

fn visuals(theme: Theme, p: &Palette) -> Visuals {
    let mut v = theme.default_visuals();
    v.panel_fill = p.background;
    v.window_fill = p.card;
    v.window_stroke = Stroke::new(1.0, p.line);
    v.extreme_bg_color = p.well;
    v.faint_bg_color = p.well;
    v.code_bg_color = p.well;
    v.hyperlink_color = p.accent;
    v.warn_fg_color = p.warning;
    v.error_fg_color = p.warning;
    v.weak_text_color = Some(p.weak);
    v.selection.bg_fill = p.accent;
    v.selection.stroke = Stroke::new(1.0, p.on_accent);
    v.slider_trailing_fill = true;
    v.window_shadow =
        Shadow { offset: [0, 6], blur: 24, spread: 0, color: Color32::from_black_alpha(90) };
    v.popup_shadow = v.window_shadow;
    let corner = CornerRadius::same(6);
    v.window_corner_radius = CornerRadius::same(10);
    v.menu_corner_radius = CornerRadius::same(8);
    let w = &mut v.widgets;
    for (state, fill, stroke) in [
        (&mut w.noninteractive, p.card, Stroke::new(1.0, p.line)),
        (&mut w.inactive, blend(p.card, p.line, 0.75), Stroke::NONE),
        (&mut w.hovered, blend(p.card, p.accent, 0.25), Stroke::new(1.0, p.accent)),
        (&mut w.active, blend(p.card, p.accent, 0.45), Stroke::new(1.0, p.accent)),
        (&mut w.open, blend(p.card, p.line, 0.9), Stroke::new(1.0, p.line)),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = stroke;
        state.fg_stroke = Stroke::new(1.2, p.text);
        state.corner_radius = corner;
        state.expansion = 0.0;
    }
    v
}

/// A card: the frame around each group of things.
pub fn card(visuals: &Visuals) -> egui::Frame {
    let p = palette(visuals);
    egui::Frame::new()
        .fill(p.card)
        .stroke(Stroke::new(1.0, p.line))
        .corner_radius(CornerRadius::same(10))
        .inner_margin(Margin::same(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2).
    fn luminance(c: Color32) -> f64 {
        let lin = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * lin(c.r()) + 0.7152 * lin(c.g()) + 0.0722 * lin(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn scales_go_one_way_from_their_neutral() {
        for dark in [true, false] {
            let visuals = if dark { Visuals::dark() } else { Visuals::light() };
            let sign = if dark { 1.0 } else { -1.0 };
            for i in 0..20 {
                let (a, b) = (i as f32 / 20.0, (i + 1) as f32 / 20.0);
                let rises = |f: fn(&Visuals, f32) -> Color32, by: f32| {
                    sign * (luminance(f(&visuals, by * b)) - luminance(f(&visuals, by * a))) >= 0.0
                };
                assert!(rises(sequential, 1.0) && rises(diverging, 1.0) && rises(diverging, -1.0));
            }
        }
    }

    #[test]
    fn text_and_data_are_legible_in_both_themes() {
        for p in [&DARK, &LIGHT] {
            for ground in [p.background, p.card, p.well] {
                assert!(contrast(p.text, ground) >= 7.0);
                assert!(contrast(p.weak, ground) >= 4.5);
            }
            assert!(contrast(p.on_accent, p.accent) >= 4.5);
            for hue in p.series {
                assert!(contrast(hue, p.card) >= 3.0, "{hue:?}");
            }
        }
    }
}
