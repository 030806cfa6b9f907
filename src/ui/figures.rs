//! Figures as files. The page is drawn a second time, at twice the screen's resolution and
//! without its controls, onto a texture that nobody sees. What lies within the figure is
//! read back and written by the `library` thread: the window waits for neither. As SVG
//! ([`svg`]), what was drawn is written itself, and only pictures in it are read back.
//!
//! That drawing may look as the window does, or ([`Look::Paper`]) as paper does.

pub mod svg;

use eframe::egui_wgpu::wgpu::{self, Extent3d};
use eframe::egui_wgpu::{RenderState, ScreenDescriptor};
use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{
    Context, FullOutput, LayerId, Pos2, RawInput, Rect, ThemePreference, Ui, UiBuilder, ViewportId,
    ViewportInfo,
};

use super::lesson::sheet;
use super::theme;
use super::widgets::figure::{self, Look, Places};
use crate::lessons::Lesson;
use crate::workers::library::Pixels;

/// Pixels of a saved figure for one of the screen, along each side.
const FINER: f32 = 2.0;
/// Space around a figure, points.
const MARGIN: f32 = 4.0;
/// On paper, a page is laid out as in a window of this width, points, and enlarged ...
const PAPER: f32 = 1040.0;
/// ... but no more than by this.
const MOST_ENLARGED: f32 = 1.45;

/// Reads a figure's pixels back; waits for the graphics card.
pub type Read = Box<dyn FnOnce() -> Result<Pixels, String> + Send>;

/// The bytes of a file, made by whoever has the time.
pub type Make = Box<dyn FnOnce() -> Result<Vec<u8>, String> + Send>;

/// Draws the page, and paints its figure of this name; `None` where it has none.
pub fn take(
    ctx: &Context,
    state: &RenderState,
    (name, look): (&str, Look),
    page: impl FnMut(&mut Ui),
) -> Option<Read> {
    let place = page_rect(ctx, look);
    let (output, places) = draw(ctx, look, place, page);
    let rect = places.iter().find(|(of, _)| *of == name).map(|(_, rect)| *rect);
    // Without a figure, too: the renderer has to learn of the letters that were drawn.
    let rect_or_none = [rect.unwrap_or(Rect::ZERO), place];
    let read = paint(ctx, state, output, rect_or_none, wgpu::Color::BLACK);
    rect.map(|_| read)
}

/// The same as SVG.
pub fn take_svg(
    ctx: &Context,
    state: &RenderState,
    (name, look): (&str, Look),
    page: impl FnMut(&mut Ui),
) -> Option<Make> {
    let place = page_rect(ctx, look);
    let (mut output, places) = draw(ctx, look, place, page);
    let rect = places.iter().find(|(of, _)| *of == name).map(|(_, rect)| *rect);
    let seen = rect.map_or(Rect::ZERO, |rect| framed(rect, place));
    let shapes = svg::within(std::mem::take(&mut output.shapes), seen);
    output.shapes = shapes.iter().filter(|s| svg::is_picture(&s.shape)).cloned().collect();
    let (any, scale) = (!output.shapes.is_empty(), output.pixels_per_point);
    let part = [seen.shrink(MARGIN), place];
    let read = paint(ctx, state, output, part, wgpu::Color::TRANSPARENT);
    rect?;
    let drawing = svg::Drawing { name: name.to_owned(), rect: seen, shapes, scale };
    Some(Box::new(move || {
        let pictures = if any { Some(read()?) } else { None };
        svg::write(&drawing, pictures.as_ref()).map(String::into_bytes)
    }))
}

/// Draws a lesson's sheet.
pub fn take_sheet(ctx: &Context, state: &RenderState, lesson: &Lesson) -> Option<Read> {
    let mut height = 0.0;
    let place = Rect::from_min_size(Pos2::ZERO, egui::vec2(sheet::WIDTH, sheet::LONGEST));
    let light = ctx.style_of(egui::Theme::Light);
    let (output, _) = draw(ctx, Look::Screen, place, |ui| {
        ui.set_style(std::sync::Arc::clone(&light));
        height = sheet::draw(ui, lesson);
    });
    let page = Rect::from_min_size(Pos2::ZERO, egui::vec2(sheet::WIDTH, height));
    (height > 0.0).then(|| paint(ctx, state, output, [page; 2], wgpu::Color::WHITE))
}

/// A figure with the space around it, within its page.
fn framed(rect: Rect, page: Rect) -> Rect {
    rect.expand(MARGIN).intersect(page)
}

/// How much larger than in the window everything is.
fn enlarged(ctx: &Context, look: Look) -> f32 {
    match look {
        Look::Screen => 1.0,
        Look::Paper => (ctx.viewport_rect().width() / PAPER).clamp(1.0, MOST_ENLARGED),
    }
}

/// Where a page is laid out, points.
fn page_rect(ctx: &Context, look: Look) -> Rect {
    let window = ctx.viewport_rect();
    Rect::from_min_size(window.min, window.size() / enlarged(ctx, look))
}

/// Draws a page for a file; where its figures are. Nothing that the page remembers is
/// changed by it. To be called while a frame is drawn.
fn draw(
    ctx: &Context,
    look: Look,
    place: Rect,
    mut page: impl FnMut(&mut Ui),
) -> (FullOutput, Places) {
    let id = figure::viewport();
    let finer = FINER * enlarged(ctx, look);
    let info = ViewportInfo {
        parent: Some(ViewportId::ROOT),
        native_pixels_per_point: Some(finer * ctx.native_pixels_per_point().unwrap_or(1.0)),
        ..Default::default()
    };
    let input = ctx.input(|i| RawInput {
        viewport_id: id,
        viewports: std::iter::once((id, info)).collect(),
        screen_rect: Some(place),
        max_texture_side: Some(i.max_texture_side),
        time: Some(i.time),
        focused: false,
        system_theme: i.raw.system_theme,
        ..RawInput::default()
    });
    let before = ctx.memory_mut(|memory| {
        let copy = memory.clone();
        std::mem::replace(memory, copy)
    });
    if look == Look::Paper {
        // With all that is remembered, it is put back below.
        ctx.set_theme(ThemePreference::Light);
    }
    let mut pass = |ctx: &Context| {
        // By the name of the window's own page, so that what is scrolled, folded or chosen
        // there is found here too.
        let page_id = ViewportId::ROOT.root_ui_id();
        let place = UiBuilder::new().layer_id(LayerId::background()).max_rect(ctx.viewport_rect());
        page(&mut Ui::new(ctx.clone(), page_id, place));
    };
    let output = match look {
        Look::Screen => ctx.run_pass(input, &mut pass),
        Look::Paper => theme::in_large_type(ctx, || ctx.run_pass(input, &mut pass)),
    };
    let places = figure::places(ctx);
    ctx.memory_mut(|memory| *memory = before);
    (output, places)
}

/// Paints the part of a page within `rect` (points) on `ground`; `page` is all of it.
fn paint(
    ctx: &Context,
    state: &RenderState,
    mut output: FullOutput,
    [rect, page]: [Rect; 2],
    ground: wgpu::Color,
) -> Read {
    let scale = output.pixels_per_point;
    let most = state.device.limits().max_texture_dimension_2d;
    let rect = framed(rect, page);
    let side = |points: f32| ((points * scale).round() as u32).clamp(1, most);
    let size = [side(rect.width()), side(rect.height())];
    // Moved by whole pixels, so that text stays as sharp.
    let corner = (rect.min.to_vec2() * scale).round() / scale;
    let shapes = std::mem::take(&mut output.shapes);
    let seen = shapes.into_iter().filter(|s| s.clip_rect.intersects(rect)).collect();
    let mut parts = ctx.tessellate(seen, scale);
    for ClippedPrimitive { clip_rect, primitive } in &mut parts {
        *clip_rect = clip_rect.translate(-corner);
        if let Primitive::Mesh(mesh) = primitive {
            mesh.translate(-corner);
        }
    }
    let screen = ScreenDescriptor { size_in_pixels: size, pixels_per_point: scale };
    let (device, queue) = (&state.device, &state.queue);
    let mut renderer = state.renderer.write();
    for (id, deltas) in output.textures_delta.set.drain() {
        for delta in deltas {
            renderer.update_texture(device, queue, id, &delta);
        }
    }
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let buffers = renderer.update_buffers(device, queue, &mut encoder, &parts, &screen);
    let extent = Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 };
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("figure"),
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: state.target_format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let target = wgpu::RenderPassColorAttachment {
        view: &view,
        resolve_target: None,
        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(ground), store: wgpu::StoreOp::Store },
        depth_slice: None,
    };
    let mut pass = encoder
        .begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("figure"),
            color_attachments: &[Some(target)],
            ..Default::default()
        })
        .forget_lifetime();
    renderer.render(&mut pass, &parts, &screen);
    drop(pass);
    let row = (4 * size[0]).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("figure"),
        size: u64::from(row) * u64::from(size[1]),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
    let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    encoder.copy_texture_to_buffer(texture.as_image_copy(), to, extent);
    queue.submit(buffers.into_iter().chain([encoder.finish()]));
    for id in output.textures_delta.free.drain() {
        renderer.free_texture(&id);
    }
    let swapped = matches!(
        state.target_format,
        wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb
    );
    let device = device.clone();
    Box::new(move || read(&device, &buffer, size, row as usize, swapped))
}

/// The pixels in a buffer of rows of `row` bytes each; blue comes first where `swapped`.
fn read(
    device: &wgpu::Device,
    buffer: &wgpu::Buffer,
    size: [u32; 2],
    row: usize,
    swapped: bool,
) -> Result<Pixels, String> {
    let (sender, mapped) = std::sync::mpsc::sync_channel(1);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |done| {
        let _ = sender.send(done);
    });
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| e.to_string())?;
    mapped.recv().map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    let bytes = buffer.slice(..).get_mapped_range().map_err(|e| e.to_string())?;
    let [width, height] = size.map(|n| n as usize);
    let mut rgba: Vec<u8> =
        bytes.chunks(row).flat_map(|line| &line[..4 * width]).copied().collect();
    if swapped {
        rgba.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel.swap(0, 2));
    }
    Ok(Pixels { size: [width, height], rgba })
}

#[cfg(test)]
mod tests;
