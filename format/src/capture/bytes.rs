//! Numbers as bytes: the variable-length integers that frames are made of.
//!
//! Writing cannot fail. Reading trusts nothing: every count is checked against the bytes
//! that are left, so a damaged or hostile frame ends in an error and never in a large
//! allocation.

use super::error::FrameFault;

/// Appends `value`, seven bits a byte, lowest first, the high bit set on all but the last.
pub(crate) fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends `value` with its sign folded into the lowest bit: 0, -1, 1, -2, ...
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_unsigned(
        out,
        (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(),
    );
}

/// Appends a length and the bytes themselves.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_unsigned(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, FrameFault> {
        let (&first, rest) = self.0.split_first().ok_or(FrameFault::Short)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, FrameFault> {
        // Most numbers are small.
        if let [first @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*first));
        }
        let mut value = 0;
        for (position, &byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                self.0 = &self.0[position + 1..];
                return Ok(value);
            }
        }
        Err(FrameFault::Short)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, FrameFault> {
        let folded = self.unsigned()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// Steps over numbers without looking at them.
    pub(crate) fn skip(&mut self, mut numbers: usize) -> Result<(), FrameFault> {
        const HIGH: u64 = 0x8080_8080_8080_8080;
        // A number ends with a byte whose high bit is not set. Eight bytes end at most eight.
        while numbers >= 8
            && let Some((eight, rest)) = self.0.split_first_chunk::<8>()
        {
            let ends = (!u64::from_le_bytes(*eight) & HIGH).count_ones();
            numbers -= ends as usize;
            self.0 = rest;
        }
        for _ in 0..numbers {
            let end = self.0.iter().position(|byte| *byte < 0x80);
            self.0 = &self.0[end.ok_or(FrameFault::Short)? + 1..];
        }
        Ok(())
    }

    /// A number that has to fit a `u32`.
    pub(crate) fn small(&mut self) -> Result<u32, FrameFault> {
        let value = self.unsigned()?;
        u32::try_from(value).map_err(|_too_large| FrameFault::Number(value))
    }

    /// How many items follow, each of which takes at least `least` bytes.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, FrameFault> {
        let value = self.unsigned()?;
        match usize::try_from(value) {
            Ok(count) if count.saturating_mul(least) <= self.0.len() => Ok(count),
            _ => Err(FrameFault::Number(value)),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FrameFault> {
        let length = self.count(1)?;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn end(self) -> Result<(), FrameFault> {
        match self.0.len() {
            0 => Ok(()),
            left => Err(FrameFault::Number(left as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_at_every_size() {
        for value in [0, 1, -1, 63, -64, 64, 8191, 1 << 40, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            let mut input = Input(&out);
            assert_eq!(input.signed(), Ok(value));
            assert_eq!(input.end(), Ok(()));
        }
    }

    #[test]
    fn small_numbers_take_one_byte() {
        let mut out = Vec::new();
        put_signed(&mut out, -64);
        put_signed(&mut out, 63);
        assert_eq!(out, [127, 126]);
    }

    #[test]
    fn numbers_that_are_stepped_over_end_where_they_would_if_read() {
        let sizes = [0, 1, 127, 128, 5, 1 << 20, 3, u64::MAX, 9, 9, 9, 300, 1, 1];
        let mut out = Vec::new();
        for value in sizes {
            put_unsigned(&mut out, value);
        }
        for numbers in 0..=sizes.len() {
            let (mut read, mut skipped) = (Input(&out), Input(&out));
            for _ in 0..numbers {
                read.unsigned().unwrap();
            }
            skipped.skip(numbers).unwrap();
            assert_eq!(read.0, skipped.0, "{numbers} numbers");
        }
        let beyond = Input(&out).skip(sizes.len() + 1);
        assert_eq!(beyond, Err(FrameFault::Short));
    }

    #[test]
    fn a_count_beyond_the_bytes_left_is_refused_before_anything_is_allocated() {
        let mut out = Vec::new();
        put_unsigned(&mut out, 1 << 50);
        assert_eq!(Input(&out).count(1), Err(FrameFault::Number(1 << 50)));
    }

    #[test]
    fn a_number_without_an_end_is_short() {
        assert_eq!(Input(&[0x80, 0x80]).unsigned(), Err(FrameFault::Short));
        assert_eq!(Input(&[0xff; 11]).unsigned(), Err(FrameFault::Short));
    }
}
