//! What the status of a visitor should say now: gathered from its row, its troubles and what the engines hold. The
//! sentences are made in [`super::status`].

use vestibule_core::identity::Slot;
use vestibule_core::status::Verdict;

use super::Visitors;
use super::plan::{self, Standing};
use super::row::{PlaceState, Plan};
use super::status::{self, verdict};
use super::validate::{Object, Said, validate};
use crate::engine::Condition;
use crate::reconcile::directory::{Directory, tenant_id};

impl Visitors {
    pub(super) fn standing(&self, plan: &Plan, directory: &Directory) -> Standing {
        match plan.visit {
            Some(visit) => plan::standing(visit, directory.tenant(plan.tenant), self.clock.now()).0,
            None => Standing::Refused(String::new()),
        }
    }

    /// The standing with the sentence of a refusal, which needs the whole object.
    pub(super) fn standing_of(&self, object: &Object, plan: &Plan, directory: &Directory) -> Standing {
        let visitor = match validate(object) {
            Ok(visitor) => visitor,
            Err(sentence) => return Standing::Refused(sentence),
        };
        let standing = self.standing(plan, directory);
        let tenant = directory.tenant(tenant_id(&visitor.tenant));
        let (Standing::Today, Some(tenant)) = (&standing, tenant) else { return standing };
        let now = self.clock.now();
        let refusal = tenant
            .access
            .iter()
            .find_map(|access| plan::record(&visitor, &object.meta.key, tenant, access, now).err());
        refusal.map_or(standing, Standing::Refused)
    }

    pub(super) fn said(
        &self,
        slot: Slot,
        plan: &Plan,
        standing: &Standing,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Option<Said> {
        let trouble = self.trouble_of(slot, plan);
        let states: Vec<PlaceState> = plan.places.iter().map(|place| place.state).collect();
        let unready = directory.tenant(plan.tenant).and_then(|tenant| tenant.unready.first());
        let verdict = match unready.filter(|_| *standing == Standing::Today && trouble.is_none()) {
            Some(name) => Verdict::dependency_not_ready(format!(
                "waits for AccessIntegration {name}, which is not ready: see its status"
            )),
            None => verdict(standing, &states, trouble.as_ref(), false)?,
        };
        Some(self.settled(slot, &verdict, directory, previous, generation))
    }

    /// As [`Self::said`], but work on a new generation that has taken this long is told as such.
    pub(super) fn said_patiently(
        &self,
        slot: Slot,
        plan: &Plan,
        standing: &Standing,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Option<Said> {
        let new = previous.status.observed_generation != generation;
        let said = self.said(slot, plan, standing, directory, previous, generation);
        let states: Vec<PlaceState> = plan.places.iter().map(|place| place.state).collect();
        said.or_else(|| {
            let verdict = match waits_for(plan, directory).filter(|_| new && *standing == Standing::Today) {
                Some(integration) => Verdict::dependency_not_ready(format!(
                    "waits for AccessIntegration {integration}, which is not connected: see its status"
                )),
                None => verdict(standing, &states, None, new)?,
            };
            Some(self.settled(slot, &verdict, directory, previous, generation))
        })
    }

    pub(super) fn settled(
        &self,
        slot: Slot,
        verdict: &Verdict,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Said {
        let held = directory.engines.iter().filter_map(|(key, engine)| {
            let one = engine.held(slot)?.first()?.id;
            Some((key.name.clone(), one, engine.external_id(&one)))
        });
        let mut records = status::records(held.collect());
        // What an engine that has not synced holds is not known: what was said of it stays.
        let unknown = directory.engines.iter().filter(|(_, engine)| engine.held(slot).is_none());
        for (key, _) in unknown {
            records.extend(previous.records.iter().filter(|record| record.integration == key.name).cloned());
        }
        Said { status: verdict.settle(&previous.status, generation, self.clock.now()), records }
    }
}

/// The integration that a visitor waits for and that is not connected.
fn waits_for<'a>(plan: &Plan, directory: &'a Directory) -> Option<&'a str> {
    let waiting = plan.places.iter().filter(|place| place.state == PlaceState::Waiting);
    let indexes: Vec<u16> = waiting.map(|place| place.integration).collect();
    let down = directory.engines.iter().find(|(key, engine)| {
        let concerned = directory.indexes.get(key).is_some_and(|index| indexes.contains(index));
        concerned && engine.state().borrow().condition != Condition::Connected
    });
    down.map(|(key, _)| key.name.as_str())
}
