//! The page in a browser: the users and the locks that each may open, the last changes, the last entries, mails.

use jiff::Timestamp;

use super::door::may;
use super::inner::Inner;
use super::store::{Group, Site, SiteUser};
use crate::frame::html::{badge, concat, escape, table};
use crate::frame::listing::{Search, first_rows};
use crate::frame::{Request, Section};

/// All sections.
pub(super) fn page(inner: &Inner, now: Timestamp, request: &Request) -> Vec<Section> {
    let mut all = vec![Section::new("Today", today(inner, now))];
    for site in inner.store.sites.values().filter(|site| !site.groups.is_empty()) {
        all.push(Section::new(format!("Access groups of {}", site.name), groups(site)));
    }
    all.push(Section::new("Who may open what now", people(inner, now, &Search::of(request))));
    all.push(Section::new("Changed last", changed(inner)));
    all.push(Section::new("At the locks", entries(inner)));
    all.push(Section::new("Mails", mails(inner)));
    all
}

fn today(inner: &Inner, now: Timestamp) -> String {
    let keeps = inner.switches.is("blocked.keeps-seat", "yes");
    let row = |site: &Site| {
        let (used, seats) = (site.seats_used(keeps), site.seats);
        let mut states = String::new();
        for (wrong, word) in [(!site.released, "not released"), (!site.valid, "subscription ended")] {
            if wrong {
                states.push_str(&badge("bad", word));
            }
        }
        for iq in site.iqs.values() {
            let word = format!("{} {}", iq.name, if iq.online { "online" } else { "offline" });
            states.push_str(&badge(if iq.online { "good" } else { "bad" }, &word));
        }
        vec![
            format!("<b>{}</b><br><span class=quiet>{}</span>", escape(&site.name), escape(&site.site_uid)),
            badge(if used < seats { "good" } else { "bad" }, &format!("{used} of {seats} seats")),
            now.to_zoned(site.zone.clone()).strftime("%a %b %-d %H:%M").to_string(),
            states,
        ]
    };
    let rows: Vec<Vec<String>> = inner.store.sites.values().map(row).collect();
    let identity = escape(&inner.identity_url);
    format!(
        "<p>Identity host: <code>{identity}</code>, {} valid refresh tokens.</p>{}",
        inner.grants.refresh_tokens(),
        table(&["Site", "Seats", "Local time", "State"], &rows)
    )
}

fn groups(site: &Site) -> String {
    let row = |group: &Group| {
        let lock = |id: &uuid::Uuid| site.locks.get(id).map(|lock| badge("", &lock.name)).unwrap_or_default();
        let missing =
            |is_missing: bool, word: &str| if is_missing { badge("bad", word) } else { String::new() };
        vec![
            format!("<b>{}</b>", escape(&group.name)),
            group.members.len().to_string(),
            concat(group.locks.iter().map(lock)) + &missing(group.locks.is_empty(), "no lock: opens nothing"),
            concat(group.schedules.values().map(|s| badge("", &s.text())))
                + &missing(group.schedules.is_empty(), "no schedule: opens nothing"),
        ]
    };
    let rows: Vec<Vec<String>> = site.groups.values().map(row).collect();
    table(&["Group", "Members", "Locks", "Schedules"], &rows)
}

fn people(inner: &Inner, now: Timestamp, search: &Search) -> String {
    let all: Vec<(&Site, &SiteUser)> = inner
        .store
        .sites
        .values()
        .flat_map(|site| site.users.values().rev().map(move |user| (site, user)))
        .filter(|(_, user)| search.finds([text(inner, user)]))
        .collect();
    let heads = ["Person", "Site", "Ids", "State", "Groups", "Opens now"];
    search.form("name, e-mail, id, tag")
        + &first_rows(&heads, &all, |(site, user)| row(inner, site, user, now))
}

fn text(inner: &Inner, user: &SiteUser) -> String {
    let profile = inner.store.profiles.get(&user.user);
    let names =
        profile.map(|p| format!("{} {} {}", p.first_name, p.last_name, p.email.as_deref().unwrap_or("")));
    let (alias, tag) = (user.alias.as_deref().unwrap_or(""), user.tag.as_deref().unwrap_or(""));
    format!("{alias} {tag} {} {} {}", user.id, user.user, names.unwrap_or_default())
}

fn name(inner: &Inner, user: &SiteUser) -> String {
    let profile = inner.store.profiles.get(&user.user);
    let own = profile.map(|p| format!("{} {}", p.first_name, p.last_name)).unwrap_or_default();
    let alias = user.alias.clone().filter(|alias| !alias.is_empty()).unwrap_or(own);
    let email = profile.and_then(|p| p.email.clone()).unwrap_or_default();
    format!("<span><b>{}</b><br><span class=quiet>{}</span></span>", escape(alias.trim()), escape(&email))
}

fn row(inner: &Inner, site: &Site, user: &SiteUser, now: Timestamp) -> Vec<String> {
    let mut state = concat(user.roles.iter().map(|role| badge("quiet", role)));
    let marks = [
        (user.gone_at.is_some(), "bad", "deleted"),
        (!site.subscribed(user), "bad", "suspended"),
        (user.blocked, "bad", "blocked"),
        (user.fresh(now), "quiet", "fresh"),
        (user.pin.is_some(), "", "PIN"),
    ];
    for (_, tone, word) in marks.iter().filter(|(on, ..)| *on) {
        state.push_str(&badge(tone, word));
    }
    if let Some(end) = user.expires_at {
        state.push_str(&badge("", &format!("until {}", super::store::instant(end))));
    }
    let groups = site.groups.values().filter(|group| group.members.has(&user.user));
    let opens =
        site.locks.values().filter(|lock| may(site, &inner.switches, user.user, lock.id, now).is_ok());
    vec![
        name(inner, user),
        escape(&site.name),
        format!("<span><code>SU {}</code><br><code>PU {}</code></span>", user.id, user.user),
        state,
        concat(groups.map(|group| badge("", &group.name))),
        concat(opens.map(|lock| badge("good", &lock.name))),
    ]
}

fn changed(inner: &Inner) -> String {
    let mut all: Vec<(Timestamp, Vec<String>)> = Vec::new();
    for site in inner.store.sites.values() {
        for user in site.users.values() {
            if user.changed_by == "seed" {
                continue;
            }
            all.push((user.changed, vec![name(inner, user), escape(&site.name), escape(&user.changed_by)]));
        }
        for group in site.groups.values().filter(|group| group.changed_by != "seed") {
            let title = format!("Group <b>{}</b>", escape(&group.name));
            all.push((group.changed, vec![title, escape(&site.name), escape(&group.changed_by)]));
        }
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let row = |(at, mut row): (Timestamp, Vec<String>)| {
        row.push(at.strftime("%b %-d %H:%M:%S").to_string());
        row
    };
    let rows: Vec<Vec<String>> = all.into_iter().take(10).map(row).collect();
    table(&["What", "Site", "By", "At (UTC)"], &rows)
}

fn entries(inner: &Inner) -> String {
    let mut all: Vec<(&Site, &super::store::Entry)> = inner
        .store
        .sites
        .values()
        .flat_map(|site| site.entries.iter().rev().take(20).map(move |e| (site, e)))
        .collect();
    all.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
    let row = |(site, entry): &(&Site, &super::store::Entry)| {
        let lock = site.locks.get(&entry.lock).map_or("", |lock| lock.name.as_str());
        let person =
            entry.alias.clone().or_else(|| entry.first_name.clone()).unwrap_or_else(|| "no user".to_owned());
        let tone = if entry.category == "lock_opened" { "good" } else { "bad" };
        let word = format!("{} {}", entry.category, entry.detail.unwrap_or(""));
        let at = entry.at.strftime("%b %-d %H:%M:%S").to_string();
        vec![at, escape(&person), escape(lock), badge(tone, word.trim()), entry.by.to_owned()]
    };
    let rows: Vec<Vec<String>> = all.iter().take(20).map(row).collect();
    table(&["At (UTC)", "Person", "Lock", "What", "By"], &rows)
}

fn mails(inner: &Inner) -> String {
    let row = |mail: &super::outbox::Mail| {
        let at = mail.at.strftime("%b %-d %H:%M:%S").to_string();
        vec![at, escape(&mail.to), badge("", mail.kind), escape(&mail.text)]
    };
    let rows: Vec<Vec<String>> = inner.store.mails.iter().rev().take(20).map(row).collect();
    table(&["At (UTC)", "To", "Kind", "Text"], &rows)
}
