//! Entries (2.11): no `$skip`, a continuation token in a header; an empty page with a token is not the end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{Answer, Cx, Done, Problem};
use super::inner::Inner;
use super::odata::{Kind, Options, Properties, Scalar};
use super::store::{Entry, REVISION, Site, instant};

const PROPERTIES: Properties = &[
    ("utc_date_time", Kind::Instant),
    ("event_category", Kind::Text),
    ("event_detail", Kind::Text),
    ("user_id", Kind::Text),
    ("lock_id", Kind::Text),
];

/// The header of a continuation token.
const HEADER: &str = "clp-continuation-token";

/// The delay between an event and its entry. Retention counts from the entry, so its expiration has milliseconds.
const TRANSIT: SignedDuration = SignedDuration::from_millis(1401);

/// The position of a listing.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Entries of the listing that are already answered.
    given: usize,
    /// The newest entry at the start of the listing: newer ones do not shift the pages.
    newest: u64,
    pages: usize,
}

/// `GET /v1.1/sites/{id}/entries`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let options = Options::read(cx.request, PROPERTIES).map_err(Problem::odata)?;
    if options.skip > 0 || cx.request.query.contains("$skip") || cx.request.query.contains("%24skip") {
        return Err(Problem::odata("The query option $skip is not supported"));
    }
    let held = cx.site()?;
    let start = Place { given: 0, newest: held.last_entry, pages: 0 };
    let place = match cx.request.header(HEADER) {
        None => start,
        Some(text) => read(text).ok_or_else(|| Problem::invalid("The continuation token is not valid"))?,
    };
    let mut visible = visible(cx.inner, held, cx.call.now, place.newest);
    options.apply(&mut visible, |entry, path| field(entry, path));
    let top = options.top.or_else(|| cx.inner.switches.count("page.size")).unwrap_or(20);
    let size = cx.call.twists.short().unwrap_or(top);
    let pauses = cx.inner.switches.is("entries.empty-page", "yes") && place.pages % 2 == 0;
    let take = if pauses { 0 } else { size };
    let shown: Vec<Value> = visible.iter().skip(place.given).take(take).map(|e| object(held, e)).collect();
    let moved = if cx.call.twists.repeats() { 0 } else { shown.len() };
    let next = Place { given: place.given + moved, newest: place.newest, pages: place.pages + 1 };
    let ended = cx.call.twists.short().is_some() || top == 0;
    let more = !ended && (pauses || visible.len() > place.given + shown.len());
    Ok(Answer::json(200, json!({ "items": shown, "continuation_token": more.then(|| write(next)) })))
}

/// The entries that are shown at this instant: without those that are delayed or too old.
pub(super) fn visible<'s>(inner: &Inner, site: &'s Site, now: Timestamp, newest: u64) -> Vec<&'s Entry> {
    let delay = inner.seconds("entries.delay-seconds");
    let ttl = SignedDuration::from_hours(site.ttl_days.clamp(0, 100_000) * 24);
    let shown = |entry: &&Entry| {
        let age = now.duration_since(entry.at);
        entry.number <= newest && age >= delay && age < ttl
    };
    site.entries.iter().filter(shown).collect()
}

fn field(entry: &Entry, path: &str) -> Scalar<'static> {
    match path {
        "utc_date_time" => Scalar::Instant(entry.at),
        "event_category" => Scalar::text(Some(entry.category)),
        "event_detail" => Scalar::text(entry.detail),
        "user_id" => entry.user.map_or(Scalar::Null, Scalar::id),
        _ => Scalar::id(entry.lock),
    }
}

/// A JSON text, which is a JSON string in the answer.
fn write(place: Place) -> String {
    let text = format!("{} {} {}", place.given, place.newest, place.pages);
    json!([{ "token": STANDARD.encode(text), "range": { "min": "", "max": "FF" } }]).to_string()
}

/// The header has the JSON text itself, unescaped.
fn read(text: &str) -> Option<Place> {
    let json: Value = serde_json::from_str(text).ok()?;
    let bytes = STANDARD.decode(json.get(0)?.get("token")?.as_str()?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.split(' ');
    let given = parts.next()?.parse().ok()?;
    let newest = parts.next()?.parse().ok()?;
    let pages = parts.next()?.parse().ok()?;
    (given <= usize::MAX / 4 && pages <= usize::MAX / 4).then_some(Place { given, newest, pages })
}

/// One entry; its `ttl_in_seconds` is the retention of the site, for any age (A7).
pub(super) fn object(site: &Site, entry: &Entry) -> Value {
    let lock = site.locks.get(&entry.lock);
    let iq = lock.and_then(|lock| site.iqs.get(&lock.iq));
    let local = entry.at.to_zoned(site.zone.clone()).datetime();
    let ttl = site.ttl_days.clamp(0, 100_000) * 86_400;
    let kept = SignedDuration::from_secs(ttl) + TRANSIT;
    let expiration = entry.at.saturating_add(kept).unwrap_or(Timestamp::MAX);
    let opened = entry.category == "lock_opened";
    json!({
        "id": entry.id.to_string(),
        "event_category": entry.category,
        "event_detail": entry.detail,
        "utc_date_time": instant(entry.at),
        "local_date_time": local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "lock_id": entry.lock.to_string(),
        "lock_mac_address": lock.map(|lock| lock.mac.clone()),
        "lock_customer_reference": lock.map(|lock| lock.name.clone()),
        "user_id": entry.user.map(|user| user.to_string()),
        "user_first_name": entry.first_name,
        "user_last_name": entry.last_name,
        "user_image_url": null,
        "user_alias": entry.alias,
        "iq_id": iq.map(|iq| iq.id.to_string()),
        "iq_customer_reference": iq.map(|iq| iq.name.clone()),
        "iq_mac_address": iq.map(|iq| iq.mac.clone()),
        "iq_revision": iq.map(|_| REVISION),
        "exit_requested": opened && entry.by == "inside_handle",
        "access_by": entry.by,
        "access_detail": entry.access_detail,
        "ttl_in_seconds": ttl,
        "expiration_date_time": expiration.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    })
}
