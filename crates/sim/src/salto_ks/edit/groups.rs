//! Groups, their members, locks and schedules, changed by hand.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::super::ids::Pu;
use super::super::inner::Inner;
use super::super::seed::schedule;
use super::super::store::{Group, Site, Table};
use super::{Done, Order, named, site_mut, user_ids};

/// Carries out an order about a group.
pub(super) fn groups(inner: &mut Inner, now: Timestamp, order: Order) -> Done {
    let id = inner.store.id();
    let (site, group) = match &order {
        Order::AddGroup { site, name } => {
            let group = Group::new(id, name.clone(), now);
            site_mut(inner, site.as_ref())?.groups.insert(id, group);
            return Ok(json!({ "group": id.to_string() }));
        }
        Order::AddMember { site, group, .. }
        | Order::RemoveMember { site, group, .. }
        | Order::RemoveGroup { site, group }
        | Order::AddLock { site, group, .. }
        | Order::RemoveLock { site, group, .. }
        | Order::AddSchedule { site, group, .. }
        | Order::RemoveSchedules { site, group } => (site.clone(), group.clone()),
        _ => return Err("this is no order about groups".to_owned()),
    };
    let user = match &order {
        Order::AddMember { user, .. } | Order::RemoveMember { user, .. } => {
            Some(user_ids(inner, site.as_ref(), user)?.1)
        }
        _ => None,
    };
    let site = site_mut(inner, site.as_ref())?;
    let group = named(&site.groups, &group, |group| &group.name)?;
    in_group(site, group, order, user, id, now)?;
    Ok(json!({ "group": group.to_string() }))
}

fn in_group(
    site: &mut Site,
    id: Uuid,
    order: Order,
    user: Option<Pu>,
    new: Uuid,
    now: Timestamp,
) -> Result<(), String> {
    if matches!(order, Order::RemoveGroup { .. }) {
        site.groups.remove(&id);
        return Ok(());
    }
    let lock = match &order {
        Order::AddLock { lock, .. } | Order::RemoveLock { lock, .. } => {
            Some(named(&site.locks, lock, |l| &l.name)?)
        }
        _ => None,
    };
    let zone = site.zone.clone();
    let group = site.groups.get_mut(&id).ok_or("the group does not exist")?;
    group.touch(now, "by hand");
    match (order, user, lock) {
        (Order::AddMember { .. }, Some(user), _) => group.members.insert(user, now),
        (Order::RemoveMember { .. }, Some(user), _) => drop(group.members.remove(&user)),
        (Order::AddLock { .. }, _, Some(lock)) if !group.locks.contains(&lock) => group.locks.push(lock),
        (Order::RemoveLock { .. }, _, Some(lock)) => group.locks.retain(|held| *held != lock),
        (Order::AddSchedule { schedule: spec, .. }, ..) => group.schedule(new, schedule(&spec, &zone)?, now),
        (Order::RemoveSchedules { .. }, ..) => group.schedules = Table::default(),
        _ => {}
    }
    Ok(())
}
