//! The OData options of lists (2.3): `$filter`, `$orderby`, `$top`, `$skip`, `$inlinecount`, v3 style.
//! Options that do not parse are error 1102, also unknown properties and options.

mod filter;
mod lexer;

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;

pub(super) use self::filter::Filter;
use super::ids::Pu;
use crate::frame::{Request, percent_decode};

/// The value of a property in filters and orders.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    /// No value.
    Null,
    /// Text, ids included.
    Text(Cow<'a, str>),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(Timestamp),
}

impl<'a> Scalar<'a> {
    /// Text that may be missing.
    pub(super) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }

    /// An id.
    pub(super) fn id(id: uuid::Uuid) -> Self {
        Self::Text(Cow::Owned(id.to_string()))
    }

    /// A platform id.
    pub(super) fn pu(id: Pu) -> Self {
        Self::id(id.0)
    }

    /// An instant that may be missing.
    pub(super) fn instant(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::Instant)
    }

    /// The order of two values of the same kind.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Text(a), Self::Text(b)) => Some(order_of(a, b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// For sorting: an absent value is first.
    fn rank(&self, other: &Self) -> Ordering {
        self.compare(other).unwrap_or_else(|| (*other == Self::Null).cmp(&(*self == Self::Null)))
    }
}

/// Compares texts without case, without an allocation if both are ASCII.
fn order_of(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let (small_a, small_b) =
            (a.bytes().map(|b| b.to_ascii_lowercase()), b.bytes().map(|b| b.to_ascii_lowercase()));
        return small_a.cmp(small_b);
    }
    a.to_lowercase().cmp(&b.to_lowercase())
}

/// The kind of values of a property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Text, ids included.
    Text,
    /// `true` or `false`.
    Bool,
    /// An instant.
    Instant,
}

/// The properties by which a list may be filtered and ordered.
pub(super) type Properties = &'static [(&'static str, Kind)];

/// The options of one request.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// `$filter`.
    pub(super) filter: Option<Filter>,
    /// `$orderby`: properties, and whether each descends.
    pub(super) order: Vec<(String, bool)>,
    /// `$top`.
    pub(super) top: Option<usize>,
    /// `$skip`.
    pub(super) skip: usize,
    /// `$inlinecount=allpages`.
    pub(super) count: bool,
}

/// The reason why options do not parse: the message of 1102.
pub(super) type Malformed = String;

impl Options {
    /// Reads the options of a request on a list with these properties.
    pub(super) fn read(request: &Request, properties: Properties) -> Result<Self, Malformed> {
        let mut options = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in request.query.split('&').filter(|pair| pair.starts_with('$') || pair.starts_with("%24")) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (percent_decode(name), percent_decode(value));
            if seen.contains(&name) {
                return Err(format!("The query option {name} is given twice"));
            }
            options.take(&name, &value, properties)?;
            seen.push(name);
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: &str, properties: Properties) -> Result<(), Malformed> {
        let whole = || {
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            digits
                .then(|| value.parse().unwrap_or(usize::MAX))
                .ok_or_else(|| format!("{name} is not a number"))
        };
        match name {
            "$filter" => self.filter = Some(Filter::read(value, properties)?),
            "$orderby" => self.order = order(value, properties)?,
            "$top" => self.top = Some(whole()?),
            "$skip" => self.skip = whole()?,
            "$inlinecount" => {
                self.count = match value {
                    "allpages" => true,
                    "none" => false,
                    _ => return Err("$inlinecount takes allpages or none".to_owned()),
                }
            }
            _ => return Err(format!("The query option {name} is not supported")),
        }
        Ok(())
    }

    /// Filters and sorts.
    pub(super) fn apply<T>(&self, items: &mut Vec<T>, field: impl Fn(&T, &str) -> Scalar<'static>) {
        if let Some(filter) = &self.filter {
            items.retain(|item| filter.holds(&|path| field(item, path)));
        }
        if !self.order.is_empty() {
            items.sort_by(|a, b| {
                let by = |(path, descends): &(String, bool)| {
                    let order = field(a, path).rank(&field(b, path));
                    if *descends { order.reverse() } else { order }
                };
                self.order.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            });
        }
    }
}

/// `a desc, b/c`.
fn order(text: &str, properties: Properties) -> Result<Vec<(String, bool)>, Malformed> {
    let part = |part: &str| {
        let mut words = part.split_whitespace();
        let path = words.next().unwrap_or_default();
        if !properties.iter().any(|(known, _)| *known == path) {
            return Err(format!("Could not find a property named '{path}'"));
        }
        match (words.next(), words.next()) {
            (None | Some("asc"), None) => Ok((path.to_owned(), false)),
            (Some("desc"), None) => Ok((path.to_owned(), true)),
            _ => Err(format!("Syntax error in $orderby at '{}'", part.trim())),
        }
    };
    text.split(',').map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_filter_reads_each_item_of_a_large_list_once() {
        let properties: Properties = &[("email", Kind::Text)];
        let filter = Filter::read("email eq '4711@x'", properties).unwrap();
        let options = Options { filter: Some(filter), ..Options::default() };
        let looks = Cell::new(0);
        let mut items: Vec<u32> = (0..10_000).collect();
        options.apply(&mut items, |item, path| {
            assert_eq!(path, "email");
            looks.set(looks.get() + 1);
            Scalar::Text(Cow::Owned(format!("{item}@x")))
        });
        assert_eq!((items, looks.get()), (vec![4711], 10_000));
    }
}
