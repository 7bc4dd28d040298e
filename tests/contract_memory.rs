//! The contract, held by the system in memory: it is what the others are measured by.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod contract;

use std::future::{Ready, ready};

use async_trait::async_trait;
use proptest::prelude::*;
use vestibule::system::memory::{Fault, Memory};
use vestibule::system::{AccessSystem, Class, SystemError};

use contract::{Stage, laws, scenarios};

struct InMemory(Memory);

fn stage() -> Ready<InMemory> {
    ready(InMemory(Memory::with_groups(["Lobby", "Floor 4", "Parking"]).paged(100)))
}

#[async_trait]
impl Stage for InMemory {
    fn system(&self) -> &dyn AccessSystem {
        &self.0
    }

    fn groups(&self) -> Vec<String> {
        ["Lobby", "Floor 4", "Parking"].map(str::to_owned).to_vec()
    }

    fn format(&self) -> String {
        self.0.capabilities().card_format.clone().unwrap()
    }

    async fn lose_answer_of_next_creation(&self) {
        self.0.fail_next("create", Fault::LoseAnswer);
    }

    async fn rename_by_hand(&self, external_id: &str, last_name: &str) {
        assert!(self.0.edit(external_id, |facts| facts.person.last_name = last_name.into()));
    }
}

contract!(stage);

proptest! {
    #[test]
    fn any_record_becomes_any_other_and_stays(contents in proptest::collection::vec(laws::content(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { laws::converges(&stage().await, "ada", &contents).await });
    }
}

#[tokio::test]
async fn an_injected_refusal_does_nothing_and_comes_once() {
    let stage = stage().await;
    let refusal = SystemError::new(Class::Throttled(None), "create", "slow down");
    stage.0.fail_next("create", Fault::Refuse(refusal.clone()));
    let record = contract::visitor(&stage, "ada");
    let step = vestibule_core::diff::Step::Create(record.clone().into());
    assert_eq!(stage.0.apply(&step).await, Err(refusal));
    assert!(stage.0.everybody().is_empty());
    scenarios::a_created_record_reads_back_as_declared(&stage).await;
    assert_eq!(stage.0.calls("create"), 2);
}
