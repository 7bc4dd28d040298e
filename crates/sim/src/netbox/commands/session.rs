//! Session commands (2.3, 2.6).

use super::super::log::Record;
use super::super::store::{Partition, next_key};
use super::super::xml::Xml;
use super::{Ctx, Done, Refusal, Success, fail};

/// Login: a session id as an attribute, no DETAILS; APIERROR 5 if the login fails.
pub(super) fn login(ctx: &mut Ctx<'_>) -> Done {
    let name = ctx.params.value("USERNAME").unwrap_or_default().to_owned();
    let password = ctx.params.value("PASSWORD").unwrap_or_default();
    if ctx.store.users.get(&name).is_none_or(|user| user.password != password) {
        return Err(Refusal::ApiError(5));
    }
    let most = ctx.switches.count("session.limit");
    if most.is_some_and(|most| ctx.store.sessions.count_of(&name) >= most) {
        return Err(Refusal::ApiError(5));
    }
    if ctx.switches.is("session.limit", "newest-wins") {
        ctx.store.sessions.close_of(&name);
    }
    ctx.subject.clone_from(&name);
    let digits = ctx.switches.is("login.session-id", "digits");
    let id = ctx.store.sessions.open(&name, ctx.now, digits);
    let record = Record { name: "Logged In", at: ctx.local, detail: name, ..Record::default() };
    ctx.log(record);
    Ok(Success::LoggedIn(id))
}

/// Logout: CODE only, and no session in the envelope.
pub(super) fn logout(ctx: &mut Ctx<'_>) -> Done {
    if let Some((id, _)) = &ctx.session {
        ctx.store.sessions.close(id);
    }
    Ok(Success::LoggedOut)
}

/// GetAPIVersion.
pub(super) fn version(ctx: &mut Ctx<'_>) -> Done {
    Ok(Success::Details(Xml::new().with("APIVERSION", ctx.switches.get("box.version"))))
}

/// PingApp: CODE only.
pub(super) fn ping(_ctx: &mut Ctx<'_>) -> Done {
    Ok(Success::Code)
}

/// GetPartitions.
pub(super) fn partitions(ctx: &mut Ctx<'_>) -> Done {
    let page = ctx.page(ctx.store.partitions.iter().map(|(key, p)| (*key, p)), |_, xml, key, partition| {
        xml.element("PARTITION", |xml| {
            xml.leaf("PARTITIONKEY", &key.to_string());
            xml.leaf("NAME", &partition.name);
            xml.leaf("DESCRIPTION", &partition.description);
        });
    });
    Ok(page.into_details("PARTITIONS"))
}

/// SwitchPartition: for the whole session.
pub(super) fn switch_partition(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("PARTITIONKEY")?;
    if !ctx.store.partitions.contains_key(&key) {
        return fail("Invalid PARTITIONKEY");
    }
    let session = ctx.session.as_ref().and_then(|(id, _)| ctx.store.sessions.get_mut(id));
    if let Some(session) = session {
        session.partition = key;
    }
    Ok(Success::Code)
}

/// AddPartition; TIMEZONE is required and not simulated.
pub(super) fn add_partition(ctx: &mut Ctx<'_>) -> Done {
    let name = ctx.required("NAME")?.to_owned();
    ctx.required("TIMEZONE")?;
    if ctx.store.partitions.values().any(|p| p.name == name) {
        return fail("Duplicate Partition");
    }
    let description = ctx.params.value("DESCRIPTION").unwrap_or_default().to_owned();
    let key = next_key(&ctx.store.partitions);
    ctx.store.partitions.insert(key, Partition { name, description });
    Ok(Success::Details(Xml::new().with("PARTITIONKEY", &key.to_string())))
}

impl Ctx<'_> {
    /// Writes to the activity log.
    pub(super) fn log(&mut self, record: Record) -> u64 {
        let holes = self.switches.is("history.ids", "holes");
        self.store.log.push(Record { partition: self.partition(), ..record }, holes)
    }
}
