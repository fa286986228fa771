//! From a text to a filter, or to words on what is wrong with it.

use super::condition::{condition, unknown};
use super::{Filter, Quality};
use crate::processes::column::Column;

/// How deep brackets may stand in each other.
const DEEPEST: usize = 32;
/// Longer ones come first: `>=` is not `>` and something.
const OPERATORS: [&str; 7] = ["!=", ">=", "<=", ">", "<", "=", ":"];

/// Why a text is no filter, in words for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

pub(super) fn wrong<T>(words: impl Into<String>) -> Result<T, FilterError> {
    Err(FilterError(words.into()))
}

/// Reads a filter.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
    };
    let filter = parser.any(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(_) => wrong("there is a `)` without a `(`"),
    }
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    /// A word and whether any of it was in quotes; where its first operator may stand.
    Word(String, Option<usize>),
}

/// Cuts the text at blanks and brackets that are not in quotes.
fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut word: Option<(String, Option<usize>)> = None;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                let (text, quote) = word.get_or_insert_default();
                quote.get_or_insert(text.len());
            }
            _ if quoted => word.get_or_insert_default().0.push(c),
            '(' | ')' => {
                tokens.extend(word.take().map(|(text, quote)| Token::Word(text, quote)));
                tokens.push(if c == '(' { Token::Open } else { Token::Close });
            }
            c if c.is_whitespace() => {
                tokens.extend(word.take().map(|(text, quote)| Token::Word(text, quote)));
            }
            c => word.get_or_insert_default().0.push(c),
        }
    }
    if quoted {
        return wrong("a quotation mark is open: close it with \"");
    }
    tokens.extend(word.map(|(text, quote)| Token::Word(text, quote)));
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next_is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(text, None)) if text.eq_ignore_ascii_case(word))
    }

    /// Parts joined by `or`.
    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > DEEPEST {
            return wrong("there are too many brackets in each other");
        }
        let mut parts = vec![self.all(depth)?];
        while self.next_is_word("or") {
            self.at += 1;
            parts.push(self.all(depth)?);
        }
        if parts.len() > 1 && parts.iter().any(Filter::is_empty) {
            return wrong("`or` stands between two conditions, as in `state:D or cpu>50`");
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Filter::Any(parts)
            }
        })
    }

    /// Parts that must all hold.
    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = Vec::new();
        while !self.next_is_word("or")
            && let Some(token) = self.peek().filter(|token| **token != Token::Close)
        {
            if *token == Token::Word("and".to_owned(), None) {
                self.at += 1;
                continue;
            }
            parts.push(self.one(depth)?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Filter::All(parts)
            }
        })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > DEEPEST {
            return wrong("there are too many brackets in each other");
        }
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Open) => {
                let inner = self.any(depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return wrong("a bracket is open: close it with )");
                }
                self.at += 1;
                Ok(inner)
            }
            Some(Token::Word(text, None)) if text.eq_ignore_ascii_case("not") || text == "-" => {
                match self.peek() {
                    None | Some(Token::Close) => {
                        wrong("`not` stands before what must not hold, as in `not state:S`")
                    }
                    Some(_) => Ok(Filter::Not(Box::new(self.one(depth + 1)?))),
                }
            }
            Some(Token::Word(text, quote)) => word(&text, quote),
            Some(Token::Close) | None => wrong("something is missing at the end"),
        }
    }
}

/// One condition or word. A quoted part has no operators in it.
fn word(text: &str, quote: Option<usize>) -> Result<Filter, FilterError> {
    let plain = &text[..quote.unwrap_or(text.len())];
    if let Some(rest) = text.strip_prefix('-').filter(|_| plain.len() > 1) {
        let quote = quote.map(|at| at - 1);
        return Ok(Filter::Not(Box::new(word(rest, quote)?)));
    }
    let first = OPERATORS
        .into_iter()
        .filter_map(|operator| Some((plain.find(operator)?, operator)))
        .min_by_key(|(at, operator)| (*at, std::cmp::Reverse(operator.len())));
    let Some((at, operator)) = first else {
        return Ok(Filter::Word(text.to_lowercase()));
    };
    let (name, value) = (&text[..at], &text[at + operator.len()..]);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if name.eq_ignore_ascii_case("is") {
        return quality(value);
    }
    match Column::named(name) {
        Some(column) => condition(column, operator, value),
        // `10.0.3.17:8080` and `kworker/0:1` are things that processes are called.
        None if !is_name => Ok(Filter::Word(text.to_lowercase())),
        None => wrong(unknown(name, text)),
    }
}

fn quality(value: &str) -> Result<Filter, FilterError> {
    let known = Quality::ALL
        .into_iter()
        .find(|(word, _)| value.eq_ignore_ascii_case(word));
    if let Some((_, quality)) = known {
        return Ok(Filter::Quality(quality));
    }
    let words: Vec<_> = Quality::ALL
        .iter()
        .map(|(word, _)| format!("is:{word}"))
        .collect();
    let words = words.join(", ");
    wrong(format!("`is:{value}` is not known: write {words}"))
}

#[cfg(test)]
mod tests {
    use super::super::Test;
    use super::*;

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said_in_words_with_an_example() {
        assert_eq!(message("cpu>"), "`cpu>` needs a value, as in `cpu>10`");
        assert!(
            message("sate:D").contains("Did you mean `state`?"),
            "{}",
            message("sate:D")
        );
        assert!(
            message("rss>5x").contains("is not a size"),
            "{}",
            message("rss>5x")
        );
        assert!(
            message("age<5").contains("is not a duration"),
            "{}",
            message("age<5")
        );
        assert!(
            message("user>5").contains("is text"),
            "{}",
            message("user>5")
        );
        assert!(message("threads>x").contains("`threads>1`"));
        assert!(message("is:odd").contains("is:new"));
        assert!(message("state:foo").contains("D (blocked)"));
        assert!(message("started>14:03").contains("age<5m"));
    }

    #[test]
    fn what_is_unfinished_is_said() {
        assert!(message("\"abc").contains("quotation mark"));
        assert!(message("(cpu>1").contains("close it with )"));
        assert!(message("cpu>1)").contains("without a `(`"));
        assert!(message("a or").contains("between two"));
        assert!(message("not").contains("must not hold"));
        assert!(message(&"(".repeat(500)).contains("too many brackets"));
        assert!(message(&"not ".repeat(500)).contains("too many brackets"));
    }

    #[test]
    fn names_with_colons_are_words() {
        for text in ["10.0.3.17:8080", "kworker/0:1", "\"user:x\""] {
            assert!(matches!(parse(text), Ok(Filter::Word(_))), "{text}");
        }
        assert_eq!(parse(""), Ok(Filter::default()));
    }

    #[test]
    fn a_value_may_be_quoted() {
        let filter = parse("command:\"a b\"").unwrap();
        assert_eq!(
            filter,
            Filter::Is(Column::Command, Test::Contains("a b".to_owned()))
        );
    }
}
