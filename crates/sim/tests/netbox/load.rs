//! Many people and many calls: the results are right. `docs/simulators.md` says how long they take.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::harness::{Sim, all, at_nine, first};
use crate::support::simulator::seeded;

fn seed_of(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name)).unwrap()
}

async fn large() -> Sim {
    Sim::of(seeded(at_nine(), &seed_of("netbox-5000.yaml"))).await
}

async fn walk(sim: &Sim) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), "0".to_owned());
    while cursor != "-1" {
        let answer = sim
            .ok("SearchPersonData", &format!("<DELETED>FALSE</DELETED><STARTFROMKEY>{cursor}</STARTFROMKEY>"))
            .await;
        found.extend(all(&answer, "PERSONID"));
        cursor = first(&answer, "NEXTKEY");
    }
    found
}

#[tokio::test]
async fn the_generated_seed_of_5000_people_loads_and_pages() {
    let sim = large().await;
    let state = sim.look("state?people=live").await;
    let people = state["people"].as_array().unwrap();
    assert_eq!(people.len(), 5000);
    let companies: BTreeSet<&str> = people.iter().map(|p| p["udfs"]["UDF1"].as_str().unwrap()).collect();
    assert_eq!((companies.len(), state["access_levels"].as_array().unwrap().len()), (40, 81));
    let with_mail = people.iter().filter(|p| p["email"] != "").count();
    assert!((4800..4900).contains(&with_mail), "{with_mail}");
    let found = walk(&sim).await;
    let ids: BTreeSet<&str> = people.iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert_eq!(found.len(), 5000);
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), ids);
    assert_eq!(sim.count("SearchPersonData", "ok").await, 50);
}

#[tokio::test]
async fn the_same_number_makes_the_same_people() {
    let (one, two) = (large().await, large().await);
    assert_eq!(one.look("state?people=live").await["people"], two.look("state?people=live").await["people"]);
}

#[tokio::test]
async fn one_company_of_the_large_building_is_found_by_its_udf() {
    let sim = large().await;
    let answer = sim.ok("SearchPersonData", "<UDF1>Harbor Capital</UDF1><DELETED>FALSE</DELETED>").await;
    assert!(!all(&answer, "PERSON").is_empty());
    assert!(all(&answer, "UDF1").iter().all(|udf| udf == "Harbor Capital"));
    let card = first(&answer, "ENCODEDNUM");
    let holder = sim.ok("SearchPersonData", &format!("<RAWCARDNUMBER>{card}</RAWCARDNUMBER>")).await;
    assert_eq!(first(&holder, "PERSONID"), first(&answer, "PERSONID"));
}

#[tokio::test]
async fn the_documented_seeds_are_the_built_in_ones() {
    assert_eq!(seed_of("netbox.yaml"), vestibule_sim::netbox::SMALL_BUILDING);
    let (given, built_in) = (Sim::of(seeded(at_nine(), &seed_of("netbox.yaml"))).await, Sim::new().await);
    assert_eq!(
        given.look("state?people=live").await["people"],
        built_in.look("state?people=live").await["people"]
    );
}

#[tokio::test]
async fn many_writers_and_readers_at_once_lose_nothing() {
    let sim = std::sync::Arc::new(large().await);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let sim = std::sync::Arc::clone(&sim);
            tokio::spawn(async move {
                for n in 0..10 {
                    let id = format!("v{task}-{n}");
                    sim.add(&id, "<UDF1>Load</UDF1>").await;
                    let number = 60_000 + task * 100 + n;
                    sim.ok("AddCredential", &format!("<PERSONID>{id}</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>{number}</ENCODEDNUM>")).await;
                    if n % 2 == 0 {
                        sim.ok("RemovePerson", &format!("<PERSONID>{id}</PERSONID>")).await;
                    }
                }
            })
        })
        .collect();
    assert!(walk(&sim).await.len() >= 5000);
    for task in tasks {
        task.await.unwrap();
    }
    let found = sim.ok("SearchPersonData", "<UDF1>Load</UDF1><DELETED>FALSE</DELETED>").await;
    assert_eq!(all(&found, "PERSONID").len(), 40);
    assert_eq!(sim.look("state?people=none").await["live"], json!(5040));
}
