//! Access groups and their locks (2.7).

use uuid::Uuid;

use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Group, Lock};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, group_object, list, locks};

const PROPERTIES: Properties = &[("id", Kind::Text), ("customer_reference", Kind::Text)];

/// `GET S/access_groups`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let groups: Vec<&Group> = cx.site()?.groups.values().collect();
    let field = |group: &&Group, path: &str| match path {
        "id" => Scalar::id(group.id),
        _ => Scalar::Text(group.name.clone().into()),
    };
    list::page(cx, PROPERTIES, groups, field, |group| group_object(cx.inner, group))
}

/// `GET S/access_groups/{ag}`.
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    Ok(Answer::json(200, group_object(cx.inner, cx.group()?)))
}

/// A name, which must be free if names are unique (2.15 #14).
fn name(cx: &Cx<'_>, own: Option<Uuid>) -> Result<String, Problem> {
    let name = Body::read(cx.request)?.need("customer_reference")?;
    let unique = cx.inner.switches.is("groups.unique-names", "yes");
    let taken = cx.site()?.groups.values().any(|group| group.name == name && Some(group.id) != own);
    if unique && taken {
        return Err(Problem::value("There is an access group of this name already"));
    }
    Ok(name)
}

/// `POST S/access_groups`.
pub(super) fn create(cx: &mut Cx<'_>) -> Done {
    let name = name(cx, None)?;
    let (id, by, now) = (cx.inner.store.id(), cx.who(), cx.now());
    let mut group = Group::new(id, name.clone(), now);
    group.touch(now, &by);
    let body = group_object(cx.inner, &group);
    cx.site_mut()?.groups.insert(id, group);
    Ok(Answer::json(200, body).about(name))
}

/// `PATCH S/access_groups/{ag}`: renames, or 405 (2.15 #14).
pub(super) fn patch(cx: &mut Cx<'_>) -> Done {
    if cx.inner.switches.is("groups.rename", "no") {
        return Err(Problem::bare(405));
    }
    let id = cx.group()?.id;
    let name = name(cx, Some(id))?;
    cx.group_mut()?.name = name;
    Ok(Answer::json(200, group_object(cx.inner, cx.group()?)))
}

/// `DELETE S/access_groups/{ag}`.
pub(super) fn delete(cx: &mut Cx<'_>) -> Done {
    let (id, name) = (cx.group()?.id, cx.group()?.name.clone());
    cx.site_mut()?.groups.remove(&id);
    Ok(Answer::empty(cx.status("status.delete")).about(name))
}

/// `GET .../{ag}/locks`.
pub(super) fn locks(cx: &mut Cx<'_>) -> Done {
    let (site, group) = (cx.site()?, cx.group()?);
    let held: Vec<&Lock> = group.locks.iter().filter_map(|id| site.locks.get(id)).collect();
    locks::page(cx, held)
}

fn add(cx: &mut Cx<'_>, lock: Uuid) -> Result<(), Problem> {
    cx.site()?.locks.get(&lock).ok_or_else(|| Problem::missing("Lock"))?;
    let group = cx.group_mut()?;
    if !group.locks.contains(&lock) {
        group.locks.push(lock);
    }
    Ok(())
}

/// `POST .../{ag}/locks {lock_id}`.
pub(super) fn add_lock(cx: &mut Cx<'_>) -> Done {
    let lock = Body::read(cx.request)?.id("lock_id")?;
    let lock = lock.ok_or_else(|| Problem::invalid("The lock_id field is required"))?;
    add(cx, lock)?;
    Ok(Answer::empty(200))
}

/// `PATCH .../{ag}/locks {add_ids, remove_ids}`: all or nothing.
pub(super) fn patch_locks(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let (adds, removes) = (body.ids("add_ids")?, body.ids("remove_ids")?);
    let adds = adds.unwrap_or_default();
    if adds.iter().any(|id| cx.site().is_ok_and(|site| !site.locks.has(id))) {
        return Err(Problem::missing("Lock"));
    }
    for lock in adds {
        add(cx, lock)?;
    }
    let removes = removes.unwrap_or_default();
    cx.group_mut()?.locks.retain(|lock| !removes.contains(lock));
    Ok(Answer::empty(200))
}

/// `DELETE .../{ag}/locks/{lock}`.
pub(super) fn delete_lock(cx: &mut Cx<'_>) -> Done {
    let lock = cx.id(2)?;
    let group = cx.group_mut()?;
    let before = group.locks.len();
    group.locks.retain(|held| *held != lock);
    if group.locks.len() == before {
        return Err(Problem::missing("Lock"));
    }
    Ok(Answer::empty(cx.status("status.delete")))
}
