//! 2.7 Access levels on a person: two syntaxes, two meanings.

use serde_json::json;

use crate::harness::{Sim, all, bare_levels};

const A: &str = "<PERSONID>a</PERSONID>";

fn block(name: &str, rest: &str) -> String {
    format!(
        "<ACCESSLEVELS><ACCESSLEVEL><ACCESSLEVELNAME>{name}</ACCESSLEVELNAME>{rest}</ACCESSLEVEL></ACCESSLEVELS>"
    )
}

async fn levels(sim: &Sim, id: &str) -> Vec<String> {
    let answer = sim.ok("GetPerson", &format!("<PERSONID>{id}</PERSONID>")).await;
    all(&answer, "ACCESSLEVEL")
}

/// 2.7 [DOC2] Bare level names replace the whole set.
#[tokio::test]
async fn s2_7_bare_level_names_replace_the_whole_set() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby", "Floor 4"])).await;
    assert_eq!(levels(&sim, "a").await, ["Lobby", "Floor 4"]);
    sim.ok("ModifyPerson", &format!("{A}{}", bare_levels(&["Acme Staff"]))).await;
    assert_eq!(levels(&sim, "a").await, ["Acme Staff"]);
}

/// 2.7 [DOC2] Level blocks are additive: only the named levels are added (DELETE 0) or removed (1).
#[tokio::test]
async fn s2_7_level_blocks_add_and_remove_only_the_named_levels() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby", "Floor 4"])).await;
    sim.ok("ModifyPerson", &format!("{A}{}", block("Acme Staff", "<DELETE>0</DELETE>"))).await;
    assert_eq!(levels(&sim, "a").await, ["Lobby", "Floor 4", "Acme Staff"]);
    sim.ok("ModifyPerson", &format!("{A}{}", block("Lobby", "<DELETE>1</DELETE>"))).await;
    sim.ok("ModifyPerson", &format!("{A}{}", block("Globex Staff", "<DELETE>1</DELETE>"))).await;
    assert_eq!(levels(&sim, "a").await, ["Floor 4", "Acme Staff"]);
}

/// 2.7 [?] AUTOREMOVE is ignored, or the level is removed at its EXPDATE (2.16 #6).
#[tokio::test]
async fn s2_7_autoremove_is_ignored_or_removes_the_level() {
    let sim = Sim::new().await;
    let level = block("Floor 4", "<EXPDATE>2026-12-01 10:00</EXPDATE><AUTOREMOVE>1</AUTOREMOVE>");
    sim.add("a", "").await;
    sim.ok("ModifyPerson", &format!("{A}{level}")).await;
    sim.clock("2026-12-01T15:30:00Z").await;
    assert_eq!(levels(&sim, "a").await, ["Floor 4"]);
    sim.switch("levels.autoremove", "removes").await;
    sim.order("clock", json!({ "advance": "PT1S" })).await;
    assert_eq!(levels(&sim, "a").await, Vec::<String>::new());
}

/// 2.7 [?] ACCESSLEVELDETAILS shows blocks with dates, or bare names (2.16 #6).
#[tokio::test]
async fn s2_7_level_details_are_blocks_or_bare_names() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    sim.ok("ModifyPerson", &format!("{A}{}", block("Floor 4", "<EXPDATE>2026-12-01 10:00</EXPDATE>"))).await;
    let get = "<PERSONID>a</PERSONID><ACCESSLEVELDETAILS>TRUE</ACCESSLEVELDETAILS>";
    let wanted = "<ACCESSLEVELS><ACCESSLEVEL><ACCESSLEVELNAME>Floor 4</ACCESSLEVELNAME><ACTDATE></ACTDATE>\
                  <EXPDATE>2026-12-01 10:00:00</EXPDATE><AUTOREMOVE>0</AUTOREMOVE></ACCESSLEVEL></ACCESSLEVELS>";
    assert!(sim.ok("GetPerson", get).await.contains(wanted));
    sim.switch("levels.details", "names").await;
    let wanted = "<ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL></ACCESSLEVELS>";
    assert!(sim.ok("GetPerson", get).await.contains(wanted));
}

/// 2.7 [?] ACCESSLEVELS empty or absent on ModifyPerson: no change, or all levels are removed (2.16 #5).
#[tokio::test]
async fn s2_7_empty_and_absent_levels_change_nothing_or_clear() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby"])).await;
    let (absent, empty) = (A.to_owned(), format!("{A}<ACCESSLEVELS></ACCESSLEVELS>"));
    for params in [&absent, &empty] {
        sim.ok("ModifyPerson", params).await;
        assert_eq!(levels(&sim, "a").await, ["Lobby"]);
    }
    sim.switch("levels.empty", "clears").await;
    sim.ok("ModifyPerson", &absent).await;
    assert_eq!(levels(&sim, "a").await, ["Lobby"]);
    sim.ok("ModifyPerson", &empty).await;
    assert!(levels(&sim, "a").await.is_empty());
    sim.switch("levels.empty", "no-change").await;
    sim.switch("levels.absent", "clears").await;
    sim.ok("ModifyPerson", &format!("{A}{}", bare_levels(&["Lobby"]))).await;
    sim.ok("ModifyPerson", &empty).await;
    assert_eq!(levels(&sim, "a").await, ["Lobby"]);
    sim.ok("ModifyPerson", &absent).await;
    assert!(levels(&sim, "a").await.is_empty());
}

/// 2.7 [DOC2] A person has at most 32 levels.
#[tokio::test]
async fn s2_7_a_person_has_at_most_32_levels() {
    let sim = Sim::new().await;
    let names: Vec<String> = (0..33).map(|n| format!("L{n:02}")).collect();
    let orders = names.iter().map(|name| json!({ "action": "add_level", "name": name })).collect();
    sim.edit(orders).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sim.add("a", &bare_levels(&names[..32])).await;
    assert!(sim.fail("ModifyPerson", &format!("{A}{}", block("L32", ""))).await.contains("32"));
    assert_eq!(levels(&sim, "a").await.len(), 32);
}

/// 2.14 [INF] Access groups are found by name: a rename in S2 looks like delete and add.
#[tokio::test]
async fn s2_14_a_renamed_level_is_known_by_its_new_name_only() {
    let sim = Sim::new().await;
    sim.add("a", &bare_levels(&["Lobby"])).await;
    sim.edit(json!({ "action": "rename_level", "name": "Lobby", "to": "Entrance" })).await;
    assert_eq!(levels(&sim, "a").await, ["Entrance"]);
    assert_eq!(
        sim.fail("ModifyPerson", &format!("{A}{}", block("Lobby", ""))).await,
        "Access Level does not exist: Lobby"
    );
}

/// 2.7 [DOC2] Dates in a block make a temporary assignment that opens doors between them only.
#[tokio::test]
async fn s2_7_dates_in_a_block_make_a_temporary_assignment() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    sim.add_card("a", 1).await;
    let dates = "<ACTDATE>2026-12-01 10:00</ACTDATE><EXPDATE>2026-12-01 12:00</EXPDATE>";
    sim.ok("ModifyPerson", &format!("{A}{}", block("Floor 4", dates))).await;
    let wanted =
        json!([{ "name": "Floor 4", "act_date": "2026-12-01 10:00:00", "exp_date": "2026-12-01 12:00:00" }]);
    assert_eq!(sim.person("a").await["temporary_levels"], wanted);
    for (at, reason) in [("14:59:59", "TIME"), ("15:00:00", ""), ("16:59:59", ""), ("17:00:00", "TIME")] {
        sim.clock(&format!("2026-12-01T{at}Z")).await;
        assert_eq!(sim.door("a", "Floor 4 door").await, reason, "{at}");
    }
}
