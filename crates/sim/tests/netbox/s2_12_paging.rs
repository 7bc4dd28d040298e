//! 2.12 Paging.

use serde_json::json;

use crate::harness::{Sim, all, first};

/// All entries of a listing by key, and the number of its pages.
async fn walk(sim: &Sim, name: &str, item: &str, params: &str) -> (Vec<String>, usize) {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for pages in 1..1000 {
        let answer = sim.ok(name, &format!("{params}<STARTFROMKEY>{cursor}</STARTFROMKEY>")).await;
        found.extend(all(&answer, item));
        cursor = first(&answer, "NEXTKEY");
        if cursor == "-1" {
            return (found, pages);
        }
    }
    panic!("{name} does not end");
}

/// 2.12 [LIVE] Listings by STARTFROMKEY and NEXTKEY end with -1, and no entry is lost or repeated at any page size (2.16 #8).
#[tokio::test]
async fn s2_12_listings_by_key_are_complete_at_every_page_size() {
    let sim = Sim::new().await;
    sim.ok("AddPortalGroup", "<NAME>P1</NAME>").await;
    sim.ok("AddPortalGroup", "<NAME>P2</NAME>").await;
    for (name, item, params) in [
        ("SearchPersonData", "PERSONID", "<DELETED>ALL</DELETED>"),
        ("GetAccessLevels", "ACCESSLEVEL", "<WANTKEY>TRUE</WANTKEY>"),
        ("GetAccessLevelGroups", "KEY", ""),
        ("GetPortals", "PORTALKEY", ""),
        ("GetReaders", "READERKEY", ""),
        ("GetPortalGroups", "PORTALGROUPKEY", ""),
        ("GetReaderGroups", "READERGROUPKEY", ""),
        ("GetTimeSpecs", "TIMESPECKEY", ""),
        ("GetTimeSpecGroups", "TIMESPECGROUPKEY", ""),
        ("GetOutputs", "OUTPUTKEY", ""),
        ("ListEvents", "ID", ""),
    ] {
        let (whole, pages) = walk(&sim, name, item, params).await;
        assert_eq!(pages, 1, "{name}");
        for size in [1, 2, 3] {
            sim.switch(&format!("page.{name}"), &size.to_string()).await;
            let (found, pages) = walk(&sim, name, item, params).await;
            assert_eq!((&found, pages), (&whole, whole.len().div_ceil(size).max(1)), "{name} by {size}");
        }
    }
}

/// 2.12 [LIVE] Listings by STARTFROMNAME and NEXTNAME end with an empty NEXTNAME.
#[tokio::test]
async fn s2_12_listings_by_name_are_complete_at_every_page_size() {
    let sim = Sim::new().await;
    for name in ["GetAccessLevels", "GetAccessLevelNames"] {
        let whole = all(&sim.ok(name, "").await, "ACCESSLEVEL");
        for size in 1..=4 {
            sim.switch(&format!("page.{name}"), &size.to_string()).await;
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let answer = sim.ok(name, &format!("<STARTFROMNAME>{cursor}</STARTFROMNAME>")).await;
                found.extend(all(&answer, "ACCESSLEVEL"));
                cursor = first(&answer, "NEXTNAME");
                if cursor.is_empty() {
                    break;
                }
            }
            assert_eq!(found, whole, "{name} by {size}");
        }
    }
}

/// 2.12 [CODE] STARTFROMKEY=-1 after the end is answered with an empty page without NEXTKEY.
#[tokio::test]
async fn s2_12_after_the_end_there_is_an_empty_page_without_nextkey() {
    let sim = Sim::new().await;
    let past = "<STARTFROMKEY>-1</STARTFROMKEY>";
    assert_eq!(sim.ok("SearchPersonData", past).await, "<PEOPLE></PEOPLE>");
    assert_eq!(sim.ok("GetPortals", past).await, "<PORTALS></PORTALS>");
    assert_eq!(sim.ok("GetReaderGroups", past).await, "<READERGROUPS></READERGROUPS>");
}

/// 2.15 [CODE] STARTFROMKEY=0 and an empty STARTFROMNAME mean the start.
#[tokio::test]
async fn s2_15_key_0_and_an_empty_name_mean_the_start() {
    let sim = Sim::new().await;
    let whole = sim.ok("GetReaders", "").await;
    for start in ["<STARTFROMKEY>0</STARTFROMKEY>", "<STARTFROMKEY></STARTFROMKEY>", "<STARTFROMKEY/>"] {
        assert_eq!(sim.ok("GetReaders", start).await, whole);
    }
    assert_eq!(
        sim.ok("GetAccessLevels", "<STARTFROMNAME></STARTFROMNAME>").await,
        sim.ok("GetAccessLevels", "").await
    );
}

/// 2.12 [LIVE] Page sizes differ per command: 68 readers came in 2 pages, 67 portals in 1.
#[tokio::test]
async fn s2_12_68_readers_are_two_pages_and_67_portals_are_one() {
    let portal = |n: u32| {
        let second = if n == 1 { ", { key: 900, name: Extra }" } else { "" };
        format!("- {{ key: {n}1, name: Door {n}, readers: [{{ key: {n}, name: R{n} }}{second}] }}\n")
    };
    let portals: String = (1..68).map(portal).collect();
    let mut options = crate::harness::at_nine();
    options.seed = Some(format!("users: [{{ username: sim, password: sim }}]\nportals:\n{portals}"));
    let sim = Sim::of(options).await;
    let (readers, pages) = walk(&sim, "GetReaders", "READERKEY", "").await;
    assert_eq!((readers.len(), pages), (68, 2));
    let answer = sim.ok("GetPortals", "").await;
    assert_eq!((all(&answer, "PORTALKEY").len(), first(&answer, "NEXTKEY").as_str()), (67, "-1"));
}

/// 2.12 [LIVE] A limit on the size of an answer exists: a page may end early (2.16 #8).
#[tokio::test]
async fn s2_12_an_answer_too_large_ends_its_page_early() {
    let sim = Sim::new().await;
    let (whole, _) = walk(&sim, "SearchPersonData", "PERSONID", "").await;
    sim.switch("answer.limit", "2500").await;
    let (found, pages) = walk(&sim, "SearchPersonData", "PERSONID", "").await;
    assert_eq!(found, whole);
    assert!(pages > 1 && pages < whole.len(), "{pages} pages of {} people", whole.len());
}

/// 2.12 [INF] People added or removed during a listing do not make it skip or repeat others.
#[tokio::test]
async fn s2_12_a_listing_is_complete_despite_changes_meanwhile() {
    let sim = Sim::with(&[("page.SearchPersonData", "2")]).await;
    let (whole, _) = walk(&sim, "SearchPersonData", "PERSONID", "").await;
    let first_page = sim.ok("SearchPersonData", "").await;
    let cursor = first(&first_page, "NEXTKEY");
    sim.ok("RemovePerson", &format!("<PERSONID>{}</PERSONID>", whole[0])).await;
    sim.ok("RemovePerson", &format!("<PERSONID>{}</PERSONID>", whole[2])).await;
    let mut seen = all(&first_page, "PERSONID");
    let (rest, _) =
        walk(&sim, "SearchPersonData", "PERSONID", &format!("<STARTFROMKEY>{cursor}</STARTFROMKEY>")).await;
    seen.extend(rest);
    for id in whole.iter().filter(|id| **id != whole[2]) {
        assert!(seen.contains(id), "{id}");
    }
}

/// 2.15 [INF] A short or empty page with SUCCESS, and a repeated NEXTKEY, for every list.
#[tokio::test]
async fn s2_15_lists_can_be_short_or_empty_and_cursors_repeat() {
    let sim = Sim::new().await;
    for (name, item, params) in [
        ("SearchPersonData", "PERSONID", ""),
        ("GetAccessLevels", "ACCESSLEVEL", ""),
        ("GetAccessLevelNames", "ACCESSLEVEL", ""),
        ("GetAccessLevelGroups", "KEY", ""),
        ("GetPortals", "PORTALKEY", ""),
        ("GetReaders", "READERKEY", ""),
        ("GetReaderGroups", "READERGROUPKEY", ""),
        ("GetTimeSpecs", "TIMESPECKEY", ""),
        ("GetCardFormats", "CARDFORMAT", ""),
        ("GetUDFLists", "UDFLISTKEY", ""),
        ("GetUDFListItems", "ITEMKEY", "<UDFLISTKEY>1</UDFLISTKEY>"),
        ("ListEvents", "NAME", ""),
        ("GetPartitions", "PARTITIONKEY", ""),
    ] {
        for keep in [0, 1] {
            sim.fault(json!({ "kind": "short", "operation": name, "keep": keep })).await;
            let answer = sim.ok(name, params).await;
            assert_eq!(all(&answer, item).len(), keep, "{name}: {answer}");
            assert!(
                !answer.contains("<NEXTKEY>") || answer.ends_with("<NEXTKEY>-1</NEXTKEY>"),
                "{name}: {answer}"
            );
        }
    }
    sim.fault(json!({ "kind": "repeat", "operation": "GetReaders", "times": 2 })).await;
    assert_eq!(first(&sim.ok("GetReaders", "").await, "NEXTKEY"), "190");
    assert_eq!(first(&sim.ok("GetReaders", "<STARTFROMKEY>194</STARTFROMKEY>").await, "NEXTKEY"), "194");
    sim.fault(json!({ "kind": "repeat", "operation": "GetAccessLevels" })).await;
    assert_eq!(first(&sim.ok("GetAccessLevels", "").await, "NEXTNAME"), "Acme Staff");
}
