//! The switches of Kastle: every unknown of 2B.10 in all its positions, and the other questions that the document leaves open.

use crate::frame::Position::{Number, Text, Word};
use crate::frame::{Position, Switch, switch};

const RULE: &[Position] = &[Word("enforced"), Word("accepted")];
const KEPT: &[Position] = &[Word("kept"), Word("replaced")];
const CAP: &[Position] = &[Word("none"), Number("most")];

/// All of them. The first position is the default.
#[rustfmt::skip] // a table reads better with a row a line
pub const SWITCHES: &[Switch] = &[
    switch("contract", &[Word("documented"), Word("renamed"), Text("file")], "documented", "2B.10 #1", "paths and names: of 2B, of the example of another contract, of a YAML file"),
    switch("envelope", &[Word("on"), Word("off")], "on", "2B.10 #1", "off: bare data, without IsSuccess and Page"),
    switch("auth.mode", &[Word("basic"), Word("token")], "basic", "2B.10 #2", "Basic in every call, or a token fetched with it"),
    switch("auth.visitor-connect", &[Word("same"), Word("basic"), Word("token")], "same", "2B.10 #2", "the same for Visitor Connect alone"),
    switch("auth.owner", &[Word("header"), Word("query"), Word("body")], "header", "2B.10 #2", "the place of the OwnerGuid (body: the query of calls without one)"),
    switch("auth.braces", &[Word("required"), Word("either"), Word("refused")], "required", "2B.10 #2", "braces around the OwnerGuid"),
    switch("institution.per", &[Word("building"), Word("company")], "building", "2B.10 #3", "whether an institution is the account of a building or of a company"),
    switch("visit.guids", KEPT, "kept", "2B.10 #4", "the caller's VisitGuid"),
    switch("attendee.guids", KEPT, "kept", "2B.10 #4", "the caller's CardholderGuid of a visitor"),
    switch("visit.duplicate", &[Word("409"), Word("same-answer"), Word("second-visit")], "409", "2B.10 #5", "the same VisitGuid twice"),
    switch("visit.delete", &[Word("yes"), Word("no"), Word("before-arrival")], "yes", "2B.10 #6", "whether a visit can be deleted"),
    switch("visit.update", &[Word("no"), Word("yes")], "no", "2B.10 #7", "PUT on the path of a visit"),
    switch("profiles.visitors", &[Word("all"), Word("subset"), Word("none")], "all", "2B.10 #8", "profiles a visit may have; none: the site has no profiles at all"),
    switch("visits.read", &[Word("full"), Word("own"), Word("none")], "full", "2B.10 #9", "the visits in the list of visits"),
    switch("cardholders.read", &[Word("full"), Word("delta")], "full", "2B.10 #10", "delta: only changes since the last listing by this owner"),
    switch("cardholders.deleted", &[Word("absent"), Word("inactive"), Word("delta")], "absent", "2B.10 #10", "a deleted cardholder in lists: absent; IsActive false; IsActive false in lists of changes only"),
    switch("cap.page-size", CAP, "none", "2B.10 #11", "a larger pageSize is cut to it (rate: limits.*)"),
    switch("cap.visitors", CAP, "none", "2B.10 #11", "visitors a call (10 in the portal)"),
    switch("cap.days", CAP, "none", "2B.10 #11", "days a visit (180 in the portal)"),
    switch("rules.names", RULE, "enforced", "2B.10 #12", "no accents, no non-Latin letters in names"),
    switch("rules.phone", RULE, "enforced", "2B.10 #12", "the form of phone numbers"),
    switch("zones.names", &[Word("iana"), Word("windows")], "iana", "2B.10 #13", "names of time zones, in both directions"),
    switch("zones.gap", &[Word("rejected"), Word("shifted")], "rejected", "2B.10 #13", "a wall time that the spring change skips"),
    switch("floor", &[Word("required"), Word("optional"), Word("no-888")], "required", "2B.10 #14", "FloorId; no-888: required and 888 rejected"),
    switch("mail.dummy", &[Word("accepted"), Word("rejected"), Word("mailed")], "accepted", "2B.10 #15", "addresses that can receive no mail; mailed: mail is sent for any IsSendMailToVisitors"),
    switch("qr", &[Word("mailed"), Word("answer")], "mailed", "2B.10 #16", "QR code only in the mail, or in the answer too"),
    switch("job.reads", &[Word("unchanged"), Word("empty"), Word("short")], "unchanged", "2B.10 #17", "lists while the 04:00 job runs: complete, empty, a tenth"),
    switch("job.minutes", &[Number("minutes")], "15", "2B.10 #17", "duration of the 04:00 job"),
    switch("events", &[Word("neither"), Word("psia-push"), Word("readeractivity")], "neither", "2B.10 #18", "how reader activity is published"),
    switch("events.receiver", &[Word("none"), Text("url")], "none", "2B.10 #18", "http://HOST:PORT of the receiver of PSIA events"),
    switch("auth.refusal", &[Word("401"), Word("200")], "401", "2B.3", "HTTP status of bad credentials"),
    switch("refusal.status", &[Word("200"), Word("400")], "200", "2B.3", "HTTP status of a refusal by a rule"),
    switch("token.lifetime", &[Number("seconds")], "3600", "2B.2", "lifetime of a token"),
    switch("page.size", &[Number("entries")], "100", "2B.1", "entries on a page without pageSize"),
    switch("dates.format", &[Word("YYYY-MM-DD"), Word("YYYY-MM-DDT00:00:00"), Word("MM/DD/YYYY")], "YYYY-MM-DD", "2B.1, A1", "form of dates in answers; the first two are read alike, the third reads only its own form"),
    switch("json.ids", &[Word("text"), Word("number")], "text", "2B.4", "form of ids in answers"),
    switch("json.absent", &[Word("null"), Word("empty"), Word("missing")], "null", "2B.4", "how an absent value is written"),
    switch("json.extra", &[Word("none"), Word("present")], "none", "2B.4", "an unknown field in every object"),
    switch("visit.dead-guid", &[Word("free"), Word("taken")], "free", "2B.6 #1", "whether the VisitGuid of a deleted visit can be used again"),
    switch("readback", &[Word("lossy"), Word("faithful")], "lossy", "2A.5", "lossy: SEQUENCE in PriorityLevel, two words of the host's name"),
    switch("rules.visitors", RULE, "enforced", "2A.4", "VisitorModel is required"),
    switch("rules.last-name", RULE, "enforced", "2A.4", "LastName of a visitor is required"),
    switch("rules.host-length", RULE, "enforced", "2A.4", "host first and last name at most 40 characters"),
    switch("rules.institution", RULE, "enforced", "2A.4", "InstitutionID is a non-zero integer, that of the path"),
    switch("rules.floor", RULE, "enforced", "2A.4", "FloorId is an integer"),
    switch("rules.order", RULE, "enforced", "2A.4", "departure after arrival"),
    switch("rules.zone", RULE, "enforced", "2A.4", "Timezone is known; else the property's is taken"),
    switch("rules.guids", RULE, "enforced", "2A.4", "VisitGuid and CardholderGuid are GUIDs"),
    switch("rules.types", RULE, "enforced", "2A.4", "JSON types; else a wrong one counts as absent"),
    switch("rules.profiles", RULE, "enforced", "2A.4", "AccessProfiles are known"),
    switch("rules.email", RULE, "enforced", "2B.6 #2", "Email has an @ and a dot behind it"),
    switch("rules.content-type", RULE, "enforced", "2B.3", "bodies are application/json"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::check_table;

    #[test]
    fn every_default_is_the_first_position_and_every_unknown_has_a_switch() {
        check_table(SWITCHES, "2B.10", 1..=18);
    }
}
