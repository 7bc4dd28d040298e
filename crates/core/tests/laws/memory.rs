//! A minimal system that applies steps, and an engine of five lines that gives it the steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_core::diff::{Step, diff};
use vestibule_core::identity::RecordId;
use vestibule_core::model::{DesiredRecord, Facts, Field, ObservedRecord};
use vestibule_core::plan::{Action, ActionPlan, ExistingRecord};

use super::support::{existing, shown};

/// Records by id. Removal is soft: a used id cannot be used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory(pub(crate) BTreeMap<RecordId, ObservedRecord>);

impl Memory {
    pub(crate) fn holding(found: impl IntoIterator<Item = ObservedRecord>) -> Self {
        Self(found.into_iter().map(|one| (one.id.unwrap(), one)).collect())
    }

    pub(crate) fn existing(&self) -> Vec<ExistingRecord> {
        existing(self.0.values())
    }

    /// Applies one step, and returns whether it was possible. A step on a record that is not living is an error.
    pub(crate) fn apply(&mut self, step: &Step) -> bool {
        if let Step::Create(record) = step {
            let free = !self.0.contains_key(&record.id);
            let bare = Facts { cards: BTreeMap::new(), ..record.facts() };
            self.0.entry(record.id).or_insert_with(|| ObservedRecord { facts: bare, ..shown(record) });
            return free;
        }
        let found = self.0.get_mut(&step.id()).filter(|one| !one.dead).expect("a living record");
        match step {
            Step::Update { record, fields, .. } => set(&mut found.facts, &record.facts(), fields),
            Step::Reduce { facts, fields, .. } | Step::ReduceMisnamed { facts, fields, .. } => {
                set(&mut found.facts, facts, fields);
            }
            Step::AssignCard { card, until, .. } => {
                let before = found.facts.cards.insert(card.clone(), Some(*until));
                assert_eq!(before, None, "a card is withdrawn before it is assigned again");
            }
            Step::WithdrawCard { card, .. } => {
                assert!(found.facts.cards.remove(card).is_some(), "only an existing card is withdrawn");
            }
            Step::Create(_) | Step::Remove(_) | Step::RemoveMisnamed(_) => found.dead = true,
        }
        true
    }

    /// Carries out a plan as an engine does, and returns the steps.
    pub(crate) fn perform(&mut self, action_plan: &ActionPlan) -> Vec<Step> {
        action_plan.actions.iter().flat_map(|action| self.action(action)).collect()
    }

    fn action(&mut self, action: &Action) -> Vec<Step> {
        let steps = match action {
            Action::Remove(id) => vec![Step::Remove(*id)],
            Action::Create(record) => diff(&self.probe(record), None),
            Action::Repair(id, record) => {
                let record = Arc::new(DesiredRecord { id: *id, ..(**record).clone() });
                diff(&record, self.0.get(id))
            }
        };
        for step in &steps {
            assert!(self.apply(step), "{step:?}");
        }
        steps
    }

    /// The first number that no record has used.
    fn probe(&self, record: &Arc<DesiredRecord>) -> Arc<DesiredRecord> {
        let mut id = record.id;
        while self.0.contains_key(&id) {
            id = id.next();
        }
        Arc::new(DesiredRecord { id, ..(**record).clone() })
    }
}

/// Sets the named fields and no others.
fn set(facts: &mut Facts, to: &Facts, fields: &[Field]) {
    for field in fields {
        match field {
            Field::Name => {
                facts.person.first_name.clone_from(&to.person.first_name);
                facts.person.last_name.clone_from(&to.person.last_name);
            }
            Field::Contact => {
                facts.person.email.clone_from(&to.person.email);
                facts.person.phone.clone_from(&to.person.phone);
            }
            Field::Tenant => facts.tenant.clone_from(&to.tenant),
            Field::Window => facts.window = to.window,
            Field::Groups => facts.groups.clone_from(&to.groups),
            Field::Cards => assert_ne!(*field, Field::Cards, "cards have steps of their own"),
        }
    }
}
