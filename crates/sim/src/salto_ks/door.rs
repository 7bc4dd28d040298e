//! The door decision: `may(user, lock, time)` (2.14), from groups, schedules in the site zone, blocked,
//! suspended, seats; and what becomes of it in the entries.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::ids::Pu;
use super::inner::Inner;
use super::store::{Entry, Group, Lock, Site, SiteUser};
use crate::frame::Switches;

/// Somebody at a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) lock: Uuid,
    /// `None`: a PIN that is nobody's.
    pub(super) user: Option<Pu>,
    /// `tag`, `pin_code`, `remote`, `inside_handle`.
    pub(super) by: &'static str,
    pub(super) at: Timestamp,
}

/// Why not: a reject detail of 2.11, and a word for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) detail: &'static str,
    pub(super) reason: &'static str,
}

const fn refuse(detail: &'static str, reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal { detail, reason })
}

/// Who an unknown PIN belongs to in the entries: nobody (2.11).
pub(super) const NOBODY: Uuid = Uuid::from_u128(1);

/// May this person open this lock at this moment?
pub(super) fn may(
    site: &Site,
    switches: &Switches,
    user: Pu,
    lock: Uuid,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(lock) = site.locks.get(&lock) else {
        return refuse("no_access", "there is no such lock");
    };
    let offline = site.iqs.get(&lock.iq).filter(|iq| !iq.online);
    if let Some(iq) = offline {
        return from_memory(lock, iq.offline_days, user, at);
    }
    let Some(person) = site.user_of(user) else {
        return refuse("no_access", "no user of the site");
    };
    in_person(site, switches, person, at)?;
    by_group(site, switches, user, lock.id, at)
}

/// While its IQ is offline a lock goes by the credentials it has seen (2.8).
fn from_memory(lock: &Lock, days: u32, user: Pu, at: Timestamp) -> Result<(), Refusal> {
    let days = i64::from(days);
    let knows = lock.used.get(&user).is_some_and(|used| at.duration_since(*used).as_secs() <= days * 86_400);
    if knows { Ok(()) } else { refuse("offline", "the IQ is offline and the lock knows no such key") }
}

/// Nothing about the person forbids it.
fn in_person(site: &Site, switches: &Switches, person: &SiteUser, at: Timestamp) -> Result<(), Refusal> {
    if !site.subscribed(person) {
        return refuse("suspended", "no seat");
    }
    if person.blocked {
        return refuse("no_access", "blocked");
    }
    let stops = switches.is("expires-at.door", "stops");
    if stops && person.expires_at.is_some_and(|end| at >= end) {
        return refuse("no_access", "expired");
    }
    Ok(())
}

/// A group opens the lock to the person now.
fn by_group(site: &Site, switches: &Switches, user: Pu, lock: Uuid, at: Timestamp) -> Result<(), Refusal> {
    let mut groups = site.groups.values().filter(|group| group.locks.contains(&lock)).peekable();
    if groups.peek().is_none() {
        return refuse("no_access", "the lock is in no group");
    }
    let mut member = false;
    for group in groups.filter(|group| reaches(group, switches, user, at)) {
        member = true;
        if open(group, switches, &site.zone, at) {
            return Ok(());
        }
    }
    if member {
        refuse("no_access", "no schedule allows it now")
    } else {
        refuse("no_access", "in no group of this lock")
    }
}

/// The hardware knows of the membership (2.4).
fn reaches(group: &Group, switches: &Switches, user: Pu, at: Timestamp) -> bool {
    let lag = switches.whole("hardware.member-seconds").unwrap_or(0);
    group.members.get(&user).is_some_and(|since| lag == 0 || at.duration_since(*since).as_secs() >= lag)
}

/// A schedule of the group allows it; without any schedule a group opens nothing (2.7).
fn open(group: &Group, switches: &Switches, zone: &TimeZone, at: Timestamp) -> bool {
    let lag = switches.whole("hardware.schedule-seconds").unwrap_or(0);
    let known = lag == 0 || at.duration_since(group.scheduled).as_secs() >= lag;
    let local = at.to_zoned(zone.clone()).datetime();
    known && group.schedules.values().any(|schedule| schedule.open(local))
}

/// Somebody tries the lock: decided and written down.
pub(super) fn attempt(inner: &mut Inner, site: Uuid, attempt: &Attempt) -> Result<(), Refusal> {
    let place = inner.store.sites.get(&site);
    let decision = match (place, attempt.user) {
        (Some(place), Some(user)) => may(place, &inner.switches, user, attempt.lock, attempt.at),
        _ => refuse("no_access", "nobody has this PIN"),
    };
    match decision {
        Ok(()) => opened(inner, site, attempt),
        Err(refusal) => log(inner, site, attempt, "lock_rejected", Some(refusal.detail)),
    }
    decision
}

/// The lock opened; it remembers by whom.
pub(super) fn opened(inner: &mut Inner, site: Uuid, attempt: &Attempt) {
    let lock = inner.store.sites.get_mut(&site).and_then(|site| site.locks.get_mut(&attempt.lock));
    if let (Some(lock), Some(user)) = (lock, attempt.user) {
        lock.used.insert(user, attempt.at);
    }
    log(inner, site, attempt, "lock_opened", None);
}

fn log(
    inner: &mut Inner,
    site: Uuid,
    attempt: &Attempt,
    category: &'static str,
    detail: Option<&'static str>,
) {
    let id = inner.store.id();
    let profile = attempt.user.and_then(|user| inner.store.profiles.get(&user));
    let names = profile.map(|p| (p.first_name.clone(), p.last_name.clone()));
    let Some(site) = inner.store.sites.get_mut(&site) else {
        return;
    };
    let person = attempt.user.and_then(|user| site.user_of(user));
    let alias = person.and_then(|user| user.alias.clone());
    let access_detail = person.filter(|_| attempt.by == "tag").and_then(|user| user.tag.clone());
    let (first_name, last_name) = names.unzip();
    let user = attempt.user.map_or(NOBODY, |user| user.0);
    let entry = Entry {
        number: 0,
        id,
        category,
        detail,
        at: attempt.at,
        lock: attempt.lock,
        user: Some(user),
        first_name,
        last_name,
        alias,
        by: attempt.by,
        access_detail,
    };
    site.log(entry);
}
