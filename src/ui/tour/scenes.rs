//! The pictures of the tour, in order: the state each shows, and when it is there.

use super::super::history::{Pictures, Plots};
use super::super::neuron::settings::NeuronTab;
use super::super::plasticity::settings::PlasticityTab;
use super::super::session::ThemeChoice;
use super::super::time::TimeTab;
use super::super::workspaces::fields::view::{FieldsEdit, Page, ReasonMap, Seek, Show};
use crate::ann::zoo::ZOO;

use super::prepare::*;
use super::{PROJECTOR, Scene, WINDOW};

pub(super) const SCENES: &[Scene] = &[
    Scene {
        name: "01-draw",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: draw_three,
        ready: answered,
    },
    Scene {
        name: "02-draw-light",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: draw_eight,
        ready: answered,
    },
    Scene {
        name: "03-draw-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: draw_five,
        ready: answered,
    },
    Scene {
        name: "04-draw-not-centred",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: draw_in_a_corner,
        ready: answered,
    },
    Scene {
        name: "05-draw-picked",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: pick,
        ready: answered,
    },
    Scene {
        name: "06-train-curves",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: train,
        ready: trained,
    },
    Scene {
        name: "07-train-layers",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| tab(a, c, "Layers"),
        ready: trained,
    },
    Scene {
        name: "08-train-mistakes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| tab(a, c, "Mistakes"),
        ready: trained,
    },
    Scene {
        name: "09-train-runs",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| tab(a, c, "Runs"),
        ready: trained,
    },
    Scene {
        name: "10-train-network",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: network,
        ready: answered,
    },
    Scene {
        name: "11-train-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| tab(a, c, "Curves"),
        ready: trained,
    },
    Scene {
        name: "12-train-history",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| look_back(a, c, Pictures::Weights, Plots::Curves),
        ready: looked_back,
    },
    Scene {
        name: "13-train-history-change",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| {
            look_back(a, c, Pictures::Since, Plots::Movement);
            go_back(a, c, 2);
        },
        ready: looked_back,
    },
    Scene {
        name: "14-train-history-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| look_back(a, c, Pictures::Since, Plots::Confusion),
        ready: looked_back,
    },
    Scene {
        name: "15-fields-network",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| fields(a, c, &[]),
        ready: looked,
    },
    Scene {
        name: "16-fields-layer",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Layer(1)]),
        ready: looked,
    },
    Scene {
        name: "17-fields-kernels",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Layer(1), FieldsEdit::Show(Show::Kernels)]),
        ready: looked,
    },
    Scene {
        name: "18-fields-effective",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let show = FieldsEdit::Show(Show::Fields);
            fields(a, c, &[FieldsEdit::Layer(3), show, FieldsEdit::Seek(Seek::Fields)]);
        },
        ready: |a| found(a, |f| !f.fields.is_empty()),
    },
    Scene {
        name: "19-fields-unit",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let edits = [FieldsEdit::Seek(Seek::Liked), FieldsEdit::Seek(Seek::Exciting)];
            fields(a, c, &[&[into_unit()], &edits[..]].concat());
        },
        ready: |a| found(a, |f| !f.liked.is_empty() && !f.exciting.is_empty()),
    },
    Scene {
        name: "20-fields-product",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| fields(a, c, &[into_unit(), FieldsEdit::Term(4)]),
        ready: looked,
    },
    Scene {
        name: "21-fields-why",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Page(Page::Why)]),
        ready: |a| looked(a) && !a.snapshot().sight.why.is_empty(),
    },
    Scene {
        name: "22-fields-occlusion",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let map = FieldsEdit::Reason(ReasonMap::Occlusion);
            let page = FieldsEdit::Page(Page::Why);
            fields(a, c, &[page, map, FieldsEdit::Seek(Seek::Occlusion)]);
        },
        ready: |a| found(a, |f| f.occlusion.len() >= ZOO.len()),
    },
    Scene {
        name: "23-fields-gabor",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            fields(a, c, &[FieldsEdit::Page(Page::Gabor), FieldsEdit::Seek(Seek::Gabor)]);
        },
        ready: |a| found(a, |f| !f.gabor.is_empty()),
    },
    Scene {
        name: "24-fields-rnn-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Model("rnn1".into())]),
        ready: looked,
    },
    Scene {
        name: "25-time-answers",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| time(a, c, 3, TimeTab::Answers, 16),
        ready: read_in_time,
    },
    Scene {
        name: "26-time-hidden-units",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| time(a, c, 8, TimeTab::Units, 20),
        ready: read_in_time,
    },
    Scene {
        name: "27-time-how-early",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: survey,
        ready: surveyed,
    },
    Scene {
        name: "28-time-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| time(a, c, 5, TimeTab::Answers, 14),
        ready: read_in_time,
    },
    Scene {
        name: "29-neuron-spikes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| neuron(a, c, NeuronTab::Spikes),
        ready: simulated,
    },
    Scene {
        name: "30-neuron-curve",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: curve_of_adex,
        ready: |app| {
            app.snapshot()
                .neuron
                .results
                .curve
                .as_ref()
                .is_some_and(|c| c.1.model == "adex" && c.1.done_ms >= c.1.whole_ms)
        },
    },
    Scene {
        name: "31-neuron-unit",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: unit_of_the_digit,
        ready: |app| {
            app.snapshot().neuron.results.unit.as_ref().is_some_and(|u| u.1.steps.len() > 784)
        },
    },
    Scene {
        name: "32-neuron-codes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| neuron(a, c, NeuronTab::Codes),
        ready: |app| app.snapshot().neuron.results.codes.is_some(),
    },
    Scene {
        name: "33-neuron-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| neuron(a, c, NeuronTab::Spikes),
        ready: simulated,
    },
    Scene {
        name: "34-plasticity-windows",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Windows),
        ready: |app| app.snapshot().plasticity.results.windows.is_some(),
    },
    Scene {
        name: "35-plasticity-pair",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Story),
        ready: |app| app.snapshot().plasticity.results.story.is_some(),
    },
    Scene {
        name: "36-plasticity-rates",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::PairingRate),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.pairing_rate.as_ref().is_some_and(|r| r.1[0].measured.len() == 13)
        },
    },
    Scene {
        name: "37-plasticity-bounds",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Bounds),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.bounds.as_ref().is_some_and(|b| b.1.seconds[0] >= b.1.seconds[1])
        },
    },
    Scene {
        name: "38-plasticity-bengio",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Slope),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.slope.as_ref().is_some_and(|s| s.1.seconds[0] >= s.1.seconds[1])
        },
    },
    Scene {
        name: "39-plasticity-pattern",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: pattern_at_full_speed,
        ready: learned,
    },
    Scene {
        name: "40-plasticity-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: pattern_at_full_speed,
        ready: learned,
    },
    Scene {
        name: "41-spiking-learning",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: spiking,
        ready: spiking_learned,
    },
    Scene {
        name: "42-spiking-spikes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: spiking_spikes,
        ready: spiking_recorded,
    },
    Scene {
        name: "43-spiking-digit-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: spiking_digit,
        ready: spiking_voted,
    },
    Scene {
        name: "44-conversion",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: conversion,
        ready: converted,
    },
    Scene {
        name: "45-conversion-spikes-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: conversion_spikes,
        ready: converted,
    },
];
