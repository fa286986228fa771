//! `/proc/meminfo` and `/proc/vmstat`: files of named numbers, kept line by line as they are.

use super::numbers::{Words, lines};
use crate::rows::NamedRows;
use afterimage_format::group::LineField;
use afterimage_format::tick::Tick;

/// Reads lines such as `MemFree:  123 kB` and `nr_free_pages 456`.
pub(crate) fn parse(text: &[u8], rows: &mut NamedRows, tick: &mut Tick) {
    for line in lines(text) {
        let mut words = Words(line);
        let Some(name) = words.word() else { continue };
        let name = name.strip_suffix(b":").unwrap_or(name);
        let value = words.count();
        rows.row(tick, name)
            .count(tick, LineField::Value.column(), value);
    }
    rows.end_unseen(tick);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::Group;
    use afterimage_format::reading::Missing;
    use afterimage_format::tick::Key;

    #[test]
    fn lines_keep_their_name_and_their_number() {
        let mut tick = test_tick();
        let text = b"MemFree:        812 kB\nHugePages_Total:       3\nBroken: many kB\n";
        parse(text, &mut NamedRows::new(Group::Memory), &mut tick);
        let group = tick.group(Group::Memory);
        let names: Vec<_> = group.births.iter().map(|(_, key)| key.clone()).collect();
        assert_eq!(
            names,
            ["MemFree", "HugePages_Total", "Broken"].map(Key::name)
        );
        let values: Vec<_> = group
            .changes
            .iter()
            .map(|change| change.reading())
            .collect();
        assert_eq!(values, [Ok(812), Ok(3), Err(Missing::Malformed)]);
    }
}
