//! What a capture holds: typed samples of one Linux host over time, and the file they are kept in.
//!
//! The tour, in the order data flows:
//!
//! - [`units`], [`time`], [`reading`], [`process`]: the words everything else is written in.
//! - [`group`]: what is sampled, as tables of numbers: each kernel file is a group with fields.
//! - [`tick`]: one instant as the recorder hands it over: only what changed.

//!
//! This crate knows no `/proc` and no screen, keeps raw counters and derives nothing but the
//! counter differences that the pyramid needs ([`counter`]).
#![forbid(unsafe_code)]

pub mod capture;
pub mod counter;
pub mod facts;
pub mod group;
pub mod kernel_view;
pub mod process;
pub mod reading;
pub mod sample;
pub mod series;
pub mod thread_dump;
pub mod tick;
pub mod time;
pub mod units;
