//! Creating a site user (2.9).

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::ids::{Pu, Su};
use super::super::inner::Inner;
use super::super::outbox::Mail;
use super::super::store::{Profile, SiteUser};

/// The fields of a new platform profile.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct NewUser {
    pub(in super::super) first_name: String,
    pub(in super::super) last_name: String,
    pub(in super::super) email: Option<String>,
}

impl NewUser {
    /// Makes the profile; without e-mail it is managed by the site.
    pub(in super::super) fn profile(self, inner: &mut Inner, site: Uuid) -> Pu {
        let (id, subject) = (Pu(inner.store.id()), inner.store.id());
        let managed_by = self.email.is_none().then_some(site);
        let profile = Profile {
            id,
            subject,
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            phone: None,
            language: "en".to_owned(),
            password: None,
            completed: false,
            managed_by,
            tokens_from: Timestamp::MIN,
        };
        inner.store.profiles.insert(profile);
        id
    }
}

/// Adds a person to a site. Without a free seat this also succeeds, and the user is suspended (2.9 3).
pub(in super::super) fn create(
    inner: &mut Inner,
    site: Uuid,
    user: Pu,
    now: Timestamp,
    fill: impl FnOnce(&mut SiteUser),
) -> Su {
    let id = Su(inner.store.id());
    let mut new = SiteUser::new(id, user, now);
    fill(&mut new);
    inner.store.creations += 1;
    let one_in = inner.switches.whole("fresh.one-in").unwrap_or(1).max(1).unsigned_abs();
    if inner.store.creations.is_multiple_of(one_in) {
        let seconds = inner.switches.whole("fresh.seconds").unwrap_or(0).clamp(0, 1_000_000);
        new.fresh_until = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    }
    let keeps = inner.switches.is("blocked.keeps-seat", "yes");
    if let Some(site) = inner.store.sites.get_mut(&site) {
        new.suspended |= site.full(keeps);
        site.by_user.insert(user, id);
        site.users.insert(id, new);
    }
    id
}

/// Mails the invitation of a new user with an e-mail, unless it is suppressed for this client (2.15 #15).
pub(in super::super) fn invite(inner: &mut Inner, site: Uuid, user: Su, client: &str, now: Timestamp) {
    if inner.switches.is("invitations.mail", client) {
        return;
    }
    let Some(place) = inner.store.sites.get(&site) else {
        return;
    };
    let profile = place.users.get(&user).and_then(|user| inner.store.profiles.get(&user.user));
    let Some(to) = profile.and_then(|profile| profile.email.clone()) else {
        return;
    };
    let text = format!("You have been invited to {}. Complete your SALTO KS account.", place.name);
    let mail =
        Mail { at: now, kind: "invitation", to, site: place.name.clone(), user: user.to_string(), text };
    inner.store.mails.push(mail);
}
