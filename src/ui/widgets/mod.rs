//! What more than one workspace is made of.

pub mod banner;
pub mod canvas;
pub mod chart;
pub mod confusion;
pub mod digit_view;
pub mod engine;
pub mod field;
pub mod figure;
pub mod glossary;
pub mod icons;
pub mod live;
pub mod names;
pub mod number;
pub mod page;
pub mod picture;
pub mod raster;
pub mod shares;
pub mod sources;
pub mod structure;
pub mod tiles;
pub mod time_axis;
pub mod time_bar;
pub mod tip;
pub mod trace_plot;
pub mod train_figures;
pub mod veil;
