use jiff::Timestamp;

use super::condition::truncated;
use super::conditions::ABNORMAL;
use super::{Condition, Truth, Wanted, normalise_message};

/// The conditions to write: the `wanted` ones, with the times of `previous` if their `status` is unchanged.
///
/// - A transition time changes only when `status` changes, even if the clock was set back meanwhile.
/// - Abnormal conditions that are not True are left out: a resolved one disappears.
/// - Conditions that are not wanted are dropped. Of two for one type the later counts.
/// - The result is sorted for people. All messages are normalised here.
///
/// A second merge with the same input changes nothing.
pub fn merge(previous: &[Condition], wanted: Vec<Wanted>, now: Timestamp) -> Vec<Condition> {
    let mut merged: Vec<Condition> = Vec::with_capacity(wanted.len());
    for want in wanted {
        merged.retain(|condition| condition.type_ != want.type_);
        if want.status == Truth::True || !ABNORMAL.contains(&want.type_.as_str()) {
            merged.push(timed(previous, want, now));
        }
    }
    merged.sort_by(|a, b| Condition::place(&a.type_).cmp(&Condition::place(&b.type_)));
    merged
}

/// Whether two lists of conditions are equal except for their times.
pub fn same_without_times(a: &[Condition], b: &[Condition]) -> bool {
    a.iter().map(Condition::without_time).eq(b.iter().map(Condition::without_time))
}

fn timed(previous: &[Condition], want: Wanted, now: Timestamp) -> Condition {
    let Wanted { type_, status, reason, message, observed_generation } = want;
    let before = previous.iter().find(|condition| condition.type_ == type_);
    let since = before.filter(|before| before.status == status).map_or(now, |it| it.last_transition_time);
    let message = normalise_message(&message);
    Condition { type_, status, reason, message, observed_generation, last_transition_time: truncated(since) }
}
