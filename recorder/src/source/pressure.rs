//! `/proc/pressure/{cpu,memory,io,irq}`: how long tasks were stalled.

use super::numbers::{Words, count, hundredths, lines};
use crate::rows::NamedRows;
use afterimage_format::group::PressureField;
use afterimage_format::reading::Missing;
use afterimage_format::tick::Tick;

/// Reads lines such as `some avg10=0.00 avg60=0.12 avg300=0.05 total=123456` of one resource.
/// The rows of all resources share a group: the caller ends the unseen once all are read.
pub(crate) fn parse(resource: &str, text: &[u8], rows: &mut NamedRows, tick: &mut Tick) {
    for line in lines(text) {
        let mut words = Words(line);
        let kind = match words.word() {
            Some(b"some") => "some",
            Some(b"full") => "full",
            _ => continue,
        };
        let mut name = [0; 32];
        let row = rows.row(tick, join(&mut name, resource, kind));
        let fields = [
            PressureField::Avg10,
            PressureField::Avg60,
            PressureField::Avg300,
        ];
        for (field, key) in fields.into_iter().zip(["avg10=", "avg60=", "avg300="]) {
            let value = words
                .word()
                .and_then(|word| word.strip_prefix(key.as_bytes()));
            row.count(
                tick,
                field.column(),
                value.ok_or(Missing::Malformed).and_then(hundredths),
            );
        }
        let total = words.word().and_then(|word| word.strip_prefix(b"total="));
        row.count(
            tick,
            PressureField::Total.column(),
            total.ok_or(Missing::Malformed).and_then(count),
        );
    }
}

/// `cpu some`, without allocating.
fn join<'a>(buffer: &'a mut [u8; 32], resource: &str, kind: &str) -> &'a [u8] {
    let parts = resource.bytes().chain([b' ']).chain(kind.bytes());
    let mut length = 0;
    for (place, byte) in buffer.iter_mut().zip(parts) {
        *place = byte;
        length += 1;
    }
    &buffer[..length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::group::Group;
    use afterimage_format::tick::Key;

    #[test]
    fn a_line_is_named_by_resource_and_kind() {
        let mut tick = test_tick();
        let text = b"some avg10=1.25 avg60=0.12 avg300=0.05 total=123456\n";
        parse("cpu", text, &mut NamedRows::new(Group::Pressure), &mut tick);
        let group = tick.group(Group::Pressure);
        assert_eq!(group.births[0].1, Key::name("cpu some"));
        let values: Vec<_> = group
            .changes
            .iter()
            .map(|change| change.reading())
            .collect();
        assert_eq!(values, [125, 12, 5, 123_456].map(Ok));
    }
}
