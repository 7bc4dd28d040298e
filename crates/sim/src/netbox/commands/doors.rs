//! Portals, readers and outputs (2.9).

use super::super::log::Record;
use super::super::store::{Portal, Reader};
use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Start, Success, fail};

/// GetPortals.
pub(super) fn portals(ctx: &mut Ctx<'_>) -> Done {
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("PORTALS"));
    };
    let portals = ctx.store.portals.range(start..).filter(|(_, portal)| portal.partition == ctx.partition());
    let page = ctx.page(portals.map(|(key, portal)| (*key, portal)), |ctx, xml, key, portal| {
        xml.element("PORTAL", |xml| {
            xml.leaf("PORTALKEY", &key.to_string());
            xml.leaf("NAME", &portal.name);
            xml.element("READERS", |xml| portal_readers(ctx, xml, portal));
        });
    });
    Ok(page.into_details("PORTALS"))
}

fn portal_readers(ctx: &Ctx<'_>, xml: &mut Xml, portal: &Portal) {
    for (order, key) in portal.readers.iter().enumerate() {
        xml.element("READER", |xml| {
            xml.leaf("READERKEY", &key.to_string());
            xml.leaf("NAME", ctx.store.readers.get(key).map_or("", |reader| &reader.name));
            xml.leaf("PORTALORDER", &(order + 1).to_string());
        });
    }
}

/// GetReaders.
pub(super) fn readers(ctx: &mut Ctx<'_>) -> Done {
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("READERS"));
    };
    let readers = ctx.store.readers.range(start..).filter(|(_, reader)| reader.partition == ctx.partition());
    let page = ctx.page(readers.map(|(key, reader)| (*key, reader)), |_, xml, key, reader| {
        write_reader(xml, key, reader);
    });
    Ok(page.into_details("READERS"))
}

/// GetReader: READERS with one READER in it.
pub(super) fn reader(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("READERKEY")?;
    let Some(reader) = ctx.store.readers.get(&key) else {
        return Err(ctx.absent(Refusal::FailNotFound));
    };
    let mut xml = Xml::new();
    xml.element("READERS", |xml| write_reader(xml, key, reader));
    Ok(Success::Details(xml))
}

fn write_reader(xml: &mut Xml, key: u64, reader: &Reader) {
    xml.element("READER", |xml| {
        xml.leaf("READERKEY", &key.to_string());
        xml.leaf("NAME", &reader.name);
        xml.leaf("DESCRIPTION", &reader.description);
    });
}

/// GetPortalStatuses (v2): all portals, or one.
pub(super) fn statuses(ctx: &mut Ctx<'_>) -> Done {
    let wanted = ctx.optional_key("PORTALKEY")?;
    let state = ctx.optional_key("STATEKEY")?;
    let all = ctx.flag("ALLPARTITIONS")?.unwrap_or(false);
    let mut xml = Xml::new();
    xml.element("PORTALSTATUSES", |xml| {
        for (key, portal) in &ctx.store.portals {
            let (state_key, name) = if portal.unlocked { (2, "Unlocked") } else { (1, "Locked") };
            let fits =
                wanted.is_none_or(|wanted| wanted == *key) && state.is_none_or(|state| state == state_key);
            if fits && (all || portal.partition == ctx.partition()) {
                xml.element("PORTALSTATUS", |xml| write_status(xml, *key, portal, state_key, name));
            }
        }
    });
    Ok(Success::Details(xml))
}

fn write_status(xml: &mut Xml, key: u64, portal: &Portal, state: u64, name: &str) {
    xml.leaf("PORTALKEY", &key.to_string());
    xml.leaf("PORTALNAME", &portal.name);
    xml.leaf("STATEKEY", &state.to_string());
    xml.leaf("STATENAME", name);
    for empty in ["THREATLEVELNAME", "LOCATIONKEY", "LOCATIONNAME", "TYPEKEY"] {
        xml.leaf(empty, "");
    }
    xml.leaf("PARTITIONKEY", &portal.partition.to_string());
}

/// LockPortal.
pub(super) fn lock(ctx: &mut Ctx<'_>) -> Done {
    set_lock(ctx, false)
}

/// UnlockPortal: lasts until LockPortal.
pub(super) fn unlock(ctx: &mut Ctx<'_>) -> Done {
    set_lock(ctx, true)
}

fn set_lock(ctx: &mut Ctx<'_>, unlocked: bool) -> Done {
    let key = portal_key(ctx)?;
    let Some(portal) = ctx.store.portals.get_mut(&key) else { return fail("Invalid portal key") };
    if portal.unlocked == unlocked {
        return fail("Portal state not changed");
    }
    portal.unlocked = unlocked;
    note(ctx, key, if unlocked { "Unlock" } else { "Relock" });
    Ok(Success::Details(Xml::new().with("PORTALKEY", &key.to_string())))
}

/// MomentaryUnlockPortal.
pub(super) fn momentary(ctx: &mut Ctx<'_>) -> Done {
    let key = portal_key(ctx)?;
    note(ctx, key, "Request Momentary Unlock");
    note(ctx, key, "Momentary Unlock");
    Ok(Success::Details(Xml::new().with("PORTALKEY", &key.to_string())))
}

fn portal_key(ctx: &Ctx<'_>) -> Result<u64, Refusal> {
    let key = ctx.params.filled("PORTALKEY").and_then(|text| text.parse().ok());
    let there = key.filter(|key| ctx.store.portals.contains_key(key));
    there.map_or_else(|| fail("Invalid portal key"), Ok)
}

fn note(ctx: &mut Ctx<'_>, portal: u64, name: &'static str) {
    let record = Record { name, at: ctx.local, portal: Some(portal), ..Record::default() };
    ctx.log(record);
}

/// GetOutputs.
pub(super) fn outputs(ctx: &mut Ctx<'_>) -> Done {
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("OUTPUTS"));
    };
    let outputs = ctx.store.outputs.range(start..).map(|(key, output)| (*key, output));
    let page = ctx.page(outputs, |_, xml, key, output| {
        xml.element("OUTPUT", |xml| {
            xml.leaf("OUTPUTKEY", &key.to_string());
            xml.leaf("NAME", &output.name);
        });
    });
    Ok(page.into_details("OUTPUTS"))
}

/// ActivateOutput.
pub(super) fn activate(ctx: &mut Ctx<'_>) -> Done {
    set_output(ctx, true)
}

/// DeactivateOutput.
pub(super) fn deactivate(ctx: &mut Ctx<'_>) -> Done {
    set_output(ctx, false)
}

fn set_output(ctx: &mut Ctx<'_>, active: bool) -> Done {
    let key = ctx.key("OUTPUTKEY")?;
    let Some(output) = ctx.store.outputs.get_mut(&key) else { return fail("Invalid OUTPUTKEY") };
    if output.active == active {
        return fail("Output state not changed");
    }
    output.active = active;
    Ok(Success::Details(Xml::new().with("OUTPUTKEY", &key.to_string())))
}

/// GetElevators and GetFloors: this NetBox has no elevators (A6).
pub(super) fn no_elevators(ctx: &mut Ctx<'_>) -> Done {
    Err(ctx.absent(Refusal::FailNotFound))
}
