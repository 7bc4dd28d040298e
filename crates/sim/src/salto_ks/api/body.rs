//! JSON bodies. A field of the wrong type is 1100, unknown fields are ignored (2.6).

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::ids;
use super::problem::Problem;
use crate::frame::Request;

/// The object in the body of a request.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads it; an empty body is an empty object.
    pub(super) fn read(request: &Request) -> Result<Self, Problem> {
        if request.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Problem::invalid("The request body is not a valid JSON object")),
        }
    }

    /// True if the field is present, `null` or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The field as sent; `null` is none.
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A required text that is not empty.
    pub(super) fn need(&self, name: &str) -> Result<String, Problem> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Problem::invalid(format!("The {name} field is required")))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// An instant with `Z` or an offset.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let text = self.text(name)?;
        text.map(|text| text.parse().map_err(|_| Problem::value(format!("{name} is not an instant"))))
            .transpose()
    }

    /// An id; an empty text is none, because clients in production send it (addendum A1).
    pub(super) fn id(&self, name: &str) -> Result<Option<Uuid>, Problem> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.map(|text| ids::read(&text).ok_or_else(|| wrong(name))).transpose()
    }

    /// A list of ids.
    pub(super) fn ids(&self, name: &str) -> Result<Option<Vec<Uuid>>, Problem> {
        let id = |value: &Value| value.as_str().and_then(ids::read).ok_or_else(|| wrong(name));
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(all)) => all.iter().map(id).collect::<Result<_, _>>().map(Some),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A list of objects.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Self>, Problem> {
        let object = |value: &Value| value.as_object().cloned().map(Self).ok_or_else(|| wrong(name));
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(all)) => all.iter().map(object).collect(),
            Some(_) => Err(wrong(name)),
        }
    }
}

fn wrong(name: &str) -> Problem {
    Problem::invalid(format!("The {name} field has the wrong type"))
}
