//! Why places are not as wanted, in words. Bounded; what fails beyond is told without them.

use std::collections::BTreeMap;

use vestibule_core::identity::Slot;

use super::Visitors;
use super::row::Plan;
use super::status::{Trouble, TroubleKind};

/// Troubles kept in words.
const MOST: usize = 10_000;

/// Troubles by visitor and integration: what one system refuses is not mended by another one that takes it.
#[derive(Default)]
pub struct Troubles(BTreeMap<(Slot, u16), Trouble>);

impl Troubles {
    /// The trouble of a place, or that there is none any more.
    pub fn note(&mut self, slot: Slot, integration: u16, trouble: Option<Trouble>) {
        let place = (slot, integration);
        match trouble {
            Some(trouble) if self.0.len() < MOST || self.0.contains_key(&place) => {
                self.0.insert(place, trouble);
            }
            Some(_) => {}
            None => {
                self.0.remove(&place);
            }
        }
    }

    /// All troubles of a slot, by integration.
    pub fn of(&self, slot: Slot) -> impl Iterator<Item = (u16, &Trouble)> {
        self.0.range((slot, 0)..=(slot, u16::MAX)).map(|((_, integration), trouble)| (*integration, trouble))
    }

    /// Something about the slot is new: its troubles are those of the past.
    pub fn forget(&mut self, slot: Slot) {
        let past: Vec<u16> = self.of(slot).map(|(integration, _)| integration).collect();
        for integration in past {
            self.0.remove(&(slot, integration));
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Visitors {
    /// The trouble to tell: one that waits for a person before one that may pass by itself, and none of an integration
    /// that is gone.
    pub(super) fn trouble_of(&self, slot: Slot, plan: &Plan) -> Option<Trouble> {
        let troubles = self.troubles.lock();
        let here = || troubles.of(slot).filter(|(integration, _)| plan.place(*integration).is_some());
        let stalled = here().find(|(_, trouble)| matches!(trouble.kind, TroubleKind::Stalled(_)));
        stalled.or_else(|| here().next()).map(|(_, trouble)| trouble.clone())
    }

    pub(super) fn is_troubled(&self, slot: Slot) -> bool {
        self.troubles.lock().of(slot).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(message: &str) -> Trouble {
        Trouble { kind: TroubleKind::Retried, message: message.to_owned() }
    }

    #[test]
    fn troubles_are_kept_by_visitor_and_integration() {
        let mut troubles = Troubles::default();
        troubles.note(Slot(1), 0, Some(trouble("a")));
        troubles.note(Slot(1), u16::MAX, Some(trouble("b")));
        troubles.note(Slot(2), 0, Some(trouble("c")));
        troubles.note(Slot(1), 0, None);
        assert_eq!(troubles.of(Slot(1)).map(|(_, it)| &*it.message).collect::<Vec<_>>(), ["b"]);
        troubles.forget(Slot(1));
        assert_eq!((troubles.of(Slot(1)).count(), troubles.of(Slot(2)).count()), (0, 1));
    }

    #[test]
    fn there_is_a_bound_and_what_is_known_already_may_change_at_it() {
        let mut troubles = Troubles::default();
        for slot in 0..=MOST as u64 {
            troubles.note(Slot(slot), 0, Some(trouble("a")));
        }
        assert_eq!(troubles.len(), MOST);
        troubles.note(Slot(0), 0, Some(trouble("b")));
        assert_eq!(troubles.of(Slot(0)).next().map(|(_, it)| &*it.message), Some("b"));
    }
}
