//! `$filter`: comparisons, `contains`, `and`, `or`, parentheses.

use std::cmp::Ordering;

use super::lexer::{Token, tokens};
use super::{Kind, Malformed, Properties, Scalar};

/// Deeper parentheses are refused, so that the stack does not overflow.
const DEEPEST: usize = 64;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Filter {
    /// Both.
    And(Box<Self>, Box<Self>),
    /// Either.
    Or(Box<Self>, Box<Self>),
    /// A comparison of a property with a value.
    Compare(String, Operator, Scalar<'static>),
    /// A property contains a text.
    Contains(String, String),
}

/// The operator of a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Eq => order == Some(Ordering::Equal),
            Self::Ne => order != Some(Ordering::Equal),
            Self::Gt => order == Some(Ordering::Greater),
            Self::Ge => order.is_some_and(Ordering::is_ge),
            Self::Lt => order == Some(Ordering::Less),
            Self::Le => order.is_some_and(Ordering::is_le),
        }
    }
}

impl Filter {
    /// Reads a filter on a list with these properties.
    pub(in super::super) fn read(text: &str, properties: Properties) -> Result<Self, Malformed> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, properties };
        let filter = parser.either()?;
        match parser.next() {
            None => Ok(filter),
            Some(token) => Err(format!("Syntax error: unexpected {token:?} after the expression")),
        }
    }

    /// The text that this property must equal for the filter to match, if the filter requires it. Lists use it as an index.
    pub(in super::super) fn wants(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Compare(path, Operator::Eq, Scalar::Text(text)) if path == wanted => Some(text),
            Self::And(a, b) => a.wants(wanted).or_else(|| b.wants(wanted)),
            _ => None,
        }
    }

    /// True for an item with these properties.
    pub(in super::super) fn holds(&self, field: &dyn Fn(&str) -> Scalar<'static>) -> bool {
        match self {
            Self::And(a, b) => a.holds(field) && b.holds(field),
            Self::Or(a, b) => a.holds(field) || b.holds(field),
            Self::Compare(path, operator, value) => operator.holds(field(path).compare(value)),
            Self::Contains(path, part) => match field(path) {
                Scalar::Text(text) => text.to_lowercase().contains(&part.to_lowercase()),
                _ => false,
            },
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    properties: Properties,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word(&mut self, word: &str) -> bool {
        let here = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, wanted: &Token, what: &str) -> Result<(), Malformed> {
        if self.next().as_ref() == Some(wanted) {
            Ok(())
        } else {
            Err(format!("Syntax error: {what} expected"))
        }
    }

    fn either(&mut self) -> Result<Filter, Malformed> {
        let mut left = self.both()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, Malformed> {
        let mut left = self.one()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, Malformed> {
        match self.next() {
            Some(Token::Open) => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err("The expression is nested too deeply".to_owned());
                }
                let inside = self.either()?;
                self.depth -= 1;
                self.expect(&Token::Close, "')'")?;
                Ok(inside)
            }
            Some(Token::Word(word)) if word == "contains" => self.contains(),
            Some(Token::Word(path)) => self.compare(path),
            _ => Err("Syntax error: an expression is expected".to_owned()),
        }
    }

    fn kind(&self, path: &str) -> Result<Kind, Malformed> {
        let found = self.properties.iter().find(|(known, _)| *known == path).map(|(_, kind)| *kind);
        found.ok_or_else(|| format!("Could not find a property named '{path}'"))
    }

    fn contains(&mut self) -> Result<Filter, Malformed> {
        self.expect(&Token::Open, "'('")?;
        let Some(Token::Word(path)) = self.next() else {
            return Err("Syntax error: contains takes a property first".to_owned());
        };
        if self.kind(&path)? != Kind::Text {
            return Err(format!("contains is not for '{path}'"));
        }
        self.expect(&Token::Comma, "','")?;
        let Some(Token::Value(Scalar::Text(part))) = self.next() else {
            return Err("Syntax error: contains takes a text last".to_owned());
        };
        self.expect(&Token::Close, "')'")?;
        Ok(Filter::Contains(path, part.into_owned()))
    }

    fn compare(&mut self, path: String) -> Result<Filter, Malformed> {
        let kind = self.kind(&path)?;
        let operator = match self.next() {
            Some(Token::Word(word)) => Operator::read(&word),
            _ => None,
        };
        let operator =
            operator.ok_or_else(|| format!("Syntax error: an operator is expected after '{path}'"))?;
        let Some(Token::Value(value)) = self.next() else {
            return Err("Syntax error: a value is expected".to_owned());
        };
        let fits = matches!(
            (kind, &value),
            (_, Scalar::Null)
                | (Kind::Text, Scalar::Text(_))
                | (Kind::Bool, Scalar::Bool(_))
                | (Kind::Instant, Scalar::Instant(_))
        );
        if !fits {
            return Err(format!("'{path}' cannot be compared with a value of that type"));
        }
        Ok(Filter::Compare(path, operator, value))
    }
}
