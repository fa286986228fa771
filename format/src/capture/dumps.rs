//! The texts of thread dumps, packed beside the dump before.
//!
//! Two dumps of one burst are nearly the same text, so the later one is packed with the earlier
//! one as what comes before it: of 440 KB 3 are left. It can be read only while that other one
//! is there, which is why bursts are evicted whole, and why no chain is longer than
//! [`MOST_DEEP`]. The views of the kernel are packed likewise: that before the dump beside that
//! of the dump before, that after it beside that before it.

use super::error::FrameFault;
use super::tables::{self, CheckedRow};
use crate::thread_dump::MOST_TEXT;
use rusqlite::Connection;
use std::io::{Error, ErrorKind};
use zstd::zstd_safe::{CCtx, CParameter, DCtx, DParameter, compress_bound, get_error_name};

/// How many dumps one may lean on.
pub(super) const MOST_DEEP: usize = 7;
/// zstd level: a dump of 450 KB takes 5 ms.
const LEVEL: i32 = 3;
/// For memory it may take more room, and less time.
const LEVEL_FOR_NOW: i32 = 1;
/// No window is larger: two texts of the largest size.
const MOST_WINDOW_LOG: u32 = 26;

/// Where the columns of `thread_dump` that this crate looks for stand.
pub(super) mod column {
    pub(in crate::capture) const STARTED: usize = 5;
    pub(in crate::capture) const KIND: usize = 7;
    pub(in crate::capture) const RAW_BYTES: usize = 20;
    pub(in crate::capture) const BASE: usize = 21;
    pub(in crate::capture) const BODY: usize = 22;
    pub(in crate::capture) const BEFORE: usize = 23;
    pub(in crate::capture) const AFTER: usize = 24;
}

fn fault(code: usize) -> FrameFault {
    FrameFault::Zstd(get_error_name(code).to_owned())
}

/// Packs a text, with another as what came before it.
pub(crate) fn pack(text: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>, FrameFault> {
    pack_at(LEVEL, text, before)
}

/// Packs a text that is unpacked again before it is stored.
pub(crate) fn pack_for_now(text: &[u8]) -> Result<Vec<u8>, FrameFault> {
    pack_at(LEVEL_FOR_NOW, text, None)
}

fn pack_at(level: i32, text: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>, FrameFault> {
    if text.len() > MOST_TEXT {
        return Err(FrameFault::Number(text.len() as u64));
    }
    let before = before.unwrap_or_default();
    let mut context = CCtx::create();
    let reach = (text.len() + before.len()).next_power_of_two().ilog2();
    let set = |context: &mut CCtx<'_>, parameter| context.set_parameter(parameter).map_err(fault);
    set(&mut context, CParameter::CompressionLevel(level))?;
    if !before.is_empty() {
        let window = reach.clamp(10, MOST_WINDOW_LOG);
        set(&mut context, CParameter::WindowLog(window))?;
        context.ref_prefix(before).map_err(fault)?;
    }
    let mut packed = Vec::with_capacity(compress_bound(text.len()));
    context.compress2(&mut packed, text).map_err(fault)?;
    packed.shrink_to_fit();
    Ok(packed)
}

/// Unpacks a text that was packed so; never into more than [`MOST_TEXT`].
pub(crate) fn unpack(stored: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>, FrameFault> {
    let bytes = zstd::zstd_safe::get_frame_content_size(stored);
    let bytes = bytes.ok().flatten().ok_or(FrameFault::Foreign)?;
    let length = usize::try_from(bytes).ok().filter(|&b| b <= MOST_TEXT);
    let length = length.ok_or(FrameFault::Number(bytes))?;
    let mut context = DCtx::create();
    let window = DParameter::WindowLogMax(MOST_WINDOW_LOG);
    context.set_parameter(window).map_err(fault)?;
    if let Some(before) = before.filter(|before| !before.is_empty()) {
        context.ref_prefix(before).map_err(fault)?;
    }
    let mut text = Vec::with_capacity(length);
    context.decompress(&mut text, stored).map_err(fault)?;
    if text.len() == length {
        Ok(text)
    } else {
        Err(FrameFault::Number(text.len() as u64))
    }
}

/// The three texts of a dump, as far as it has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    pub(super) body: Option<Vec<u8>>,
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Option<Vec<u8>>,
}

impl Texts {
    /// Packs them beside those of another dump.
    pub(super) fn pack(&self, base: &Self) -> Result<Self, FrameFault> {
        let pack = |text: &Option<Vec<u8>>, beside: &Option<Vec<u8>>| {
            let text = text.as_deref();
            text.map(|text| pack(text, beside.as_deref())).transpose()
        };
        Ok(Self {
            body: pack(&self.body, &base.body)?,
            before: pack(&self.before, &base.before)?,
            after: pack(&self.after, &self.before)?,
        })
    }

    fn unpack(stored: &Self, base: &Self) -> Result<Self, FrameFault> {
        let unpack = |stored: &Option<Vec<u8>>, beside: &Option<Vec<u8>>| {
            let stored = stored.as_deref();
            let unpacked = stored.map(|stored| unpack(stored, beside.as_deref()));
            unpacked.transpose()
        };
        let before = unpack(&stored.before, &base.before)?;
        Ok(Self {
            body: unpack(&stored.body, &base.body)?,
            after: unpack(&stored.after, &before)?,
            before,
        })
    }
}

/// Something is wrong with this row of `thread_dump`.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) row: i64,
    pub(super) fault: FrameFault,
}

/// A dump as it is stored, and the one it leans on.
#[derive(Debug)]
struct Stored {
    id: i64,
    base: Option<i64>,
    texts: Texts,
}

impl Stored {
    fn of(row: &CheckedRow) -> Self {
        // What is longer than any text is none: unpacking it fails.
        let most = compress_bound(MOST_TEXT);
        let blob = |place| {
            let stored = row.bytes(place)?;
            Some(
                stored
                    .get(..most.min(stored.len()))
                    .unwrap_or_default()
                    .to_owned(),
            )
        };
        Self {
            id: row.id,
            base: row.integer(column::BASE),
            texts: Texts {
                body: blob(column::BODY),
                before: blob(column::BEFORE),
                after: blob(column::AFTER),
            },
        }
    }
}

/// The texts of a dump, and on how many others it leans. `known` are those of a dump that were
/// unpacked before.
pub(super) fn texts(
    db: &Connection,
    capture: u64,
    id: i64,
    known: Option<(i64, &Texts)>,
) -> rusqlite::Result<Result<(Texts, usize), Broken>> {
    let mut chain: Vec<Stored> = Vec::new();
    let mut next = Some(id);
    let mut texts = Texts::default();
    while let Some(id) = next {
        if let Some((_, unpacked)) = known.filter(|(known, _)| *known == id) {
            texts = unpacked.clone();
            break;
        }
        let one = ("WHERE id = ?", &[id][..]);
        let mut found = tables::named("thread_dump").select(db, capture, one, Stored::of)?;
        let fault = if found.damaged.is_empty() {
            FrameFault::Absent
        } else {
            FrameFault::Check
        };
        let Some(stored) = found.rows.pop() else {
            return Ok(Err(Broken { row: id, fault }));
        };
        // A dump leans on an earlier one, and not on many.
        next = stored.base;
        let is_wrong = next.is_some_and(|base| base >= id) || chain.len() > MOST_DEEP;
        chain.push(stored);
        if is_wrong {
            let fault = FrameFault::Misplaced;
            return Ok(Err(Broken { row: id, fault }));
        }
    }
    let deep = chain.len().saturating_sub(1);
    while let Some(stored) = chain.pop() {
        texts = match Texts::unpack(&stored.texts, &texts) {
            Ok(texts) => texts,
            Err(fault) => {
                let row = stored.id;
                return Ok(Err(Broken { row, fault }));
            }
        };
    }
    Ok(Ok((texts, deep)))
}

/// A fault of packing as the database's own kind of error.
pub(super) fn as_sqlite(fault: FrameFault) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(Error::new(ErrorKind::InvalidData, fault)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that do not pack well by themselves.
    fn text(lines: u64, changed: u64) -> Vec<u8> {
        let line = |number: u64| {
            let value = if number % 50 == changed % 50 {
                number ^ changed
            } else {
                number
            };
            format!("{:016x}\n", value.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        };
        (0..lines)
            .flat_map(|number| line(number).into_bytes())
            .collect()
    }

    #[test]
    fn beside_the_one_before_little_is_left_of_a_text() {
        let (first, second) = (text(30_000, 1), text(30_000, 2));
        let alone = pack(&second, None).unwrap();
        let beside = pack(&second, Some(&first)).unwrap();
        assert!(
            beside.len() * 10 < alone.len(),
            "{} of {}",
            beside.len(),
            alone.len()
        );
        assert_eq!(unpack(&beside, Some(&first)).unwrap(), second);
        assert_eq!(unpack(&alone, None).unwrap(), second);
        // Beside another text it is not that text.
        assert_ne!(unpack(&beside, Some(&text(30_000, 3))).ok(), Some(second));
    }

    #[test]
    fn no_more_is_unpacked_than_a_text_may_have() {
        let bomb = zstd::bulk::compress(&vec![0; MOST_TEXT + 1], 3).unwrap();
        assert_eq!(
            unpack(&bomb, None),
            Err(FrameFault::Number(MOST_TEXT as u64 + 1))
        );
        assert_eq!(
            pack(&vec![0; MOST_TEXT + 1], None),
            Err(FrameFault::Number(MOST_TEXT as u64 + 1))
        );
        assert_eq!(unpack(b"no frame", None), Err(FrameFault::Foreign));
        let largest = vec![b'a'; MOST_TEXT];
        let packed = pack(&largest, Some(&largest)).unwrap();
        assert_eq!(unpack(&packed, Some(&largest)).unwrap(), largest);
    }
}
