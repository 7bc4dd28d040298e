//! Lists (2.3): `{"items":[...],"next_page_link":null or URL,"count":null or int}`.

use serde_json::{Value, json};

use super::super::odata::{Options, Properties, Scalar};
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done};

/// A list of `items`, filtered, ordered and cut to the page of the request.
pub(super) fn page<T>(
    cx: &Cx<'_>,
    properties: Properties,
    mut items: Vec<T>,
    field: impl Fn(&T, &str) -> Scalar<'static>,
    json: impl Fn(&T) -> Value,
) -> Done {
    let options = Options::read(cx.request, properties).map_err(Problem::odata)?;
    let switches = &cx.inner.switches;
    if switches.count("page.maximum").is_some_and(|most| options.top.is_some_and(|top| top > most)) {
        return Err(Problem::odata("The limit for $top is exceeded"));
    }
    options.apply(&mut items, field);
    let count = items.len();
    let size = options.top.or_else(|| switches.count("page.size")).unwrap_or(20);
    let bare =
        switches.is("page.form", "bare") || (cx.site.is_nil() && switches.is("page.form", "bare-sites"));
    if bare {
        let items = items.iter().skip(options.skip).take(options.top.unwrap_or(usize::MAX)).map(json);
        return Ok(Answer::json(200, items.collect()));
    }
    if let Some(keep) = cx.call.twists.short() {
        items.truncate(options.skip.saturating_add(keep));
    }
    let shown: Vec<Value> = items.iter().skip(options.skip).take(size).map(json).collect();
    let after = options.skip.saturating_add(size);
    let next =
        (after < items.len() && size > 0).then(|| link(cx, if repeats(cx) { options.skip } else { after }));
    let reported = if cx.call.twists.short().is_some() { items.len() } else { count };
    let count = options.count.then_some(reported);
    Ok(Answer::json(200, json!({ "items": shown, "next_page_link": next, "count": count })))
}

fn repeats(cx: &Cx<'_>) -> bool {
    cx.call.twists.repeats()
}

/// The same request with another `$skip`.
fn link(cx: &Cx<'_>, skip: usize) -> String {
    let request = cx.request;
    let base = match cx.inner.switches.get("links.base") {
        "own" => cx.inner.base(request),
        "http" => cx.inner.base(request).replacen("https://", "http://", 1),
        base => base.trim_end_matches('/').to_owned(),
    };
    let keeps =
        |pair: &&str| !pair.is_empty() && !pair.starts_with("$skip=") && !pair.starts_with("%24skip=");
    let mut query: Vec<String> = request.query.split('&').filter(keeps).map(str::to_owned).collect();
    query.push(format!("$skip={skip}"));
    format!("{base}{}?{}", request.path, query.join("&"))
}
