//! What the helper that asks a virtual machine and the recorder say to each other, over the pipes
//! between them: a byte for what it is, four for how long it is, and the bytes.

use std::io::{self, Read, Write};
use std::time::Duration;

/// No word is longer.
const MOST_BYTES: usize = 1 << 20;

/// What the helper says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// There is no socket: may the process be signalled? A byte on standard input is a yes.
    MayISignal,
    /// It has been signalled.
    Signalled,
    /// The virtual machine listens; so long it took.
    Connected(Duration),
    /// What it is asked for.
    Arguments(String),
    /// A piece of the answer.
    Text(Vec<u8>),
    /// How long it stood still.
    Pause(Duration),
    /// CPU time that the helper has used.
    Cpu(Duration),
    /// It was not asked, and why.
    Refused(String),
    /// It was asked, and that did not work.
    Failed(String),
    /// All of the answer is there.
    End,
}

impl Word {
    /// Says it.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let micros = |time: &Duration| time.as_micros().to_string().into_bytes();
        let (kind, bytes) = match self {
            Self::MayISignal => (b'?', Vec::new()),
            Self::Signalled => (b'!', Vec::new()),
            Self::Connected(after) => (b'c', micros(after)),
            Self::Arguments(text) => (b'a', text.clone().into_bytes()),
            Self::Text(bytes) => (b't', bytes.clone()),
            Self::Pause(pause) => (b'p', micros(pause)),
            Self::Cpu(cpu) => (b'u', micros(cpu)),
            Self::Refused(why) => (b'r', why.clone().into_bytes()),
            Self::Failed(why) => (b'f', why.clone().into_bytes()),
            Self::End => (b'e', Vec::new()),
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        to.write_all(&[kind])?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&bytes)?;
        to.flush()
    }

    /// Takes the next word off what has come; nothing when it is not complete yet.
    pub(super) fn take(heard: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let Some((&[kind, a, b, c, d], rest)) = heard.split_first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MOST_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(bytes) = rest.get(..length) else {
            return Ok(None);
        };
        let text = || String::from_utf8_lossy(bytes).into_owned();
        let micros = || {
            text()
                .parse()
                .map(Duration::from_micros)
                .unwrap_or_default()
        };
        let word = match kind {
            b'?' => Self::MayISignal,
            b'!' => Self::Signalled,
            b'c' => Self::Connected(micros()),
            b'a' => Self::Arguments(text()),
            b't' => Self::Text(bytes.to_owned()),
            b'p' => Self::Pause(micros()),
            b'u' => Self::Cpu(micros()),
            b'r' => Self::Refused(text()),
            b'f' => Self::Failed(text()),
            b'e' => Self::End,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        heard.drain(..5 + length);
        Ok(Some(word))
    }
}

/// The byte that says yes.
pub(super) const YES: u8 = b'y';

/// Waits for the answer of the recorder.
pub(super) fn is_yes(mut from: impl Read) -> bool {
    let mut byte = [0];
    from.read_exact(&mut byte).is_ok() && byte == [YES]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_as_they_were_said_however_they_are_cut() {
        let words = [
            Word::MayISignal,
            Word::Signalled,
            Word::Connected(Duration::from_micros(7)),
            Word::Arguments("threaddump -e".to_owned()),
            Word::Text(vec![0, 255, 10]),
            Word::Text(Vec::new()),
            Word::Pause(Duration::from_millis(11)),
            Word::Cpu(Duration::from_micros(1)),
            Word::Refused("no".to_owned()),
            Word::Failed("ä".to_owned()),
            Word::End,
        ];
        let mut said = Vec::new();
        for word in &words {
            word.write(&mut said).unwrap();
        }
        for step in [1, 3, 1000] {
            let (mut heard, mut found) = (Vec::new(), Vec::new());
            for part in said.chunks(step) {
                heard.extend_from_slice(part);
                while let Some(word) = Word::take(&mut heard).unwrap() {
                    found.push(word);
                }
            }
            assert_eq!(found, words);
        }
    }

    #[test]
    fn what_no_helper_says_is_an_error() {
        assert!(Word::take(&mut b"x\0\0\0\0".to_vec()).is_err());
        assert!(Word::take(&mut b"t\xff\xff\xff\xff".to_vec()).is_err());
        assert!(is_yes(&b"y"[..]) && !is_yes(&b"n"[..]) && !is_yes(&b""[..]));
    }
}
