//! Builds a platform from a seed.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::super::ids::{self, Pu, Su};
use super::super::store::{
    DAYS, Edge, Group, Iq, Lock, Pod, Profile, Role, Schedule, Site, SiteUser, Store, Tag, read_time,
};
use super::{GroupSpec, ProfileSpec, ScheduleSpec, SiteSpec, UserSpec};

impl ProfileSpec {
    pub(super) fn build(&self, store: &mut Store) -> Result<(), String> {
        if store.by_email(&self.email).is_some() {
            return Err(format!("the seed has two profiles {}", self.email));
        }
        let mut profile = blank(store, Some(self.email.clone()), &self.first_name, &self.last_name);
        profile.password.clone_from(&self.password);
        profile.phone.clone_from(&self.phone);
        profile.completed = self.has_profile;
        store.profiles.insert(profile);
        Ok(())
    }
}

fn blank(store: &mut Store, email: Option<String>, first_name: &str, last_name: &str) -> Profile {
    Profile {
        id: Pu(store.id()),
        subject: store.id(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        email,
        phone: None,
        language: "en".to_owned(),
        password: None,
        completed: false,
        managed_by: None,
        tokens_from: Timestamp::MIN,
    }
}

/// Two hexadecimal digits for each byte: seven bytes for a lock, three with dots between for an IQ (A5).
pub(super) fn mac(store: &mut Store, bytes: usize, between: &str) -> String {
    let bytes: Vec<String> = (0..bytes).map(|_| format!("{:02X}", store.number(256))).collect();
    bytes.join(between)
}

impl SiteSpec {
    pub(super) fn build(&self, store: &mut Store, now: Timestamp) -> Result<(), String> {
        let zone = TimeZone::get(&self.time_zone).map_err(|_| {
            format!(
                "site {} names a time zone `{}` that does not exist",
                self.customer_reference, self.time_zone
            )
        })?;
        let id = match &self.id {
            Some(id) => ids::read(id).ok_or_else(|| format!("`{id}` is no site id"))?,
            None => store.id(),
        };
        let (uid, name) = (self.site_uid.clone(), self.customer_reference.clone());
        let mut site = Site::empty(id, uid, name, zone, self.time_zone.clone());
        site.country.clone_from(&self.country_code);
        (site.seats, site.valid, site.released) =
            (self.subscribed_user_amount, self.subscription_valid, self.released);
        site.kind = self.kind.clone().unwrap_or(site.kind);
        site.features.clone_from(&self.features);
        site.ttl_days = self.store_events_ttl.unwrap_or(90);
        self.roles(store, &mut site);
        self.hardware(store, &mut site)?;
        for user in &self.users {
            add_user(store, &mut site, user, now)?;
        }
        for group in &self.access_groups {
            group.build(store, &mut site, now)?;
        }
        self.pods(store, &mut site)?;
        if let Some(generate) = &self.generate {
            generate.fill(store, &mut site, now);
        }
        if let Some(owner) = &self.owner {
            let profile = store.by_email(owner).ok_or_else(|| format!("the owner {owner} has no profile"))?;
            site.owner = Some(profile.id);
        }
        store.sites.insert(id, site);
        Ok(())
    }

    fn roles(&self, store: &mut Store, site: &mut Site) {
        for role in &self.custom_roles {
            let (code, name) = (role.code.clone(), role.customer_reference.clone());
            let role = Role { code, name, hierarchical: true, rank: 1, custom: Some(store.id()) };
            site.custom_roles.push(role);
        }
        site.tags = self.tags.iter().map(|number| Tag { id: store.id(), number: number.clone() }).collect();
    }

    fn hardware(&self, store: &mut Store, site: &mut Site) -> Result<(), String> {
        for spec in &self.iqs {
            let iq = Iq {
                id: store.id(),
                name: spec.customer_reference.clone(),
                mac: mac(store, 3, "."),
                zone: self.time_zone.clone(),
                online: spec.online,
                otp_enabled: spec.otp_enabled,
                offline_days: spec.offline_days.unwrap_or(1),
                restored: 0,
                activations: HashMap::new(),
            };
            site.iqs.insert(iq.id, iq);
        }
        for spec in &self.locks {
            let iq = site.iqs.values().find(|iq| iq.name == spec.iq).map(|iq| iq.id);
            let iq = iq.ok_or_else(|| format!("lock {} names no IQ of the site", spec.customer_reference))?;
            let (name, floor) = (spec.customer_reference.clone(), spec.floor.clone());
            let (id, mac) = (store.id(), mac(store, 7, ""));
            site.locks
                .insert(id, Lock { id, name, mac, floor, iq, locked_state: "locked", used: HashMap::new() });
        }
        Ok(())
    }

    fn pods(&self, store: &mut Store, site: &mut Site) -> Result<(), String> {
        for spec in &self.pods {
            let find = |who: &String| find_user(store, site, who).map(|user| user.id);
            let members: Option<Vec<Su>> = spec.members.iter().map(find).collect();
            let name = spec.customer_reference.clone();
            let members = members.ok_or_else(|| format!("pod {name} names a user that does not exist"))?;
            let id = store.id();
            site.pods.insert(id, Pod { id, name, members, guests: Vec::new() });
        }
        Ok(())
    }
}

/// A user by site-user id, platform id, e-mail or alias.
pub(in super::super) fn find_user<'s>(store: &Store, site: &'s Site, who: &str) -> Option<&'s SiteUser> {
    if let Some(id) = ids::read(who) {
        return site.live(Su(id)).or_else(|| site.user_of(Pu(id)));
    }
    let by_email = store.by_email(who).and_then(|profile| site.user_of(profile.id));
    let mut live = site.users.values().filter(|user| user.gone_at.is_none());
    by_email.or_else(|| live.find(|user| user.alias.as_deref() == Some(who)))
}

/// Adds a user to a site; the edit `add_user` does the same.
pub(in super::super) fn add_user(
    store: &mut Store,
    site: &mut Site,
    spec: &UserSpec,
    now: Timestamp,
) -> Result<Su, String> {
    let known = spec.email.as_deref().and_then(|email| store.by_email(email)).map(|profile| profile.id);
    let profile = known.unwrap_or_else(|| {
        let first = spec.first_name.as_deref().or(spec.alias.as_deref()).unwrap_or_default();
        let mut profile =
            blank(store, spec.email.clone(), first, spec.last_name.as_deref().unwrap_or_default());
        profile.completed = spec.has_profile;
        profile.managed_by = spec.email.is_none().then_some(site.id);
        let id = profile.id;
        store.profiles.insert(profile);
        id
    });
    if site.by_user.contains_key(&profile) {
        return Err(format!("{} is on site {} already", spec.email.clone().unwrap_or_default(), site.name));
    }
    if let Some(unknown) = spec.roles.iter().find(|code| site.role(code).is_none()) {
        return Err(format!("there is no role `{unknown}` on site {}", site.name));
    }
    let id = Su(store.id());
    let mut user = SiteUser::new(id, profile, now);
    user.roles = if spec.roles.is_empty() { vec!["site_user".to_owned()] } else { spec.roles.clone() };
    let UserSpec { alias, blocked, suspended, use_pin, remote_access, tag, expires_at, .. } = spec.clone();
    (user.alias, user.blocked, user.use_pin) = (alias, blocked, use_pin);
    (user.remote_access, user.tag, user.expires_at) = (remote_access, tag, expires_at);
    user.suspended = suspended || site.full(true);
    user.touch(now, "seed");
    site.by_user.insert(profile, id);
    site.users.insert(id, user);
    Ok(id)
}

impl GroupSpec {
    fn build(&self, store: &mut Store, site: &mut Site, now: Timestamp) -> Result<(), String> {
        let name = &self.customer_reference;
        let mut group = Group::new(store.id(), name.clone(), Timestamp::UNIX_EPOCH);
        for lock in &self.locks {
            let found = site.locks.values().find(|l| l.name == *lock).map(|l| l.id);
            let found: Option<Uuid> = found;
            group.locks.push(found.ok_or_else(|| format!("group {name} names no lock `{lock}`"))?);
        }
        for who in &self.users {
            let user = find_user(store, site, who).map(|user| user.user);
            let user = user.ok_or_else(|| format!("group {name} names no user `{who}`"))?;
            group.members.insert(user, Timestamp::UNIX_EPOCH);
        }
        for spec in &self.time_schedules {
            let schedule = schedule(spec, &site.zone)?;
            let id = store.id();
            group.schedule(id, schedule, Timestamp::UNIX_EPOCH);
        }
        group.touch(now, "seed");
        site.groups.insert(group.id, group);
        Ok(())
    }
}

/// A schedule of a seed; the edit `add_schedule` does the same.
pub(in super::super) fn schedule(spec: &ScheduleSpec, zone: &TimeZone) -> Result<Schedule, String> {
    let time = |text: &str, end| read_time(text, end).ok_or_else(|| format!("`{text}` is no time"));
    let date = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Edge::read(text, zone, false).map(Some).ok_or_else(|| format!("`{text}` is no date")),
    };
    if let Some(strange) = spec.days.iter().find(|day| !DAYS.contains(&day.as_str())) {
        return Err(format!("`{strange}` is no day"));
    }
    let schedule = Schedule {
        days: DAYS.map(|day| spec.days.is_empty() || spec.days.iter().any(|given| given == day)),
        start_time: time(&spec.start_time, false)?,
        end_time: time(&spec.end_time, true)?,
        start_date: date(&spec.start_date)?,
        end_date: date(&spec.end_date)?,
    };
    schedule.mistake().map_or(Ok(schedule), |mistake| Err(mistake.to_owned()))
}
