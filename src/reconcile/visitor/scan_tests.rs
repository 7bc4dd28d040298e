use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};

use super::*;
use crate::reconcile::fixtures::engine;
use crate::system::memory::Memory;

#[test]
fn midnight_takes_away_in_its_turn_and_a_change_of_a_tenant_at_once() {
    assert_eq!(Cause::Time.takes_away(), Class::RolloverRemoval);
    assert_eq!(Cause::Directory.takes_away(), Class::Revocation);
}

#[test]
fn what_a_sync_finds_is_queued_by_what_is_wanted_and_what_was_known() {
    use PlaceState::{Absent, Failed, Present, Retrying, Unconfirmed, Waiting};
    let content = PlaceWant::Content(7);
    for state in [Waiting, Present, Absent, Unconfirmed, Retrying, Failed] {
        assert_eq!(catch_up(PlaceWant::Nothing, state), Class::RolloverRemoval, "{state:?}");
    }
    for want in [content, PlaceWant::Unplanned] {
        assert_eq!(catch_up(want, Waiting), Class::RolloverAddition, "never made yet");
        for state in
            [Present, Absent, Retrying, PlaceState::Withheld(Withheld::Mode(Mode::Observe), Change::Make)]
        {
            assert_eq!(catch_up(want, state), Class::Drift, "{state:?}");
        }
    }
}

#[test]
fn orders_are_gathered_by_engine() {
    let (netbox, annex) = (&engine("netbox", Memory::default()), &engine("annex", Memory::default()));
    let mut orders = Orders::new(crate::engine::Reason::Reference);
    orders.settle(Slot(1), Class::UserChange);
    assert!(!orders.has_work(), "a status is no work for an engine");
    orders.push(0, netbox, Slot(1), Class::UserChange);
    orders.push(0, netbox, Slot(2), Class::Revocation);
    orders.push(1, annex, Slot(1), Class::Drift);
    assert_eq!((orders.has_work(), orders.engines.len(), orders.engines[&0].1.len()), (true, 2, 2));
}
