//! Numbers out of the kernel's text, byte by byte.

use afterimage_format::reading::{Missing, Reading};

/// The words of a line, taken one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a>(pub(crate) &'a [u8]);

impl<'a> Words<'a> {
    /// The next word; nothing at the end of the line.
    pub(crate) fn word(&mut self) -> Option<&'a [u8]> {
        let start = self
            .0
            .iter()
            .position(|byte| *byte != b' ' && *byte != b'\t')?;
        let rest = &self.0[start..];
        let end = rest
            .iter()
            .position(|byte| *byte == b' ' || *byte == b'\t')
            .unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The next number. A line that ends before it is of an older kernel.
    pub(crate) fn count(&mut self) -> Reading<u64> {
        count(self.word().ok_or(Missing::NotSupported)?)
    }
}

/// A whole word as a number.
pub(crate) fn count(word: &[u8]) -> Reading<u64> {
    let digit = |value: u64, byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        let value = value.checked_mul(10).filter(|_| digit < 10)?;
        value.checked_add(u64::from(digit))
    };
    let value = word.iter().try_fold(0, digit).filter(|_| !word.is_empty());
    value.ok_or(Missing::Malformed)
}

/// A whole word as a number that may be negative.
pub(crate) fn signed(word: &[u8]) -> Reading<i64> {
    let (negative, digits) = match word.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, word),
    };
    let value = i64::try_from(count(digits)?);
    let value = value.map_err(|_too_large| Missing::Malformed)?;
    Ok(if negative { -value } else { value })
}

/// A number with exactly two decimals, as hundredths: `0.17` is 17.
pub(crate) fn hundredths(word: &[u8]) -> Reading<u64> {
    let point = word
        .iter()
        .position(|byte| *byte == b'.')
        .ok_or(Missing::Malformed)?;
    let (whole, decimals) = (&word[..point], &word[point + 1..]);
    if decimals.len() != 2 {
        return Err(Missing::Malformed);
    }
    let whole = count(whole)?.checked_mul(100).ok_or(Missing::Malformed)?;
    Ok(whole + count(decimals)?)
}

/// The lines of a text, without their ends; an empty one at the end is not a line.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_words() {
        assert_eq!(count(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(count(b"18446744073709551616"), Err(Missing::Malformed));
        assert_eq!(count(b""), Err(Missing::Malformed));
        assert_eq!(count(b"12x"), Err(Missing::Malformed));
        assert_eq!(signed(b"-20"), Ok(-20));
        assert_eq!(signed(b"-"), Err(Missing::Malformed));
    }

    #[test]
    fn load_averages_are_hundredths_and_never_floats() {
        assert_eq!(hundredths(b"1.07"), Ok(107));
        assert_eq!(hundredths(b"350482.19"), Ok(35_048_219));
        assert_eq!(hundredths(b"1.7"), Err(Missing::Malformed));
    }

    #[test]
    fn a_line_that_ends_early_is_of_an_older_kernel() {
        let mut words = Words(b"  10\t-4 ");
        assert_eq!(words.count(), Ok(10));
        assert_eq!(words.word(), Some(&b"-4"[..]));
        assert_eq!(words.count(), Err(Missing::NotSupported));
    }
}
