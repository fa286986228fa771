//! Interrupts at one instant: how often each came.

use super::Cells;
use crate::group::InterruptField;
use crate::reading::Reading;
use std::sync::Arc;

/// One interrupt, hard or soft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupt {
    /// How often it came, on all CPUs together.
    pub total: Reading<u64>,
    /// What `/proc/interrupts` says behind the numbers.
    pub description: Reading<Arc<[u8]>>,
}

impl Interrupt {
    pub(super) fn from_cells(cells: &Cells<'_>) -> Self {
        Self {
            total: cells.count(InterruptField::Total.column()),
            description: cells.text(InterruptField::Description.column()),
        }
    }
}
