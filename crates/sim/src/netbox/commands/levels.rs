//! Access levels and their groups (2.9).

use std::collections::BTreeSet;
use std::ops::Bound;

use super::super::store::{Level, Target};
use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Start, Success};

/// GetAccessLevels: names with NEXTNAME, or with WANTKEY=TRUE keys with NEXTKEY; never both.
pub(super) fn list(ctx: &mut Ctx<'_>) -> Done {
    let partition =
        ctx.optional_key("PARTITIONKEY")?.filter(|key| *key != 0).unwrap_or_else(|| ctx.partition());
    if !ctx.flag("WANTKEY")?.unwrap_or(false) {
        return names_of(ctx, Some(partition));
    }
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("ACCESSLEVELS"));
    };
    let levels = ctx.store.levels.range(start..).filter(|(_, level)| level.partition == partition);
    let page = ctx.page(levels.map(|(key, _)| (*key, ())), |_, xml, key, ()| {
        xml.leaf("ACCESSLEVEL", &key.to_string());
    });
    Ok(page.into_details("ACCESSLEVELS"))
}

/// GetAccessLevelNames: with PARTITIONKEY=0 the names of all partitions, each with its key.
pub(super) fn names(ctx: &mut Ctx<'_>) -> Done {
    match ctx.params.filled("PARTITIONKEY") {
        None => names_of(ctx, Some(ctx.partition())),
        Some("0") => names_of(ctx, None),
        Some(_) => super::fail("Invalid PARTITIONKEY"),
    }
}

/// One page of names in order, from STARTFROMNAME on; NEXTNAME is the first name of the next page.
fn names_of(ctx: &Ctx<'_>, partition: Option<u64>) -> Done {
    let fits = |level: &&Level| partition.is_none_or(|wanted| level.partition == wanted);
    let names: BTreeSet<(&str, u64)> =
        ctx.store.levels.values().filter(fits).map(|l| (l.name.as_str(), l.partition)).collect();
    let start = ctx.params.filled("STARTFROMNAME").unwrap_or_default();
    let mut rest = names.range((Bound::Included((start, 0)), Bound::Unbounded)).copied();
    let size = ctx.twists.short().unwrap_or_else(|| ctx.page_size());
    let page: Vec<(&str, u64)> = rest.by_ref().take(size).collect();
    let cut = ctx.twists.short().is_some();
    let mut next = rest.next().filter(|_| !cut).map_or("", |(name, _)| name);
    if ctx.twists.repeats() {
        next = page.first().map_or(start, |(name, _)| name);
    }
    let mut xml = Xml::new();
    xml.element("ACCESSLEVELS", |xml| page.iter().for_each(|entry| name(xml, *entry, partition)));
    Ok(Success::Details(xml.with("NEXTNAME", next)))
}

fn name(xml: &mut Xml, (name, key): (&str, u64), partition: Option<u64>) {
    if partition.is_some() {
        return xml.leaf("ACCESSLEVEL", name);
    }
    xml.element("ACCESSLEVEL", |xml| {
        xml.leaf("NAME", name);
        xml.leaf("PARTITIONKEY", &key.to_string());
    });
}

/// GetAccessLevel: directly in DETAILS.
pub(super) fn get(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("ACCESSLEVELKEY")?;
    let Some(level) = ctx.store.levels.get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    ctx.subject.clone_from(&level.name);
    let mut xml = Xml::new().with("ACCESSLEVELNAME", &level.name);
    xml.leaf("ACCESSLEVELDESCRIPTION", &level.description);
    match level.target {
        Target::Nothing => {}
        Target::Reader(key) => xml.leaf("READERKEY", &key.to_string()),
        Target::ReaderGroup(key) => xml.leaf("READERGROUPKEY", &key.to_string()),
    }
    xml.leaf("TIMESPECGROUPKEY", &level.time_group.to_string());
    xml.leaf("THREATLEVELGROUPKEY", &level.threat_group.map(|key| key.to_string()).unwrap_or_default());
    Ok(Success::Details(xml))
}
