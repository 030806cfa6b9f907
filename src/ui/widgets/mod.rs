//! Pieces that several workspaces are made of.

pub mod answer_card;
pub mod answer_list;
pub mod canvas;
pub mod digit_view;
pub mod icons;
pub mod picture;
pub mod sources;
pub mod structure;
pub mod time_bar;
