//! The viewer: shows what a host did, on a time axis with one cursor.
//!
//! The tour, in the order things flow:
//!
//! - [`data`]: the narrow trait a capture is read through, and the thread that drives it.
//! - [`command`]: everything a person can do and everything that can arrive, as one enum.
//! - [`action`]: all of it that a person can ask for by name; keys, palette and help come from it.
//! - [`state`]: what is shown, and [`state::apply`], the only thing that changes it.
//! - [`time_axis`]: instants to pixels and back, ticks, times as people type them; no egui.
//! - [`panel`]: one panel a file: reads the state, pushes commands.
//! - [`paint`], [`theme`], [`fonts`], [`display`]: curves and hatching, colours, values as text.
//! - [`explain`]: what every column, state and curve means, out of one data file.
//! - [`settings`]: what is remembered from one day to the next.
//! - [`app`]: the window; [`picture`]: what it shows, painted again; [`screenshot`] and [`raster`]: the same picture without one, with
//!   [`view`] saying what is shown in it.
//!
//! No SQL, no thresholds and no rates are here: a [`data::Replay`] hands over finished numbers.
#![forbid(unsafe_code)]

pub mod action;
pub mod app;
pub mod cli;
pub mod command;
pub mod data;
pub mod display;
pub mod explain;
pub mod fonts;
pub mod keys;
pub mod paint;
pub mod panel;
pub mod picture;
pub mod raster;
pub mod screenshot;
pub mod settings;
pub mod state;
pub mod theme;
pub mod time_axis;
pub mod view;
