//! Before the first write of an integration, its AccessIntegration records the owner id of its records.

use vestibule::engine::{Outcome, Priority};
use vestibule_core::ownership::Ownership;

use crate::testbed::{Setup, Testbed, shown, visitor};

fn newcomer(records_owner_id: bool) -> Setup {
    let mut setup = Setup { records_owner_id, ..Setup::default() };
    setup.settings.ownership = Ownership::default();
    setup
}

#[tokio::test(start_paused = true)]
async fn an_integration_without_work_claims_no_owner_id() {
    let testbed = newcomer(true).start().await;
    testbed.sync().await;
    assert!(!testbed.state().claims_owner_id);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_before_the_owner_id_is_recorded() {
    let ada = visitor("ada");
    let testbed = newcomer(false).start().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the claim", |testbed| testbed.state().claims_owner_id).await;
    testbed.pass(300).await;
    assert_eq!(testbed.site.writes(), []);
    testbed.engine.allow_writes();
    testbed.until("the record", |testbed| testbed.last(&ada) == Some(Outcome::Present(ada.id))).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_status_is_restored_from_the_records_in_the_list() {
    let ada = visitor("ada");
    let setup = newcomer(true);
    setup.memory.put(shown(&ada));
    let testbed: Testbed = setup.raise();
    testbed.house.desired_states(&ada);
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    assert!(testbed.state().claims_owner_id);
    assert_eq!(testbed.site.writes(), []);
}
