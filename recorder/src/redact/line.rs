//! A command line as the rules see it: arguments, words, and where a value ends.
//!
//! Offsets are those of the bytes that came in. The rules read a copy in ASCII of the same
//! length, so that a byte that is not UTF-8 neither stops a regular expression nor moves it.

use std::ops::Range;

/// One command line, taken apart.
#[derive(Debug)]
pub(super) struct Line {
    /// NUL is a line feed, other white space a blank, all that is not printable ASCII `\x01`.
    text: String,
    /// As the text, in lower case, with `-` and `.` as `_`.
    folded: Vec<u8>,
    arguments: Vec<Argument>,
    words: Vec<Word>,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Holds a command of its own: the argument of `sh -c`, or a title that was rewritten.
    script: bool,
}

/// A part of an argument between blanks, without the quotes and parentheses it opens with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    argument: usize,
}

impl Line {
    pub(super) fn new(cmdline: &[u8]) -> Self {
        let text: String = cmdline.iter().map(|byte| seen(*byte)).collect();
        let folded = text.bytes().map(folded).collect();
        let arguments = arguments(text.as_bytes());
        let words = words(text.as_bytes(), &arguments);
        Self {
            text,
            folded,
            arguments,
            words,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn folded(&self) -> &[u8] {
        &self.folded
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// A word as text, without a quote or parenthesis it ends in.
    pub(super) fn word(&self, word: Word) -> &str {
        self.text[word.start..word.end].trim_end_matches(['"', '\'', ')', '`', ';', '}'])
    }

    /// The byte at this place; 0 at and behind the end.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The number of the word that holds this place.
    pub(super) fn word_at(&self, at: usize) -> Option<usize> {
        let behind = self.words.partition_point(|word| word.start <= at);
        let number = behind.checked_sub(1)?;
        (at < self.words[number].end).then_some(number)
    }

    /// Where the argument that holds this place ends.
    pub(super) fn argument_end(&self, at: usize) -> usize {
        self.argument(at).end
    }

    fn argument(&self, at: usize) -> Argument {
        let behind = self
            .arguments
            .partition_point(|argument| argument.start <= at);
        let whole = Argument {
            start: 0,
            end: self.text.len(),
            script: true,
        };
        behind
            .checked_sub(1)
            .map_or(whole, |number| self.arguments[number])
    }

    /// Whether this place is in an argument of its own that begins with `word_start`: then
    /// blanks belong to the value, since no shell will see them again.
    pub(super) fn is_whole_argument(&self, word_start: usize) -> bool {
        let argument = self.argument(word_start);
        !argument.script && argument.start == word_start
    }

    /// The value that starts at `from` in a word that starts at `word_start`.
    pub(super) fn attached_value(&self, word_start: usize, from: usize) -> Range<usize> {
        if self.is_whole_argument(word_start) {
            from..self.argument(word_start).end
        } else {
            from..self.shell_word_end(from)
        }
    }

    /// The value behind this word: the next argument, or inside a script the next word. None when
    /// that is an option: `--xyz` or `-x`, while `-hunter2` is taken for a value.
    pub(super) fn next_value(&self, number: usize) -> Option<Range<usize>> {
        let value = self.next_argument_or_word(number)?;
        let text = &self.text[value.clone()];
        let is_option = text.starts_with("--") || (text.starts_with('-') && text.len() == 2);
        (!is_option).then_some(value)
    }

    fn next_argument_or_word(&self, number: usize) -> Option<Range<usize>> {
        let word = self.words[number];
        let argument = self.arguments[word.argument];
        let alone = !argument.script && argument.start == word.start && argument.end == word.end;
        if alone {
            let next = self.arguments.get(word.argument + 1)?;
            return Some(next.start..next.end);
        }
        let next = self
            .words
            .get(number + 1)
            .filter(|next| next.argument == word.argument)?;
        // The word begins behind the quote that its value may begin with.
        let blanks = self.text[word.end..next.end]
            .bytes()
            .take_while(|byte| *byte == b' ')
            .count();
        let start = word.end + blanks;
        Some(start..self.shell_word_end(start))
    }

    /// The last word of the command that this word belongs to.
    pub(super) fn last_word_of_command(&self, number: usize) -> Option<(usize, Range<usize>)> {
        let script = self.arguments[self.words[number].argument].script;
        let same = |word: &&Word| !script || word.argument == self.words[number].argument;
        let command = self.words[number..].iter().take_while(same);
        let length = command
            .take_while(|word| !is_separator(self.word(**word)))
            .count();
        let last = number + length.checked_sub(1)?;
        let word = self.words[last];
        Some((last, self.attached_value(word.start, word.start)))
    }

    /// Where a shell would end the word that `from` is in: at a blank outside of quotes.
    fn shell_word_end(&self, from: usize) -> usize {
        let (bytes, end) = (self.text.as_bytes(), self.argument_end(from));
        let mut at = from;
        while at < end && bytes[at] != b' ' {
            at = match bytes[at] {
                b'\\' => at + 2,
                quote @ (b'"' | b'\'') => self
                    .closing_quote(at + 1, quote)
                    .map_or(at + 1, |close| close + 1),
                _ => at + 1,
            };
        }
        at.min(end)
    }

    /// The quote that ends what begins at `from`: one without a backslash, or else any.
    pub(super) fn closing_quote(&self, from: usize, quote: u8) -> Option<usize> {
        let (bytes, end) = (
            self.text.as_bytes(),
            self.argument_end(from.saturating_sub(1)),
        );
        let quotes = || (from..end).filter(|at| bytes[*at] == quote);
        quotes()
            .find(|at| bytes[at - 1] != b'\\')
            .or_else(|| quotes().next())
    }
}

/// Whether a shell starts another command behind this word.
pub(super) fn is_separator(word: &str) -> bool {
    matches!(word, "|" | "||" | "&&" | "&" | "")
}

/// What the rules see of a byte.
fn seen(byte: u8) -> char {
    match byte {
        0 => '\n',
        b' '..=b'~' => char::from(byte),
        byte if byte.is_ascii_whitespace() || byte == 0x0b => ' ',
        _ => '\x01',
    }
}

/// Lower case, and one spelling of the characters that join the parts of a name.
pub(super) fn folded(byte: u8) -> u8 {
    match byte {
        b'-' | b'.' => b'_',
        byte => byte.to_ascii_lowercase(),
    }
}

fn arguments(text: &[u8]) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = vec![];
    let mut start = 0;
    let mut script = false;
    for argument in text.split(|byte| *byte == b'\n') {
        let end = start + argument.len();
        arguments.push(Argument { start, end, script });
        script = takes_a_script(argument);
        start = end + 1;
    }
    if let [title] = &mut arguments[..] {
        title.script = true;
    }
    arguments
}

/// Whether the argument behind this one is a program text: `sh -c`, `bash -lc`, `perl -e`.
fn takes_a_script(argument: &[u8]) -> bool {
    match argument {
        b"-e" | b"--command" | b"--eval" | b"--execute" => true,
        [b'-', letters @ .., b'c'] => {
            letters.len() < 4 && letters.iter().all(u8::is_ascii_alphabetic)
        }
        _ => false,
    }
}

fn words(text: &[u8], arguments: &[Argument]) -> Vec<Word> {
    let mut words = vec![];
    for (number, argument) in arguments.iter().enumerate() {
        let mut start = argument.start;
        for word in text[argument.start..argument.end].split(|byte| *byte == b' ') {
            let end = start + word.len();
            let opening = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'(' | b'`' | b'{' | b'$');
            let opened = word.iter().take_while(opening).count();
            if opened < word.len() {
                words.push(Word {
                    start: start + opened,
                    end,
                    argument: number,
                });
            }
            start = end + 1;
        }
    }
    words
}

/// Where secrets were found.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    ranges: Vec<(usize, usize)>,
}

impl Secrets {
    /// Adds one, without the quotes around it.
    pub(super) fn add(&mut self, line: &Line, range: Range<usize>) {
        let range = without_quotes(line, range);
        if range.start < range.end {
            self.ranges.push((range.start, range.end));
        }
    }

    /// In order, those that touch joined.
    pub(super) fn into_ranges(mut self) -> Vec<(usize, usize)> {
        self.ranges.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::with_capacity(self.ranges.len());
        for (start, end) in self.ranges {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        joined
    }
}

/// A range without a pair of quotes around it.
pub(super) fn without_quotes(line: &Line, range: Range<usize>) -> Range<usize> {
    let quoted = range.len() >= 2
        && matches!(line.byte(range.start), b'"' | b'\'')
        && line.byte(range.start) == line.byte(range.end - 1);
    if quoted {
        range.start + 1..range.end - 1
    } else {
        range
    }
}
