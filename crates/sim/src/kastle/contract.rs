//! Paths and names: those of 2B, or those of another contract read from a file (2B.1, 2B.8).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::kinds::Kind;
use crate::frame::{Switches, percent_decode};

/// The example of another contract, position `renamed` of the switch `contract`.
pub const RENAMED: &str = include_str!("../../seeds/kastle-renamed.yaml");

/// The calls of 2B.4 (and the update of row 7), by their names in faults and counters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Operation {
    /// Fetches a token.
    PostToken,
    /// One institution.
    GetInstitution,
    /// The tenants.
    GetCompanies,
    /// The occupants.
    GetCardholders,
    /// The access groups.
    GetAccessProfiles,
    /// Makes a visit.
    PostVisit,
    /// Lists visits.
    GetVisits,
    /// Deletes a visit.
    DeleteVisit,
    /// Changes a visit.
    PutVisit,
    /// Lists the activity of readers.
    GetReaderActivity,
}

/// All of them with their default method and path.
const CALLS: &[(Operation, &str)] = &[
    (Operation::PostToken, "POST /token"),
    (Operation::GetInstitution, "GET /institutions/{I}"),
    (Operation::GetCompanies, "GET /institutions/{I}/companies"),
    (Operation::GetCardholders, "GET /institutions/{I}/cardholders"),
    (Operation::GetAccessProfiles, "GET /institutions/{I}/accessprofiles"),
    (Operation::PostVisit, "POST /institutions/{I}/visits"),
    (Operation::GetVisits, "GET /institutions/{I}/visits"),
    (Operation::DeleteVisit, "DELETE /institutions/{I}/visits/{VisitGuid}"),
    (Operation::PutVisit, "PUT /institutions/{I}/visits/{VisitGuid}"),
    (Operation::GetReaderActivity, "GET /institutions/{I}/readeractivity"),
];

/// Query parameters, and the header of the owner.
const PARAMETERS: [&str; 7] = ["page", "pageSize", "modifiedSince", "from", "to", "since", "OwnerGuid"];

impl Operation {
    /// The name.
    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }
}

/// The content of a contract file; an absent entry is as documented.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    calls: BTreeMap<Operation, String>,
    owner_header: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<Kind, BTreeMap<String, String>>,
}

/// A contract.
#[derive(Clone, Debug)]
pub(super) struct Contract {
    calls: Vec<Call>,
    owner_header: String,
    parameters: BTreeMap<String, String>,
    outward: BTreeMap<Kind, BTreeMap<String, String>>,
    inward: BTreeMap<Kind, BTreeMap<String, String>>,
}

#[derive(Clone, Debug)]
struct Call {
    operation: Operation,
    method: String,
    segments: Vec<String>,
}

/// The target of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Route {
    /// A call, with the institution and the visit of its path.
    To(Operation, String, String),
    /// A known path with an unknown method.
    Method,
    /// An unknown path.
    Unknown,
}

/// An unknown name, or two fields with one name, would be a silent mistake.
fn check_names(kind: Kind, names: &BTreeMap<String, String>) -> Result<(), String> {
    if let Some(unknown) = names.keys().find(|name| !kind.has(name)) {
        return Err(format!("the contract renames a field `{unknown}`, which {kind:?} does not have"));
    }
    let mut seen = BTreeSet::new();
    match names.values().find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err(format!("the contract gives two fields of {kind:?} the name `{twice}`")),
        None => Ok(()),
    }
}

impl Contract {
    /// The contract of the switch `contract`; the error is a sentence.
    pub(super) fn of(switches: &Switches) -> Result<Self, String> {
        let text = match switches.get("contract") {
            "documented" => return Self::new(File::default()),
            "renamed" => RENAMED.to_owned(),
            path => std::fs::read_to_string(path)
                .map_err(|e| format!("the contract `{path}` cannot be read: {e}"))?,
        };
        let file: File =
            serde_yaml::from_str(&text).map_err(|e| format!("the contract cannot be read: {e}"))?;
        Self::new(file)
    }

    fn new(file: File) -> Result<Self, String> {
        let call = |(operation, default): &(Operation, &str)| {
            Call::read(*operation, file.calls.get(operation).map_or(*default, String::as_str))
        };
        if let Some(unknown) = file.parameters.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
            return Err(format!("the contract renames a parameter `{unknown}`, which does not exist"));
        }
        file.fields.iter().try_for_each(|(kind, names)| check_names(*kind, names))?;
        let inverse = |names: &BTreeMap<String, String>| {
            names.iter().map(|(ours, theirs)| (theirs.clone(), ours.clone())).collect()
        };
        Ok(Self {
            calls: CALLS.iter().map(call).collect::<Result<_, _>>()?,
            owner_header: file.owner_header.unwrap_or_else(|| "OwnerGuid".to_owned()),
            parameters: file.parameters,
            inward: file.fields.iter().map(|(kind, names)| (*kind, inverse(names))).collect(),
            outward: file.fields,
        })
    }

    /// The target of a method and a path.
    pub(super) fn route(&self, method: &str, path: &str) -> Route {
        let segments: Vec<String> = path.split('/').map(percent_decode).collect();
        let mut known = false;
        for call in &self.calls {
            let Some((institution, visit)) = call.fit(&segments) else { continue };
            if call.method == method {
                return Route::To(call.operation, institution, visit);
            }
            known = true;
        }
        if known { Route::Method } else { Route::Unknown }
    }

    /// The header of the owner.
    pub(super) fn owner_header(&self) -> &str {
        &self.owner_header
    }

    /// The name of a query parameter.
    pub(super) fn parameter<'a>(&'a self, name: &'a str) -> &'a str {
        self.parameters.get(name).map_or(name, String::as_str)
    }

    /// The name of a field on the wire.
    pub(super) fn outward<'a>(&'a self, kind: Kind, name: &'a str) -> &'a str {
        self.outward.get(&kind).and_then(|names| names.get(name)).map_or(name, String::as_str)
    }

    /// An object under its documented names; a field that was renamed is unknown under its old name.
    pub(super) fn inward(&self, kind: Kind, object: Map<String, Value>) -> Map<String, Value> {
        let Some(inward) = self.inward.get(&kind) else {
            return object;
        };
        let is_renamed =
            |name: &String| self.outward.get(&kind).is_some_and(|names| names.contains_key(name));
        let rename = |(name, value): (String, Value)| match inward.get(&name) {
            Some(ours) => Some((ours.clone(), value)),
            None if is_renamed(&name) => None,
            None => Some((name, value)),
        };
        object.into_iter().filter_map(rename).collect()
    }
}

impl Call {
    fn read(operation: Operation, text: &str) -> Result<Self, String> {
        let Some((method, path)) = text.split_once(' ').filter(|(_, path)| path.starts_with('/')) else {
            return Err(format!("the contract's {operation:?} is not `METHOD /path` but `{text}`"));
        };
        let segments = path.split('/').map(str::to_owned).collect();
        Ok(Self { operation, method: method.to_owned(), segments })
    }

    fn fit(&self, segments: &[String]) -> Option<(String, String)> {
        if self.segments.len() != segments.len() {
            return None;
        }
        let (mut institution, mut visit) = (String::new(), String::new());
        for (wanted, found) in self.segments.iter().zip(segments) {
            match wanted.as_str() {
                "{I}" if !found.is_empty() => institution.clone_from(found),
                "{VisitGuid}" if !found.is_empty() => visit.clone_from(found),
                word if word == found => {}
                _ => return None,
            }
        }
        Some((institution, visit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documented() -> Contract {
        Contract::new(File::default()).unwrap()
    }

    #[test]
    fn a_path_leads_to_its_call_and_names_institution_and_visit() {
        let contract = documented();
        let to = contract.route("DELETE", "/institutions/47%311/visits/9c0f");
        assert_eq!(to, Route::To(Operation::DeleteVisit, "4711".to_owned(), "9c0f".to_owned()));
        assert_eq!(contract.route("PATCH", "/institutions/1/visits"), Route::Method);
        for path in ["", "/", "/institutions/", "/institutions/1/doors", "//", "/token/"] {
            assert_eq!(contract.route("GET", path), Route::Unknown, "{path}");
        }
    }

    #[test]
    fn an_invalid_contract_is_refused_with_a_sentence() {
        let read = |text: &str| {
            serde_yaml::from_str::<File>(text).map_err(|e| e.to_string()).and_then(Contract::new).unwrap_err()
        };
        assert_eq!(
            read("calls: { GetVisits: visits }"),
            "the contract's GetVisits is not `METHOD /path` but `visits`"
        );
        assert!(read("parameters: { pge: p }").contains("`pge`"));
        assert!(read("fields: { compny: {} }").contains("compny"));
        let unknown = "the contract renames a field `Nam`, which Company does not have";
        assert_eq!(read("fields: { company: { Nam: n } }"), unknown);
        assert!(read("fields: { card: { CardID: n, ExternalNumber: n } }").contains("two fields of Card"));
    }

    #[test]
    fn a_renamed_field_is_unknown_under_its_old_name() {
        let file: File = serde_yaml::from_str("fields: { visit: { FloorId: floor } }").unwrap();
        let contract = Contract::new(file).unwrap();
        let sent = serde_json::json!({ "floor": 1, "FloorId": 2, "Notes": "n" });
        let read = contract.inward(Kind::Visit, sent.as_object().unwrap().clone());
        assert_eq!(Value::Object(read), serde_json::json!({ "FloorId": 1, "Notes": "n" }));
        assert_eq!(contract.outward(Kind::Visit, "FloorId"), "floor");
    }
}
