//! 2.7 Deletion: soft, reverted, final.

use serde_json::json;

use crate::harness::{Sim, bare_levels, first};

const A: &str = "<PERSONID>a</PERSONID>";

/// 2.7 [?] Re-adding a deleted PERSONID: `Duplicate` in either form, or the record revives (2.16 #7).
#[tokio::test]
async fn s2_7_the_id_of_a_deleted_person_is_in_use_or_revives() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby"])).await;
    sim.ok("RemovePerson", A).await;
    let again = "<PERSONID>a</PERSONID><LASTNAME>Again</LASTNAME>";
    assert!(sim.fail("AddPerson", again).await.contains("Duplicate"));
    sim.switch("person.deleted-id", "code").await;
    assert_eq!(sim.run("AddPerson", again).await, "<CODE>DUPLICATE</CODE>");
    sim.switch("person.deleted-id", "revives").await;
    assert_eq!(sim.ok("AddPerson", again).await, "<PERSONID>a</PERSONID>");
    let answer = sim.ok("GetPerson", A).await;
    assert_eq!(
        (first(&answer, "DELETED"), first(&answer, "LASTNAME")),
        ("FALSE".to_owned(), "Again".to_owned())
    );
    assert!(answer.contains("<ACCESSLEVELS></ACCESSLEVELS>"));
}

/// 2.7 [LIVE] RemovePerson is a soft delete: CODE only, the record stays with DELETED=TRUE, levels and cards are removed.
#[tokio::test]
async fn s2_7_remove_person_is_a_soft_delete() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby"])).await;
    sim.add_card("a", 1).await;
    assert_eq!(sim.run("RemovePerson", A).await, "<CODE>SUCCESS</CODE>");
    let answer = sim.ok("GetPerson", A).await;
    assert_eq!(first(&answer, "DELETED"), "TRUE");
    assert!(answer.ends_with("<ACCESSLEVELS></ACCESSLEVELS><ACCESSCARDS></ACCESSCARDS>"));
    assert_eq!(sim.door("a", "Lobby turnstile").await, "UNKNOWN");
    assert_eq!(sim.run("RemovePerson", A).await, "<CODE>NOT FOUND</CODE>");
}

/// 2.7 [?] GetPerson after removal returns the record, or NOT FOUND (2.16 #7).
#[tokio::test]
async fn s2_7_a_removed_person_is_shown_or_not_found() {
    let sim = Sim::with(&[("person.after-removal", "not-found")]).await;
    sim.add("a", "").await;
    sim.ok("RemovePerson", A).await;
    assert_eq!(sim.run("GetPerson", A).await, "<CODE>NOT FOUND</CODE>");
    sim.switch("person.after-removal", "record").await;
    assert_eq!(first(&sim.ok("GetPerson", A).await, "DELETED"), "TRUE");
}

/// 2.7 [DOC2] PERSONPURGE=TRUE deletes the record; the id is free again.
#[tokio::test]
async fn s2_7_a_purge_leaves_nothing() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><PERSONPURGE>TRUE</PERSONPURGE>").await;
    assert_eq!(sim.run("GetPerson", A).await, "<CODE>NOT FOUND</CODE>");
    sim.add("a", "").await;
}

/// 2.7 [CODE] Undelete is ModifyPerson DELETED=FALSE; levels and credentials are not restored.
#[tokio::test]
async fn s2_7_undelete_restores_the_person_without_levels_and_cards() {
    let sim = Sim::new().await;
    sim.add("a", &format!("<UDF1>Acme Ltd</UDF1>{}", bare_levels(&["Lobby"]))).await;
    sim.ok("RemovePerson", A).await;
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><DELETED>FALSE</DELETED>").await;
    let answer = sim.ok("GetPerson", A).await;
    assert_eq!(
        (first(&answer, "DELETED"), first(&answer, "UDF1")),
        ("FALSE".to_owned(), "Acme Ltd".to_owned())
    );
    assert!(answer.ends_with("<ACCESSLEVELS></ACCESSLEVELS><ACCESSCARDS></ACCESSCARDS>"));
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><DELETED>TRUE</DELETED>").await;
    assert_eq!(sim.person("a").await["deleted"], json!(true));
}
