//! Reader groups, portal groups and time spec groups, which differ only in their words (2.9).

use std::collections::BTreeMap;

use super::super::store::{ALWAYS, Group, NEVER, Store, next_key};
use super::super::xml::Xml;
use super::level_edit::name;
use super::{Ctx, Done, Refusal, Start, Success, fail};

type Table = BTreeMap<u64, Group>;

/// The words of one kind of group.
struct Kind {
    /// Element of one group; with S the list, with KEY the key.
    one: &'static str,
    /// Its name in messages of NetBox.
    title: &'static str,
    /// Element of a member's key; with S the list.
    member: &'static str,
    table: fn(&Store) -> &Table,
    table_mut: fn(&mut Store) -> &mut Table,
    has_member: fn(&Store, u64) -> bool,
}

const READERS: Kind = Kind {
    one: "READERGROUP",
    title: "Reader Group",
    member: "READERKEY",
    table: |store| &store.reader_groups,
    table_mut: |store| &mut store.reader_groups,
    has_member: |store, key| store.readers.contains_key(&key),
};
const PORTALS: Kind = Kind {
    one: "PORTALGROUP",
    title: "Portal Group",
    member: "PORTALKEY",
    table: |store| &store.portal_groups,
    table_mut: |store| &mut store.portal_groups,
    has_member: |store, key| store.portals.contains_key(&key),
};
const TIMES: Kind = Kind {
    one: "TIMESPECGROUP",
    title: "Time Spec Group",
    member: "TIMESPECKEY",
    table: |store| &store.time_groups,
    table_mut: |store| &mut store.time_groups,
    has_member: |store, key| store.time_specs.contains_key(&key),
};

pub(super) fn list_readers(ctx: &mut Ctx<'_>) -> Done {
    list(ctx, &READERS)
}
pub(super) fn get_readers(ctx: &mut Ctx<'_>) -> Done {
    get(ctx, &READERS)
}
pub(super) fn add_readers(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, &READERS).map(Success::Details)
}
pub(super) fn modify_readers(ctx: &mut Ctx<'_>) -> Done {
    modify(ctx, &READERS)
}
pub(super) fn delete_readers(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("READERGROUPKEY")?;
    let target = super::super::store::Target::ReaderGroup(key);
    if ctx.store.levels.values().any(|level| level.target == target) {
        return fail("Cannot Delete: May be referenced by an Access Level");
    }
    delete(ctx, &READERS)
}
pub(super) fn list_portals(ctx: &mut Ctx<'_>) -> Done {
    list(ctx, &PORTALS)
}
pub(super) fn get_portals(ctx: &mut Ctx<'_>) -> Done {
    get(ctx, &PORTALS)
}
pub(super) fn add_portals(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, &PORTALS).map(Success::Details)
}
pub(super) fn modify_portals(ctx: &mut Ctx<'_>) -> Done {
    modify(ctx, &PORTALS)
}
pub(super) fn delete_portals(ctx: &mut Ctx<'_>) -> Done {
    delete(ctx, &PORTALS)
}
pub(super) fn list_times(ctx: &mut Ctx<'_>) -> Done {
    list(ctx, &TIMES)
}

/// GetTimeSpecGroup finds no group for any key on 6.2.0 (2.13).
pub(super) fn get_times(ctx: &mut Ctx<'_>) -> Done {
    ctx.key("TIMESPECGROUPKEY")?;
    Err(ctx.absent(Refusal::FailNotFound))
}

/// AddTimeSpecGroup returns its key beside CODE, without DETAILS (2.2).
pub(super) fn add_times(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, &TIMES).map(Success::Beside)
}
pub(super) fn modify_times(ctx: &mut Ctx<'_>) -> Done {
    if [ALWAYS, NEVER].contains(&ctx.key("TIMESPECGROUPKEY")?) {
        return fail("Cannot modify timespecs ALWAYS or NEVER");
    }
    modify(ctx, &TIMES)
}
pub(super) fn delete_times(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("TIMESPECGROUPKEY")?;
    if [ALWAYS, NEVER].contains(&key) {
        return fail("Cannot Delete timespecs ALWAYS or NEVER");
    }
    if ctx.store.levels.values().any(|level| level.time_group == key) {
        return fail("Cannot Delete: May be referenced by an Access Level");
    }
    delete(ctx, &TIMES)
}

fn list(ctx: &mut Ctx<'_>, kind: &Kind) -> Done {
    let many = format!("{}S", kind.one);
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details(&many));
    };
    let groups =
        (kind.table)(ctx.store).range(start..).filter(|(_, group)| group.partition == ctx.partition());
    let page = ctx.page(groups.map(|(key, group)| (*key, group)), |_, xml, key, group| {
        xml.element(kind.one, |xml| write(xml, kind, key, group));
    });
    Ok(page.into_details(&many))
}

fn write(xml: &mut Xml, kind: &Kind, key: u64, group: &Group) {
    xml.leaf(&format!("{}KEY", kind.one), &key.to_string());
    xml.leaf("NAME", &group.name);
    xml.leaf("DESCRIPTION", &group.description);
    xml.element(&format!("{}S", kind.member), |xml| {
        group.members.iter().for_each(|member| xml.leaf(kind.member, &member.to_string()));
    });
}

fn get(ctx: &mut Ctx<'_>, kind: &Kind) -> Done {
    let key = ctx.key(&format!("{}KEY", kind.one))?;
    let Some(group) = (kind.table)(ctx.store).get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    let mut xml = Xml::new();
    xml.element(kind.one, |xml| write(xml, kind, key, group));
    Ok(Success::Details(xml))
}

/// Portal groups and time spec groups share one name space (2.13).
fn taken(ctx: &Ctx<'_>, kind: &Kind, name: &str) -> bool {
    let has = |table: &Table| table.values().any(|group| group.name == name);
    match kind.one {
        "READERGROUP" => has(&ctx.store.reader_groups),
        _ => has(&ctx.store.portal_groups) || has(&ctx.store.time_groups),
    }
}

fn add(ctx: &mut Ctx<'_>, kind: &Kind) -> Result<Xml, Refusal> {
    let name = name(ctx, "NAME")?;
    if taken(ctx, kind, &name) {
        return fail(format!("Duplicate {}", kind.title));
    }
    let description = ctx.params.value("DESCRIPTION").unwrap_or_default().to_owned();
    let group = Group { name, description, members: members(ctx, kind)?, partition: ctx.partition() };
    let key = next_key((kind.table)(ctx.store));
    (kind.table_mut)(ctx.store).insert(key, group);
    Ok(Xml::new().with(&format!("{}KEY", kind.one), &key.to_string()))
}

/// Modify replaces the members; without the list the group is emptied (2.9).
fn modify(ctx: &mut Ctx<'_>, kind: &Kind) -> Done {
    let word = format!("{}KEY", kind.one);
    let key = ctx.key(&word)?;
    let Some(mut group) = (kind.table)(ctx.store).get(&key).cloned() else {
        return fail(format!("Invalid {word}"));
    };
    if ctx.params.filled("NAME").is_some_and(|new| new != group.name) {
        group.name = name(ctx, "NAME")?;
        if taken(ctx, kind, &group.name) {
            return fail(format!("Duplicate {}", kind.title));
        }
    }
    group.members = members(ctx, kind)?;
    group.description = ctx.params.value("DESCRIPTION").map_or(group.description, str::to_owned);
    (kind.table_mut)(ctx.store).insert(key, group);
    Ok(Success::Details(Xml::new().with(&word, &key.to_string())))
}

fn delete(ctx: &mut Ctx<'_>, kind: &Kind) -> Done {
    let word = format!("{}KEY", kind.one);
    let key = ctx.key(&word)?;
    if (kind.table_mut)(ctx.store).remove(&key).is_none() {
        return fail(format!("Invalid {word}"));
    }
    Ok(Success::Details(Xml::new().with(&word, &key.to_string())))
}

/// Only the list form is parsed: a bare repeated key, as in the guide, is ignored (2.9).
fn members(ctx: &Ctx<'_>, kind: &Kind) -> Result<Vec<u64>, Refusal> {
    let Some(list) = ctx.params.child(&format!("{}S", kind.member)) else { return Ok(Vec::new()) };
    let read = |text: &str| text.trim().parse().ok().filter(|key| (kind.has_member)(ctx.store, *key));
    let keys = list.all(kind.member).filter(|entry| !entry.text.trim().is_empty());
    keys.map(|entry| read(&entry.text).map_or_else(|| fail(format!("Invalid {}", kind.member)), Ok)).collect()
}
