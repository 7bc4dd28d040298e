//! The YAML of the README, applied to a cluster on the day of the demo. The demo itself is tested in
//! `crates/demo/tests`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::testbed::Testbed;

/// The objects of the first YAML in the README.
fn readme() -> Vec<Value> {
    let (_, yaml) = include_str!("../../README.md").split_once("```yaml\n").expect("the README has YAML");
    let (yaml, _) = yaml.split_once("```").expect("it ends");
    serde_yaml::Deserializer::from_str(yaml).map(|document| Value::deserialize(document).unwrap()).collect()
}

#[tokio::test]
async fn the_yaml_of_the_readme_makes_a_visitor_ready_on_the_day_of_the_demo() {
    let mut testbed = Testbed::bare("readme", "2026-12-02T05:00:00Z", "America/New_York").await;
    testbed.start().await;
    for mut object in readme() {
        match object["kind"].as_str().unwrap() {
            "Namespace" => continue,
            "Secret" => object["stringData"] = json!({"username": "sim", "password": "sim"}),
            "AccessIntegration" => object["spec"]["lenelS2"]["url"] = json!(testbed.netbox.url()),
            _ => {}
        }
        testbed.apply(object).await;
    }
    testbed.reads("Visitor", "katherine", "Succeeded").await;
    assert_eq!(testbed.netbox.person("katherine@example.org").await.levels, ["Lobby"]);
    testbed.agrees().await;
}

#[test]
fn the_yaml_of_the_readme_has_no_name_in_common_with_the_demo() {
    let demo: Vec<Value> = (vestibule::cli::examples::BUILDING.iter())
        .flat_map(|(_, text)| serde_yaml::Deserializer::from_str(text))
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    let names: BTreeSet<_> = demo.iter().map(name).collect();
    let shared: Vec<_> = readme().iter().map(name).filter(|name| names.contains(name)).collect();
    assert!(shared.is_empty(), "{shared:?}");
}
