//! The calls of 2B.4.

mod lists;
mod pages;
mod readback;
mod visits;

use super::answer::Ctx;
use super::auth;
use super::contract::Operation;
use super::envelope::{Done, Refusal};
use super::json::Json;
use super::kinds::Kind;
use super::store::Visit;
use super::time;
use crate::frame::Switches;

pub(super) use self::visits::{enter, settle};

/// Carries out one call.
pub(super) fn call(ctx: &mut Ctx<'_>, operation: Operation) -> Result<Done, Refusal> {
    match operation {
        Operation::PostToken => Ok(token(ctx)),
        Operation::GetInstitution => institution(ctx),
        Operation::GetCompanies => lists::companies(ctx),
        Operation::GetCardholders => lists::cardholders(ctx),
        Operation::GetAccessProfiles => lists::access_profiles(ctx),
        Operation::PostVisit => visits::create(ctx),
        Operation::GetVisits => lists::visits(ctx),
        Operation::DeleteVisit => visits::delete(ctx),
        Operation::PutVisit => visits::update(ctx),
        Operation::GetReaderActivity => lists::reader_activity(ctx),
    }
}

fn token(ctx: &mut Ctx<'_>) -> Done {
    let (token, seconds) = auth::issue(ctx.inner, &ctx.caller, ctx.now);
    let fields = vec![("Token", token.into()), ("ExpiresInSeconds", seconds.into())];
    Done::one(Json::Object(Kind::Token, fields), ctx.caller.credentials.username.clone())
}

fn institution(ctx: &Ctx<'_>) -> Result<Done, Refusal> {
    let (building, _) = ctx.place()?;
    let zone = time::zone_name(&building.zone_name, &ctx.inner.switches);
    let fields = vec![
        ("InstitutionId", Json::Id(ctx.institution.clone())),
        ("Name", building.name.as_str().into()),
        ("BuildingId", Json::Id(building.code.clone())),
        ("BuildingNumber", building.number.as_str().into()),
        ("BuildingAddress", building.address.as_str().into()),
        ("Timezone", zone.into()),
    ];
    Ok(Done::one(Json::Object(Kind::Institution, fields), building.name.clone()))
}

/// A visit as the list shows it; the side door uses it too.
pub(super) fn read_back(switches: &Switches, visit: &Visit) -> Json {
    readback::visit(switches, visit)
}
