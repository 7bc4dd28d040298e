//! Lists (2B.4).

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::answer::Ctx;
use super::super::envelope::{Done, Refusal};
use super::super::json::Json;
use super::super::kinds::Kind;
use super::super::rules::in_scope;
use super::super::store::{Activity, Card, Cardholder, Company, Profile, Scope, Visit};
use super::super::time;
use super::pages::page;
use super::readback;

/// The tenants.
pub(super) fn companies(ctx: &Ctx<'_>) -> Result<Done, Refusal> {
    let (building, scope) = ctx.place()?;
    let items: Vec<&Company> = building.companies.iter().filter(|c| scope.holds(Some(&c.id))).collect();
    page(ctx, items, company)
}

fn company(company: &Company) -> Json {
    let fields = vec![
        ("CompanyId", Json::Id(company.id.clone())),
        ("CompanyGuid", company.guid.as_str().into()),
        ("Name", company.name.as_str().into()),
        ("Suite", Json::Maybe(company.suite.clone())),
        ("FloorIds", Json::ids(&company.floors)),
        ("IsActive", company.active.into()),
    ];
    Json::Object(Kind::Company, fields)
}

/// The occupants, all or changes only (row 10).
pub(super) fn cardholders(ctx: &mut Ctx<'_>) -> Result<Done, Refusal> {
    let since = instant(ctx, "modifiedSince")?;
    let after = after(ctx);
    let (building, scope) = ctx.place()?;
    let deleted = ctx.inner.switches.get("cardholders.deleted");
    let changes = since.is_some() || after > 0;
    let shows = |c: &&Cardholder| {
        let there = !c.deleted || deleted == "inactive" || (deleted == "delta" && changes);
        let newer = since.is_none_or(|since| c.modified >= since) && c.version > after;
        there && newer && scope.holds(c.company.as_deref())
    };
    let items: Vec<&Cardholder> = building.cardholders.iter().filter(shows).collect();
    let bare = ctx.inner.switches.is("profiles.visitors", "none");
    page(ctx, items, |c| cardholder(c, bare))
}

/// The change after which `cardholders.read=delta` starts: page 1 starts a listing where the last one ended.
fn after(ctx: &mut Ctx<'_>) -> u64 {
    if ctx.inner.switches.is("cardholders.read", "full") {
        return 0;
    }
    let first = ctx.parameter("page").is_none_or(|page| page == "1");
    let upto = ctx.inner.store.version;
    let key = (ctx.caller.owner.clone(), ctx.institution.clone());
    let mark = ctx.inner.store.marks.entry(key).or_default();
    if first {
        (mark.after, mark.upto) = (mark.upto, upto);
    }
    mark.after
}

fn cardholder(c: &Cardholder, bare: bool) -> Json {
    let card = |card: &Card| {
        let fields =
            vec![("CardID", Json::Id(card.id.clone())), ("ExternalNumber", card.external.as_str().into())];
        Json::Object(Kind::Card, fields)
    };
    let profiles = if bare { Json::List(Vec::new()) } else { Json::ids(&c.profiles) };
    let company = c.company.clone().map_or(Json::Maybe(None), Json::Id);
    let fields = vec![
        ("CardholderId", Json::Id(c.id.clone())),
        ("CardholderGuid", c.guid.as_str().into()),
        ("FirstName", Json::Maybe(c.first.clone())),
        ("LastName", Json::Maybe(c.last.clone())),
        ("EmailId", Json::Maybe(c.email.clone())),
        ("MobileNumber", Json::Maybe(c.mobile.clone())),
        ("CompanyId", company),
        ("IsActive", (c.active && !c.deleted).into()),
        ("AccessProfileIds", profiles),
        ("Cards", Json::List(c.cards.iter().map(card).collect())),
    ];
    Json::Object(Kind::Cardholder, fields)
}

/// The access groups; a site may have none (row 8).
pub(super) fn access_profiles(ctx: &Ctx<'_>) -> Result<Done, Refusal> {
    let (building, scope) = ctx.place()?;
    let none = ctx.inner.switches.is("profiles.visitors", "none");
    let shows = |p: &&Profile| !none && in_scope(&scope, p.company.as_deref());
    let items: Vec<&Profile> = building.profiles.iter().filter(shows).collect();
    page(ctx, items, |profile| {
        let fields = vec![
            ("AccessProfileId", Json::Id(profile.id.clone())),
            ("Name", profile.name.as_str().into()),
            ("Description", profile.description.as_str().into()),
        ];
        Json::Object(Kind::AccessProfile, fields)
    })
}

/// Visits that overlap the window of local dates, both included; also those of other makers (row 9).
pub(super) fn visits(ctx: &Ctx<'_>) -> Result<Done, Refusal> {
    if ctx.inner.switches.is("visits.read", "none") {
        return Err(Refusal::Rule("Visits cannot be read".to_owned()));
    }
    let (building, scope) = ctx.place()?;
    let first = date(ctx, "from")?.map_or(Timestamp::MIN, |d| time::day_start(&building.zone, d));
    let last = date(ctx, "to")?.and_then(|d| d.tomorrow().ok());
    let last = last.map_or(Timestamp::MAX, |d| time::day_start(&building.zone, d));
    let own = ctx.inner.switches.is("visits.read", "own");
    let author = ctx.caller.authorizer();
    let shows = |visit: &&Visit| {
        let here =
            visit.institution == ctx.institution || (scope == Scope::All && visit.building == building.id);
        here && visit.overlaps(first, last) && (!own || visit.made_by == author)
    };
    let items: Vec<&Visit> = ctx.inner.store.visits.all().filter(shows).collect();
    page(ctx, items, |visit| readback::visit(&ctx.inner.switches, visit))
}

/// The activity of readers (row 18: off by default).
pub(super) fn reader_activity(ctx: &Ctx<'_>) -> Result<Done, Refusal> {
    if !ctx.inner.switches.is("events", "readeractivity") {
        return Err(Refusal::NotFound);
    }
    let since = instant(ctx, "since")?.unwrap_or(Timestamp::MIN);
    let (building, scope) = ctx.place()?;
    let company = |a: &Activity| {
        let named = building.companies.iter().find(|c| Some(&c.name) == a.company.as_ref());
        scope.holds(named.map(|c| c.id.as_str()))
    };
    let shows = |a: &&Activity| a.building == building.id && a.at >= since && company(a);
    let items: Vec<&Activity> = ctx.inner.store.activity.iter().filter(shows).collect();
    page(ctx, items, activity)
}

fn activity(record: &Activity) -> Json {
    let fields = vec![
        ("ActivityId", Json::Id(record.id.to_string())),
        ("DateTimeUtc", record.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()),
        ("PersonnelName", record.personnel.as_str().into()),
        ("CardNumber", Json::Maybe(record.card.clone())),
        ("LockoutReason", record.lockout.as_str().into()),
        ("CompanyName", Json::Maybe(record.company.clone())),
        ("ReaderId", Json::Id(record.reader.clone())),
    ];
    Json::Object(Kind::Activity, fields)
}

fn date(ctx: &Ctx<'_>, name: &str) -> Result<Option<Date>, Refusal> {
    let Some(text) = ctx.parameter(name) else {
        return Ok(None);
    };
    let date = time::read_date(&text, &ctx.inner.switches);
    date.map(Some).ok_or_else(|| Refusal::Rule(format!("Invalid {name} date")))
}

fn instant(ctx: &Ctx<'_>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = ctx.parameter(name) else {
        return Ok(None);
    };
    time::read_instant(&text).map(Some).ok_or_else(|| Refusal::Rule(format!("Invalid {name}")))
}
