//! `/proc/net/dev`: what each network interface carried.

use super::numbers::{Words, lines};
use crate::rows::NamedRows;
use afterimage_format::group::NetworkField;
use afterimage_format::tick::Tick;

/// Reads lines such as `  eth0: 1 2 3 ...`, after two lines of headings. A name may hold a
/// colon itself (an alias), so it ends at the last one.
pub(crate) fn parse(text: &[u8], rows: &mut NamedRows, tick: &mut Tick) {
    for line in lines(text).skip(2) {
        let Some(colon) = line.iter().rposition(|byte| *byte == b':') else {
            continue;
        };
        let name = line[..colon].trim_ascii();
        let mut words = Words(&line[colon + 1..]);
        let row = rows.row(tick, name);
        for field in 0..NetworkField::FIELDS.len() {
            row.count(tick, field, words.count());
        }
    }
    rows.end_unseen(tick);
}
