//! Visits are made, changed and deleted (2B.4 to 2B.7).

use jiff::Timestamp;
use serde_json::Value;

use super::super::answer::Ctx;
use super::super::body::{Draft, Visitor};
use super::super::envelope::{Done, Refusal};
use super::super::job;
use super::super::json::Json;
use super::super::kinds::Kind;
use super::super::rules::{self, Against, Window};
use super::super::store::{self, Attendee, Mail, Scope, Store, Visit};
use crate::frame::Switches;

/// `POST visits`.
pub(super) fn create(ctx: &mut Ctx<'_>) -> Result<Done, Refusal> {
    let (draft, window) = draft(ctx)?;
    let mut guid = draft.guid.clone().filter(|_| ctx.inner.switches.is("visit.guids", "kept"));
    if let Some(sent) = &guid {
        if let Some(earlier) = ctx.inner.store.visits.get(sent) {
            match ctx.inner.switches.get("visit.duplicate") {
                "same-answer" => return Ok(answer(&ctx.inner.switches, earlier)),
                "second-visit" => guid = None,
                _ => return Err(Refusal::Exists),
            }
        } else if ctx.inner.store.visits.died(sent) && ctx.inner.switches.is("visit.dead-guid", "taken") {
            return Err(Refusal::Exists);
        }
    }
    let building = ctx.place()?.0.id.clone();
    let guid = guid.unwrap_or_else(|| ctx.inner.store.mint());
    let maker = ctx.caller.authorizer();
    let kept = ctx.inner.switches.is("attendee.guids", "kept");
    let mut visit = settle(&mut ctx.inner.store, draft, window, guid, kept);
    (visit.institution, visit.building) = (ctx.institution.clone(), building);
    (visit.made_by, visit.made_at) = (maker, ctx.now);
    invite(&mut ctx.inner.store, &ctx.inner.switches, &visit, ctx.now);
    let done = answer(&ctx.inner.switches, &visit);
    enter(&mut ctx.inner.store, visit, "made", ctx.now);
    Ok(done)
}

/// Reads and checks the body.
fn draft(ctx: &Ctx<'_>) -> Result<(Draft, Window), Refusal> {
    let body = ctx.body.as_ref().unwrap_or(&Value::Null);
    let (building, scope) = ctx.place()?;
    let against =
        Against { building, scope: &scope, institution: &ctx.institution, switches: &ctx.inner.switches };
    against.draft(body, &ctx.inner.contract)
}

/// A draft as a visit; the caller sets institution and maker.
pub(in super::super) fn settle(
    store: &mut Store,
    draft: Draft,
    window: Window,
    guid: String,
    kept: bool,
) -> Visit {
    let visitors = draft.visitors.unwrap_or_default();
    let attendees = visitors.into_iter().map(|visitor| attendee(store, visitor, kept)).collect();
    Visit {
        guid,
        institution: String::new(),
        building: String::new(),
        made_by: String::new(),
        made_at: Timestamp::UNIX_EPOCH,
        sequence: 0,
        start: window.start,
        end: window.end,
        arrival: window.arrival,
        departure: window.departure,
        zone: window.zone,
        floor: draft.floor,
        host: draft.host,
        company: draft.company,
        profiles: draft.profiles,
        all_day: draft.all_day,
        identity: draft.identity.unwrap_or_else(|| "VISITOR".to_owned()),
        notify: draft.notify,
        send_mail: draft.send_mail,
        rest: draft.rest,
        attendees,
    }
}

/// A missing GUID and a missing address are made here (2A.4).
fn attendee(store: &mut Store, visitor: Visitor, kept: bool) -> Attendee {
    let guid = visitor.guid.filter(|_| kept).unwrap_or_else(|| store.mint());
    let dummy = visitor.email.is_none();
    let email = visitor.email.unwrap_or_else(|| format!("{}@Kastle.com", store.mint()));
    let digits: String =
        store.mint().bytes().filter(u8::is_ascii_hexdigit).map(|c| c % 10 + b'0').map(char::from).collect();
    Attendee {
        guid,
        first: visitor.first,
        last: visitor.last.unwrap_or_default(),
        email,
        dummy,
        company: visitor.company,
        mobile: visitor.mobile,
        rest: visitor.rest,
        external: digits.get(..7).unwrap_or_default().to_owned(),
        arrived: None,
    }
}

/// Adds a visit; a visitor of today may enter at once.
pub(in super::super) fn enter(store: &mut Store, visit: Visit, verb: &str, now: Timestamp) {
    let what = format!("visit of {} {verb}", visit.names());
    store.changed(now, what, &visit.made_by.clone());
    job::admit(store, &visit, now);
    store.visits.put(visit);
}

/// The mail with the QR code (2A.3), if it is to be sent (2B.10 row 15).
fn invite(store: &mut Store, switches: &Switches, visit: &Visit, now: Timestamp) {
    let anyway = switches.is("mail.dummy", "mailed");
    if visit.send_mail == Some(false) && !anyway {
        return;
    }
    // No mail is sent to Kastle's own dummies, nor to `.invalid` unless the switch says so.
    let reachable = |a: &&Attendee| anyway || !(a.dummy || rules::is_dummy(&a.email));
    for attendee in visit.attendees.iter().filter(reachable) {
        store.mail(Mail {
            at: now,
            to: attendee.email.clone(),
            kind: "invitation",
            subject: format!("Your visit to {}", visit.company.as_deref().unwrap_or("the building")),
            text: format!("{} to {}, QR code {}", visit.arrival, visit.departure, attendee.qr()),
            visit: visit.guid.clone(),
        });
    }
}

fn answer(switches: &Switches, visit: &Visit) -> Done {
    let shown = switches.is("qr", "answer");
    let visitor = |a: &Attendee| {
        let mut fields = vec![("CardholderGuid", a.guid.as_str().into())];
        if shown {
            fields.push(("ExternalNumber", a.external.as_str().into()));
            fields.push(("QrCode", a.qr().into()));
        } else {
            fields.push(("QrCode", Json::NULL));
        }
        Json::Object(Kind::VisitorAnswer, fields)
    };
    let visitors = Json::List(visit.attendees.iter().map(visitor).collect());
    let fields = vec![("VisitGuid", visit.guid.as_str().into()), ("Visitors", visitors)];
    Done::one(Json::Object(Kind::VisitAnswer, fields), visit.names())
}

/// The visit of the path, if it is of this institution.
fn found(ctx: &Ctx<'_>) -> Result<Visit, Refusal> {
    let guid = store::guid(&ctx.visit).unwrap_or_else(|| ctx.visit.clone());
    let (building, scope) = ctx.place()?;
    let here = |visit: &&Visit| {
        visit.institution == ctx.institution || (scope == Scope::All && visit.building == building.id)
    };
    ctx.inner.store.visits.get(&guid).filter(here).cloned().ok_or(Refusal::NotFound)
}

/// `DELETE visits/{VisitGuid}` (row 6).
pub(super) fn delete(ctx: &mut Ctx<'_>) -> Result<Done, Refusal> {
    if ctx.inner.switches.is("visit.delete", "no") {
        return Err(Refusal::Rule("Visits cannot be deleted".to_owned()));
    }
    let visit = found(ctx)?;
    if ctx.inner.switches.is("visit.delete", "before-arrival") && visit.start <= ctx.now {
        return Err(Refusal::Rule("The visit has started".to_owned()));
    }
    let by = ctx.caller.authorizer();
    job::dismiss(&mut ctx.inner.store, &visit);
    ctx.inner.store.visits.remove(&visit.guid);
    ctx.inner.store.changed(ctx.now, format!("visit of {} deleted", visit.names()), &by);
    Ok(Done::one(Json::NULL, visit.names()))
}

/// `PUT visits/{VisitGuid}` (row 7): replaces the visit and raises `SEQUENCE` by one.
pub(super) fn update(ctx: &mut Ctx<'_>) -> Result<Done, Refusal> {
    if ctx.inner.switches.is("visit.update", "no") {
        return Err(Refusal::Method);
    }
    let old = found(ctx)?;
    let (draft, window) = draft(ctx)?;
    let kept = ctx.inner.switches.is("attendee.guids", "kept");
    job::dismiss(&mut ctx.inner.store, &old);
    let mut visit = settle(&mut ctx.inner.store, draft, window, old.guid, kept);
    (visit.institution, visit.building) = (old.institution, old.building);
    (visit.made_by, visit.made_at, visit.sequence) = (old.made_by, old.made_at, old.sequence + 1);
    let done = answer(&ctx.inner.switches, &visit);
    enter(&mut ctx.inner.store, visit, "changed", ctx.now);
    Ok(done)
}
