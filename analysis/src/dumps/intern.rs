//! Texts and stacks that occur more than once, kept once.

use super::model::{Dump, Stack};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Interner {
    frames: HashMap<Arc<str>, u32>,
    /// The frames by number.
    texts: Vec<Arc<str>>,
    stacks: HashMap<Box<[u32]>, Arc<Stack>>,
    others: HashSet<Arc<str>>,
    /// Used again for each stack.
    numbers: Vec<u32>,
}

impl Interner {
    /// A text that is no frame.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.others.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.others.insert(new.clone());
        new
    }

    /// A stack of these frames.
    pub(super) fn stack<'f>(&mut self, frames: impl IntoIterator<Item = &'f str>) -> Arc<Stack> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        numbers.extend(frames.into_iter().map(|frame| self.number(frame)));
        let stack = if let Some(known) = self.stacks.get(numbers.as_slice()) {
            known.clone()
        } else {
            let frames = numbers
                .iter()
                .filter_map(|number| self.texts.get(*number as usize).cloned());
            let new = Arc::new(Stack(frames.collect()));
            self.stacks.insert(numbers.as_slice().into(), new.clone());
            new
        };
        self.numbers = numbers;
        stack
    }

    /// These were the frames of the thread that was read last.
    pub(super) fn close(&mut self, dump: &mut Dump, frames: &mut Vec<&str>) {
        if let Some(thread) = dump.threads.last_mut() {
            thread.stack = self.stack(frames.drain(..));
        }
    }

    fn number(&mut self, frame: &str) -> u32 {
        if let Some(number) = self.frames.get(frame) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = frame.into();
        self.texts.push(text.clone());
        self.frames.insert(text, number);
        number
    }
}
