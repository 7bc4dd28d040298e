//! Access level groups (2.9).

use super::super::store::{Group, next_key};
use super::super::xml::{Element, Xml};
use super::level_edit::name;
use super::{Ctx, Done, Refusal, Start, Success, fail};

const KEY: &str = "ACCESSLEVELGROUPKEY";

/// GetAccessLevelGroups; without any group FAIL with NOT FOUND (2.11).
pub(super) fn list(ctx: &mut Ctx<'_>) -> Done {
    let partition = ctx.optional_key("PARTITIONKEY")?.unwrap_or_else(|| ctx.partition());
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("ACCESSLEVELGROUPS"));
    };
    let groups = ctx.store.level_groups.range(start..).filter(|(_, group)| group.partition == partition);
    let page = ctx.page(groups.map(|(key, group)| (*key, group)), |_, xml, key, group| {
        xml.element("ACCESSLEVELGROUP", |xml| head(xml, key, group));
    });
    if page.count == 0 && start == 0 && ctx.twists.short().is_none() {
        return Err(ctx.absent(Refusal::FailNotFound));
    }
    Ok(page.into_details("ACCESSLEVELGROUPS"))
}

fn head(xml: &mut Xml, key: u64, group: &Group) {
    xml.leaf("KEY", &key.to_string());
    xml.leaf("NAME", &group.name);
}

/// GetAccessLevelGroup.
pub(super) fn get(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key(KEY)?;
    let Some(group) = ctx.store.level_groups.get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    let mut xml = Xml::new();
    xml.element("ACCESSLEVELGROUP", |xml| {
        head(xml, key, group);
        xml.leaf("DESCRIPTION", &group.description);
        xml.element("ACCESSLEVELS", |xml| {
            for (key, level) in group.members.iter().filter_map(|key| Some((key, ctx.store.levels.get(key)?)))
            {
                xml.element("ACCESSLEVEL", |xml| {
                    xml.leaf("KEY", &key.to_string());
                    xml.leaf("NAME", &level.name);
                });
            }
        });
    });
    Ok(Success::Details(xml))
}

/// AddAccessLevelGroup: SYSTEMGROUP=1 is kept in the master partition.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let name = name(ctx, "NAME")?;
    if ctx.store.level_groups.values().any(|group| group.name == name) {
        return fail("Duplicate Access Level Group");
    }
    let system = ctx.flag("SYSTEMGROUP")?.unwrap_or(false);
    let own = if system { super::super::store::MASTER } else { ctx.partition() };
    let partition = ctx.optional_key("PARTITIONKEY")?.unwrap_or(own);
    let description = ctx.params.value("DESCRIPTION").unwrap_or_default().to_owned();
    let group = Group { name, description, members: members(ctx)?, partition };
    let key = next_key(&ctx.store.level_groups);
    ctx.store.level_groups.insert(key, group);
    Ok(Success::Details(Xml::new().with(KEY, &key.to_string())))
}

/// ModifyAccessLevelGroup: the given members replace all members, also when none is given.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key(KEY)?;
    let members = members(ctx)?;
    let name = ctx.params.filled("NAME").map(|_| name(ctx, "NAME")).transpose()?;
    let description = ctx.params.value("DESCRIPTION").map(str::to_owned);
    let Some(group) = ctx.store.level_groups.get_mut(&key) else {
        return fail(format!("Invalid {KEY}"));
    };
    group.members = members;
    group.name = name.unwrap_or_else(|| group.name.clone());
    group.description = description.unwrap_or_else(|| group.description.clone());
    Ok(Success::Details(Xml::new().with(KEY, &key.to_string())))
}

/// DeleteAccessLevelGroup.
pub(super) fn delete(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key(KEY)?;
    if ctx.store.level_groups.remove(&key).is_none() {
        return fail(format!("Invalid {KEY}"));
    }
    Ok(Success::Details(Xml::new().with(KEY, &key.to_string())))
}

fn members(ctx: &Ctx<'_>) -> Result<Vec<u64>, Refusal> {
    let entries = ctx.params.child("ACCESSLEVELS").map(|list| list.all("ACCESSLEVEL").collect::<Vec<_>>());
    entries.unwrap_or_default().into_iter().map(|entry| member(ctx, entry)).collect()
}

/// A level by KEY, or by NAME and an optional PARTITIONKEY.
fn member(ctx: &Ctx<'_>, entry: &Element) -> Result<u64, Refusal> {
    let number = |name: &str| entry.filled(name).and_then(|text| text.parse::<u64>().ok());
    let partition = number("PARTITIONKEY").unwrap_or_else(|| ctx.partition());
    let by_name = entry.filled("NAME").and_then(|name| ctx.store.level_key(name, partition));
    let key = number("KEY").filter(|key| ctx.store.levels.contains_key(key)).or(by_name);
    key.map_or_else(|| fail("Invalid ACCESSLEVEL"), Ok)
}
