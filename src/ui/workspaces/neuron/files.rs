//! Spikes from a file: raster, population rate, figures of a selection.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::{NeuronEdit, World, network};
use crate::core::text::grouped;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::raster::{self, BINS_MS, Raster};
use crate::ui::widgets::time_axis;
use crate::ui::widgets::train_figures;
use crate::ui::widgets::{figure, page};

/// What is read, and the figures of what is selected.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Spikes from a file", NeuronEdit::Reset, out);
    if let Some(of) = &world.room.network {
        network::form(ui, world, of, out);
        ui.separator();
    }
    let Some(imported) = &world.room.imported else { return };
    if world.room.network.is_none() {
        open(ui, out);
    }
    let (recording, weak) = (&imported.recording, palette(ui.visuals()).weak);
    if world.room.network.is_none() {
        ui.label(RichText::new(&imported.name).font(theme::strong(14.0)));
    }
    let text = format!(
        "{} spikes of {} neurons in {:.1} ms",
        grouped(recording.total()),
        grouped(recording.neurons().into()),
        recording.duration_ms()
    );
    let tip = match world.room.network.is_some() {
        true => "Neurons are numbered through all nodes, in the order of the list above",
        false => {
            "Neurons that spike at least once; they keep the numbers that they have in the file"
        }
    };
    ui.label(RichText::new(text).small().color(weak)).on_hover_text(tip);
    if let Some(assumed) = &imported.assumed {
        let warning = palette(ui.visuals()).warning;
        ui.label(RichText::new(assumed).small().color(warning));
    }
    ui.separator();
    let mut plot = imported.plot.clone();
    let tip = "Width of the bins in which spikes are counted for the population rate";
    Field::new("Rate in bins of", "ms", (*BINS_MS.start(), *BINS_MS.end()), tip)
        .show(ui, &mut plot.bin_ms);
    let tip = "Dragging over the raster selects neurons and time instead of moving (as with Shift)";
    ui.checkbox(&mut plot.selecting, "Drag selects").on_hover_text(tip);
    let id = ui.scope_id().with("file figures");
    train_figures::show(ui, id, recording, &world.hub.plotter, &mut plot.selection, out);
    if plot != imported.plot {
        out.push(NeuronEdit::ImportedPlot(Box::new(plot)));
    }
}

fn open(ui: &mut Ui, out: &mut Outbox) {
    let tip =
        "npz, CSV or HDF5 with spikes, or a network of spikes as NIR; or drop one on the window";
    if ui.button("Open a file…").on_hover_text(tip).clicked() {
        out.push(NeuronEdit::Import);
    }
}

/// The raster over the rate.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(of) = &world.room.network {
        network::headline(ui, of);
    }
    let Some(imported) = &world.room.imported else {
        ui.add_space(20.0);
        if world.room.network.is_none() {
            ui.label("No file is open. Drop one on the window: spikes of another simulator, or a network of spikes that snnTorch, Norse or Sinabs wrote as NIR, which then gets your digit.");
            open(ui, out);
        }
        return;
    };
    let mut plot = imported.plot.clone();
    let (now_ms, dt_ms) = (imported.recording.duration_ms(), imported.recording.dt_ms());
    let from = ui.next_widget_position();
    let axis = plot.time.axis(raster::plot_x(ui), now_ms);
    let room = (ui.available_height() - time_axis::AXIS_HEIGHT - 60.0).max(200.0);
    let raster = Raster {
        id: egui::Id::unique("file raster"),
        recording: &imported.recording,
        plotter: &world.hub.plotter,
        groups: &imported.groups,
        hues: &[],
        cursor_ms: None,
        apart: false,
        heights: [room * 0.74, room * 0.26 - 8.0],
        thick: world.session.projector,
    };
    raster.show(ui, &axis, &mut plot);
    time_axis::show(ui, &axis);
    let to = egui::pos2(ui.max_rect().right(), ui.next_widget_position().y);
    figure::place(ui, "raster", egui::Rect::from_min_max(from, to));
    ui.horizontal_wrapped(|ui| {
        let middle = (axis.from_ms + axis.to_ms) / 2.0;
        for (name, factor) in [("Zoom in", 2.0), ("Zoom out", 0.5)] {
            let tip = "Also with the wheel over a plot, where the pointer is";
            if ui.button(name).on_hover_text(tip).clicked() {
                plot.time.zoom(factor, middle, &axis, now_ms, dt_ms);
            }
        }
        time_axis::whole_run(ui, &mut plot.time);
        figure::button(ui, out, "Save as PNG", "raster");
        if ui.button("Save as CSV").clicked() {
            let recording = Arc::clone(&imported.recording);
            out.push(Command::SaveSpikes { name: "spikes", extension: "csv", recording });
        }
    });
    if plot != imported.plot {
        out.push(NeuronEdit::ImportedPlot(Box::new(plot)));
    }
}
