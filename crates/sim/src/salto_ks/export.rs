//! Entries as CSV (A10): the columns that a public client reads, `;` between them, wall clock of the site.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::api::{Answer, Cx, Done, Problem};
use super::entries::visible;
use super::store::{Entry, Site};

const COLUMNS: [&str; 8] = [
    "Local Time",
    "Event Category",
    "Event Detail",
    "Lock Name",
    "User First Name",
    "User Last Name",
    "Access By",
    "Access Detail",
];

/// `GET /v1.1/sites/{s}/entries/export?export_file_name&from_date&to_date`: both instants included, oldest first.
pub(super) fn export(cx: &mut Cx<'_>) -> Done {
    let (from, to) = (bound(cx, "from_date")?, bound(cx, "to_date")?);
    let site = cx.site()?;
    let entries = visible(cx.inner, site, cx.call.now, site.last_entry);
    let mut chosen: Vec<&Entry> = entries.into_iter().filter(|e| e.at >= from && e.at <= to).collect();
    chosen.sort_by_key(|entry| entry.at);
    if let Some(keep) = cx.call.twists.short() {
        chosen.truncate(keep);
    }
    let head = line(COLUMNS.map(str::to_owned));
    let text = chosen.into_iter().fold(head, |text, entry| text + &line(row(site, entry)));
    Ok(Answer::csv(&file_name(cx), text))
}

fn bound(cx: &Cx<'_>, name: &str) -> Result<Timestamp, Problem> {
    let text = cx.request.query_value(name).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Problem::invalid(format!("The {name} field is required.")))?;
    text.parse().map_err(|_| Problem::value(format!("{name} is not an instant")))
}

/// The requested name, limited to characters that a header can carry.
fn file_name(cx: &Cx<'_>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let name = cx.request.query_value("export_file_name").unwrap_or_default();
    let name: String = name.chars().filter(plain).collect();
    if name.is_empty() { "entries.csv".to_owned() } else { name }
}

fn row(site: &Site, entry: &Entry) -> [String; 8] {
    let lock = site.locks.get(&entry.lock).map(|lock| lock.name.clone());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        local(entry.at, &site.zone),
        entry.category.to_owned(),
        entry.detail.unwrap_or_default().to_owned(),
        lock.unwrap_or_default(),
        text(&entry.first_name),
        text(&entry.last_name),
        entry.by.to_owned(),
        text(&entry.access_detail),
    ]
}

/// `MM/DD/YYYY HH:MM:SS` by the clock of the site.
fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%m/%d/%Y %H:%M:%S").to_string()
}

fn line(cells: [String; 8]) -> String {
    cells.map(|cell| quoted(&cell)).join(";") + "\r\n"
}

/// RFC 4180, with `;` instead of the comma.
fn quoted(cell: &str) -> String {
    if cell.contains([';', '"', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}
