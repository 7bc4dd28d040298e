//! Access levels, changed through the API (2.9).

use super::super::store::{Level, Target, next_key};
use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Success, fail};

/// The longest name (2.13).
const LONGEST_NAME: usize = 64;

/// A required name that is not too long.
pub(super) fn name(ctx: &Ctx<'_>, parameter: &str) -> Result<String, Refusal> {
    let text = ctx.required(parameter)?;
    if text.chars().count() > LONGEST_NAME {
        return fail(format!("{parameter} cannot exceed {LONGEST_NAME} characters"));
    }
    ctx.text(parameter, text)
}

/// AddAccessLevel.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let name = name(ctx, "ACCESSLEVELNAME")?;
    let partition = ctx.partition();
    if ctx.store.level_key(&name, partition).is_some() {
        return fail("Duplicate Access Level");
    }
    let blank = Level {
        name: String::new(),
        description: String::new(),
        target: Target::Nothing,
        time_group: 0,
        threat_group: None,
        partition,
    };
    let level = filled(ctx, blank, name)?;
    let key = next_key(&ctx.store.levels);
    ctx.store.levels.insert(key, level);
    Ok(Success::Details(Xml::new().with("ACCESSLEVELKEY", &key.to_string())))
}

/// ModifyAccessLevel: CODE only; TIMESPECGROUPKEY must be sent again every time.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let key = existing(ctx)?;
    let Some(old) = ctx.store.levels.get(&key).cloned() else { return fail("Invalid ACCESSLEVELKEY") };
    let name = match ctx.params.filled("ACCESSLEVELNAME") {
        Some(_) => name(ctx, "ACCESSLEVELNAME")?,
        None => old.name.clone(),
    };
    if ctx.store.level_key(&name, old.partition).is_some_and(|other| other != key) {
        return fail("Duplicate Access Level");
    }
    let level = filled(ctx, old, name)?;
    ctx.store.levels.insert(key, level);
    Ok(Success::Code)
}

/// DeleteAccessLevel: refused while a person or a group has it.
pub(super) fn delete(ctx: &mut Ctx<'_>) -> Done {
    let key = existing(ctx)?;
    let held = ctx.store.people.live_from(0).any(|(_, p)| p.levels.iter().any(|held| held.level == key));
    let grouped = ctx.store.level_groups.values().any(|group| group.members.contains(&key));
    if held || grouped {
        return fail("Delete Failed: May be referenced elsewhere");
    }
    ctx.store.levels.remove(&key);
    Ok(Success::Details(Xml::new().with("ACCESSLEVELKEY", &key.to_string())))
}

fn existing(ctx: &Ctx<'_>) -> Result<u64, Refusal> {
    let key = ctx.key("ACCESSLEVELKEY")?;
    let there = ctx.store.levels.get(&key).is_some_and(|level| level.partition == ctx.partition());
    if there { Ok(key) } else { fail("Invalid ACCESSLEVELKEY") }
}

/// The level after the parameters are applied.
fn filled(ctx: &Ctx<'_>, mut level: Level, name: String) -> Result<Level, Refusal> {
    level.name = name;
    level.time_group = ctx.key("TIMESPECGROUPKEY")?;
    if !ctx.store.time_groups.contains_key(&level.time_group) {
        return fail("Invalid TIMESPECGROUPKEY");
    }
    level.target = match (ctx.optional_key("READERKEY")?, ctx.optional_key("READERGROUPKEY")?) {
        (Some(_), Some(_)) => return fail("Only one of READERKEY and READERGROUPKEY may be specified"),
        (Some(key), None) if ctx.store.readers.contains_key(&key) => Target::Reader(key),
        (Some(_), None) => return fail("Invalid READERKEY"),
        (None, Some(key)) if ctx.store.reader_groups.contains_key(&key) => Target::ReaderGroup(key),
        (None, Some(_)) => return fail("Invalid READERGROUPKEY"),
        (None, None) => level.target,
    };
    if let Some(text) = ctx.params.value("ACCESSLEVELDESCRIPTION") {
        level.description = ctx.text("ACCESSLEVELDESCRIPTION", text)?;
    }
    level.threat_group = ctx.optional_key("THREATLEVELGROUPKEY")?.or(level.threat_group);
    Ok(level)
}
