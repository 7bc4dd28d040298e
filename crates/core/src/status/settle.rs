use jiff::{SignedDuration, Timestamp};

use super::conditions::{
    ABNORMAL, DELETIONS_HELD, PROGRESSING_WITH_RETRY, READY, REASONS, RECONCILING, STALLED,
};
use super::verdict::{ASPECTS, Ready, Work};
use super::{Condition, Status, Truth, Verdict, Wanted, merge, normalise_message};

/// The message of an aspect that was False in an earlier situation.
const NOT_DECIDED_AGAIN: &str = "False for this reason before, and not decided again yet";

impl Verdict {
    /// The status to write on an object of this generation with the status `previous`.
    ///
    /// `observedGeneration` advances if the generation is done (Ready, Stalled or Suspended). Otherwise it keeps its value,
    /// since a generation that was only seen is not done. For every `previous` the result keeps the rules of
    /// [`check`](super::check), and a second call changes nothing until a grace time ends.
    pub fn settle(&self, previous: &Status, generation: i64, now: Timestamp) -> Status {
        let before = Before { status: previous, generation };
        let mut wanted = vec![self.summary(&before, now)];
        wanted.extend(self.abnormal(&before));
        wanted.extend(self.other(&before));
        let observed_generation = match self.work {
            Work::Done | Work::Stalled | Work::Frozen => generation,
            Work::UnderWay | Work::Deleting => before.observed(),
        };
        Status { observed_generation, conditions: merge(&previous.conditions, wanted, now) }
    }

    fn summary(&self, before: &Before<'_>, now: Timestamp) -> Wanted {
        match self.ready {
            Ready::Is(status) => before.wanted(READY, status, self.reason, &self.message),
            Ready::KeptFor(grace) => self.kept(before, grace, now),
            Ready::Frozen => before.wanted(READY, frozen(before), self.reason, &self.message),
        }
    }

    /// Ready while a system does not answer.
    fn kept(&self, before: &Before<'_>, grace: SignedDuration, now: Timestamp) -> Wanted {
        // A condition of another client counts too, since merging keeps its time.
        let at_work = before.status.condition(RECONCILING).filter(|it| it.status == Truth::True);
        let failing_since = at_work.map_or(now, |it| it.last_transition_time);
        let is_over = now.duration_since(failing_since) >= grace;
        match before.get(READY) {
            // Unchanged, including its generation: a True of the old spec must not count for the new spec.
            Some(ready) if !is_over && ready.status != Truth::False => ready.into(),
            None if !is_over => before.wanted(READY, Truth::Unknown, PROGRESSING_WITH_RETRY, &self.message),
            Some(_) | None => before.wanted(READY, Truth::False, PROGRESSING_WITH_RETRY, &self.message),
        }
    }

    fn abnormal(&self, before: &Before<'_>) -> Vec<Wanted> {
        let one = |type_| vec![before.wanted(type_, Truth::True, self.reason, &self.message)];
        match self.work {
            Work::Done | Work::Deleting => Vec::new(),
            Work::UnderWay => one(RECONCILING),
            Work::Stalled => one(STALLED),
            Work::Frozen => {
                [STALLED, DELETIONS_HELD].iter().filter_map(|it| Some(before.get(it)?.into())).collect()
            }
        }
    }

    /// The conditions that the situation sets beside the summary, and the aspects of which it says nothing.
    fn other(&self, before: &Before<'_>) -> Vec<Wanted> {
        let silent = ASPECTS.iter().map(|type_| match before.get(type_) {
            // A suspended object needs the same person as before.
            Some(condition) if self.work == Work::Frozen => condition.into(),
            Some(condition) => lifted(condition),
            None => before.wanted(type_, Truth::Unknown, self.reason, ""),
        });
        let said = self
            .aspects
            .iter()
            .map(|aspect| before.wanted(aspect.type_, aspect.status, aspect.reason, &aspect.message));
        // Of two for one type the later counts.
        let all = silent.chain(said);
        all.filter(|want| !self.without.contains(&want.type_.as_str())).collect()
    }
}

/// An aspect of which the situation says nothing. What was refused in an earlier situation is not refused in this one, and
/// not decided again either. The reason stays, so that the end of a stop can be recognised: see `Status::has_stopped`.
fn lifted(condition: &Condition) -> Wanted {
    let mut wanted = Wanted::from(condition);
    if wanted.status == Truth::False {
        wanted.status = Truth::Unknown;
        NOT_DECIDED_AGAIN.clone_into(&mut wanted.message);
    }
    wanted
}

/// Ready of a suspended object. Nothing has to be carried out, so it is True, unless a person was needed before.
fn frozen(before: &Before<'_>) -> Truth {
    if before.get(STALLED).is_some() { Truth::False } else { Truth::True }
}

/// The present status, as far as it can be trusted: a restore, or a person with `kubectl edit --subresource`, may have
/// written any values.
struct Before<'a> {
    status: &'a Status,
    generation: i64,
}

impl Before<'_> {
    /// A condition that a controller can have written about this object. Abnormal ones exist only while True, and always
    /// have a message.
    fn get(&self, type_: &str) -> Option<&Condition> {
        let condition = self.status.condition(type_)?;
        let of_its_past = condition.observed_generation.is_some_and(|it| (0..=self.generation).contains(&it));
        let known = REASONS.iter().any(|(reason, _)| *reason == condition.reason);
        let stands = !ABNORMAL.contains(&type_)
            || condition.status == Truth::True && !normalise_message(&condition.message).is_empty();
        (of_its_past && known && stands).then_some(condition)
    }

    fn observed(&self) -> i64 {
        let observed = self.status.observed_generation;
        if (0..=self.generation).contains(&observed) {
            observed
        } else {
            Status::default().observed_generation
        }
    }

    fn wanted(&self, type_: &str, status: Truth, reason: &str, message: &str) -> Wanted {
        Wanted {
            type_: type_.to_owned(),
            status,
            reason: reason.to_owned(),
            message: message.to_owned(),
            observed_generation: Some(self.generation),
        }
    }
}
