//! Changes by hand, as tenant administrators and the front desk make them (2A.3: there is always a second writer).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::calls;
use super::contract::Contract;
use super::job;
use super::json::Style;
use super::kinds::Kind;
use super::rules::Against;
use super::seed::{
    CardholderSpec, CompanySpec, DoorName, ProfileSpec, VisitSpec, add_cardholder, add_company, add_profile,
    add_visit,
};
use super::store::{self, Building, Credentials, Door, Scope, Store, Visit};
use super::system::Inner;
use crate::frame::{Switches, orders};

/// An order of `POST /_sim/edit`, which takes one or an array. `institution` is the first one when absent.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    AddCardholder { institution: Option<String>, cardholder: Box<CardholderSpec> },
    ModifyCardholder { id: String, set: Box<CardholderSpec> },
    RemoveCardholder { id: String },
    RestoreCardholder { id: String },
    AddCompany { institution: Option<String>, company: Box<CompanySpec> },
    ModifyCompany { id: String, set: Box<CompanySpec> },
    RemoveCompany { id: String },
    AddProfile { institution: Option<String>, profile: Box<ProfileSpec> },
    ModifyProfile { id: String, set: Box<ProfileSpec> },
    RemoveProfile { id: String },
    AddVisit { institution: Option<String>, visit: Box<VisitSpec> },
    ModifyVisit { guid: String, set: Map<String, Value> },
    RemoveVisit { guid: String },
    SetPassword { door: DoorName, password: String, username: Option<String>, owner: Option<String> },
    EndTokens,
    ClearOutbox,
}

/// `POST /_sim/edit`.
pub(super) fn edit(inner: &mut Inner, now: Timestamp, order: &Value) -> Result<Value, String> {
    orders::apply_all(&mut inner.store, order, |store, order: Order| order.run(store, now))
}

/// The institution of an order.
fn at(store: &Store, given: Option<String>) -> Result<String, String> {
    let first = || store.buildings.first().map(|building| building.id.clone());
    given.or_else(first).ok_or_else(|| "there is no institution".to_owned())
}

fn answer(what: &str, id: &str) -> Value {
    json!({ what: id })
}

impl Order {
    fn run(self, store: &mut Store, now: Timestamp) -> Result<Value, String> {
        match self {
            Self::AddCardholder { institution, cardholder } => {
                let guid = add_cardholder(store, &at(store, institution)?, &cardholder, now)?;
                let name = anywhere(store, "cardholder", &guid, |b| Some(b.cardholder_mut(&guid)?.name()))?;
                store.changed(now, format!("cardholder {name} added"), "desk");
                Ok(answer("cardholder", &guid))
            }
            Self::ModifyCardholder { id, set } => cardholder(store, &id, now, "changed", |c| set.change(c)),
            Self::RemoveCardholder { id } => cardholder(store, &id, now, "removed", |c| c.deleted = true),
            Self::RestoreCardholder { id } => cardholder(store, &id, now, "restored", |c| c.deleted = false),
            Self::AddVisit { institution, visit } => {
                let guid = add_visit(store, &at(store, institution)?, &visit, now)?;
                Ok(answer("visit", &guid))
            }
            Self::ModifyVisit { guid, set } => modify_visit(store, &guid, set, now),
            Self::RemoveVisit { guid } => {
                let visit = visit(store, &guid)?;
                job::dismiss(store, &visit);
                store.visits.remove(&visit.guid);
                store.changed(now, format!("visit of {} removed", visit.names()), "desk");
                Ok(answer("visit", &visit.guid))
            }
            Self::SetPassword { door, password, username, owner } => {
                set_password(store, door.into(), password, username, owner.as_deref())
            }
            Self::EndTokens => {
                store.tokens.clear();
                Ok(json!({ "tokens": 0 }))
            }
            Self::ClearOutbox => {
                store.outbox.clear();
                Ok(json!({ "mails": 0 }))
            }
            structure => structure.run_structure(store, now),
        }
    }

    /// Companies and access profiles.
    fn run_structure(self, store: &mut Store, now: Timestamp) -> Result<Value, String> {
        let (what, id, verb) = match self {
            Self::AddCompany { institution, company } => {
                ("company", add_company(store, &at(store, institution)?, &company)?, "added")
            }
            Self::AddProfile { institution, profile } => {
                ("profile", add_profile(store, &at(store, institution)?, &profile)?, "added")
            }
            Self::ModifyCompany { id, set } => {
                let company = |b: &mut Building| {
                    b.companies.iter_mut().find(|c| c.id == id).map(|company| set.change(company))
                };
                anywhere(store, "company", &id, company)?;
                ("company", id, "changed")
            }
            Self::ModifyProfile { id, set } => {
                let profile = |b: &mut Building| {
                    b.profiles.iter_mut().find(|p| p.id == id).map(|profile| set.change(profile))
                };
                anywhere(store, "access profile", &id, profile)?;
                ("profile", id, "changed")
            }
            Self::RemoveCompany { id } => {
                anywhere(store, "company", &id, |b| take(&mut b.companies, |c| c.id == id))?;
                ("company", id, "removed")
            }
            Self::RemoveProfile { id } => {
                anywhere(store, "access profile", &id, |b| remove_profile(b, &id))?;
                ("profile", id, "removed")
            }
            _ => return Err("there is no such action".to_owned()),
        };
        store.changed(now, format!("{what} {id} {verb}"), "desk");
        Ok(answer(what, &id))
    }
}

/// Applies a change in the first building that has the object.
fn anywhere<T>(
    store: &mut Store,
    what: &str,
    id: &str,
    change: impl FnMut(&mut Building) -> Option<T>,
) -> Result<T, String> {
    store.buildings.iter_mut().find_map(change).ok_or_else(|| format!("there is no {what} `{id}`"))
}

fn take<T>(items: &mut Vec<T>, is: impl Fn(&T) -> bool) -> Option<()> {
    let index = items.iter().position(is)?;
    items.remove(index);
    Some(())
}

/// Cardholders lose it too; running visits stay (2B.7).
fn remove_profile(building: &mut Building, id: &str) -> Option<()> {
    take(&mut building.profiles, |p| p.id == id)?;
    building.cardholders.iter_mut().for_each(|c| c.profiles.retain(|profile| profile != id));
    Some(())
}

fn cardholder(
    store: &mut Store,
    id: &str,
    now: Timestamp,
    verb: &str,
    change: impl Fn(&mut store::Cardholder),
) -> Result<Value, String> {
    let version = store.version + 1;
    let (guid, name) = anywhere(store, "cardholder", id, |building| {
        let cardholder = building.cardholder_mut(id)?;
        change(cardholder);
        (cardholder.modified, cardholder.version) = (now, version);
        let (guid, ended) = (cardholder.guid.clone(), cardholder.deleted || !cardholder.active);
        if ended {
            building.admitted.remove(&guid);
        } else {
            building.admitted.insert(guid.clone());
        }
        let name = building.cardholder_mut(id)?.name();
        Some((guid, name))
    })?;
    store.changed(now, format!("cardholder {name} {verb}"), "desk");
    Ok(answer("cardholder", &guid))
}

fn visit(store: &Store, guid: &str) -> Result<Visit, String> {
    let key = store::guid(guid).unwrap_or_else(|| guid.to_owned());
    store.visits.get(&key).cloned().ok_or_else(|| format!("there is no visit `{guid}`"))
}

/// The given fields of 2A.4 replace those of the visit; GUIDs and maker stay, `SEQUENCE` rises by one.
fn modify_visit(
    store: &mut Store,
    guid: &str,
    set: Map<String, Value>,
    now: Timestamp,
) -> Result<Value, String> {
    let old = visit(store, guid)?;
    let mut switches = Switches::new(&[super::SWITCHES]);
    switches.set("readback", "faithful")?;
    let contract = Contract::of(&switches)?;
    let text = calls::read_back(&switches, &old).text(&Style::new(&contract, &switches));
    let mut fields: Map<String, Value> = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    fields.extend(contract.inward(Kind::Visit, set));
    let building = store.building(&old.building).ok_or("the building of the visit does not exist")?;
    let against =
        Against { building, scope: &Scope::All, institution: &old.institution, switches: &switches };
    let (draft, window) = against.by_hand(&Value::Object(fields), &contract)?;
    job::dismiss(store, &old);
    let mut new = calls::settle(store, draft, window, old.guid.clone(), true);
    (new.institution, new.building) = (old.institution, old.building);
    (new.made_by, new.made_at, new.sequence) = (old.made_by, old.made_at, old.sequence + 1);
    calls::enter(store, new, "changed by hand", now);
    Ok(answer("visit", &old.guid))
}

/// Sets the credentials of a door; tokens fetched with the old ones are no longer valid.
fn set_password(
    store: &mut Store,
    door: Door,
    password: String,
    username: Option<String>,
    owner: Option<&str>,
) -> Result<Value, String> {
    let guid = owner.and_then(store::guid);
    let fits = |o: &&mut store::Owner| owner.is_none() || guid.as_deref() == Some(o.guid.as_str());
    let owner = store.owners.iter_mut().find(fits).ok_or("there is no such owner")?;
    let old = owner.doors.get(&door).map(|c| c.username.clone());
    let username = username.or(old).ok_or("this door has no username yet; give one")?;
    owner.doors.insert(door, Credentials { username: username.clone(), password });
    Ok(answer("username", &username))
}
