//! Ends of which the kernel told, until the samples show them too: what a process had used when it
//! ended is more than what the last tick saw of it.

use crate::capture::tables::integer;
use crate::facts::{Exited, START_IS_ABOUT};
use crate::process::{Pid, ProcessKey};
use crate::units::{Bytes, Ticks};
use rusqlite::types::Value;
use std::collections::HashMap;

/// An end comes with the tick at which the process was gone, or the one after: in the same chunk
/// or the next.
const CHUNKS: u64 = 2;
/// In a flood nothing more is remembered: those lives are too short to have rows.
const MOST: usize = 65_536;

/// What was told of ends since the last chunks.
#[derive(Debug, Default)]
pub(super) struct ToldEnds {
    by_pid: HashMap<Pid, Vec<Told>>,
    count: usize,
    chunk: u64,
    /// Ends were told in the chunk at hand.
    is_told: bool,
}

/// What the kernel counted until the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    started: Ticks,
    chunk: u64,
    pub(super) cpu_us: Option<u64>,
    pub(super) peak_rss_kib: Option<u64>,
}

impl Told {
    /// Puts it into a row of `process`. What was not told stays as the samples have it.
    pub(super) fn put_into(self, values: &mut [Value]) {
        for (place, told) in [(11, self.cpu_us), (12, self.peak_rss_kib)] {
            if let Some(told) = told {
                values[place] = integer(told);
            }
        }
    }
}

impl ToldEnds {
    pub(super) fn add(&mut self, exited: &Exited) {
        self.is_told = true;
        let Some(started) = exited.started.filter(|_| self.count < MOST) else {
            return;
        };
        let cpu = exited.cpu().map(|cpu| cpu.as_micros());
        self.count += 1;
        self.by_pid.entry(exited.pid).or_default().push(Told {
            started,
            chunk: self.chunk,
            cpu_us: cpu.map(|cpu| u64::try_from(cpu).unwrap_or(u64::MAX)),
            peak_rss_kib: exited.peak_rss.map(Bytes::kib),
        });
    }

    /// Somebody tells of ends, be it only of how many they were.
    pub(super) fn are_told(&mut self) {
        self.is_told = true;
    }

    /// Whether the chunk at hand has ends that were told.
    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }

    /// What was told of the end of this process.
    pub(super) fn of(&self, key: ProcessKey) -> Option<Told> {
        let told = self.by_pid.get(&key.pid)?.iter();
        let apart = |told: &&Told| told.started.0.abs_diff(key.started.0);
        let nearest = told.copied().min_by_key(|told| apart(&told))?;
        (apart(&&nearest) <= START_IS_ABOUT.0).then_some(nearest)
    }

    /// A chunk is done.
    pub(super) fn end_chunk(&mut self) {
        self.chunk += 1;
        self.is_told = false;
        let oldest = (self.chunk + 1).saturating_sub(CHUNKS);
        self.by_pid.retain(|_, told| {
            told.retain(|told| told.chunk >= oldest);
            !told.is_empty()
        });
        self.count = self.by_pid.values().map(Vec::len).sum();
    }
}

/// Whether a process may have samples, so that it is worth to look for their key.
pub(super) fn may_have_samples(exited: &Exited) -> bool {
    exited
        .lifetime
        .is_none_or(|lifetime| lifetime.as_millis() >= 500)
}

/// The keys that the samples of this process may have, the likeliest first.
pub(super) fn likely_keys(exited: &Exited) -> impl Iterator<Item = ProcessKey> + use<> {
    let pid = exited.pid;
    exited.started.into_iter().flat_map(move |started| {
        (0..=START_IS_ABOUT.0).flat_map(move |apart| {
            [
                started.0.checked_sub(apart),
                started.0.checked_add(apart).filter(|_| apart > 0),
            ]
            .into_iter()
            .flatten()
            .map(move |started| ProcessKey {
                pid,
                started: Ticks(started),
            })
        })
    })
}
