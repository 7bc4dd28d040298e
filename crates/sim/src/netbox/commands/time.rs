//! Time specs and holidays (2.9).

use std::collections::BTreeSet;

use super::super::dates;
use super::super::store::{ALWAYS, Group, Holiday, NEVER, TimeSpec, next_key};
use super::super::xml::Xml;
use super::level_edit::name;
use super::{Ctx, Done, Refusal, Start, Success, fail};

const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
/// The most holidays of a partition (2.13).
const MOST_HOLIDAYS: usize = 30;

/// GetTimeSpecs.
pub(super) fn list(ctx: &mut Ctx<'_>) -> Done {
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("TIMESPECS"));
    };
    let specs = ctx.store.time_specs.range(start..).filter(|(_, spec)| spec.partition == ctx.partition());
    let page = ctx.page(specs.map(|(key, spec)| (*key, spec)), |_, xml, key, spec| {
        xml.element("TIMESPEC", |xml| write(xml, key, spec));
    });
    Ok(page.into_details("TIMESPECS"))
}

/// GetTimeSpec.
pub(super) fn get(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("TIMESPECKEY")?;
    let Some(spec) = ctx.store.time_specs.get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    let mut xml = Xml::new();
    xml.element("TIMESPEC", |xml| write(xml, key, spec));
    Ok(Success::Details(xml))
}

/// Weekdays are set with 1 and 0 and read back as TRUE and FALSE.
fn write(xml: &mut Xml, key: u64, spec: &TimeSpec) {
    xml.leaf("TIMESPECKEY", &key.to_string());
    xml.leaf("NAME", &spec.name);
    xml.leaf("DESCRIPTION", &spec.description);
    xml.leaf("STARTTIME", &dates::write_time(spec.start));
    xml.leaf("ENDTIME", &dates::write_time(spec.end));
    for (day, on) in DAYS.iter().zip(spec.days) {
        xml.leaf(day, if on { "TRUE" } else { "FALSE" });
    }
    xml.leaf("HOLIDAYGROUPS", &numbers(&spec.holiday_groups));
}

fn numbers(groups: &BTreeSet<u8>) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// AddTimeSpec: also makes a group of the same name with this one member.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let name = name(ctx, "NAME")?;
    let partition = ctx.partition();
    if ctx.store.time_specs.values().any(|spec| spec.name == name) {
        return fail("Duplicate Time Spec");
    }
    ctx.required("STARTTIME")?;
    ctx.required("ENDTIME")?;
    let blank = TimeSpec {
        name: name.clone(),
        description: String::new(),
        start: jiff::civil::Time::midnight(),
        end: dates::end_of_day(),
        days: [false; 7],
        holiday_groups: BTreeSet::new(),
        partition,
    };
    let spec = filled(ctx, blank)?;
    let key = next_key(&ctx.store.time_specs);
    let group_key = next_key(&ctx.store.time_groups);
    ctx.store.time_specs.insert(key, spec);
    let group = Group { name, description: String::new(), members: vec![key], partition };
    ctx.store.time_groups.insert(group_key, group);
    Ok(Success::Details(Xml::new().with("TIMESPECKEY", &key.to_string())))
}

/// ModifyTimeSpec.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("TIMESPECKEY")?;
    if [ALWAYS, NEVER].contains(&key) {
        return fail("Cannot modify timespecs ALWAYS or NEVER");
    }
    let Some(mut spec) = ctx.store.time_specs.get(&key).cloned() else { return fail("Invalid TIMESPECKEY") };
    if ctx.params.filled("NAME").is_some() {
        spec.name = name(ctx, "NAME")?;
    }
    let spec = filled(ctx, spec)?;
    ctx.store.time_specs.insert(key, spec);
    Ok(Success::Details(Xml::new().with("TIMESPECKEY", &key.to_string())))
}

fn filled(ctx: &Ctx<'_>, mut spec: TimeSpec) -> Result<TimeSpec, Refusal> {
    let time = |name: &str, old| match ctx.params.filled(name) {
        None => Ok(old),
        Some(text) => dates::read_time(text).map_or_else(|| fail(format!("Invalid {name}")), Ok),
    };
    spec.start = time("STARTTIME", spec.start)?;
    spec.end = time("ENDTIME", spec.end)?;
    for (day, on) in DAYS.iter().zip(&mut spec.days) {
        *on = ctx.flag(day)?.unwrap_or(*on);
    }
    if let Some(text) = ctx.params.value("HOLIDAYGROUPS") {
        spec.holiday_groups = holiday_groups(text)?;
    }
    spec.description = ctx.params.value("DESCRIPTION").map_or(spec.description, str::to_owned);
    Ok(spec)
}

/// `1,3`: groups 1 to 8.
fn holiday_groups(text: &str) -> Result<BTreeSet<u8>, Refusal> {
    let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
    let read = |number: &str| number.parse::<u8>().ok().filter(|group| (1..=8).contains(group));
    numbers.map(|number| read(number).map_or_else(|| fail("Invalid HOLIDAYGROUPS"), Ok)).collect()
}

/// DeleteTimeSpec edits the groups it belongs to (2.13).
pub(super) fn delete(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("TIMESPECKEY")?;
    if [ALWAYS, NEVER].contains(&key) {
        return fail("Cannot Delete timespecs ALWAYS or NEVER");
    }
    if ctx.store.time_specs.remove(&key).is_none() {
        return fail("Invalid TIMESPECKEY");
    }
    for group in ctx.store.time_groups.values_mut() {
        group.members.retain(|member| *member != key);
    }
    Ok(Success::Details(Xml::new().with("TIMESPECKEY", &key.to_string())))
}

/// GetHolidays: one text of keys with commas, unpaged.
pub(super) fn list_holidays(ctx: &mut Ctx<'_>) -> Done {
    let own = ctx.store.holidays.iter().filter(|(_, holiday)| holiday.partition == ctx.partition());
    let keep = ctx.twists.short().unwrap_or(usize::MAX);
    let keys: Vec<String> = own.take(keep).map(|(key, _)| key.to_string()).collect();
    Ok(Success::Details(Xml::new().with("HOLIDAYS", &keys.join(","))))
}

/// GetHoliday.
pub(super) fn get_holiday(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("HOLIDAYKEY")?;
    let Some(holiday) = ctx.store.holidays.get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    let mut xml = Xml::new();
    xml.element("HOLIDAY", |xml| {
        xml.leaf("NAME", &holiday.name);
        xml.leaf("HOLIDAYGROUPS", &numbers(&holiday.groups));
        xml.leaf("STARTDATE", &holiday.start.to_string());
        xml.leaf("ENDDATE", &holiday.end.to_string());
    });
    Ok(Success::Details(xml))
}

/// AddHoliday.
pub(super) fn add_holiday(ctx: &mut Ctx<'_>) -> Done {
    let partition = ctx.partition();
    if ctx.store.holidays.values().filter(|holiday| holiday.partition == partition).count() >= MOST_HOLIDAYS {
        return fail(format!("Cannot exceed count of {MOST_HOLIDAYS} Holidays per partition"));
    }
    let holiday = holiday(ctx, None)?;
    let key = next_key(&ctx.store.holidays);
    ctx.store.holidays.insert(key, holiday);
    Ok(Success::Details(Xml::new().with("HOLIDAYKEY", &key.to_string())))
}

/// ModifyHoliday.
pub(super) fn modify_holiday(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("HOLIDAYKEY")?;
    let Some(old) = ctx.store.holidays.get(&key).cloned() else { return fail("Invalid HOLIDAYKEY") };
    let holiday = holiday(ctx, Some(&old))?;
    ctx.store.holidays.insert(key, holiday);
    Ok(Success::Details(Xml::new().with("HOLIDAYKEY", &key.to_string())))
}

/// DeleteHoliday.
pub(super) fn delete_holiday(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("HOLIDAYKEY")?;
    if ctx.store.holidays.remove(&key).is_none() {
        return fail("Invalid HOLIDAYKEY");
    }
    Ok(Success::Details(Xml::new().with("HOLIDAYKEY", &key.to_string())))
}

/// The holiday after the parameters are applied; the end is the day after the last (2.4).
fn holiday(ctx: &Ctx<'_>, old: Option<&Holiday>) -> Result<Holiday, Refusal> {
    let stays = |parameter: &str| old.filter(|_| ctx.params.filled(parameter).is_none());
    let date = |parameter: &str| {
        let day = ctx.required(parameter)?.split(' ').next().and_then(dates::read_date);
        day.map_or_else(|| fail(format!("Invalid {parameter}")), Ok)
    };
    Ok(Holiday {
        name: stays("HOLIDAYNAME").map_or_else(|| name(ctx, "HOLIDAYNAME"), |old| Ok(old.name.clone()))?,
        groups: stays("HOLIDAYGROUPS").map_or_else(
            || holiday_groups(ctx.params.value("HOLIDAYGROUPS").unwrap_or_default()),
            |old| Ok(old.groups.clone()),
        )?,
        start: stays("STARTDATE").map_or_else(|| date("STARTDATE"), |old| Ok(old.start))?,
        end: stays("ENDDATE").map_or_else(|| date("ENDDATE"), |old| Ok(old.end))?,
        partition: old.map_or_else(|| ctx.partition(), |old| old.partition),
    })
}
