//! Words of a `$filter`.

use jiff::Timestamp;

use super::{Malformed, Scalar};

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A property, an operator, a function.
    Word(String),
    /// A literal.
    Value(Scalar<'static>),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// All words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Malformed> {
    let mut rest = text;
    let mut all = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, tail) = match first {
            ' ' | '\t' => {
                rest = &rest[1..];
                continue;
            }
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            ',' => (Token::Comma, &rest[1..]),
            '\'' => {
                let (text, tail) = quoted(rest)?;
                (Token::Value(Scalar::Text(text.into())), tail)
            }
            _ => word(rest)?,
        };
        all.push(token);
        rest = tail;
    }
    Ok(all)
}

/// `'it''s'`, with the quote doubled; also returns the rest of the text.
fn quoted(text: &str) -> Result<(String, &str), Malformed> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'').ok_or_else(|| "A text is expected".to_owned())?;
    loop {
        let end = rest.find('\'').ok_or_else(|| "There is an unterminated string literal".to_owned())?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(tail) => {
                value.push('\'');
                rest = tail;
            }
            None => return Ok((value, rest)),
        }
    }
}

fn word(text: &str) -> Result<(Token, &str), Malformed> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        let strange = text.chars().next().unwrap_or_default();
        return Err(format!("Syntax error: character '{strange}' is not valid"));
    }
    if word.eq_ignore_ascii_case("datetime") && rest.starts_with('\'') {
        let (text, tail) = quoted(rest)?;
        return Ok((Token::Value(Scalar::Instant(date_time(&text)?)), tail));
    }
    let value = match word {
        "true" => Scalar::Bool(true),
        "false" => Scalar::Bool(false),
        "null" => Scalar::Null,
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            let number: Option<f64> = word.parse().ok();
            Scalar::Number(number.ok_or_else(|| format!("'{word}' is not a number"))?)
        }
        _ => return Ok((Token::Word(word.to_owned()), rest)),
    };
    Ok((Token::Value(value), rest))
}

/// With `Z`, an offset, or neither, which means UTC.
fn date_time(text: &str) -> Result<Timestamp, Malformed> {
    let own = text.parse().ok();
    own.or_else(|| format!("{text}Z").parse().ok()).ok_or_else(|| format!("'{text}' is not a DateTime"))
}
