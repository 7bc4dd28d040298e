//! A card belongs to at most one living record (design 3.15). The engine looks up the card before it writes. If another
//! record of ours holds the card, its visit decides: a visit that is over, or that begins after the requesting one ends,
//! loses the card; for a visit that ends before the requesting one begins, the requesting one waits.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, DesiredRecord, Facts, Mode, ObservedRecord};

use super::call::TurnError;
use super::reconcile_object::until;
use super::waits::Blocked;
use super::{Engine, Outcome, Priority, Reason, Wait, Work};
use crate::system::{self, Applied, ErrorCode, Scope, SystemError};

/// A record of another integration that lost its card requests it again after this time.
const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Another record that holds the requested card.
struct Holder<'a> {
    record: &'a ObservedRecord,
    /// Its id, if this process manages it.
    ours: Option<RecordId>,
    /// The engine of another integration that manages it.
    elsewhere: Option<Arc<Engine>>,
}

/// How a holder's claim to its card affects the record that requests the card; the strongest claim last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// The holder does not need the card now.
    GivesUp,
    /// The holder needs the card until this time, and the requesting record only needs it later.
    EndsBefore(Timestamp),
    /// Both need the card at the same time; the holder until this time.
    Overlaps(Option<Timestamp>),
    /// Its mode lets nothing be withdrawn.
    Keeps(Mode),
    /// The holder is not ours.
    Foreign,
}

impl Engine {
    /// Reserves the card of a record for this turn and makes sure that no other record holds it.
    pub(super) async fn free_card(
        &self,
        record: &DesiredRecord,
        card: &Card,
        work: Work,
    ) -> Result<(), TurnError> {
        let since = {
            let mut inner = self.inner.lock();
            if !inner.waits.reserve(card.number_key(), record.id.object_id, work) {
                // Another turn is about to take the card. This object gets a new turn when that one ends.
                return Err(Blocked { not_after: None, outcome: None }.into());
            }
            inner.waits.now()
        };
        let found = self.observe(work.priority, Scope::Card(card.clone())).await?;
        let own = |id: RecordId| id.owner == self.owner && id.object_id == record.id.object_id;
        if self.take_in_unlisted(found.records.iter().filter(|one| !one.dead && one.id.is_some_and(own))) {
            return Err(TurnError::Superseded);
        }
        let others = found.records.iter().filter(|one| !one.dead && !one.id.is_some_and(own));
        let holders: Vec<_> = others.map(|one| self.holder(one)).collect();
        let claims = holders.iter().map(|holder| self.claim_of(holder, record));
        let worst = claims.zip(&holders).max_by_key(|(claim, _)| *claim);
        if let Some((claim, holder)) = worst.filter(|(claim, _)| *claim != Claim::GivesUp) {
            return Err(self.refuse_card(record, claim, holder, work, since));
        }
        for holder in &holders {
            self.take_card(record, card, holder, work).await?;
        }
        Ok(())
    }

    /// Adds records of the object itself that no listing has shown to the snapshot, so that they are removed before another
    /// one gets the card. Returns whether there are any.
    fn take_in_unlisted<'a>(&self, own: impl Iterator<Item = &'a ObservedRecord>) -> bool {
        let mut inner = self.inner.lock();
        let mut found = false;
        for (record, id) in own.filter_map(|one| Some((one, one.id?))) {
            if !inner.existing(id.object_id).iter().any(|known| known.id == id) {
                inner.snapshot.stands(&id, record.facts.fingerprint(), until(record));
                found = true;
            }
        }
        found
    }

    fn holder<'a>(&self, record: &'a ObservedRecord) -> Holder<'a> {
        let elsewhere =
            record.id.filter(|id| id.owner != self.owner).and_then(|id| self.source.engine_of(id.owner));
        let ours = record.id.filter(|id| id.owner == self.owner || elsewhere.is_some());
        Holder { record, ours, elsewhere }
    }

    fn claim_of(&self, holder: &Holder<'_>, wanted: &DesiredRecord) -> Claim {
        if holder.ours.is_none() {
            return Claim::Foreign;
        }
        let (mode, suspended) = {
            let settings = holder.engine(self).settings.read();
            (settings.mode, settings.suspended)
        };
        if !mode.updates() {
            return Claim::Keeps(mode);
        }
        let Some(window) = holder.record.facts.window else { return Claim::Overlaps(None) };
        let now = self.clock.now();
        // A suspended holder keeps its card, because it could not get it back.
        let comes_later = now < wanted.window.until && wanted.window.until <= window.from && !suspended;
        if window.has_ended(now) || comes_later {
            Claim::GivesUp
        } else if window.until <= wanted.window.from {
            Claim::EndsBefore(window.until)
        } else {
            Claim::Overlaps(Some(window.until))
        }
    }

    /// Ends the turn. The object gets a new turn when the holder changes or ends.
    fn refuse_card(
        &self,
        record: &DesiredRecord,
        claim: Claim,
        holder: &Holder<'_>,
        work: Work,
        since: u64,
    ) -> TurnError {
        let (Some(blocked), Some(id)) =
            (claim.blocks(&holder.name(&record.mark.object.namespace)), holder.ours)
        else {
            return taken(format!(
                "the card of spec.credentialNumber already belongs to person {} in the system: withdraw it there or name \
                 another number here",
                holder.record.external_id
            ))
            .into();
        };
        let registered = self.inner.lock().waits.register(record.id.object_id, id.object_id, work, since);
        if registered { blocked.into() } else { TurnError::Superseded }
    }

    /// Takes the card from a record that does not need it now. One whose visit is still to come asks for it again after
    /// this turn.
    async fn take_card(
        &self,
        record: &DesiredRecord,
        card: &Card,
        holder: &Holder<'_>,
        work: Work,
    ) -> Result<(), TurnError> {
        let Some(id) = holder.ours else { return Ok(()) };
        let mut facts = holder.record.facts.clone();
        let mut withdrawn: Vec<Card> =
            facts.cards.keys().filter(|held| held.has_number_of(card)).cloned().collect();
        facts.cards.retain(|held, _| !withdrawn.contains(held));
        if withdrawn.is_empty() {
            // The record holds the card and opens nothing with it: a person disabled the card, or only the printed number
            // is the same.
            withdrawn.push(card.clone());
        }
        for card in withdrawn {
            let step = Step::WithdrawCard { id, card };
            match &holder.elsewhere {
                None => drop(self.write(work, &step).await?),
                Some(engine) => engine.give_up(&step, work).await?,
            }
        }
        let engine = holder.elsewhere.as_deref().unwrap_or(self);
        engine.gave_up_card(id, &facts, record, work.priority);
        if holder.elsewhere.is_some() {
            // The other engine may not notice the end of this turn.
            let now = self.clock.now();
            engine.inner.lock().queue.push(
                id.object_id,
                Priority::Retry.with_reason(Reason::CatchUp),
                now.checked_add(LOOK_AGAIN_AFTER).ok(),
                now,
            );
            engine.wake.notify_one();
        }
        Ok(())
    }

    /// Withdraws a card in this system for a record of another integration. A failure of this system is not reported as a
    /// failure of the other one.
    async fn give_up(&self, step: &Step, work: Work) -> Result<(), TurnError> {
        match self.write(work, step).await {
            Ok(Applied::Absent) => {
                Err(dependency("that AccessIntegration is connected to another system now"))
            }
            Ok(_) => Ok(()),
            Err(TurnError::System(error)) => Err(dependency(&error.message)),
            Err(turn_error) => Err(turn_error),
        }
    }

    fn gave_up_card(&self, id: RecordId, facts: &Facts, taker: &DesiredRecord, priority: Priority) {
        let now = self.clock.now();
        let until = facts.window.map(|window| window.until);
        let mut inner = self.inner.lock();
        inner.snapshot.stands(&id, facts.fingerprint(), until);
        if until.is_none_or(|until| until > now) {
            let work = priority.with_reason(Reason::CatchUp);
            inner.waits.register_for_turn(id.object_id, taker.id.object_id, work);
        }
    }

    /// Carries out a step. If the card was taken between the look-up and the call, it is looked up once more.
    pub(super) async fn take_step(
        &self,
        record: &DesiredRecord,
        step: &Step,
        work: Work,
    ) -> Result<(), TurnError> {
        let result = self.write(work, step).await;
        let Step::AssignCard { card, .. } = step else { return result.map(drop) };
        let result = match result {
            Err(TurnError::System(error)) if error.code == Some(ErrorCode::CardTaken) => {
                self.free_card(record, card, work).await?;
                self.write(work, step).await
            }
            result => result,
        };
        result.map(drop).map_err(without_card)
    }
}

impl Claim {
    /// What blocks the record that requests the card; `None` if no object of ours blocks it.
    fn blocks(self, holder: &str) -> Option<Blocked> {
        let failed = |message| Some(Outcome::Failed { error: taken(message), retried: false });
        match self {
            Self::GivesUp | Self::Foreign => None,
            Self::EndsBefore(until) => {
                let what = "the card of spec.credentialNumber";
                let wait = Wait { what, holder: holder.to_owned(), until };
                Some(Blocked { not_after: Some(until), outcome: Some(Outcome::Waits(wait)) })
            }
            Self::Overlaps(until) => {
                let message = format!(
                    "{holder} holds the card of spec.credentialNumber at the same time: change the hours of one of the two \
                     visits, or name another number here"
                );
                Some(Blocked { not_after: until, outcome: failed(message) })
            }
            Self::Keeps(mode) => {
                let message = format!(
                    "{holder} holds the card of spec.credentialNumber, and mode {mode:?} of its AccessIntegration does not \
                     let it be withdrawn: set mode: Enforce, or name another number here"
                );
                Some(Blocked { not_after: None, outcome: failed(message) })
            }
        }
    }
}

fn taken(message: String) -> SystemError {
    SystemError::new(system::ErrorKind::Terminal, "find-card", message).with_code(ErrorCode::CardTaken)
}

/// The card is still held in another integration, for this reason.
fn dependency(reason: &str) -> TurnError {
    let message = format!(
        "the card of spec.credentialNumber could not be withdrawn from a Visitor of another AccessIntegration: {reason}"
    );
    SystemError::new(system::ErrorKind::Dependency, "RemoveCredential", message).into()
}

/// A record whose card is refused stays: without a card it opens nothing by card, and only the card is tried again. If the
/// record were removed, each attempt would use up an id.
fn without_card(turn_error: TurnError) -> TurnError {
    let TurnError::System(mut error) = turn_error else { return turn_error };
    if matches!(error.kind, system::ErrorKind::Terminal | system::ErrorKind::Dependency) {
        error.message.push_str("; until then the record exists without its card, and opens nothing by card");
    }
    TurnError::System(error)
}

impl Holder<'_> {
    fn engine<'a>(&'a self, own: &'a Engine) -> &'a Engine {
        self.elsewhere.as_deref().unwrap_or(own)
    }

    /// A description of its object that readers of this namespace may see.
    fn name(&self, namespace: &str) -> String {
        match &self.record.mark {
            Some(mark) if mark.object.namespace == namespace => format!("Visitor {}", mark.object),
            Some(_) => "a Visitor of another namespace".to_owned(),
            None => "another Visitor".to_owned(),
        }
    }
}
