//! Where the next run is computed: the row of the form.

use egui::{ComboBox, Ui};

use super::form;
use crate::ann::device;
use crate::ann::trainer::TrainConfig;

/// What a device is called here: short, for a narrow form.
fn name(device: &device::ComputeDevice) -> &'static str {
    if device.id == device::OWN { "CPU" } else { device.name }
}

/// Draws the row. Only what is there is offered; a device from an earlier session
/// that is not is shown as such.
pub fn row(ui: &mut Ui, config: &mut TrainConfig) {
    let present = device::present();
    let here = present.iter().find(|d| d.id == config.device);
    let chosen = here.map_or_else(|| format!("{} (absent)", config.device), |d| name(d).into());
    let tip = here.map_or("It is not there now: choose another to train.", |d| d.doc);
    form::row(ui, "Device", tip, |ui| {
        // A long name must leave its label readable in a narrow form.
        ComboBox::from_id_salt("device")
            .selected_text(chosen)
            .width((ui.available_width() - 8.0).max(40.0))
            .truncate()
            .show_ui(ui, |ui| {
                for device in present {
                    ui.selectable_value(&mut config.device, device.id.to_owned(), name(device))
                        .on_hover_text(device.doc);
                }
            })
            .response
    });
}
