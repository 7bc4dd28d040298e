//! Access history, events and inserted activity (2.10).

use super::super::history::{self, AccessPage};
use super::super::log::{ACCESS_DENIED, ACCESS_GRANTED, Record};
use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Start, Success, fail};

/// GetAccessHistory: date filters are silently ignored, as on 6.2.0.
pub(super) fn access_history(ctx: &mut Ctx<'_>) -> Done {
    let short = ctx.twists.short();
    let most = ctx.max_records()?.min(short.unwrap_or(usize::MAX));
    let after = ctx.optional_key("AFTERLOGID")?;
    let start = ctx.optional_key("STARTLOGID")?.unwrap_or(u64::MAX);
    let filled = |name: &str| ctx.params.filled(name).map(str::to_owned);
    let (encoded, hotstamp, format) = (filled("ENCODEDNUM"), filled("HOTSTAMP"), filled("CARDFORMAT"));
    let fits = |record: &&Record| {
        encoded.as_ref().is_none_or(|wanted| *wanted == record.encoded)
            && hotstamp.as_ref().is_none_or(|wanted| *wanted == record.hotstamp)
            && format.as_ref().is_none_or(|wanted| *wanted == record.format)
    };
    let accesses = |from| ctx.store.log.accesses_from(from);
    let page = match after {
        Some(after) => {
            let edge = u64::from(!ctx.switches.is("history.edge", "at-or-after"));
            AccessPage::of(accesses(after.saturating_add(edge)).filter(fits), most)
        }
        None => AccessPage::of(accesses(0).rev().filter(|r| r.id <= start).filter(fits), most),
    };
    let page = if short.is_some() { page.ending_here() } else { page };
    let next = if ctx.twists.repeats() {
        after.map(|id| id.to_string()).unwrap_or_default()
    } else {
        page.next_logid(ctx, after)
    };
    let mut xml = Xml::new();
    page.write(ctx, &mut xml, true);
    Ok(Success::Details(xml.with("NEXTLOGID", &next)))
}

/// ListEvents: clients in use read NEXTKEY until it is -1, so it is always present (A1).
pub(super) fn list(ctx: &mut Ctx<'_>) -> Done {
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("EVENTS"));
    };
    let events = ctx.store.events.range(start..).map(|(key, event)| (*key, event));
    let page = ctx.page(events, |_, xml, key, event| {
        xml.element("EVENT", |xml| {
            xml.leaf("ID", &key.to_string());
            xml.leaf("NAME", &event.name);
            xml.leaf("PARTITIONID", &event.partition.to_string());
            xml.element("ACTIONS", |xml| {
                event.actions.iter().for_each(|action| xml.leaf("ACTION", action));
            });
        });
    });
    Ok(page.into_details("EVENTS"))
}

/// TriggerEvent.
pub(super) fn trigger(ctx: &mut Ctx<'_>) -> Done {
    let name = ctx.required("EVENTNAME")?.to_owned();
    let active = match ctx.required("EVENTACTION")? {
        "ACTIVATE" => true,
        "DEACTIVATE" => false,
        _ => return fail("Invalid EVENTACTION"),
    };
    let partition = ctx.optional_key("PARTITIONID")?;
    let fits = |event: &&mut super::super::store::Event| {
        event.name == name && partition.is_none_or(|wanted| wanted == event.partition)
    };
    let Some(event) = ctx.store.events.values_mut().find(fits) else { return fail("Invalid EVENTNAME") };
    event.active = active;
    // The event stream has no `Event Deactivated` (A9).
    let (word, event_type) =
        if active { ("Event Activated", "Activated") } else { ("Event Normal", "Deactivated") };
    ctx.subject.clone_from(&name);
    let record = Record { name: word, at: ctx.local, detail: name, event_type, ..Record::default() };
    ctx.log(record);
    Ok(Success::Code)
}

/// GetEventHistory: text with commas, configured events only.
pub(super) fn event_history(ctx: &mut Ctx<'_>) -> Done {
    let (start, end) = (ctx.date(ctx.params, "STARTDTTM")?.value(), ctx.date(ctx.params, "ENDDTTM")?.value());
    let from = ctx.optional_key("NEXTKEY")?.unwrap_or(0);
    let wanted = ctx.params.filled("EVENTNAME");
    let fits = |r: &&Record| {
        r.name.starts_with("Event ")
            && r.id >= from
            && wanted.is_none_or(|wanted| wanted == r.detail)
            && start.is_none_or(|start| start <= r.at)
            && end.is_none_or(|end| r.at <= end)
    };
    let mut found = ctx.store.log.all().filter(fits);
    let mut text = "LogID,Time,EventName,Type,Reason,AlarmCause\n".to_owned();
    for record in found.by_ref().take(ctx.page_size()) {
        let time = ctx.date_text(Some(record.at));
        let line = format!("{},{time},{},{},,\n", record.id, quoted(&record.detail), record.event_type);
        text.push_str(&line);
    }
    let next = found.next().map_or_else(|| "-1".to_owned(), |record| record.id.to_string());
    Ok(Success::Details(Xml::new().with("EVENTHISTORY", &text).with("NEXTKEY", &next)))
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// InsertActivity.
pub(super) fn insert(ctx: &mut Ctx<'_>) -> Done {
    let (name, access) = match ctx.required("ACTIVITYTYPE")? {
        "ACCESSGRANTED" => (ACCESS_GRANTED, true),
        "ACCESSDENIED" => (ACCESS_DENIED, true),
        "USERACTIVITY" => ("User Activity", false),
        _ => return fail("Invalid ACTIVITYTYPE"),
    };
    if name == ACCESS_GRANTED {
        ctx.required("PERSONID")?;
    }
    let reason = match ctx.params.filled("DETAILS").filter(|_| name == ACCESS_DENIED) {
        None => "",
        Some(word) => history::reason(word).map_or_else(|| fail("Invalid DETAILS"), Ok)?,
    };
    let text = ctx.params.filled("ACTIVITYTEXT").unwrap_or_default();
    if text.chars().count() > 255 {
        return fail("ACTIVITYTEXT cannot exceed 255 characters");
    }
    let portal = existing(ctx, "PORTALKEY", |ctx, key| ctx.store.portals.contains_key(&key))?;
    let reader = existing(ctx, "READERKEY", |ctx, key| ctx.store.readers.contains_key(&key))?;
    if portal.is_some() && ctx.params.filled("ELEVATORKEY").is_some() {
        return fail("Only one of PORTALKEY and ELEVATORKEY may be specified");
    }
    let filled = |name: &str| ctx.params.filled(name).unwrap_or_default().to_owned();
    let person = filled("PERSONID");
    let named = ctx.store.people.find(&person).and_then(|key| ctx.store.people.get(key));
    let text_of = |field| named.map(|person| person.text(field).to_owned()).unwrap_or_default();
    let record = Record {
        name,
        access,
        at: ctx.local,
        first_name: text_of("FIRSTNAME"),
        last_name: text_of("LASTNAME"),
        person,
        portal,
        reader,
        reason,
        encoded: filled("ENCODEDNUM"),
        format: filled("CARDFORMAT"),
        detail: text.to_owned(),
        ..Record::default()
    };
    ctx.log(record);
    Ok(Success::Code)
}

fn existing(ctx: &Ctx<'_>, name: &str, there: fn(&Ctx<'_>, u64) -> bool) -> Result<Option<u64>, Refusal> {
    let key = ctx.optional_key(name)?;
    if key.is_some_and(|key| !there(ctx, key)) {
        return fail(format!("Invalid {name}"));
    }
    Ok(key)
}
