use jiff::Timestamp;

use super::condition::truncated;
use super::conditions::ABNORMAL;
use super::{Condition, Truth, Wanted, normalise_message};

/// The conditions to write: what is wanted, with the times of `previous` where nothing flipped.
///
/// - A transition time moves when `status` flips and never else, also if the clock went back meanwhile.
/// - Abnormal conditions that are not True are left out: one that is resolved disappears.
/// - What is not wanted is not kept; of two for one type the later counts.
/// - Sorted for people. Messages are normalised here, so that none escapes it.
///
/// Merging the same again changes nothing.
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

/// Whether two lists say the same, whenever they began to.
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
