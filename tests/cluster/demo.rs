//! The demo, as `make demo DEMO_EXIT=1` plays it: each of its steps checks what it shows.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::cluster;
use crate::stage::Stage;

#[tokio::test]
async fn every_step_of_the_demo_shows_what_it_says() {
    let kubeconfig = cluster().control_plane().kubeconfig();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    demo.args(["demo", "--exit"]).env("KUBECONFIG_FOR_TESTS", kubeconfig).kill_on_drop(true);
    let output = demo.output().await.unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shown.matches('✓').count(), 6, "{shown}");
}

/// The objects of the first YAML in the README.
fn readme() -> Vec<Value> {
    let (_, yaml) = include_str!("../../README.md").split_once("```yaml\n").expect("the README has YAML");
    let (yaml, _) = yaml.split_once("```").expect("it ends");
    serde_yaml::Deserializer::from_str(yaml).map(|document| Value::deserialize(document).unwrap()).collect()
}

#[tokio::test]
async fn the_yaml_of_the_readme_makes_a_visitor_ready_on_the_day_of_the_demo() {
    let mut stage = Stage::bare("readme", "2026-12-02T05:00:00Z", "America/New_York").await;
    stage.start().await;
    for mut object in readme() {
        match object["kind"].as_str().unwrap() {
            "Namespace" => continue,
            "Secret" => object["stringData"] = json!({"username": "sim", "password": "sim"}),
            "AccessIntegration" => object["spec"]["lenelS2"]["url"] = json!(stage.netbox.url()),
            _ => {}
        }
        stage.apply(object).await;
    }
    stage.reads("Visitor", "katherine", "Succeeded").await;
    assert_eq!(stage.netbox.person("katherine@example.org").await.levels, ["Lobby"]);
    stage.agrees().await;
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
