//! Pieces that several workspaces are made of.

pub mod answer_card;
pub mod answer_list;
pub mod canvas;
pub mod digit_view;
pub mod engine;
pub mod icons;
pub mod names;
pub mod number;
pub mod photo;
pub mod picture;
pub mod raster;
pub mod sources;
pub mod structure;
pub mod time_axis;
pub mod time_bar;
pub mod trace_plot;
pub mod train_figures;
