//! The tokens of the text form.

use crate::value::Value;

/// Decimal digits of the longest number that is read: room for products of the widest values.
const MAX_DIGITS: usize = 40_000;

/// One token; borrowed from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word: a letter or `_`, then letters, digits, `_` and `$`.
    Word(&'a str),
    /// A decimal number, perhaps negative.
    Number(&'a str),
    /// The inside of a quoted string, with its escapes.
    Str(&'a str),
    /// `%n`, `@n` or `#n`.
    Marked(char, &'a str),
    /// One of `{ } [ ] < > : , . = -> => ..=`.
    Punct(&'static str),
    /// The end of the text.
    End,
    /// Something else.
    Bad(&'a str),
}

impl Token<'_> {
    /// What to call the token in an error.
    pub(super) fn describe(self) -> String {
        let shown = |s: &str| s.chars().take(40).collect::<String>();
        match self {
            Token::Word(s) | Token::Number(s) => format!("`{}`", shown(s)),
            Token::Bad(s) if s.starts_with('"') => "a string without end".to_string(),
            Token::Bad(s) => format!("`{}`", shown(s)),
            Token::Str(s) => format!("\"{}\"", shown(s)),
            Token::Marked(mark, s) => format!("`{mark}{}`", shown(s)),
            Token::Punct(s) => format!("`{s}`"),
            Token::End => "the end of the text".to_string(),
        }
    }
}

const PUNCTUATION: [&str; 13] = ["..=", "->", "=>", "{", "}", "[", "]", "<", ">", ":", ",", ".", "="];

/// The token at or after byte `at`, with its start and the byte after it.
pub(super) fn next(text: &str, mut at: usize) -> (Token<'_>, usize, usize) {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b';') => at = line_end(bytes, at),
            Some(b'/') if bytes.get(at + 1) == Some(&b'/') => at = line_end(bytes, at),
            _ => break,
        }
    }
    let run = |from: usize, keep: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|b| keep(b)).count();
    let Some(&first) = bytes.get(at) else {
        return (Token::End, at, at);
    };
    let digits_end = |from: usize| run(from, u8::is_ascii_digit);
    match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let end = run(at, |b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$');
            (Token::Word(&text[at..end]), at, end)
        }
        b'0'..=b'9' => {
            let end = digits_end(at);
            (Token::Number(&text[at..end]), at, end)
        }
        b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
            let end = digits_end(at + 1);
            (Token::Number(&text[at..end]), at, end)
        }
        b'%' | b'@' | b'#' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
            let end = digits_end(at + 1);
            (Token::Marked(first as char, &text[at + 1..end]), at, end)
        }
        b'"' => {
            let mut end = at + 1;
            loop {
                match bytes.get(end) {
                    Some(b'"') => return (Token::Str(&text[at + 1..end]), at, end + 1),
                    Some(b'\\') => end += 2,
                    Some(_) => end += 1,
                    None => return (Token::Bad(&text[at..]), at, text.len()),
                }
            }
        }
        _ => {
            if let Some(p) = PUNCTUATION.iter().find(|p| bytes[at..].starts_with(p.as_bytes())) {
                return (Token::Punct(p), at, at + p.len());
            }
            let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
            (Token::Bad(&text[at..end]), at, end)
        }
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|&&b| b != b'\n').count()
}

/// The value of a number token; `None` where it has too many digits.
pub(super) fn value(digits: &str) -> Option<Value> {
    if let Ok(small) = digits.parse::<i64>() {
        return Some(Value::small(small));
    }
    if digits.len() > MAX_DIGITS {
        return None;
    }
    digits.parse().ok()
}

/// The string that the inside of a string token spells; `None` where an escape is not known.
pub(super) fn unescape(inside: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            c @ ('"' | '\\') => out.push(c),
            'u' => {
                let (code, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                if code.len() > 6 {
                    return None;
                }
                out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                chars = rest.chars();
            }
            _ => return None,
        }
    }
    Some(out)
}
