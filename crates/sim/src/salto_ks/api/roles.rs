//! Roles and permissions (2.5, 2.6).

use serde_json::json;

use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Role, role_id};
use super::context::Cx;
use super::problem::Problem;
use super::user_json::role as role_object;
use super::{Answer, Done, list};

const PROPERTIES: Properties = &[
    ("id", Kind::Text),
    ("code", Kind::Text),
    ("customer_reference", Kind::Text),
    ("is_hierarchical", Kind::Bool),
];

/// `GET S/roles`: the roles that the caller may assign.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let (assignable, site) = (assignable(cx)?, cx.site()?);
    let field = |role: &Role, path: &str| match path {
        "id" => Scalar::id(role_id(&cx.inner.switches, role)),
        "code" => Scalar::Text(role.code.clone().into()),
        "is_hierarchical" => Scalar::Bool(role.hierarchical),
        _ => Scalar::Text(role.name.clone().into()),
    };
    list::page(cx, PROPERTIES, assignable, field, |role| role_object(cx.inner, site, role))
}

/// The roles that the caller may assign: all for administrators and the owner, for others the hierarchical roles below
/// their own rank (measured for a custom role: `site_user` alone).
pub(super) fn assignable(cx: &Cx<'_>) -> Result<Vec<Role>, Problem> {
    let site = cx.site()?;
    let user = site.user_of(cx.user).ok_or_else(Problem::refused)?;
    if site.owner == Some(cx.user) || user.is("site_admin") {
        return Ok(site.roles());
    }
    let own = user.roles.iter().filter_map(|code| site.role(code)).map(|role| role.rank).min();
    let below = |role: &Role| role.hierarchical && own.is_some_and(|own| role.rank > own);
    Ok(site.roles().into_iter().filter(below).collect())
}

/// `GET /v2/sites/{id}/permissions`: the answer for an administrator is not known; here it is a plain list.
#[allow(clippy::unnecessary_wraps)] // the signature of a call
pub(super) fn permissions(_: &mut Cx<'_>) -> Done {
    let names = ["site_users_manage", "access_groups_manage", "locks_manage", "entries_view"];
    let items: Vec<_> = names.iter().map(|name| json!({ "code": name })).collect();
    Ok(Answer::json(200, json!({ "items": items, "next_page_link": null, "count": null })))
}
