//! Time schedules of a group (2.7), on v1.1.

use jiff::civil::Time;
use uuid::Uuid;

use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{DAYS, Edge, Schedule, read_time};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, list};

const PROPERTIES: Properties = &[("id", Kind::Text)];

/// `GET`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let group = cx.group()?;
    let all: Vec<(Uuid, &Schedule)> = group.schedules.keys().zip(group.schedules.values()).collect();
    list::page(cx, PROPERTIES, all, |(id, _), _| Scalar::id(*id), |(id, schedule)| schedule.json(*id))
}

fn find(cx: &Cx<'_>) -> Result<(Uuid, Schedule), Problem> {
    let id = cx.id(2)?;
    let schedule = cx.group()?.schedules.get(&id).ok_or_else(|| Problem::missing("Time schedule"))?;
    Ok((id, schedule.clone()))
}

/// `GET .../{id}`.
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    let (id, schedule) = find(cx)?;
    Ok(Answer::json(200, schedule.json(id)))
}

/// The schedule after the fields of the body are applied.
fn read(cx: &Cx<'_>, mut schedule: Schedule, body: &Body) -> Result<Schedule, Problem> {
    for (on, day) in schedule.days.iter_mut().zip(DAYS) {
        *on = body.flag(day)?.unwrap_or(*on);
    }
    let time = |name: &str, end: bool, old: Time| match body.text(name)? {
        None => Ok(old),
        Some(text) => read_time(&text, end).ok_or_else(|| Problem::value(format!("{name} is not a time"))),
    };
    schedule.start_time = time("start_time", false, schedule.start_time)?;
    schedule.end_time = time("end_time", true, schedule.end_time)?;
    let zone = &cx.site()?.zone;
    let convert = cx.inner.switches.is("schedules.z", "converted");
    let date = |name: &str, old: Option<Edge>| {
        if !body.has(name) {
            return Ok(old);
        }
        let text = body.text(name)?;
        let edge = text.map(|text| Edge::read(&text, zone, convert).ok_or(text)).transpose();
        edge.map_err(|text| Problem::value(format!("{name} {text} is not a date")))
    };
    schedule.start_date = date("start_date", schedule.start_date)?;
    schedule.end_date = date("end_date", schedule.end_date)?;
    schedule.mistake().map_or(Ok(schedule), |mistake| Err(Problem::value(mistake)))
}

/// `POST`: at least one weekday, start before end, else 1101.
pub(super) fn create(cx: &mut Cx<'_>) -> Done {
    cx.group()?;
    let body = Body::read(cx.request)?;
    body.need("start_time")?;
    body.need("end_time")?;
    let midnight = Time::midnight();
    let blank = Schedule {
        days: [false; 7],
        start_time: midnight,
        end_time: midnight,
        start_date: None,
        end_date: None,
    };
    let schedule = read(cx, blank, &body)?;
    let (id, now) = (cx.inner.store.id(), cx.now());
    let object = schedule.json(id);
    cx.group_mut()?.schedule(id, schedule, now);
    Ok(Answer::json(200, object))
}

/// `PATCH .../{id}`: in place.
pub(super) fn patch(cx: &mut Cx<'_>) -> Done {
    let (id, old) = find(cx)?;
    let body = Body::read(cx.request)?;
    let (schedule, now) = (read(cx, old, &body)?, cx.now());
    let object = schedule.json(id);
    cx.group_mut()?.schedule(id, schedule, now);
    Ok(Answer::json(200, object))
}

/// `DELETE .../{id}`.
pub(super) fn delete(cx: &mut Cx<'_>) -> Done {
    let (id, _) = find(cx)?;
    cx.group_mut()?.schedules.remove(&id);
    Ok(Answer::empty(cx.status("status.delete")))
}
