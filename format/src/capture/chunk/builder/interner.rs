//! The texts of a chunk, each stored once and known by its number.

use std::collections::HashMap;
use std::sync::Arc;

/// Which number each text has.
#[derive(Debug, Default)]
pub(super) struct Interner {
    pub(super) number_of: HashMap<Arc<[u8]>, u32>,
}

impl Interner {
    pub(super) fn number(&mut self, text: &[u8], strings: &mut Vec<Arc<[u8]>>) -> i64 {
        match self.number_of.get(text) {
            Some(&number) => i64::from(number),
            None => self.add(text.into(), strings),
        }
    }

    /// The number of a text that other chunks have too.
    pub(super) fn number_shared(&mut self, text: &Arc<[u8]>, strings: &mut Vec<Arc<[u8]>>) -> i64 {
        match self.number_of.get(text) {
            Some(&number) => i64::from(number),
            None => self.add(Arc::clone(text), strings),
        }
    }

    fn add(&mut self, text: Arc<[u8]>, strings: &mut Vec<Arc<[u8]>>) -> i64 {
        let number = u32::try_from(strings.len()).unwrap_or(u32::MAX);
        strings.push(Arc::clone(&text));
        self.number_of.insert(text, number);
        i64::from(number)
    }
}
