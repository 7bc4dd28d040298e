//! Pages of lists (2B.4).

use super::super::answer::Ctx;
use super::super::envelope::{Done, Paging, Refusal};
use super::super::job;
use super::super::json::Json;

/// The page of these items that the parameters ask for.
pub(super) fn page<T>(ctx: &Ctx<'_>, items: Vec<T>, write: impl Fn(T) -> Json) -> Result<Done, Refusal> {
    let number = parameter(ctx, "page")?.unwrap_or(1);
    let switches = &ctx.inner.switches;
    let size = parameter(ctx, "pageSize")?.or_else(|| switches.count("page.size")).unwrap_or(100).max(1);
    let size = switches.count("cap.page-size").map_or(size, |cap| size.min(cap.max(1)));
    let items = thinned(ctx, items)?;
    let total = items.len() + usize::from(ctx.twists.own("total-changes"));
    // The fault `repeat` answers the previous page again.
    let from = number.saturating_sub(if ctx.twists.repeats() { 2 } else { 1 }).saturating_mul(size);
    let mut data: Vec<Json> = items.into_iter().skip(from).take(size).map(write).collect();
    if ctx.twists.own("short-page") {
        data.truncate(data.len() / 2);
    }
    Ok(Done { data: Json::List(data), page: Some(Paging { number, size, total }), subject: String::new() })
}

/// The items that the 04:00 job (row 17) and the fault `short` leave in a list, which then says that it is complete.
fn thinned<T>(ctx: &Ctx<'_>, mut items: Vec<T>) -> Result<Vec<T>, Refusal> {
    let (building, _) = ctx.place()?;
    if job::is_running(building, &ctx.inner.switches, ctx.now) {
        match ctx.inner.switches.get("job.reads") {
            "empty" => items.clear(),
            "short" => items.truncate(items.len() / 10),
            _ => {}
        }
    }
    if let Some(keep) = ctx.twists.short() {
        items.truncate(keep);
    }
    Ok(items)
}

fn parameter(ctx: &Ctx<'_>, name: &str) -> Result<Option<usize>, Refusal> {
    let Some(text) = ctx.parameter(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| Refusal::Rule(format!("Invalid {name}")))
}
