//! One slot's turn: ask what is wanted, compare, do the difference as one unit, tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::diff;
use vestibule_core::identity::{RecordId, Slot};
use vestibule_core::model::{ObservedRecord, Record};
use vestibule_core::plan::{self, Act, Change, Held, Unit, Want, Withheld};

use super::call::Stop;
use super::disarm::Removals;
use super::{Class, Engine, Outcome, Wanted, Work};
use crate::system::{self, Scope, SystemError};

impl Engine {
    /// Takes the turn of a slot and tells what came of it; `None` if there is nothing to tell.
    pub(super) async fn turn(&self, slot: Slot, work: Work) -> Result<Option<Outcome>, Stop> {
        let draining = {
            let mut inner = self.inner.lock();
            inner.waits.withdraw(slot);
            inner.creates.has_turn(slot);
            inner.draining
        };
        self.remove_misnamed_of(slot, work).await?;
        let wanted = if draining {
            Wanted { want: Want::Nothing, known: Vec::new() }
        } else {
            self.source.want(&self.integration, slot).await?
        };
        self.ask_for_doubtful(slot, &wanted, work.class).await?;
        let want = wanted.want;
        let held = self.inner.lock().held(slot);
        let unit = self.unit(&want, &held, draining);
        let removals = match self.carry_out(slot, &unit, work).await {
            Ok(removals) => removals,
            Err(stop) => return Err(self.reduce_after(stop, slot, &want, work).await),
        };
        if removals.may_arrive {
            let message = "an earlier create without an answer may still arrive; looked up again in a moment";
            let error = SystemError::new(system::Class::Dependency, "RemovePerson", message);
            return Err(Stop::Unrevoked(error));
        }
        if let Some(outcome) = self.leave(slot, &want, &unit, work).await? {
            return Ok(Some(outcome));
        }
        match (removals.disarmed, &want) {
            (None, _) => self.settle(slot, &want, work.class).await,
            (Some(error), Want::Record(_)) => match self.settle(slot, &want, work.class).await? {
                Some(Outcome::Present(id) | Outcome::Altered(id, _)) => Err(Stop::Leftover(id, error)),
                outcome => Ok(outcome),
            },
            (Some(error), _) => Err(Stop::Unrevoked(error)),
        }
    }

    /// Checks the new, removes the old, makes the new.
    async fn carry_out(&self, slot: Slot, unit: &Unit, work: Work) -> Result<Removals, Stop> {
        self.check_new(unit, work).await?;
        if unit.acts.iter().any(|act| !matches!(act, Act::Remove(_))) {
            // Before the old is removed: what both grant stays open while the API server does not answer.
            self.source.claim(slot).await?;
        }
        let removed =
            unit.acts.iter().filter_map(|act| if let Act::Remove(id) = act { Some(*id) } else { None });
        let removals = self.remove_all(removed, work).await?;
        for act in &unit.acts {
            let made = match act {
                Act::Remove(_) => continue,
                Act::Create(record) => self.create(record, work).await,
                Act::Repair(id, record) => self.repair(*id, record, work).await,
            };
            // The removal that failed is tried again, whatever else fails.
            made.map_err(|stop| if removals.disarmed.is_some() { stop.revoking() } else { stop })?;
        }
        Ok(removals)
    }

    fn unit(&self, want: &Want, held: &[Held], draining: bool) -> Unit {
        let (mode, suspended) = {
            let settings = self.settings.read();
            (settings.mode, settings.suspended && !draining)
        };
        let now = self.clock.now();
        let unit = plan::unit(want, held, mode, now);
        if suspended { unit.without_opening(held, now) } else { unit }
    }

    /// After the acts: read removals back if they are few, and say how the slot stands.
    async fn settle(&self, slot: Slot, want: &Want, class: Class) -> Result<Option<Outcome>, Stop> {
        if self.reads_back_alone(class) {
            self.read_back(slot, class).await?;
        }
        let mut inner = self.inner.lock();
        let present = present(want, &inner.held(slot));
        Ok(match (want, present) {
            (Want::Keep, _) => None,
            (Want::Record(_), Some(id)) => Some(match inner.altered_fields(slot) {
                fields if fields.is_empty() => Outcome::Present(id),
                fields => Outcome::Altered(id, fields),
            }),
            (Want::AtMost(_), Some(id)) => Some(Outcome::Present(id)),
            _ if !inner.unconfirmed(slot).is_empty() => Some(Outcome::Unconfirmed),
            (Want::Ended, Some(id)) => Some(Outcome::Present(id)),
            (Want::Record(_), None) | (Want::Nothing, Some(_)) => return Err(Stop::Superseded),
            (Want::Nothing | Want::Ended | Want::AtMost(_), None) if inner.misnamed.holds(slot) => {
                let mode = self.settings.read().mode;
                Some(Outcome::Withheld(Withheld::Mode(mode), Change::Remove))
            }
            (Want::Nothing | Want::Ended | Want::AtMost(_), None) if inner.is_absent(slot) => {
                Some(Outcome::Absent)
            }
            (Want::Nothing | Want::Ended | Want::AtMost(_), None) => {
                inner.want_witness(self.clock.now());
                Some(Outcome::Unconfirmed)
            }
        })
    }

    /// Records that the last listing lacked, and creates whose answer was lost, are asked for by id: absence needs a
    /// second witness, and nothing is repeated blindly.
    async fn ask_for_doubtful(&self, slot: Slot, wanted: &Wanted, class: Class) -> Result<(), Stop> {
        let doubtful = {
            let inner = self.inner.lock();
            let held = inner.held(slot);
            let unlisted = wanted.known.iter().filter(|id| id.owner == self.owner && id.slot == slot);
            let unlisted = unlisted.filter(|id| !held.iter().any(|one| one.id == **id));
            let reread = held.iter().map(|one| one.id).filter(|_| inner.rereads.contains(&slot));
            inner
                .missing(slot)
                .chain(inner.uncertain(slot))
                .chain(unlisted.copied())
                .chain(reread)
                .collect::<BTreeSet<RecordId>>()
        };
        for id in doubtful {
            let found = self.read(id, class).await?;
            let mut inner = self.inner.lock();
            if let Some(record) = found {
                inner.uncertain.remove(&id);
                inner.snapshot.stands(&id, record.facts.fingerprint(), until(&record));
                continue;
            }
            let was_listed = inner.snapshot.is_missing(&id);
            inner.removed(&id);
            self.metrics.truth.drift(&self.label, u64::from(was_listed), 0);
            // It may still arrive. Making it again meets it then; removing it has to wait for it.
            if matches!(&wanted.want, Want::Record(record) if record.id.same_content(&id)) {
                inner.uncertain.remove(&id);
            }
        }
        self.inner.lock().rereads.remove(&slot);
        Ok(())
    }

    /// Checks the new before the old is removed: it may be created, its groups and its card format exist, its card is
    /// free.
    async fn check_new(&self, unit: &Unit, work: Work) -> Result<(), Stop> {
        if unit.acts.iter().any(|act| matches!(act, Act::Create(_))) {
            self.check_creates()?;
        }
        for act in &unit.acts {
            if let Act::Create(record) | Act::Repair(_, record) = act {
                self.names_exist(record, work.class).await?;
                if let Some(card) = &record.card {
                    self.free_card(record, card, work).await?;
                }
            }
        }
        Ok(())
    }

    /// The record is made; what `diff` leaves of it are its cards.
    pub(super) async fn add_cards(&self, record: &Arc<Record>, work: Work) -> Result<(), Stop> {
        for step in diff::diff(record, None).iter().skip(1) {
            self.take_step(record, step, work).await?;
        }
        self.now_holds(record);
        self.verify_created(record, work.class).await
    }

    async fn repair(&self, id: RecordId, wanted: &Arc<Record>, work: Work) -> Result<(), Stop> {
        let Some(found) = self.read(id, work.class).await? else {
            self.inner.lock().removed(&id);
            return self.create(wanted, work).await;
        };
        let record = Arc::new(Record { id, ..(**wanted).clone() });
        {
            let mut inner = self.inner.lock();
            inner.snapshot.stands(&id, found.facts.fingerprint(), until(&found));
            if !inner.altered_fields(id.slot).is_empty()
                && inner.altered[&id.slot].wanted == record.facts().fingerprint()
            {
                return Ok(());
            }
        }
        self.bring_into_step(&record, &found, work).await?;
        self.verify_repaired(&record, work.class).await
    }

    pub(super) async fn bring_into_step(
        &self,
        record: &Arc<Record>,
        found: &ObservedRecord,
        work: Work,
    ) -> Result<(), Stop> {
        let steps = diff::diff(record, Some(found));
        for step in &steps {
            self.take_step(record, step, work).await?;
        }
        self.metrics.truth.drift(&self.label, 0, u64::from(work.class == Class::Drift));
        self.now_holds(record);
        Ok(())
    }

    fn now_holds(&self, record: &Record) {
        let mut inner = self.inner.lock();
        inner.uncertain.remove(&record.id);
        inner.remaining.forget_content(&record.id);
        inner.snapshot.stands(&record.id, record.facts().fingerprint(), Some(record.window.until));
    }

    /// The living record of an id, or `None` if the system says that it is dead or unknown.
    pub(super) async fn read(&self, id: RecordId, class: Class) -> Result<Option<ObservedRecord>, Stop> {
        let found = self.observe(class, Scope::Record(id)).await?;
        Ok(found.records.into_iter().find(|record| record.id == Some(id) && !record.dead))
    }
}

/// The record that the object is in the system: the wanted one if it is there, beside another that is not removed.
fn present(want: &Want, held: &[Held]) -> Option<RecordId> {
    let wanted = |one: &&Held| matches!(want, Want::Record(record) if record.id.same_content(&one.id));
    held.iter().find(wanted).or_else(|| held.first()).map(|one| one.id)
}

/// When a record stops opening, as far as the system shows it.
pub(super) fn until(record: &ObservedRecord) -> Option<jiff::Timestamp> {
    record.facts.window.map(|window| window.until)
}
