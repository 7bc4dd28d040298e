//! The routes of all calls. Each resource has its versions (2.3); a call on another version, or with a method that the
//! resource does not have, is 405.

use super::context::Cx;
use super::{
    Done, activation, groups, iqs, locks, me, members, pins, pods, roles, schedules, sites, user_change,
    users,
};

/// The callers of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rights {
    /// Any caller with a token.
    Token,
    /// Any user of the site, in any state.
    Member,
    /// Administrators, super users and custom roles, on a released site.
    Manage,
    /// Administrators, refused in the form of v2.
    Admin,
    /// Any user of the site that may act there.
    Act,
    /// The streaming hub, which has its own checks.
    Hub,
}

/// One call.
pub(super) struct Route {
    pub(super) operation: &'static str,
    pub(super) method: &'static str,
    versions: &'static [&'static str],
    path: &'static str,
    pub(super) rights: Rights,
    pub(super) run: fn(&mut Cx<'_>) -> Done,
}

/// The target of a request.
#[derive(Clone)]
pub(super) enum Target {
    /// This call, with the ids of its path.
    Route(&'static Route, Vec<String>),
    /// `OPTIONS` on a known resource: the preflight of a browser.
    Preflight,
    /// A known resource with the wrong method or version: 405.
    Wrong,
    /// An unknown path.
    Nothing,
}

impl Target {
    /// The name of its operation in faults and counters.
    pub(super) const fn operation(&self) -> &'static str {
        match self {
            Self::Route(route, _) => route.operation,
            Self::Preflight => "(preflight)",
            Self::Wrong => "(method)",
            Self::Nothing => "(unknown)",
        }
    }
}

const V1: &[&str] = &["v1.1", "v1.2"];
const V11: &[&str] = &["v1.1"];
const V2: &[&str] = &["v2"];
const HUB: &[&str] = &["v1"];

const fn route(
    operation: &'static str,
    method: &'static str,
    versions: &'static [&'static str],
    path: &'static str,
    rights: Rights,
    run: fn(&mut Cx<'_>) -> Done,
) -> Route {
    Route { operation, method, versions, path, rights, run }
}

use Rights::{Act, Admin, Hub, Manage, Member, Token};

fn hub(_: &mut Cx<'_>) -> Done {
    Err(super::Problem::bare(404))
}

/// All calls. `{}` is an id.
#[rustfmt::skip] // a call a line
const ROUTES: &[Route] = &[
    route("me.get", "GET", V1, "me", Token, me::me),
    route("me.iqs", "GET", V1, "me/{}/activated_iqs", Member, activation::of_caller),
    route("sites.list", "GET", V1, "sites", Token, sites::list),
    route("sites.create", "POST", V11, "sites", Token, sites::create),
    route("users.search", "GET", V11, "users/search", Token, users::search),
    route("pods.guests", "POST", V11, "pods/guests", Token, pods::guest),
    route("sites.get", "GET", V1, "sites/{}", Member, sites::get),
    route("sites.me", "GET", V1, "sites/{}/me", Member, me::site_me),
    route("sites.subscription", "GET", V1, "sites/{}/subscription", Member, sites::subscription),
    route("me.permissions", "GET", V2, "sites/{}/me/permissions", Admin, roles::permissions),
    route("me.roles", "GET", V2, "sites/{}/me/roles", Admin, roles::list),
    route("roles.list", "GET", V2, "sites/{}/roles", Admin, roles::list),
    route("permissions.list", "GET", V2, "sites/{}/permissions", Admin, roles::permissions),
    route("roles.list", "GET", V1, "sites/{}/roles", Manage, roles::list),
    route("users.list", "GET", V1, "sites/{}/users", Manage, users::list),
    route("users.create", "POST", V1, "sites/{}/users", Manage, users::create),
    route("users.existing", "POST", V11, "sites/{}/users/existing", Manage, users::existing),
    route("users.get", "GET", V1, "sites/{}/users/{}", Manage, users::get),
    route("users.patch", "PATCH", V1, "sites/{}/users/{}", Manage, user_change::patch),
    route("users.delete", "DELETE", V1, "sites/{}/users/{}", Manage, user_change::delete),
    route("users.subscription", "PATCH", V1, "sites/{}/users/{}/subscription", Manage, user_change::subscription),
    route("users.pin", "PUT", V1, "sites/{}/users/{}/pin", Manage, pins::put),
    route("users.custom-pin", "PUT", V1, "sites/{}/users/{}/pin/custom", Manage, pins::custom),
    route("users.keys", "GET", V1, "sites/{}/users/{}/keys", Manage, pins::keys),
    route("users.iqs", "GET", V1, "sites/{}/users/{}/activated_iqs", Manage, pins::iqs),
    route("guests.create", "POST", V1, "sites/{}/guests", Manage, users::guest),
    route("groups.list", "GET", V1, "sites/{}/access_groups", Manage, groups::list),
    route("groups.create", "POST", V1, "sites/{}/access_groups", Manage, groups::create),
    route("groups.get", "GET", V1, "sites/{}/access_groups/{}", Manage, groups::get),
    route("groups.patch", "PATCH", V1, "sites/{}/access_groups/{}", Manage, groups::patch),
    route("groups.delete", "DELETE", V1, "sites/{}/access_groups/{}", Manage, groups::delete),
    route("members.list", "GET", V1, "sites/{}/access_groups/{}/users", Manage, members::list),
    route("members.add", "POST", V1, "sites/{}/access_groups/{}/users", Manage, members::add),
    route("members.patch", "PATCH", V1, "sites/{}/access_groups/{}/users", Manage, members::patch),
    route("members.delete", "DELETE", V1, "sites/{}/access_groups/{}/users/{}", Manage, members::delete),
    route("group-locks.list", "GET", V1, "sites/{}/access_groups/{}/locks", Manage, groups::locks),
    route("group-locks.add", "POST", V1, "sites/{}/access_groups/{}/locks", Manage, groups::add_lock),
    route("group-locks.patch", "PATCH", V1, "sites/{}/access_groups/{}/locks", Manage, groups::patch_locks),
    route("group-locks.delete", "DELETE", V1, "sites/{}/access_groups/{}/locks/{}", Manage, groups::delete_lock),
    route("schedules.list", "GET", V11, "sites/{}/access_groups/{}/time_schedules", Manage, schedules::list),
    route("schedules.create", "POST", V11, "sites/{}/access_groups/{}/time_schedules", Manage, schedules::create),
    route("schedules.get", "GET", V11, "sites/{}/access_groups/{}/time_schedules/{}", Manage, schedules::get),
    route("schedules.patch", "PATCH", V11, "sites/{}/access_groups/{}/time_schedules/{}", Manage, schedules::patch),
    route("schedules.delete", "DELETE", V11, "sites/{}/access_groups/{}/time_schedules/{}", Manage, schedules::delete),
    route("locks.list", "GET", V1, "sites/{}/locks", Manage, locks::list),
    route("locks.get", "GET", V1, "sites/{}/locks/{}", Manage, locks::get),
    route("locks.open", "PATCH", V1, "sites/{}/locks/{}/locking", Act, locks::open),
    route("iqs.list", "GET", V1, "sites/{}/iqs", Manage, iqs::list),
    route("iqs.get", "GET", V1, "sites/{}/iqs/{}", Manage, iqs::get),
    route("iqs.restore", "POST", V1, "sites/{}/iqs/{}/restore", Manage, iqs::restore),
    route("iqs.secret", "GET", V1, "sites/{}/iqs/{}/secret", Act, activation::secret),
    route("iqs.pin", "GET", V1, "sites/{}/iqs/{}/pin", Act, activation::pin),
    route("iqs.activate", "PUT", V1, "sites/{}/iqs/{}/pin", Act, activation::activate),
    route("iqs.deactivate", "DELETE", V1, "sites/{}/iqs/{}/pin/{}", Manage, activation::deactivate),
    route("entries.list", "GET", V11, "sites/{}/entries", Manage, super::super::entries::list),
    route("entries.export", "GET", V11, "sites/{}/entries/export", Manage, super::super::export::export),
    route("pods.members", "PATCH", V11, "sites/{}/pods/{}/members", Manage, pods::members),
    route("stream.negotiate", "POST", HUB, "hub/entries/negotiate", Hub, hub),
    route("stream.connect", "GET", HUB, "hub/entries", Hub, hub),
    route("stream.send", "POST", HUB, "hub/entries", Hub, hub),
];

/// Reads the path of a request.
pub(super) fn target(request: &crate::frame::Request) -> Target {
    let mut segments = request.path.trim_matches('/').split('/');
    let version = segments.next().unwrap_or_default().to_ascii_lowercase();
    let segments: Vec<&str> = segments.collect();
    let mut wrong = false;
    for route in ROUTES {
        let Some(ids) = matched(route.path, &segments) else {
            continue;
        };
        if route.method == request.method && route.versions.contains(&version.as_str()) {
            return Target::Route(route, ids);
        }
        let known_version = ["v1.1", "v1.2", "v2"].contains(&version.as_str());
        wrong |= known_version;
    }
    match wrong {
        true if request.method == "OPTIONS" => Target::Preflight,
        true => Target::Wrong,
        false => Target::Nothing,
    }
}

/// The ids of a path of this pattern.
fn matched(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let parts: Vec<&str> = pattern.split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let fits = |(part, segment): (&&str, &&str)| *part == "{}" || part == segment;
    parts.iter().zip(segments).all(fits).then_some(())?;
    let ids = parts.iter().zip(segments).filter(|(part, _)| **part == "{}");
    Some(ids.map(|(_, id)| crate::frame::percent_decode(id)).collect())
}
