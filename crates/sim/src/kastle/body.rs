//! The body of a visit (2A.4, 2B.5), from JSON to typed fields.

use serde_json::{Map, Value};

use super::contract::Contract;
use super::envelope::Refusal;
use super::kinds::Kind;
use super::store::{self, Host};
use crate::frame::Switches;

/// A visit as it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// `VisitGuid`.
    pub guid: Option<String>,
    /// `InstitutionID`.
    pub institution: Option<String>,
    /// `FloorId`.
    pub floor: Option<String>,
    /// `Timezone`.
    pub zone: Option<String>,
    /// `ArrivalDate`, `ArrivalTime`.
    pub arrival: (Option<String>, Option<String>),
    /// `DepartureDate`, `DepartureTime`.
    pub departure: (Option<String>, Option<String>),
    /// The host.
    pub host: Host,
    /// `VisitingCompany`.
    pub company: Option<String>,
    /// `AccessProfiles`.
    pub profiles: Vec<String>,
    /// `IdentityType`.
    pub identity: Option<String>,
    /// `IsAllDayEvent`.
    pub all_day: bool,
    /// `NotifyOnArrival`.
    pub notify: Option<bool>,
    /// `IsSendMailToVisitors`.
    pub send_mail: Option<bool>,
    /// Other fields.
    pub rest: Vec<(&'static str, Value)>,
    /// `VisitorModel`; absent and `null` alike are `None`.
    pub visitors: Option<Vec<Visitor>>,
}

/// One visitor as it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Visitor {
    /// `CardholderGuid`.
    pub guid: Option<String>,
    /// `FirstName`.
    pub first: Option<String>,
    /// `LastName`.
    pub last: Option<String>,
    /// `Email`.
    pub email: Option<String>,
    /// `VisitorCompany`.
    pub company: Option<String>,
    /// `MobileNumber`.
    pub mobile: Option<String>,
    /// Other fields.
    pub rest: Vec<(&'static str, Value)>,
}

/// Fields of a visit that are kept as sent.
pub(super) const VISIT_REST: [&str; 20] = [
    "SuiteInfo",
    "Location",
    "Description",
    "Summary",
    "Notes",
    "SpecialInstructions",
    "VisitingCompanyDetails",
    "RecurrenceModel",
    "IsCommunityLevel",
    "MeetingStatus",
    "Transparency",
    "IntendedStatus",
    "PriorityLevel",
    "NumberOfTimeMeetingModified",
    "ProdID",
    "CreatedOn",
    "CreationDate",
    "LastModified",
    "UniqueAppointmentIdentifier",
    "TimeZoneDetails",
];

/// Fields of a visitor that are kept as sent.
pub(super) const VISITOR_REST: [&str; 7] = [
    "MobileNumberCountryPrifix",
    "CountryId",
    "Action",
    "Role",
    "ParticipationStatus",
    "ResponseRequired",
    "TypeOfVisitor",
];

/// An object's fields, with the rule on types.
struct Fields {
    fields: Map<String, Value>,
    strict: bool,
}

impl Fields {
    fn wrong<T>(&self, name: &str) -> Result<Option<T>, Refusal> {
        if self.strict { Err(Refusal::Rule(format!("Invalid {name}"))) } else { Ok(None) }
    }

    /// A text; a number is read as its digits (2B.4).
    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => self.wrong(name),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => self.wrong(name),
        }
    }

    fn guid(&self, name: &str, checked: bool) -> Result<Option<String>, Refusal> {
        let Some(text) = self.text(name)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match store::guid(&text) {
            None if checked => Err(Refusal::Rule(format!("Invalid {name}"))),
            None => Ok(Some(text)),
            known => Ok(known),
        }
    }

    fn list(&self, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items.clone())),
            Some(_) => self.wrong(name),
        }
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let items = self.list(name)?.unwrap_or_default();
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::String(text) => texts.push(text),
                Value::Number(number) => texts.push(number.to_string()),
                _ => drop(self.wrong::<()>(name)?),
            }
        }
        Ok(texts)
    }

    fn rest(&self, names: &[&'static str]) -> Vec<(&'static str, Value)> {
        names.iter().filter_map(|name| Some((*name, self.fields.get(*name)?.clone()))).collect()
    }
}

/// Reads a body; the refusal is that of the rule on types or GUIDs.
pub(super) fn read(body: &Value, contract: &Contract, switches: &Switches) -> Result<Draft, Refusal> {
    let strict = switches.is("rules.types", "enforced");
    let guids = switches.is("rules.guids", "enforced");
    let Value::Object(object) = body else {
        return Err(Refusal::Rule("The visit is not an object".to_owned()));
    };
    let visit = Fields { fields: contract.inward(Kind::Visit, object.clone()), strict };
    let person = |item: Value| match item {
        Value::Object(object) => {
            visitor(&Fields { fields: contract.inward(Kind::Visitor, object), strict }, guids)
        }
        _ => Err(Refusal::Rule("Invalid VisitorModel".to_owned())),
    };
    let visitors = visit.list("VisitorModel")?;
    let visitors = visitors.map(|items| items.into_iter().map(person).collect()).transpose()?;
    let host = Host {
        first: visit.text("UserFirstName")?,
        last: visit.text("UserLastName")?,
        email: visit.text("UserEmail")?,
        id: visit.text("UserCardHolderID")?,
    };
    Ok(Draft {
        guid: visit.guid("VisitGuid", guids)?,
        institution: visit.text("InstitutionID")?,
        floor: visit.text("FloorId")?,
        zone: visit.text("Timezone")?,
        arrival: (visit.text("ArrivalDate")?, visit.text("ArrivalTime")?),
        departure: (visit.text("DepartureDate")?, visit.text("DepartureTime")?),
        host,
        company: visit.text("VisitingCompany")?,
        profiles: visit.texts("AccessProfiles")?,
        identity: visit.text("IdentityType")?,
        all_day: visit.flag("IsAllDayEvent")?.unwrap_or(false),
        notify: visit.flag("NotifyOnArrival")?,
        send_mail: visit.flag("IsSendMailToVisitors")?,
        rest: visit.rest(&VISIT_REST),
        visitors,
    })
}

fn visitor(fields: &Fields, guids: bool) -> Result<Visitor, Refusal> {
    Ok(Visitor {
        guid: fields.guid("CardholderGuid", guids)?,
        first: fields.text("FirstName")?,
        last: fields.text("LastName")?,
        email: fields.text("Email")?.filter(|email| !email.is_empty()),
        company: fields.text("VisitorCompany")?,
        mobile: fields.text("MobileNumber")?.filter(|number| !number.is_empty()),
        rest: fields.rest(&VISITOR_REST),
    })
}
