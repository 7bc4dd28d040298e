//! 2.9 Access levels, their groups, UDF lists.

use serde_json::json;

use crate::harness::{Sim, all, first};

const LOBBY: &str = "<ACCESSLEVELKEY>9</ACCESSLEVELKEY>";

/// 2.9 [LIVE] GetAccessLevels without WANTKEY: bare names with NEXTNAME, no NEXTKEY.
#[tokio::test]
async fn s2_9_access_levels_are_bare_names_with_nextname() {
    let sim = Sim::new().await;
    let answer = sim.ok("GetAccessLevels", "").await;
    assert!(answer.starts_with(
        "<ACCESSLEVELS><ACCESSLEVEL>Acme Staff</ACCESSLEVEL><ACCESSLEVEL>Acme Visitors</ACCESSLEVEL>"
    ));
    assert!(answer.ends_with("</ACCESSLEVELS><NEXTNAME></NEXTNAME>"), "{answer}");
    assert!(!answer.contains("NEXTKEY"));
}

/// 2.9 [CODE] With WANTKEY=TRUE: bare keys with NEXTKEY; never both.
#[tokio::test]
async fn s2_9_with_wantkey_access_levels_are_bare_keys() {
    let sim = Sim::new().await;
    let answer = sim.ok("GetAccessLevels", "<WANTKEY>TRUE</WANTKEY>").await;
    assert_eq!(all(&answer, "ACCESSLEVEL"), ["7", "9", "12", "13", "14", "15", "20"]);
    assert!(answer.ends_with("<NEXTKEY>-1</NEXTKEY>") && !answer.contains("NEXTNAME"));
}

/// 2.9 [DOC2] GetAccessLevelNames: names, or with PARTITIONKEY 0 {NAME,PARTITIONKEY}; no other key.
#[tokio::test]
async fn s2_9_access_level_names_are_bare_or_have_their_partition() {
    let sim = Sim::new().await;
    assert_eq!(sim.ok("GetAccessLevelNames", "").await, sim.ok("GetAccessLevels", "").await);
    let answer = sim.ok("GetAccessLevelNames", "<PARTITIONKEY>0</PARTITIONKEY>").await;
    assert!(
        answer.contains("<ACCESSLEVEL><NAME>Lobby</NAME><PARTITIONKEY>1</PARTITIONKEY></ACCESSLEVEL>"),
        "{answer}"
    );
    assert_eq!(
        sim.fail("GetAccessLevelNames", "<PARTITIONKEY>1</PARTITIONKEY>").await,
        "Invalid PARTITIONKEY"
    );
}

/// 2.9 [DOC2] GetAccessLevel: directly in DETAILS, with READERGROUPKEY or READERKEY.
#[tokio::test]
async fn s2_9_one_access_level_is_directly_in_details() {
    let sim = Sim::new().await;
    let wanted = "<ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><ACCESSLEVELDESCRIPTION></ACCESSLEVELDESCRIPTION>\
                  <READERGROUPKEY>3</READERGROUPKEY><TIMESPECGROUPKEY>1</TIMESPECGROUPKEY><THREATLEVELGROUPKEY></THREATLEVELGROUPKEY>";
    assert_eq!(sim.ok("GetAccessLevel", LOBBY).await, wanted);
    let one = sim.ok("GetAccessLevel", "<ACCESSLEVELKEY>7</ACCESSLEVELKEY>").await;
    assert!(one.contains("<READERKEY>194</READERKEY>") && !one.contains("READERGROUPKEY"));
    assert_eq!(sim.fail("GetAccessLevel", "<ACCESSLEVELKEY>99</ACCESSLEVELKEY>").await, "NOT FOUND");
}

/// 2.9 [DOC2] AddAccessLevel: name (at most 64) and TIMESPECGROUPKEY are required, READERKEY xor READERGROUPKEY.
#[tokio::test]
async fn s2_9_add_access_level_checks_its_parameters() {
    let sim = Sim::new().await;
    let name = "<ACCESSLEVELNAME>New</ACCESSLEVELNAME>";
    let time = "<TIMESPECGROUPKEY>1</TIMESPECGROUPKEY>";
    for (params, wanted) in [
        (time.to_owned(), "Missing ACCESSLEVELNAME"),
        (name.to_owned(), "Missing TIMESPECGROUPKEY"),
        (format!("{name}<TIMESPECGROUPKEY>77</TIMESPECGROUPKEY>"), "Invalid TIMESPECGROUPKEY"),
        (format!("{name}{time}<READERKEY>1</READERKEY>"), "Invalid READERKEY"),
        (format!("{name}{time}<READERGROUPKEY>1</READERGROUPKEY>"), "Invalid READERGROUPKEY"),
        (format!("<ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME>{time}"), "Duplicate Access Level"),
    ] {
        assert_eq!(sim.fail("AddAccessLevel", &params).await, wanted);
    }
    sim.fail("AddAccessLevel", &format!("<ACCESSLEVELNAME>{}</ACCESSLEVELNAME>{time}", "x".repeat(65))).await;
    let both = "<READERKEY>194</READERKEY><READERGROUPKEY>3</READERGROUPKEY>";
    sim.fail("AddAccessLevel", &format!("{name}{time}{both}")).await;
    let added = sim.ok("AddAccessLevel", &format!("{name}{time}<READERKEY>194</READERKEY>")).await;
    assert_eq!(added, "<ACCESSLEVELKEY>21</ACCESSLEVELKEY>");
    sim.add("a", "<ACCESSLEVELS><ACCESSLEVEL>New</ACCESSLEVEL></ACCESSLEVELS>").await;
}

/// 2.9 [LIVE] ModifyAccessLevel: CODE only; TIMESPECGROUPKEY must be sent again every time.
#[tokio::test]
async fn s2_9_modify_access_level_needs_its_time_again() {
    let sim = Sim::new().await;
    let change = format!("{LOBBY}<ACCESSLEVELDESCRIPTION>Ground</ACCESSLEVELDESCRIPTION>");
    assert_eq!(sim.fail("ModifyAccessLevel", &change).await, "Missing TIMESPECGROUPKEY");
    let whole = format!("{change}<TIMESPECGROUPKEY>3</TIMESPECGROUPKEY>");
    assert_eq!(sim.run("ModifyAccessLevel", &whole).await, "<CODE>SUCCESS</CODE>");
    let answer = sim.ok("GetAccessLevel", LOBBY).await;
    assert!(answer.starts_with(
        "<ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><ACCESSLEVELDESCRIPTION>Ground</ACCESSLEVELDESCRIPTION>\
                                <READERGROUPKEY>3</READERGROUPKEY><TIMESPECGROUPKEY>3</TIMESPECGROUPKEY>"
    ));
}

/// 2.9 [DOC2] DeleteAccessLevel answers the key; [LIVE] a referenced one is refused (2.11).
#[tokio::test]
async fn s2_9_delete_access_level_is_refused_while_referenced() {
    let sim = Sim::new().await;
    let facilities = "<ACCESSLEVELKEY>20</ACCESSLEVELKEY>";
    assert_eq!(sim.fail("DeleteAccessLevel", facilities).await, "Delete Failed: May be referenced elsewhere");
    sim.ok("RemovePerson", "<PERSONID>_17</PERSONID>").await;
    assert_eq!(sim.ok("DeleteAccessLevel", facilities).await, facilities);
    assert_eq!(sim.fail("DeleteAccessLevel", facilities).await, "Invalid ACCESSLEVELKEY");
}

/// 2.9 [DOC2] Access level groups: KEY and NAME in the list, DESCRIPTION and levels in the singular.
#[tokio::test]
async fn s2_9_access_level_groups_are_listed_and_read() {
    let sim = Sim::new().await;
    let wanted = "<ACCESSLEVELGROUPS><ACCESSLEVELGROUP><KEY>2</KEY><NAME>Visitors</NAME></ACCESSLEVELGROUP></ACCESSLEVELGROUPS><NEXTKEY>-1</NEXTKEY>";
    assert_eq!(sim.ok("GetAccessLevelGroups", "").await, wanted);
    let one = sim.ok("GetAccessLevelGroup", "<ACCESSLEVELGROUPKEY>2</ACCESSLEVELGROUPKEY>").await;
    assert!(one.contains("<NAME>Visitors</NAME><DESCRIPTION></DESCRIPTION><ACCESSLEVELS><ACCESSLEVEL><KEY>13</KEY><NAME>Acme Visitors</NAME></ACCESSLEVEL>"), "{one}");
}

/// 2.9 [DOC2] Access level groups: members by NAME or KEY; Modify replaces them all.
#[tokio::test]
async fn s2_9_modify_access_level_group_replaces_its_levels() {
    let sim = Sim::new().await;
    let members = "<ACCESSLEVELS><ACCESSLEVEL><NAME>Lobby</NAME></ACCESSLEVEL><ACCESSLEVEL><KEY>7</KEY></ACCESSLEVEL></ACCESSLEVELS>";
    let added = sim.ok("AddAccessLevelGroup", &format!("<NAME>Guests</NAME>{members}")).await;
    assert_eq!(added, "<ACCESSLEVELGROUPKEY>3</ACCESSLEVELGROUPKEY>");
    assert_eq!(all(&sim.ok("GetAccessLevelGroup", &added).await, "KEY"), ["3", "9", "7"]);
    let one = "<ACCESSLEVELS><ACCESSLEVEL><NAME>Lobby</NAME><PARTITIONKEY>1</PARTITIONKEY></ACCESSLEVEL></ACCESSLEVELS>";
    sim.ok("ModifyAccessLevelGroup", &format!("{added}{one}")).await;
    assert_eq!(all(&sim.ok("GetAccessLevelGroup", &added).await, "KEY"), ["3", "9"]);
    sim.ok("ModifyAccessLevelGroup", &added).await;
    assert_eq!(all(&sim.ok("GetAccessLevelGroup", &added).await, "KEY"), ["3"]);
    sim.fail(
        "AddAccessLevelGroup",
        "<NAME>X</NAME><ACCESSLEVELS><ACCESSLEVEL><NAME>No</NAME></ACCESSLEVEL></ACCESSLEVELS>",
    )
    .await;
    sim.ok("DeleteAccessLevelGroup", &added).await;
    assert_eq!(sim.fail("GetAccessLevelGroup", &added).await, "NOT FOUND");
}

/// 2.11 [LIVE] Without access level groups: CODE FAIL with ERRMSG exactly NOT FOUND.
#[tokio::test]
async fn s2_11_an_empty_collection_of_groups_is_fail_not_found() {
    let sim = Sim::new().await;
    sim.ok("DeleteAccessLevelGroup", "<ACCESSLEVELGROUPKEY>2</ACCESSLEVELGROUPKEY>").await;
    let answer = sim.run("GetAccessLevelGroups", "").await;
    assert_eq!(answer, "<CODE>FAIL</CODE><DETAILS><ERRMSG>NOT FOUND</ERRMSG></DETAILS>");
}

/// 2.9 [DOC2] UDF lists and their items.
#[tokio::test]
async fn s2_9_udf_lists_have_items_with_keys() {
    let sim = Sim::new().await;
    let wanted = "<UDFLISTS><UDFLIST><UDFLISTKEY>1</UDFLISTKEY><NAME>Department</NAME>\
                  <DESCRIPTION>Departments of the building staff</DESCRIPTION></UDFLIST></UDFLISTS>";
    assert_eq!(sim.ok("GetUDFLists", "").await, wanted);
    let items = sim.ok("GetUDFListItems", "<UDFLISTKEY>1</UDFLISTKEY>").await;
    assert!(items.starts_with("<LISTITEMS><LISTITEM><ITEMKEY>1</ITEMKEY><ITEMNAME>Front desk</ITEMNAME><CUSTOMKEY></CUSTOMKEY></LISTITEM>"));
    assert_eq!(sim.fail("GetUDFListItems", "<UDFLISTKEY>9</UDFLISTKEY>").await, "Invalid UDFLISTKEY");
}

/// 2.9 [DOC2] Without UDF lists: FAIL `No configured UDF LISTS`.
#[tokio::test]
async fn s2_9_without_udf_lists_the_answer_is_a_failure() {
    let mut options = crate::harness::at_nine();
    options.seed = Some("users: [{ username: sim, password: sim }]".to_owned());
    let sim = Sim::of(options).await;
    assert_eq!(sim.fail("GetUDFLists", "").await, "No configured UDF LISTS");
}

/// 2.9 [DOC2] ModifyUDFListItems: at most 10 items a call, all or nothing.
#[tokio::test]
async fn s2_9_udf_items_change_all_or_nothing_and_ten_at_most() {
    let sim = Sim::new().await;
    let modify = |items: &str| format!("<UDFLISTKEY>1</UDFLISTKEY><LISTITEMS>{items}</LISTITEMS>");
    let add = |name: &str| format!("<LISTITEM><ITEMNAME>{name}</ITEMNAME></LISTITEM>");
    let names = async || all(&sim.ok("GetUDFListItems", "<UDFLISTKEY>1</UDFLISTKEY>").await, "ITEMNAME");
    let eleven: String = (0..11).map(|n| add(&format!("T{n}"))).collect();
    sim.fail("ModifyUDFListItems", &modify(&eleven)).await;
    let half = add("Tenant") + "<LISTITEM><ITEMKEY>77</ITEMKEY><ITEMNAME>x</ITEMNAME></LISTITEM>";
    assert_eq!(sim.fail("ModifyUDFListItems", &modify(&half)).await, "Invalid ITEMKEY");
    assert_eq!(names().await, ["Front desk", "Engineering"]);
    let all = add("Tenant")
        + "<LISTITEM><ITEMKEY>1</ITEMKEY><DELETE>1</DELETE></LISTITEM><LISTITEM><ITEMKEY>2</ITEMKEY><ITEMNAME>Works</ITEMNAME></LISTITEM>";
    assert_eq!(sim.run("ModifyUDFListItems", &modify(&all)).await, "<CODE>SUCCESS</CODE>");
    assert_eq!(names().await, ["Works", "Tenant"]);
}

/// 2.13 [SITE] A level deleted by hand removes the right from all people; recreated, it is empty.
#[tokio::test]
async fn s2_13_a_level_deleted_by_hand_is_removed_from_all_people() {
    let sim = Sim::new().await;
    sim.add("a", "<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>").await;
    sim.edit(json!({ "action": "remove_level", "name": "Lobby" })).await;
    sim.edit(json!({ "action": "add_level", "name": "Lobby" })).await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(first(&answer, "ACCESSLEVELS"), "");
}

/// 2.9 [DOC2] Levels and their groups belong to partitions; PARTITIONKEY selects another, SYSTEMGROUP=1 adds a group to Master.
#[tokio::test]
async fn s2_9_levels_and_groups_belong_to_partitions() {
    let sim = Sim::new().await;
    sim.ok("AddPartition", "<NAME>East</NAME><TIMEZONE>UTC</TIMEZONE>").await;
    sim.ok("SwitchPartition", "<PARTITIONKEY>2</PARTITIONKEY>").await;
    sim.ok(
        "AddAccessLevel",
        "<ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><TIMESPECGROUPKEY>1</TIMESPECGROUPKEY>",
    )
    .await;
    assert_eq!(all(&sim.ok("GetAccessLevels", "").await, "ACCESSLEVEL"), ["Lobby"]);
    let master = sim.ok("GetAccessLevels", "<PARTITIONKEY>1</PARTITIONKEY>").await;
    assert_eq!(all(&master, "ACCESSLEVEL").len(), 7);
    let names = sim.ok("GetAccessLevelNames", "<PARTITIONKEY>0</PARTITIONKEY>").await;
    assert_eq!(all(&names, "NAME").iter().filter(|name| *name == "Lobby").count(), 2);
    assert_eq!(sim.fail("GetAccessLevelGroups", "").await, "NOT FOUND");
    sim.ok("AddAccessLevelGroup", "<NAME>Own</NAME>").await;
    sim.ok("AddAccessLevelGroup", "<NAME>All people</NAME><SYSTEMGROUP>1</SYSTEMGROUP>").await;
    let own = all(&sim.ok("GetAccessLevelGroups", "").await, "NAME");
    let master = all(&sim.ok("GetAccessLevelGroups", "<PARTITIONKEY>1</PARTITIONKEY>").await, "NAME");
    assert_eq!((own, master), (vec!["Own".to_owned()], vec!["Visitors".to_owned(), "All people".to_owned()]));
}
