//! The page in a browser: the sections of the system, then calls, faults and switches.

use serde_json::{Value, json};

use super::html::{badge, concat, escape, table};
use super::serve::Frame;
use super::{Reply, Request, Section};

const STYLE: &str = include_str!("page.css");

const FAULTS: &str = "Active faults";
const SWITCHES: &str = "Switches not in their default position";

/// Whether a browser asks for the address of a listener. Clients do not ask for HTML there.
pub(super) fn is_for_a_browser(request: &Request) -> bool {
    let accept = request.header("accept").unwrap_or_default().to_ascii_lowercase();
    request.method == "GET" && request.path == "/" && accept.contains("text/html")
}

/// `GET /` in a browser: a link to the page of the side door. It is no call of the system and is not counted.
pub(super) fn front(frame: &Frame) -> Reply {
    let title = escape(frame.kit.title);
    let body = format!(
        "<main><section><h2>This is a simulator</h2><p><a href=\"/_sim/\">Its page</a> shows its records, the last \
         calls and the active faults. Clients call it as they call {title}.</p></section></main>"
    );
    html_page(&title, &format!("<header><h1>{title} <small>simulated</small></h1></header>{body}"))
}

/// A whole document; title and body are escaped already.
fn html_page(title: &str, body: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} (simulated)</title>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><link rel=icon href=\"data:,\"><style>{STYLE}</style></head>\
         <body>{body}</body></html>\n"
    );
    Reply::text(200, "text/html; charset=utf-8", html)
}

/// `GET /_sim/`.
pub(super) fn page(frame: &Frame, request: &Request) -> Reply {
    let now = frame.present();
    let mut sections = frame.system.page(now, request);
    sections.push(Section::new("Last calls", calls(frame)));
    sections.push(Section::new("Calls by operation and outcome", counters(frame)));
    sections.push(Section::new(FAULTS, faults(frame)));
    sections.push(Section::new(SWITCHES, switches(frame)));
    let title = escape(frame.kit.title);
    let section = |s: &Section| {
        format!("<section id=\"{}\"><h2>{}</h2>{}</section>", slug(&s.title), escape(&s.title), s.html)
    };
    let body = concat(sections.iter().map(section));
    let body = format!(
        "<header><h1>{title} <small>simulated</small></h1>{}{}</header><main>{body}</main>{}",
        clock(frame),
        notice(frame),
        foot(frame)
    );
    html_page(&title, &body)
}

fn clock(frame: &Frame) -> String {
    let clock = frame.clock.json();
    let (now, follow) = (clock["now"].as_str().unwrap_or(""), clock["follow"].as_str().unwrap_or(""));
    let mode = match follow {
        "real" => "the real time",
        "run" => "set, running",
        _ => "held, changes only by order",
    };
    format!("<p>Simulated time: <b>{}</b> ({mode})</p>", escape(now))
}

/// The fragment of an address that leads to a section.
fn slug(title: &str) -> String {
    title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// A notice at the top when faults are active or switches are not in their default position.
fn notice(frame: &Frame) -> String {
    let faults = frame.faults.json().as_array().map_or(0, Vec::len);
    let moved = frame.switches.read().moved().count();
    let link = |count: usize, title: &str| {
        (count > 0).then(|| format!("<a href=\"#{}\">{}: {count}</a>", slug(title), escape(title)))
    };
    let links: Vec<String> = [link(faults, FAULTS), link(moved, SWITCHES)].into_iter().flatten().collect();
    if links.is_empty() { String::new() } else { format!("<p class=notice>{}</p>", links.join(", ")) }
}

fn foot(frame: &Frame) -> String {
    let urls: Vec<String> =
        frame.urls.iter().map(|(name, url)| format!("{name} <code>{}</code>", escape(url))).collect();
    let links = ["state", "calls", "faults", "limits", "switches", "clock", "outbox"]
        .map(|name| format!("<a href=\"/_sim/{name}\">{name}</a>"));
    format!("<footer><p>{}</p><p>As JSON: {}</p></footer>", urls.join(", "), links.join(" "))
}

fn calls(frame: &Frame) -> String {
    let rows: Vec<Vec<String>> = frame
        .counters
        .recent()
        .iter()
        .map(|entry| {
            let tone = if entry.outcome == "ok" { "good" } else { "bad" };
            let at = entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let took = format!("{} ms", entry.took.as_millis());
            vec![at, escape(&entry.operation), badge(tone, &entry.outcome), escape(&entry.subject), took]
        })
        .collect();
    table(&["At (UTC)", "Operation", "Outcome", "About", "Took"], &rows)
}

fn counters(frame: &Frame) -> String {
    let json = frame.counters.json();
    let operations = json["operations"].as_object().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = operations
        .iter()
        .map(|(name, outcomes)| {
            let all: Vec<String> = outcomes
                .as_object()
                .into_iter()
                .flatten()
                .map(|(outcome, n)| format!("{} {n}", escape(outcome)))
                .collect();
            vec![escape(name), all.join(", ")]
        })
        .collect();
    format!(
        "<p>{} calls, {} throttled.</p>{}",
        json["total"],
        json["throttled"],
        table(&["Operation", "Outcomes"], &rows)
    )
}

fn faults(frame: &Frame) -> String {
    let json = frame.faults.json();
    let rows: Vec<Vec<String>> = json
        .as_array()
        .into_iter()
        .flatten()
        .map(|f| vec![f["id"].to_string(), escape(&words(&f["fault"])), f["struck"].to_string()])
        .collect();
    table(&["No", "Fault", "Calls"], &rows)
}

/// `kind refuse, operation AddPerson, when after`: the fields that are set, in the words of the side door.
fn words(fault: &Value) -> String {
    let unset = [json!(false), json!(0)];
    let field = |(key, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (key == "times" || !unset.contains(value)).then(|| format!("{key} {text}"))
    };
    fault.as_object().into_iter().flatten().filter_map(field).collect::<Vec<_>>().join(", ")
}

fn switches(frame: &Frame) -> String {
    let switches = frame.switches.read();
    let rows: Vec<Vec<String>> = switches
        .moved()
        .map(|(s, value)| {
            vec![escape(s.name), escape(value), escape(s.default), escape(s.source), escape(s.about)]
        })
        .collect();
    table(&["Switch", "Position", "Default", "Source", "Decides"], &rows)
}
