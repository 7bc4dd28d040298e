//! Companies, profiles, cardholders and visits as seeds and edits describe them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::calls;
use super::super::contract::Contract;
use super::super::rules::Against;
use super::super::store::{self, Card, Cardholder, Company, Profile, Scope, Store};
use super::super::time;
use crate::frame::Switches;

/// A text that may be a number in YAML and JSON.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(from = "Scalar")]
pub(crate) struct Text(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(i64),
}

impl From<Scalar> for Text {
    fn from(scalar: Scalar) -> Self {
        Self(match scalar {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
        })
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(Text::to_string).collect()
}

/// Sets an optional text; an empty text clears it.
fn put(slot: &mut Option<String>, value: Option<&Text>) {
    if let Some(Text(text)) = value {
        *slot = Some(text.clone()).filter(|text| !text.is_empty());
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct ReaderSpec {
    pub(crate) reader_id: Text,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) floor_description: String,
}

/// A company; in an edit, an absent field keeps its value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct CompanySpec {
    company_id: Option<Text>,
    company_guid: Option<String>,
    name: Option<String>,
    suite: Option<Text>,
    floor_ids: Option<Vec<Text>>,
    is_active: Option<bool>,
    institution_id: Option<Text>,
}

/// An access profile; in an edit, an absent field keeps its value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct ProfileSpec {
    access_profile_id: Option<Text>,
    name: Option<String>,
    description: Option<String>,
    company_id: Option<Text>,
    #[serde(rename = "visitors")]
    visitors: Option<bool>,
    #[serde(rename = "readers")]
    readers: Option<Vec<Text>>,
}

/// A cardholder; in an edit, an absent field keeps its value and an empty text clears it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(crate) struct CardholderSpec {
    cardholder_id: Option<Text>,
    cardholder_guid: Option<String>,
    first_name: Option<Text>,
    last_name: Option<Text>,
    email_id: Option<Text>,
    mobile_number: Option<Text>,
    company_id: Option<Text>,
    is_active: Option<bool>,
    access_profile_ids: Option<Vec<Text>>,
    cards: Option<Vec<CardSpec>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CardSpec {
    #[serde(rename = "CardID")]
    card_id: Text,
    external_number: Text,
}

/// A visit of another maker, with the fields of 2A.4; dates may be `today`, `yesterday`, `tomorrow`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VisitSpec {
    #[serde(default = "desk")]
    made_by: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

fn desk() -> String {
    "desk".to_owned()
}

fn some_guid(store: &mut Store, given: Option<&String>) -> Result<String, String> {
    match given {
        None => Ok(store.mint()),
        Some(text) => store::guid(text).ok_or_else(|| format!("`{text}` is no GUID")),
    }
}

/// A free id, above all others.
fn next_id<'a>(ids: impl Iterator<Item = &'a String>) -> String {
    (ids.filter_map(|id| id.parse::<u64>().ok()).max().unwrap_or(0).saturating_add(1)).to_string()
}

fn no_building(id: &str) -> String {
    format!("there is no institution `{id}`")
}

/// Adds a company.
pub(crate) fn add_company(store: &mut Store, building: &str, spec: &CompanySpec) -> Result<String, String> {
    let guid = some_guid(store, spec.company_guid.as_ref())?;
    let building = store.building_mut(building).ok_or_else(|| no_building(building))?;
    let id = spec.company_id.as_ref().map(Text::to_string);
    let id = id.unwrap_or_else(|| next_id(building.companies.iter().map(|c| &c.id)));
    if building.companies.iter().any(|c| c.id == id) {
        return Err(format!("there is a company {id} already"));
    }
    let name = spec.name.clone().ok_or("a company needs its Name")?;
    let (suite, floors, institution) = (None, Vec::new(), None);
    let mut company = Company { id: id.clone(), guid, name, suite, floors, active: true, institution };
    spec.change(&mut company);
    building.companies.push(company);
    Ok(id)
}

impl CompanySpec {
    /// Applies the fields that are given.
    pub(crate) fn change(&self, company: &mut Company) {
        company.name = self.name.clone().unwrap_or_else(|| company.name.clone());
        put(&mut company.suite, self.suite.as_ref());
        put(&mut company.institution, self.institution_id.as_ref());
        company.active = self.is_active.unwrap_or(company.active);
        if let Some(floors) = &self.floor_ids {
            company.floors = texts(floors);
        }
    }
}

/// Adds an access profile; without `readers` it opens all readers.
pub(crate) fn add_profile(store: &mut Store, building: &str, spec: &ProfileSpec) -> Result<String, String> {
    let building = store.building_mut(building).ok_or_else(|| no_building(building))?;
    let id = spec.access_profile_id.as_ref().map(Text::to_string);
    let id = id.unwrap_or_else(|| next_id(building.profiles.iter().map(|p| &p.id)));
    if building.profile(&id).is_some() {
        return Err(format!("there is an access profile {id} already"));
    }
    let mut profile = Profile {
        id: id.clone(),
        name: spec.name.clone().ok_or("an access profile needs its Name")?,
        description: String::new(),
        visitors: false,
        readers: building.readers.iter().map(|r| r.id.clone()).collect(),
        company: None,
    };
    spec.change(&mut profile);
    building.profiles.push(profile);
    Ok(id)
}

impl ProfileSpec {
    /// Applies the fields that are given.
    pub(crate) fn change(&self, profile: &mut Profile) {
        profile.name = self.name.clone().unwrap_or_else(|| profile.name.clone());
        profile.description = self.description.clone().unwrap_or_else(|| profile.description.clone());
        profile.visitors = self.visitors.unwrap_or(profile.visitors);
        put(&mut profile.company, self.company_id.as_ref());
        if let Some(readers) = &self.readers {
            profile.readers = texts(readers);
        }
    }
}

/// Adds a cardholder, which may enter at once.
pub(crate) fn add_cardholder(
    store: &mut Store,
    building: &str,
    spec: &CardholderSpec,
    now: Timestamp,
) -> Result<String, String> {
    let guid = some_guid(store, spec.cardholder_guid.as_ref())?;
    store.version += 1;
    let version = store.version;
    let building = store.building_mut(building).ok_or_else(|| no_building(building))?;
    let id = spec.cardholder_id.as_ref().map(Text::to_string);
    let id = id.unwrap_or_else(|| next_id(building.cardholders.iter().map(|c| &c.id)));
    if spec.cardholder_id.is_some() && building.cardholder_mut(&id).is_some() {
        return Err(format!("there is a cardholder {id} already"));
    }
    let mut cardholder = Cardholder {
        id,
        guid: guid.clone(),
        first: None,
        last: None,
        email: None,
        mobile: None,
        company: None,
        active: true,
        profiles: Vec::new(),
        cards: Vec::new(),
        deleted: false,
        modified: now,
        version,
    };
    spec.change(&mut cardholder);
    building.admitted.insert(guid.clone());
    building.cardholders.push(cardholder);
    Ok(guid)
}

impl CardholderSpec {
    /// Applies the fields that are given; the GUID never changes.
    pub(crate) fn change(&self, c: &mut Cardholder) {
        put(&mut c.first, self.first_name.as_ref());
        put(&mut c.last, self.last_name.as_ref());
        put(&mut c.email, self.email_id.as_ref());
        put(&mut c.mobile, self.mobile_number.as_ref());
        put(&mut c.company, self.company_id.as_ref());
        c.active = self.is_active.unwrap_or(c.active);
        if let Some(profiles) = &self.access_profile_ids {
            c.profiles = texts(profiles);
        }
        if let Some(cards) = &self.cards {
            let card = |spec: &CardSpec| Card {
                id: spec.card_id.to_string(),
                external: spec.external_number.to_string(),
            };
            c.cards = cards.iter().map(card).collect();
        }
    }
}

/// Adds a visit of another maker, by rules as in 2A.4; the body has the documented names.
pub(crate) fn add_visit(
    store: &mut Store,
    building: &str,
    spec: &VisitSpec,
    now: Timestamp,
) -> Result<String, String> {
    let switches = Switches::new(&[super::super::SWITCHES]);
    let contract = Contract::of(&switches)?;
    let place = store.building(building).ok_or_else(|| no_building(building))?;
    let (draft, window) = {
        let body = spec.body(building, place.today(now));
        let against =
            Against { building: place, scope: &Scope::All, institution: building, switches: &switches };
        against.by_hand(&body, &contract)?
    };
    let guid = draft.guid.clone().unwrap_or_else(|| store.mint());
    if store.visits.get(&guid).is_some() {
        return Err(format!("there is a visit {guid} already"));
    }
    let mut visit = calls::settle(store, draft, window, guid.clone(), true);
    (visit.institution, visit.building) = (building.to_owned(), building.to_owned());
    (visit.made_by, visit.made_at) = (spec.made_by.clone(), now);
    calls::enter(store, visit, "made", now);
    Ok(guid)
}

impl VisitSpec {
    /// The body with dates resolved and optional fields filled in.
    fn body(&self, institution: &str, today: Date) -> Value {
        let written = |date: Option<Date>| Value::from(date.unwrap_or(today).to_string());
        let mut fields = self.fields.clone();
        for (_, value) in fields.iter_mut().filter(|(name, _)| name.ends_with("Date")) {
            match value.as_str() {
                Some("today") => *value = written(Some(today)),
                Some("tomorrow") => *value = written(today.tomorrow().ok()),
                Some("yesterday") => *value = written(today.yesterday().ok()),
                _ => {}
            }
        }
        let mut spare = |name: &str, value: Value| {
            fields.entry(name.to_owned()).or_insert(value);
        };
        spare("InstitutionID", institution.into());
        spare("FloorId", "888".into());
        spare("ArrivalDate", time_text(today));
        spare("DepartureDate", time_text(today));
        spare("ArrivalTime", "08:00".into());
        spare("DepartureTime", "18:00".into());
        Value::Object(fields)
    }
}

fn time_text(date: Date) -> Value {
    Value::from(time::write_date(date, &Switches::new(&[super::super::SWITCHES])))
}
