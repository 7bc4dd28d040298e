//! The switches of NetBox: every unknown of 2.16 in all its positions, and settings that differ between sites.

use crate::frame::Position::{Number, Signed, Text, Word};
use crate::frame::{Position, Switch, switch};

const ENTRIES: &[Position] = &[Number("entries")];
const EMPTYING: &[Position] = &[Word("no-change"), Word("clears")];

/// All of them. The first position is the default.
#[rustfmt::skip] // a table reads better with a row a line
pub const SWITCHES: &[Switch] = &[
    switch("session.idle", &[Word("none"), Number("seconds")], "none", "2.16 #1", "idle time after which a session ends"),
    switch("session.limit", &[Word("unlimited"), Number("sessions"), Word("newest-wins")], "unlimited", "2.16 #2", "sessions a user may have"),
    switch("session.parallel", &[Word("free"), Word("serialise")], "free", "2.16 #2", "calls at a time in one session"),
    switch("dates.tzoffset", &[Word("ignored"), Word("appended")], "ignored", "2.16 #3", "the effect of dateformat=\"tzoffset\" on dates"),
    switch("dates.us", &[Word("refused"), Word("accepted")], "refused", "A4", "dates as MM/DD/YYYY, on versions before 5.0"),
    switch("dates.expiry", &[Word("exclusive"), Word("inclusive")], "exclusive", "2.16 #4", "whether access is valid in the minute of EXPDATE and CARDEXPDATE"),
    switch("dates.bare", &[Word("start"), Word("end-of-day")], "start", "2.16 #4", "the time of an EXPDATE or CARDEXPDATE that is only a day"),
    switch("levels.empty", EMPTYING, "no-change", "2.16 #5", "ModifyPerson with an empty ACCESSLEVELS"),
    switch("levels.absent", EMPTYING, "no-change", "2.16 #5", "ModifyPerson without ACCESSLEVELS"),
    switch("levels.autoremove", &[Word("ignored"), Word("removes")], "ignored", "2.16 #6", "whether AUTOREMOVE removes a level at its EXPDATE"),
    switch("levels.details", &[Word("blocks"), Word("names")], "blocks", "2.16 #6", "the content of ACCESSLEVELDETAILS"),
    switch("person.duplicate", &[Word("fail"), Word("code")], "fail", "2.16 #7", "AddPerson with an id in use: FAIL `Duplicate` or CODE DUPLICATE"),
    switch("person.deleted-id", &[Word("fail"), Word("code"), Word("revives")], "fail", "2.16 #7", "AddPerson with the id of a deleted person"),
    switch("card.key", &[Word("lenient"), Word("strict")], "lenient", "A3", "whether a credential is found without PERSONID, and removed without CARDFORMAT"),
    switch("card.duplicate", &[Word("fail"), Word("code")], "fail", "2.16 #7", "AddCredential with a card in use"),
    switch("card.identity", &[Word("number-and-format"), Word("number")], "number-and-format", "2.16 #7", "which cards are the same card"),
    switch("person.after-removal", &[Word("record"), Word("not-found")], "record", "2.16 #7", "GetPerson of a deleted person"),
    switch("page.SearchPersonData", ENTRIES, "100", "2.16 #8", "entries a page"),
    switch("page.GetAccessLevels", ENTRIES, "100", "2.16 #8", "entries a page"),
    switch("page.GetAccessLevelNames", ENTRIES, "100", "2.16 #8", "entries a page"),
    switch("page.GetAccessLevelGroups", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.GetPortals", ENTRIES, "100", "2.16 #8", "entries a page (67 came in one, 2.12)"),
    switch("page.GetReaders", ENTRIES, "50", "2.16 #8", "entries a page (68 came in two, 2.12)"),
    switch("page.GetPortalGroups", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.GetReaderGroups", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.GetTimeSpecs", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.GetTimeSpecGroups", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.GetOutputs", ENTRIES, "50", "2.16 #8", "entries a page"),
    switch("page.ListEvents", ENTRIES, "100", "2.16 #8", "entries a page"),
    switch("page.GetEventHistory", ENTRIES, "500", "2.16 #8", "lines a page"),
    switch("history.default", &[Number("records")], "999", "2.16 #8", "GetAccessHistory without MAXRECORDS"),
    switch("history.max", &[Word("none"), Number("records")], "none", "2.16 #8", "the most records for any MAXRECORDS"),
    switch("answer.limit", &[Word("none"), Number("bytes")], "none", "2.16 #8", "size after which a page ends early"),
    switch("history.edge", &[Word("after"), Word("at-or-after")], "after", "2.16 #9", "whether the page includes AFTERLOGID itself"),
    switch("history.reasons", &[Word("numbers"), Word("text"), Word("custom")], "numbers", "2.16 #10", "TYPE and REASON: numbers; 1 or 2 and texts; the seed's table"),
    switch("history.end", &[Word("next"), Word("minus-one")], "next", "A7", "NEXTLOGID of the last page; path.v1=on implies -1"),
    switch("params.flags", &[Word("tolerant"), Word("strict")], "tolerant", "2.16 #11", "flags in another form than TRUE/FALSE and 1/0"),
    switch("params.unknown", &[Word("tolerant"), Word("fail")], "tolerant", "2.16 #11", "PARAMS that the command does not know"),
    switch("search.wildcard", &[Word("none"), Word("*"), Word("%")], "none", "2.16 #11", "the wildcard of WILDCARDSEARCH"),
    switch("text.non-ascii", &[Word("utf-8"), Word("latin-1"), Word("fail")], "utf-8", "2.16 #12", "letters beyond ASCII"),
    switch("text.max", &[Word("none"), Number("characters")], "none", "2.16 #12", "longest PERSONID, name, UDF, NOTES"),
    switch("text.over", &[Word("truncate"), Word("fail")], "truncate", "2.16 #12", "longer texts"),
    switch("body.apicommand", &[Word("accepted"), Word("apierror-3")], "accepted", "2.16 #13", "the body form APIcommand="),
    switch("path.appd", &[Word("accepted"), Word("410")], "accepted", "2.16 #13", "the paths /appd/nbapi and /appdevent/nbapi/event"),
    switch("search.deleted", &[Word("FALSE"), Word("ALL")], "FALSE", "2.16 #14", "SearchPersonData without DELETED"),
    switch("search.partitions", &[Word("own"), Word("all")], "own", "2.16 #14", "SearchPersonData without ALLPARTITIONS"),
    switch("seed.tenants", &[Word("udf"), Word("list"), Word("partition")], "udf", "2.16 #15", "where a generated seed keeps companies (read at start and reset)"),
    switch("commands.several", &[Word("apierror-4"), Word("all")], "apierror-4", "2.16 #16", "several COMMANDs in one document (rate limit: limits.*)"),
    switch("stream.heartbeat", &[Number("seconds")], "30", "2.16 #17", "time between heartbeats of StreamEvents"),
    switch("stream.replay", &[Word("none"), Number("events")], "none", "2.16 #17", "past events at the start of a stream"),
    switch("stream.boundary", &[Word("own-line"), Word("after-document"), Word("before-document")], "own-line", "A8", "the place of --Boundary in StreamEvents"),
    switch("stream.person-name", &[Word("last-first"), Word("first-last")], "last-first", "A8", "PERSONNAME of StreamEvents: `Last, First` or `First Last`"),
    switch("login.mode", &[Word("session"), Word("none"), Word("trap")], "session", "2.3", "session login; no authentication; the login trap"),
    switch("login.session-id", &[Word("64"), Word("digits")], "64", "2.3", "64 characters, or nine digits as in old versions"),
    switch("login.api", &[Word("enabled"), Word("disabled"), Word("broken")], "enabled", "2.11", "API on; APIERROR 2; APIERROR 1"),
    switch("path.v2", &[Word("on"), Word("410")], "on", "2.1", "the path /nbws/goforms/nbapi"),
    switch("path.v1", &[Word("410"), Word("on")], "410", "2.1", "the path /goforms/nbapi (410 on 6.x)"),
    switch("box.version", &[Text("version")], "6.2.0", "2.5", "the answer of GetAPIVersion"),
    switch("box.zone", &[Word("seed"), Text("zone")], "seed", "2.4", "time zone of the controller"),
    switch("box.clock-offset", &[Signed("seconds")], "0", "2.4", "the offset of the controller's clock"),
    switch("dates.none", &[Word("empty"), Word("null")], "empty", "2.4", "how an absent date is read back"),
    switch("person.unique-ids", &[Word("on"), Word("off")], "on", "2.3", "Enforce unique person IDs; off: duplicates are accepted"),
    switch("absence", &[Word("documented"), Word("code"), Word("fail")], "documented", "2.11", "the form of a not-found answer"),
    switch("history.ids", &[Word("holes"), Word("dense")], "holes", "2.10", "whether LOGIDs of accesses have holes"),
    switch("walk.per-hour", &[Number("accesses")], "0", "2.15", "accesses of generated people in an hour of the simulator's clock"),
    switch("walk.seed", &[Number("number")], "1", "2.15", "the random numbers of these accesses"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::check_table;

    #[test]
    fn every_default_is_the_first_position_and_every_unknown_has_a_switch() {
        check_table(SWITCHES, "2.16", 1..=17);
    }
}
