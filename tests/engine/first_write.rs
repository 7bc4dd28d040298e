//! Before the first write of an integration its AccessIntegration says under which owner id records are made.

use vestibule::engine::{Class, Outcome};
use vestibule_core::ownership::Ownership;

use crate::stage::{Setup, Stage, shown, visitor};

fn newcomer(records_owner_id: bool) -> Setup {
    let mut setup = Setup { records_owner_id, ..Setup::default() };
    setup.settings.ownership = Ownership::default();
    setup
}

#[tokio::test(start_paused = true)]
async fn an_integration_without_work_claims_nothing() {
    let stage = newcomer(true).start().await;
    stage.sync().await;
    assert!(!stage.state().claims_owner_id);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_before_the_owner_id_is_recorded() {
    let ada = visitor("ada");
    let stage = newcomer(false).start().await;
    stage.push(&ada, Class::UserChange);
    stage.until("the claim", |stage| stage.state().claims_owner_id).await;
    stage.pass(300).await;
    assert_eq!(stage.site.writes(), []);
    stage.engine.allow_writes();
    stage.until("the record", |stage| stage.last(&ada) == Some(Outcome::Present(ada.id))).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_status_is_made_good_by_the_records_in_the_list() {
    let ada = visitor("ada");
    let setup = newcomer(true);
    setup.memory.put(shown(&ada));
    let stage: Stage = setup.raise();
    stage.house.wants(&ada);
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    assert!(stage.state().claims_owner_id);
    assert_eq!(stage.site.writes(), []);
}
