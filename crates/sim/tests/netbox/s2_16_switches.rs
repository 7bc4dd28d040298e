//! 2.16 Unknowns: `vestibule-sim switches netbox` equals the table of the document.

use vestibule_sim::frame::{Switch, limits};
use vestibule_sim::netbox::SWITCHES;

use crate::support::docs;

/// The table of 2.16, row by row: number, switch, positions with the default first.
const TABLE: &[(u8, &str, &str)] = &[
    (1, "session.idle", "none | <seconds>"),
    (2, "session.limit", "unlimited | <sessions> | newest-wins"),
    (2, "session.parallel", "free | serialise"),
    (3, "dates.tzoffset", "ignored | appended"),
    (4, "dates.expiry", "exclusive | inclusive"),
    (4, "dates.bare", "start | end-of-day"),
    (5, "levels.empty", "no-change | clears"),
    (5, "levels.absent", "no-change | clears"),
    (6, "levels.autoremove", "ignored | removes"),
    (6, "levels.details", "blocks | names"),
    (7, "person.duplicate", "fail | code"),
    (7, "person.deleted-id", "fail | code | revives"),
    (7, "card.duplicate", "fail | code"),
    (7, "card.identity", "number-and-format | number"),
    (7, "person.after-removal", "record | not-found"),
    (8, "page.SearchPersonData", "<entries>"),
    (8, "page.GetAccessLevels", "<entries>"),
    (8, "page.GetAccessLevelNames", "<entries>"),
    (8, "page.GetAccessLevelGroups", "<entries>"),
    (8, "page.GetPortals", "<entries>"),
    (8, "page.GetReaders", "<entries>"),
    (8, "page.GetPortalGroups", "<entries>"),
    (8, "page.GetReaderGroups", "<entries>"),
    (8, "page.GetTimeSpecs", "<entries>"),
    (8, "page.GetTimeSpecGroups", "<entries>"),
    (8, "page.GetOutputs", "<entries>"),
    (8, "page.ListEvents", "<entries>"),
    (8, "page.GetEventHistory", "<entries>"),
    (8, "history.default", "<records>"),
    (8, "history.max", "none | <records>"),
    (8, "answer.limit", "none | <bytes>"),
    (9, "history.edge", "after | at-or-after"),
    (10, "history.reasons", "numbers | text | custom"),
    (11, "params.flags", "tolerant | strict"),
    (11, "params.unknown", "tolerant | fail"),
    (11, "search.wildcard", "none | * | %"),
    (12, "text.non-ascii", "utf-8 | latin-1 | fail"),
    (12, "text.max", "none | <characters>"),
    (12, "text.over", "truncate | fail"),
    (13, "body.apicommand", "accepted | apierror-3"),
    (13, "path.appd", "accepted | 410"),
    (14, "search.deleted", "FALSE | ALL"),
    (14, "search.partitions", "own | all"),
    (15, "seed.tenants", "udf | list | partition"),
    (16, "commands.several", "apierror-4 | all"),
    (17, "stream.heartbeat", "<seconds>"),
    (17, "stream.replay", "none | <events>"),
];

/// Defaults that the document gives as numbers.
const NUMBERS: &[(&str, &str)] = &[("stream.heartbeat", "30"), ("history.default", "999")];

fn row(switch: &Switch) -> Option<u8> {
    switch.source.strip_prefix("2.16 #")?.parse().ok()
}

/// 2.16 [?] The switches equal the table of the document: names, positions, defaults, row.
#[test]
fn s2_16_the_switches_equal_the_table_of_the_document() {
    let ours: Vec<(u8, &str, String)> =
        SWITCHES.iter().filter_map(|s| Some((row(s)?, s.name, s.positions_text()))).collect();
    let theirs: Vec<(u8, &str, String)> =
        TABLE.iter().map(|(row, name, positions)| (*row, *name, (*positions).to_owned())).collect();
    assert_eq!(ours, theirs);
    for switch in SWITCHES {
        let first = switch.positions_text().split(" | ").next().unwrap_or_default().to_owned();
        let number = NUMBERS.iter().find(|(name, _)| *name == switch.name).map(|(_, number)| *number);
        assert!(first == switch.default || first.starts_with('<'), "{}", switch.name);
        assert!(number.is_none_or(|number| number == switch.default), "{}", switch.name);
    }
}

/// 2.16 [?] Every switch in every position is exercised by a test of this crate.
#[test]
fn s2_16_every_switch_in_every_position_is_exercised() {
    let tests = docs::tests(&docs::sources());
    let switches: Vec<&Switch> = limits::SWITCHES.iter().chain(SWITCHES).collect();
    // Page sizes are set in a loop over the commands.
    assert_eq!(docs::unexercised(&switches, &tests, |name| name.replace("page.", "")), Vec::<String>::new());
}
