//! hsperfdata: the counters that a HotSpot virtual machine keeps in a file of 32 KB in `/tmp`.
//!
//! In: the bytes of the file, which the process may be changing. Out: numbers and texts by
//! name. The form is that of `jdk.internal.perf`: a header, then entries of a name and a value.

/// The file begins so.
const MAGIC: [u8; 4] = [0xca, 0xfe, 0xc0, 0xc0];
/// Entries are not looked at beyond this many.
const MOST_ENTRIES: usize = 4096;

/// The counters of one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters<'a> {
    bytes: &'a [u8],
    is_little: bool,
    first: usize,
    entries: usize,
}

impl<'a> Counters<'a> {
    /// The counters in a file; nothing when it is none, or not complete yet.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.get(..4)? != MAGIC || *bytes.get(5)? != 2 || *bytes.get(7)? != 1 {
            return None;
        }
        let mut counters = Self {
            bytes,
            is_little: *bytes.get(4)? == 1,
            first: 0,
            entries: 0,
        };
        counters.first = counters.int(24)?;
        counters.entries = counters.int(28)?.min(MOST_ENTRIES);
        Some(counters)
    }

    /// A counter, or a number that does not change.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let (entry, kind) = self.find(name)?;
        let at = entry + self.int(entry + 16)?;
        let value: [u8; 8] = self.bytes.get(at..at + 8)?.try_into().ok()?;
        let value = if self.is_little {
            i64::from_le_bytes(value)
        } else {
            i64::from_be_bytes(value)
        };
        (kind == b'J').then_some(value)
    }

    /// A text, up to its end.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let (entry, kind) = self.find(name)?;
        let at = entry + self.int(entry + 16)?;
        let length = self.int(entry + 8)?;
        let text = self.bytes.get(at..at.checked_add(length)?)?;
        let end = text.iter().position(|byte| *byte == 0);
        let text = &text[..end.unwrap_or(text.len())];
        (kind == b'B').then(|| String::from_utf8_lossy(text).into_owned())
    }

    /// Where the entry of that name begins, and of what kind it is.
    fn find(&self, name: &str) -> Option<(usize, u8)> {
        let mut at = self.first;
        for _ in 0..self.entries {
            let length = self.int(at)?;
            let named = at + self.int(at + 4)?;
            let found = self.bytes.get(named..named + name.len())?;
            if found == name.as_bytes() && self.bytes.get(named + name.len()) == Some(&0) {
                return Some((at, *self.bytes.get(at + 12)?));
            }
            at = at.checked_add(length.max(20))?;
        }
        None
    }

    fn int(&self, at: usize) -> Option<usize> {
        let value: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let value = if self.is_little {
            u32::from_le_bytes(value)
        } else {
            u32::from_be_bytes(value)
        };
        // Nothing in a file of 32 KB lies further.
        usize::try_from(value).ok().filter(|value| *value < 1 << 24)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file with these entries, as a virtual machine writes it.
    pub(in crate::dumps) fn file(texts: &[(&str, &str)], numbers: &[(&str, i64)]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend([1, 2, 0, 1]);
        file.extend([0; 16]);
        file.extend(32_u32.to_le_bytes());
        file.extend(
            u32::try_from(texts.len() + numbers.len())
                .unwrap()
                .to_le_bytes(),
        );
        let mut entry = |name: &str, kind: u8, value: &[u8], length: usize| {
            let padded = (20 + name.len() + 1).next_multiple_of(8);
            let numbers = [padded + value.len().next_multiple_of(8), 20, length];
            for number in numbers {
                file.extend(u32::try_from(number).unwrap().to_le_bytes());
            }
            file.extend([kind, 0, 1, 1]);
            file.extend(u32::try_from(padded).unwrap().to_le_bytes());
            file.extend(name.as_bytes());
            file.resize(file.len() + padded - 20 - name.len(), 0);
            file.extend(value);
            file.resize(
                file.len() + value.len().next_multiple_of(8) - value.len(),
                0,
            );
        };
        for (name, text) in texts {
            let mut value = text.as_bytes().to_vec();
            value.push(0);
            entry(name, b'B', &value, value.len());
        }
        for (name, number) in numbers {
            entry(name, b'J', &number.to_le_bytes(), 0);
        }
        file
    }

    #[test]
    fn texts_and_numbers_are_found_by_their_whole_name() {
        let file = file(
            &[("java.rt.vmArgs", "-Xrs -XX:+A"), ("java.rt", "x")],
            &[("sun.rt.safepointTime", -5), ("sun.rt.safepoints", 7)],
        );
        let counters = Counters::parse(&file).unwrap();
        assert_eq!(
            counters.text("java.rt.vmArgs").as_deref(),
            Some("-Xrs -XX:+A")
        );
        assert_eq!(counters.text("java.rt").as_deref(), Some("x"));
        assert_eq!(counters.number("sun.rt.safepointTime"), Some(-5));
        assert_eq!(counters.number("sun.rt.safepoints"), Some(7));
        assert_eq!(counters.number("java.rt.vmArgs"), None);
        assert_eq!(counters.text("sun.rt.safepoints"), None);
        assert_eq!(counters.number("sun.rt"), None);
        assert!(Counters::parse(b"\xca\xfe\xc0\xc0").is_none());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(noise: Vec<u8>, at: usize, length: usize) {
            let mut bytes = file(&[("a.text", "b")], &[("a.number", 1)]);
            bytes.truncate(length % (bytes.len() + 1));
            let at = at % (bytes.len() + 1);
            bytes.splice(at.min(bytes.len()).., noise);
            if let Some(counters) = Counters::parse(&bytes) {
                let _ = (counters.text("a.text"), counters.number("a.number"));
            }
        }
    }
}
