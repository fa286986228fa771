//! Bits of frames alone: a frame has a check of its own, so none of them is changed without a word.

use super::{EVERY, recorded, written};
use crate::support::host::quick_folder;
use crate::support::random::Random;
use crate::support::truth::Said;
use rusqlite::Connection;
use std::path::Path;

/// In each of two captures. Most of them would be found by what unpacks a frame; some would not.
const FLIPS: u32 = 24;
const FRAMES: &str = "SELECT 'chunk_body', 'frames', id, frames FROM chunk_body
    UNION ALL SELECT 'tail', 'frame', id, frame FROM tail";

#[test]
fn a_flipped_bit_of_any_frame_is_told_and_nothing_wrong_is_shown() {
    let mut random = Random::from_clock();
    let folder = quick_folder();
    for original in [recorded(false), recorded(true)] {
        for _ in 0..FLIPS {
            let file = written(&folder, &original.bytes, original.log);
            let flipped = flip(&file, &mut random);
            let said = Said::of(&file).expect("its pages are sound");
            assert!(!said.damage.is_empty(), "nothing was said of {flipped}");
            let beyond = said.beyond(&original.truth, &EVERY);
            assert_eq!(beyond, [""; 0], "{flipped}");
        }
    }
}

/// Flips a bit of one of its frames, and says which.
fn flip(file: &Path, random: &mut Random) -> String {
    let db = Connection::open(file).unwrap();
    let mut asked = db.prepare(FRAMES).unwrap();
    let frames = asked.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let frames: Vec<(String, String, i64, Vec<u8>)> =
        frames.unwrap().collect::<Result<_, _>>().unwrap();
    let (table, column, id, mut frame) = random.one_of(&frames);
    let (at, bit) = (random.index(frame.len()), random.below(8));
    frame[at] ^= 1 << bit;
    let sql = format!("UPDATE {table} SET {column} = ? WHERE id = ?");
    assert_eq!(db.execute(&sql, (frame, id)).unwrap(), 1);
    format!("bit {bit} of byte {at} of {table} {id}")
}
