//! The switches of SALTO KS: every unknown of 2.15 in all its positions, and the behaviour that 2.14 requires.

use crate::frame::Position::{Number, Text, Word};
use crate::frame::{Position, Switch, switch};

const AGAIN: &[Position] = &[Word("200"), Word("400"), Word("404")];
const STATUS: &[Position] = &[Word("204"), Word("200"), Word("202")];
const NO_YES: &[Position] = &[Word("no"), Word("yes")];
const SECONDS: &[Position] = &[Number("seconds")];

/// All of them. The rate limit of 2.15 #3 is `limits.rate` and `limits.retry-after` of the frame; #16 concerns the client alone.
#[rustfmt::skip] // a table reads better with a row a line
pub const SWITCHES: &[Switch] = &[
    switch("refresh.rotation", &[Word("rotates"), Word("fixed")], "rotates", "2.15 #1", "a used refresh token fails; or one token is valid for ever"),
    switch("refresh.lifetime", &[Word("none"), Number("seconds")], "none", "2.15 #1", "lifetime of a refresh token"),
    switch("links.base", &[Word("own"), Word("http"), Text("base URL")], "own", "2.15 #2", "base of next_page_link: as called, http:// instead of https://, any"),
    switch("page.size", &[Number("items")], "20", "2.15 #4", "items a page without $top"),
    switch("page.maximum", &[Word("none"), Number("items")], "none", "2.15 #4", "a larger $top is refused with 400 / 1102"),
    switch("page.form", &[Word("envelope"), Word("bare"), Word("bare-sites")], "envelope", "2.15 #4", "lists as {items, next_page_link, count} or as a bare array of everything; bare-sites: GET sites alone"),
    switch("users.known-email", &[Word("400"), Word("existing"), Word("second")], "400", "2.15 #5", "POST users with an e-mail known on this or another site"),
    switch("members.added-twice", AGAIN, "200", "2.15 #6", "adding a user who is a member already"),
    switch("members.removed-absent", AGAIN, "200", "2.15 #6", "remove_ids with a user who is no member"),
    switch("members.deleted-twice", AGAIN, "200", "2.15 #6", "DELETE of a user who is no member"),
    switch("expires-at.users", &[Word("ignored"), Word("accepted")], "ignored", "2.15 #7", "expires_at of users who are no guests"),
    switch("expires-at.door", &[Word("stops"), Word("does-not-stop")], "stops", "2.15 #7", "the effect of expires_at at the door"),
    switch("status.delete", STATUS, "204", "2.15 #8", "success code of DELETE of group, schedule, member, lock"),
    switch("status.subscription", STATUS, "204", "2.15 #8", "success code of PATCH subscription"),
    switch("resume.no-seat", &[Word("suspended"), Word("403")], "suspended", "2.15 #9", "resume without a free seat: 200-like and still suspended, or 403 / 2212"),
    switch("blocked.keeps-seat", &[Word("yes"), Word("no")], "yes", "2.15 #10", "whether a blocked user keeps the seat"),
    switch("users.patch", &[Word("alias-and-roles"), Word("all"), Word("none")], "alias-and-roles", "2.15 #11", "which of alias, roles, email PATCH users takes; the others are 1101"),
    switch("schedules.z", &[Word("wall-clock"), Word("converted")], "wall-clock", "2.15 #12", "schedule dates with Z"),
    switch("errors.401", &[Word("empty"), Word("1500")], "empty", "2.15 #13", "body of 401"),
    switch("errors.code", &[Word("listed"), Number("code")], "listed", "2.15 #13", "listed: each error has its own code; a number: every error has this code"),
    switch("groups.object", &[Word("plain"), Word("extra")], "plain", "2.15 #13", "extra fields in the group object"),
    switch("groups.unique-names", NO_YES, "no", "2.15 #14", "a second group of the same name is refused with 400 / 1101"),
    switch("groups.rename", NO_YES, "no", "2.15 #14", "PATCH of a group's name; no: 405"),
    switch("invitations.mail", &[Word("each-create"), Text("client id")], "each-create", "2.15 #15", "mail at each create with e-mail, or suppressed for this client"),
    switch("streaming.payload", &[Word("entry"), Word("subset")], "entry", "2.15 #17", "the content of ReceiveMessage"),
    switch("roles.ids", &[Word("own"), Word("accept"), Word("production")], "own", "2.15 #18", "ids of the built-in roles, as far as they are known"),
    switch("consent", &[Word("ask"), Word("allow"), Word("deny")], "ask", "2.14", "the consent page asks, or allows or denies by itself for the first administrator"),
    switch("fresh.seconds", SECONDS, "0", "2.4", "time after creation with roles [], PIN 403 / 2203, group add 404 / 2202"),
    switch("fresh.one-in", &[Number("creations")], "1", "2.4", "one in this number of creations is fresh (measured: 3)"),
    switch("users.delete-seconds", SECONDS, "0", "2.3", "time in which a deleted user can still be read (measured: up to 10)"),
    switch("users.search-miss", &[Word("404"), Word("null"), Word("empty")], "404", "2.6", "users/search without a match: 404 / 2202, 200 null, 200 without a body"),
    switch("hardware.member-seconds", SECONDS, "0", "2.4", "time until a new member of a scheduled group opens (measured: 45)"),
    switch("hardware.schedule-seconds", SECONDS, "0", "2.4", "time until the first schedule of a group applies (measured: 210)"),
    switch("entries.delay-seconds", SECONDS, "0", "2.11", "delay of entries"),
    switch("entries.empty-page", NO_YES, "no", "2.11", "every second page is empty and has a token"),
    switch("otp.block-seconds", SECONDS, "1800", "2.10", "time in which OTPs are blocked (measured: the block ends within hours)"),
    switch("otp.wrong", &[Number("tries")], "3", "2.10", "wrong OTPs until OTPs are blocked (measured: 3 to 8)"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::check_table;

    #[test]
    fn every_default_is_the_first_position_and_every_unknown_has_a_switch() {
        // Row 3 is `limits.*` of the frame; row 16 concerns the client alone.
        check_table(SWITCHES, "2.15", (1..=18).filter(|row| ![3, 16].contains(row)));
    }
}
