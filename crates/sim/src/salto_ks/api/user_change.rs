//! Changing and deleting a site user (2.6, 2.9).

use super::super::ids::Su;
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::user_fields::{Fields, email, role_codes};
use super::users::show;
use super::{Answer, Done};

/// `PATCH S/users/{SU}`, partial; alias, roles and e-mail by 2.15 #11.
pub(super) fn patch(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let id = cx.su()?;
    let rule = cx.inner.switches.get("users.patch").to_owned();
    let (about_person, about_email) = (body.has("alias") || body.has("role_ids"), body.has("email"));
    if (about_person && rule == "none") || (about_email && rule != "all") {
        return Err(Problem::value("The field cannot be changed"));
    }
    let (roles, email, fields) = (role_codes(cx, &body)?, email(&body)?, Fields::read(cx, &body)?);
    let unblocks = fields.blocked == Some(false);
    let (by, now) = (cx.who(), cx.now());
    let user = cx.user_mut()?;
    let was_blocked = user.blocked;
    fields.apply(user);
    user.roles = roles.unwrap_or_else(|| std::mem::take(&mut user.roles));
    user.touch(now, &by);
    let platform = user.user;
    if unblocks && was_blocked {
        seat_again(cx, id)?;
    }
    if email.is_some() {
        cx.inner.store.profiles.set_email(&platform, email);
    }
    show(cx, id, 200)
}

/// If a blocked user keeps no seat, an unblocked one needs a new seat (2.15 #10).
fn seat_again(cx: &mut Cx<'_>, id: Su) -> Result<(), Problem> {
    if cx.inner.switches.is("blocked.keeps-seat", "yes") {
        return Ok(());
    }
    let site = cx.site_mut()?;
    let full = site.seats_used(false) > site.seats;
    if let Some(user) = site.users.get_mut(&id).filter(|_| full) {
        user.suspended = true;
    }
    Ok(())
}

/// `PATCH S/users/{SU}/subscription`: `{"state": ...}`; any other field is 1101.
pub(super) fn subscription(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let suspend = match body.text("state")?.as_deref() {
        Some("suspended") => true,
        Some("subscribed") => false,
        _ => return Err(Problem::value("The state field must be subscribed or suspended")),
    };
    let keeps = cx.inner.switches.is("blocked.keeps-seat", "yes");
    let refuses = cx.inner.switches.is("resume.no-seat", "403");
    let site = cx.site()?;
    let full = site.full(keeps);
    let (by, now, status) = (cx.who(), cx.now(), cx.status("status.subscription"));
    let user = cx.user_mut()?;
    if !suspend && user.suspended && full {
        if refuses {
            return Err(Problem::unpaid());
        }
    } else {
        user.suspended = suspend;
    }
    user.touch(now, &by);
    Ok(Answer::empty(status).about(user.id.to_string()))
}

/// `DELETE S/users/{SU}`: 202, the seat is free at once. A completed profile is kept, another one is deleted (2.6).
pub(super) fn delete(cx: &mut Cx<'_>) -> Done {
    let user = cx.user_mut()?;
    let (id, platform) = (user.id, user.user);
    if cx.site()?.owner == Some(platform) {
        return Err(Problem::refused());
    }
    let seconds = cx.inner.switches.whole("users.delete-seconds").unwrap_or(0);
    let until = (seconds > 0).then(|| cx.inner.after(cx.now(), "users.delete-seconds"));
    cx.site_mut()?.remove_user(id, until);
    let elsewhere = cx.inner.store.sites.values().any(|site| site.by_user.contains_key(&platform));
    let completed = cx.profile(platform).is_some_and(|profile| profile.completed);
    if !completed && !elsewhere && until.is_none() {
        cx.inner.store.profiles.remove(&platform);
    } else if !completed && !elsewhere {
        cx.inner.store.profiles.set_email(&platform, None);
    }
    Ok(Answer::empty(202).about(id.to_string()))
}
