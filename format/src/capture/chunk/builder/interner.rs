//! The texts of a chunk, each stored once and known by its number.

use crate::capture::chunk::MOST_TEXTS;
use std::collections::HashMap;
use std::sync::Arc;

/// No chunk holds more bytes of text: its index must fit a frame.
const MOST_TEXT: usize = 48 << 20;

/// Which number each text has.
#[derive(Debug, Default)]
pub(super) struct Interner {
    number_of: HashMap<Arc<[u8]>, u32>,
    bytes: usize,
}

impl Interner {
    /// How many bytes the texts have, taken together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.number_of.clear();
        self.bytes = 0;
    }

    /// The number of a text; none when there is no more room for one that is new.
    pub(super) fn number(&mut self, text: &[u8], strings: &mut Vec<Arc<[u8]>>) -> Option<i64> {
        match self.number_of.get(text) {
            Some(&number) => Some(i64::from(number)),
            None => self.add(text.into(), strings),
        }
    }

    /// The same for a text that other chunks have too.
    pub(super) fn number_shared(
        &mut self,
        text: &Arc<[u8]>,
        strings: &mut Vec<Arc<[u8]>>,
    ) -> Option<i64> {
        match self.number_of.get(text) {
            Some(&number) => Some(i64::from(number)),
            None => self.add(Arc::clone(text), strings),
        }
    }

    fn add(&mut self, text: Arc<[u8]>, strings: &mut Vec<Arc<[u8]>>) -> Option<i64> {
        let bytes = self.bytes + text.len();
        let number = u32::try_from(strings.len()).ok()?;
        if bytes > MOST_TEXT || strings.len() >= MOST_TEXTS {
            return None;
        }
        self.bytes = bytes;
        strings.push(Arc::clone(&text));
        self.number_of.insert(text, number);
        Some(i64::from(number))
    }
}
