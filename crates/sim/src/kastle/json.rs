//! JSON of answers: fields in the document's order, with the names of the contract and the forms of the switches.

use serde_json::Value;

use super::contract::Contract;
use super::kinds::Kind;
use crate::frame::Switches;

/// A value under its documented names.
#[derive(Clone, Debug)]
pub(super) enum Json {
    /// An object of a kind, whose fields the contract may rename.
    Object(Kind, Vec<(&'static str, Self)>),
    /// A list.
    List(Vec<Self>),
    /// An id: text or number (2B.4).
    Id(String),
    /// A text that may be absent.
    Maybe(Option<String>),
    /// A value with one form.
    Plain(Value),
}

/// The forms of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'a> {
    contract: &'a Contract,
    numbers: bool,
    absent: &'a str,
    extra: bool,
}

impl<'a> Style<'a> {
    /// The style of this contract and these switches.
    pub(super) fn new(contract: &'a Contract, switches: &'a Switches) -> Self {
        Self {
            contract,
            numbers: switches.is("json.ids", "number"),
            absent: switches.get("json.absent"),
            extra: switches.is("json.extra", "present"),
        }
    }
}

impl<T: Into<Value>> From<T> for Json {
    fn from(value: T) -> Self {
        Self::Plain(value.into())
    }
}

impl Json {
    /// JSON's null for any position of `json.absent`.
    pub(super) const NULL: Self = Self::Plain(Value::Null);

    /// A list of ids.
    pub(super) fn ids(ids: &[String]) -> Self {
        Self::List(ids.iter().cloned().map(Self::Id).collect())
    }

    /// Its compact text.
    pub(super) fn text(&self, style: &Style<'_>) -> String {
        let mut out = String::new();
        self.write(style, &mut out);
        out
    }

    fn write(&self, style: &Style<'_>, out: &mut String) {
        match self {
            Self::Object(kind, fields) => write_object(*kind, fields, style, out),
            Self::List(items) => {
                out.push('[');
                separated(items.iter(), out, |item, out| item.write(style, out));
                out.push(']');
            }
            Self::Id(id) if style.numbers && is_number(id) => out.push_str(id),
            Self::Id(text) | Self::Maybe(Some(text)) => quote(text, out),
            Self::Maybe(None) if style.absent == "empty" => out.push_str("\"\""),
            Self::Maybe(None) => out.push_str("null"),
            Self::Plain(value) => out.push_str(&value.to_string()),
        }
    }
}

fn write_object(kind: Kind, fields: &[(&'static str, Json)], style: &Style<'_>, out: &mut String) {
    let is_absent = |value: &Json| matches!(value, Json::Maybe(None)) && style.absent == "missing";
    out.push('{');
    separated(fields.iter().filter(|(_, value)| !is_absent(value)), out, |(name, value), out| {
        quote(style.contract.outward(kind, name), out);
        out.push(':');
        value.write(style, out);
    });
    if style.extra {
        let comma = if out.ends_with('{') { "" } else { "," };
        out.push_str(comma);
        out.push_str("\"XKastleInternal\":{\"Trace\":[1,null]}");
    }
    out.push('}');
}

fn separated<T>(items: impl Iterator<Item = T>, out: &mut String, mut write: impl FnMut(T, &mut String)) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

/// Whether an id keeps its value when it is written as a JSON number.
fn is_number(id: &str) -> bool {
    id.parse::<u64>().is_ok_and(|number| number.to_string() == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Switches;
    use crate::kastle::SWITCHES;

    fn text(set: &[(&str, &str)]) -> String {
        let mut switches = Switches::new(&[SWITCHES]);
        for (name, value) in set {
            switches.set(name, value).unwrap();
        }
        let contract = Contract::of(&switches).unwrap();
        let fields = vec![
            ("CompanyId", Json::Id("7".to_owned())),
            ("CompanyGuid", Json::Id("0x".to_owned())),
            ("Suite", Json::Maybe(None)),
            ("IsActive", true.into()),
        ];
        Json::Object(Kind::Company, fields).text(&Style::new(&contract, &switches))
    }

    #[test]
    fn fields_are_in_the_order_of_the_document() {
        assert_eq!(text(&[]), r#"{"CompanyId":"7","CompanyGuid":"0x","Suite":null,"IsActive":true}"#);
    }

    #[test]
    fn switches_change_the_form_of_ids_and_absent_values() {
        let set = [("json.ids", "number"), ("json.absent", "missing"), ("json.extra", "present")];
        let expected =
            r#"{"CompanyId":7,"CompanyGuid":"0x","IsActive":true,"XKastleInternal":{"Trace":[1,null]}}"#;
        assert_eq!(text(&set), expected);
        assert!(text(&[("json.absent", "empty")]).contains(r#""Suite":"""#));
    }
}
