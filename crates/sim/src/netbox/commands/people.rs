//! AddPerson, ModifyPerson, RemovePerson, GetPerson, GetPicture (2.7).

use std::collections::BTreeMap;

use super::super::store::{Assignment, Person, TEXTS};
use super::super::xml::{Element, Xml};
use super::person_xml::Shape;
use super::{Ctx, Done, Refusal, Success, fail};

/// The most levels of a person (2.7).
const MOST_LEVELS: usize = 32;

/// AddPerson.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    if ctx.params.filled("LASTNAME").is_none() {
        return fail("Missing Last Name");
    }
    all_or_none(ctx.params)?;
    let id = ctx.text("PERSONID", ctx.params.filled("PERSONID").unwrap_or_default())?;
    ctx.subject.clone_from(&id);
    let revived = check_duplicate(ctx, &id)?;
    let mut person = Person { id, partition: partition(ctx)?, ..Person::default() };
    apply(ctx, &mut person)?;
    let key = match revived {
        Some(key) => {
            person.id = ctx.store.people.get(key).map(|p| p.id.clone()).unwrap_or_default();
            ctx.store.people.revive(key);
            if let Some(record) = ctx.store.people.get_mut(key) {
                *record = person;
            }
            key
        }
        None => ctx.store.people.add(person),
    };
    ctx.subject = ctx.store.people.get(key).map(|p| p.id.clone()).unwrap_or_default();
    Ok(person_id(&ctx.subject))
}

/// DETAILS with a PERSONID only.
fn person_id(id: &str) -> Success {
    Success::Details(Xml::new().with("PERSONID", id))
}

/// The key of a deleted person that AddPerson restores, or the refusal of a duplicate (2.16 #7).
fn check_duplicate(ctx: &Ctx<'_>, id: &str) -> Result<Option<u64>, Refusal> {
    let Some(key) = ctx.store.people.find(id).filter(|_| !id.is_empty()) else { return Ok(None) };
    let deleted = ctx.store.people.get(key).is_some_and(|person| person.deleted);
    if !deleted && ctx.switches.is("person.unique-ids", "off") {
        return Ok(None);
    }
    match ctx.switches.get(if deleted { "person.deleted-id" } else { "person.duplicate" }) {
        "revives" => Ok(Some(key)),
        "code" => Err(Refusal::Duplicate),
        _ => fail(format!("Duplicate Person ID: {id}")),
    }
}

/// USERNAME, ROLE and AUTHTYPE: all three or none; the error names the missing one (2.7).
fn all_or_none(params: &Element) -> Result<(), Refusal> {
    let names = ["USERNAME", "ROLE", "AUTHTYPE"];
    let given = names.iter().any(|name| params.filled(name).is_some());
    match names.iter().find(|name| params.filled(name).is_none()) {
        Some(missing) if given => fail(format!("Missing {missing}")),
        _ => Ok(()),
    }
}

/// PARTITIONKEY exists on Global only; NetBox itself uses the partition of the session.
fn partition(ctx: &Ctx<'_>) -> Result<u64, Refusal> {
    match ctx.optional_key("PARTITIONKEY")? {
        Some(key) if ctx.store.partitions.contains_key(&key) => Ok(key),
        Some(_) => fail("Invalid PARTITIONKEY"),
        None => Ok(ctx.partition()),
    }
}

/// Writes all parameters into a person; a refusal changes nothing.
fn apply(ctx: &Ctx<'_>, person: &mut Person) -> Result<(), Refusal> {
    for field in TEXTS {
        if let Some(value) = ctx.params.value(field) {
            person.set(field, ctx.text(field, value)?);
        }
    }
    name_picture(ctx.params, person);
    person.act = ctx.date(ctx.params, "ACTDATE")?.over(person.act);
    person.exp = ctx.date(ctx.params, "EXPDATE")?.over(person.exp);
    if let Some(vehicles) = ctx.params.child("VEHICLES") {
        apply_vehicles(person, vehicles);
    }
    apply_levels(ctx, person)?;
    person.edited = ctx.local;
    person.edited_by = ctx.user();
    Ok(())
}

/// A picture without a PICTUREURL gets one, by which GetPicture finds it.
fn name_picture(params: &Element, person: &mut Person) {
    if params.filled("PICTURE").is_some() && person.text("PICTUREURL").is_empty() {
        let ext = params.filled("PICTUREEXT").unwrap_or("jpg");
        let url = format!("{}.{ext}", if person.id.is_empty() { "picture" } else { &person.id });
        person.set("PICTUREURL", url);
    }
}

const VEHICLE: [&str; 6] =
    ["VEHICLECOLOR", "VEHICLEMAKE", "VEHICLEMODEL", "VEHICLESTATE", "VEHICLELICNUM", "VEHICLETAGNUM"];

/// A vehicle is identified by its licence number; DELETE=1 removes it.
fn apply_vehicles(person: &mut Person, vehicles: &Element) {
    for vehicle in vehicles.all("VEHICLE") {
        let plate = vehicle.value("VEHICLELICNUM").unwrap_or_default();
        person.vehicles.retain(|v| v.get("VEHICLELICNUM").map_or("", String::as_str) != plate);
        if vehicle.filled("DELETE") != Some("1") {
            let field = |name: &str| Some((name.to_owned(), vehicle.value(name)?.to_owned()));
            person.vehicles.push(VEHICLE.into_iter().filter_map(field).collect::<BTreeMap<_, _>>());
        }
    }
}

/// Bare names replace all levels, blocks add and remove single levels (2.7).
fn apply_levels(ctx: &Ctx<'_>, person: &mut Person) -> Result<(), Refusal> {
    let Some(container) = ctx.params.child("ACCESSLEVELS") else {
        if ctx.switches.is("levels.absent", "clears") {
            person.levels.clear();
        }
        return Ok(());
    };
    let entries: Vec<&Element> = container.all("ACCESSLEVEL").collect();
    if entries.is_empty() && ctx.switches.is("levels.empty", "clears") {
        person.levels.clear();
    }
    let (bare, blocks): (Vec<&Element>, Vec<&Element>) =
        entries.into_iter().partition(|entry| entry.child("ACCESSLEVELNAME").is_none());
    if !bare.is_empty() {
        person.levels.clear();
    }
    for entry in bare {
        let level = level(ctx, person, entry.text.trim())?;
        give(person, Assignment { level, act: None, exp: None, auto_remove: false });
    }
    for block in blocks {
        apply_block(ctx, person, block)?;
    }
    if person.levels.len() > MOST_LEVELS {
        return fail(format!("Cannot exceed count of {MOST_LEVELS} Access Levels per person"));
    }
    Ok(())
}

fn apply_block(ctx: &Ctx<'_>, person: &mut Person, block: &Element) -> Result<(), Refusal> {
    let level = level(ctx, person, block.value("ACCESSLEVELNAME").unwrap_or_default().trim())?;
    let flag = |name| block.filled(name).map_or(Ok(false), |text| ctx.read_flag(name, text));
    if flag("DELETE")? {
        person.levels.retain(|assignment| assignment.level != level);
        return Ok(());
    }
    let act = ctx.date(block, "ACTDATE")?.value();
    let exp = ctx.date(block, "EXPDATE")?.value();
    give(person, Assignment { level, act, exp, auto_remove: flag("AUTOREMOVE")? });
    Ok(())
}

/// A person has a level once; the later entry applies.
fn give(person: &mut Person, assignment: Assignment) {
    match person.levels.iter_mut().find(|held| held.level == assignment.level) {
        Some(held) => *held = assignment,
        None => person.levels.push(assignment),
    }
}

fn level(ctx: &Ctx<'_>, person: &Person, name: &str) -> Result<u64, Refusal> {
    let key = ctx.store.level_key(name, person.partition);
    key.map_or_else(|| fail(format!("Access Level does not exist: {name}")), Ok)
}

/// The person of a command, if it is in the caller's partition.
pub(super) fn find(ctx: &mut Ctx<'_>, all_partitions: bool) -> Result<u64, Refusal> {
    let id = ctx.required("PERSONID")?.to_owned();
    ctx.subject.clone_from(&id);
    let key = ctx.store.people.find(&id);
    let visible = key.filter(|key| {
        let partition = ctx.store.people.get(*key).map(|person| person.partition);
        all_partitions || partition == Some(ctx.partition())
    });
    visible.ok_or_else(|| ctx.absent(Refusal::NotFound))
}

/// The same, but a deleted person counts as absent.
pub(super) fn find_living(ctx: &mut Ctx<'_>) -> Result<u64, Refusal> {
    let key = find(ctx, false)?;
    let living = ctx.store.people.get(key).is_some_and(|person| !person.deleted);
    if living { Ok(key) } else { Err(ctx.absent(Refusal::NotFound)) }
}

/// ModifyPerson: absent fields keep their values. The answer has the id, as in older versions (A10).
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let all = ctx.flag("ALLPARTITIONS")?.unwrap_or(false);
    let key = find(ctx, all)?;
    if ctx.flag("PERSONPURGE")?.unwrap_or(false) {
        ctx.store.people.purge(key);
        return Ok(person_id(&ctx.subject));
    }
    let Some(mut person) = ctx.store.people.get(key).cloned() else {
        return Err(ctx.absent(Refusal::NotFound));
    };
    let deleted = ctx.flag("DELETED")?;
    if person.deleted && deleted != Some(false) {
        return Err(ctx.absent(Refusal::NotFound));
    }
    if ctx.params.child("LASTNAME").is_some() && ctx.params.filled("LASTNAME").is_none() {
        return fail("Missing Last Name");
    }
    apply(ctx, &mut person)?;
    if let Some(record) = ctx.store.people.get_mut(key) {
        *record = person;
    }
    match deleted {
        Some(true) => ctx.store.people.remove(key),
        Some(false) => ctx.store.people.revive(key),
        None => {}
    }
    Ok(person_id(&ctx.subject))
}

/// RemovePerson: a soft deletion; a deleted person is answered like an unknown one.
pub(super) fn remove(ctx: &mut Ctx<'_>) -> Done {
    let key = find_living(ctx)?;
    let (local, user) = (ctx.local, ctx.user());
    if let Some(person) = ctx.store.people.get_mut(key) {
        (person.edited, person.edited_by) = (local, user);
    }
    ctx.store.people.remove(key);
    Ok(Success::Code)
}

/// GetPerson: the fields are directly in DETAILS.
pub(super) fn get(ctx: &mut Ctx<'_>) -> Done {
    let all = ctx.flag("ALLPARTITIONS")?.unwrap_or(false);
    let key = match ctx.params.filled("USERNAME").filter(|_| ctx.params.filled("PERSONID").is_none()) {
        Some(name) => {
            let fits = |(_, person): &(u64, &Person)| person.text("USERNAME") == name;
            let found = ctx.store.people.live_from(0).find(fits).map(|(key, _)| key);
            found.ok_or_else(|| ctx.absent(Refusal::NotFound))?
        }
        None => find(ctx, all)?,
    };
    let shape = Shape::of(ctx)?;
    let Some(person) = ctx.store.people.get(key) else { return Err(Refusal::NotFound) };
    if person.deleted && ctx.switches.is("person.after-removal", "not-found") {
        return Err(ctx.absent(Refusal::NotFound));
    }
    let mut xml = Xml::new();
    shape.write(ctx, &mut xml, person);
    Ok(Success::Details(xml))
}

/// GetPicture: the base64 text that was given.
pub(super) fn picture(ctx: &mut Ctx<'_>) -> Done {
    let key = find(ctx, false)?;
    let Some(person) = ctx.store.people.get(key) else { return Err(Refusal::NotFound) };
    match (person.text("PICTUREURL"), person.text("PICTURE")) {
        ("", "") => fail("No picture URL for this person ID"),
        (_, "") => fail("Picture file does not exist"),
        (url, picture) => {
            let xml = Xml::new().with("PICTURE", picture).with("PICTUREURL", url);
            let xml =
                xml.with("LASTNAME", person.text("LASTNAME")).with("FIRSTNAME", person.text("FIRSTNAME"));
            Ok(Success::Details(xml.with("LASTMOD", &person.edited.date().to_string())))
        }
    }
}
