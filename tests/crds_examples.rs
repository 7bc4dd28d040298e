//! A server accepts every example, and every YAML parser reads it the same way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule::api::publish;
use vestibule::cli::examples::{self, BUILDING, Example, KINDS};

fn all() -> Vec<Example> {
    BUILDING.into_iter().chain(KINDS).collect()
}

fn objects(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

fn ours(object: &Value) -> bool {
    object["apiVersion"] == "access.vestibule.dev/v1alpha1"
}

/// The schema of each kind.
fn schemas() -> BTreeMap<String, Value> {
    let schema = |crd: Value| {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        (kind, crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone())
    };
    publish::crds().unwrap().into_iter().map(schema).collect()
}

/// The schema as JSON Schema that rejects fields it does not name.
fn closed(mut schema: Value) -> Value {
    close(&mut schema);
    let header = ["apiVersion", "kind"].map(|name| (name, json!({ "type": "string" })));
    for (name, header) in header {
        schema["properties"][name] = header;
    }
    schema["properties"]["metadata"] = json!({
        "type": "object", "required": ["name", "namespace"], "additionalProperties": false,
        "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } },
    });
    schema
}

fn close(schema: &mut Value) {
    if schema["properties"].is_object() {
        schema["additionalProperties"] = json!(false);
        schema["properties"].as_object_mut().unwrap().values_mut().for_each(close);
    }
    if schema["items"].is_object() {
        close(&mut schema["items"]);
    }
}

#[test]
fn the_program_contains_exactly_the_files_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files = BTreeMap::new();
    for sub in ["", "kinds/"] {
        for entry in fs::read_dir(folder.join(sub)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let path = format!("{sub}{}", entry.file_name().into_string().unwrap());
                files.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let held: BTreeMap<_, _> =
        all().into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    assert_eq!(held, files);
}

#[test]
fn every_example_fits_the_schema_of_its_kind_and_names_no_unknown_field() {
    let schemas = schemas();
    for (path, text) in all() {
        for object in objects(text).iter().filter(|it| ours(it)) {
            let schema = &schemas[object["kind"].as_str().unwrap()];
            let validator: Validator = jsonschema::validator_for(&closed(schema.clone())).unwrap();
            let errors: Vec<_> = validator.iter_errors(object).map(|it| it.to_string()).collect();
            assert!(errors.is_empty(), "{path}: {errors:?}");
            kube_cel::Validator::new()
                .validate(schema, object, None)
                .unwrap_or_else(|it| panic!("{path}: {it}"));
        }
    }
}

#[test]
fn an_unknown_field_in_an_example_would_be_found() {
    let schema = closed(schemas()["Visitor"].clone());
    let mut visitor = objects(BUILDING[5].1).remove(0);
    assert!(jsonschema::is_valid(&schema, &visitor));
    visitor["spec"]["visit"]["until"] = json!("2026-12-01");
    assert!(!jsonschema::is_valid(&schema, &visitor));
}

#[test]
fn the_examples_show_every_kind_and_refer_only_to_declared_objects() {
    let objects: Vec<Value> = all().iter().flat_map(|(_, text)| objects(text)).collect();
    let shown: BTreeSet<_> =
        objects.iter().filter(|it| ours(it)).map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(shown.len(), 9, "{shown:?}");
    let declared: BTreeSet<_> = objects.iter().map(|it| it["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(declared.len(), objects.len(), "two objects of one name");
    for object in objects.iter().filter(|it| ours(it)) {
        assert_eq!(object["metadata"]["namespace"], "building");
        let mut names = Vec::new();
        references(object, &mut names);
        let missing: Vec<_> = names.iter().filter(|it| !declared.contains(it.as_str())).collect();
        assert!(missing.is_empty(), "{} refers to {missing:?}", object["metadata"]["name"]);
    }
}

/// Names under every `fooRef`. Secrets are not part of the examples, except for the demo's.
fn references(value: &Value, into: &mut Vec<String>) {
    for (key, below) in value.as_object().into_iter().flatten() {
        if key.ends_with("Ref") && key != "credentialsSecretRef" {
            into.push(below["name"].as_str().unwrap().to_owned());
        }
        references(below, into);
    }
    value.as_array().into_iter().flatten().for_each(|below| references(below, into));
}

#[test]
fn the_stream_holds_all_objects_of_the_building() {
    let stream = examples::stream(&BUILDING);
    let apart: usize = BUILDING.iter().map(|(_, text)| objects(text).len()).sum();
    assert_eq!(objects(&stream).len(), apart);
    assert!(stream.contains("# examples/visitors.yaml\n"));
}

#[test]
fn yaml_1_1_and_1_2_read_every_scalar_alike() {
    let fixtures = ("the fixtures", include_str!("crds_rules/fixtures.yaml"));
    for (path, text) in all().into_iter().chain([fixtures]) {
        for scalar in plain_scalars(text) {
            assert!(!ambiguous(&scalar), "{path}: quote {scalar}");
        }
    }
}

#[test]
fn scalars_that_yaml_1_1_reads_differently_are_detected() {
    for odd in [
        "On",
        "no",
        "y",
        "~",
        "012",
        "0o17",
        "1_000",
        "1e3",
        "1.",
        "0x1F",
        "09:00",
        "190:20:30",
        "2026-12-01",
        "2026-12-01T09:00:00Z",
        "12345678901",
        "+1 ",
    ] {
        assert!(ambiguous(odd.trim()), "{odd}");
    }
    for fine in [
        "10",
        "0",
        "false",
        "None",
        "Acme Visitors",
        "26 bit Wiegand",
        "1h",
        "http://127.0.0.1:8089",
        "v1",
        "0f3c1f2e-8a55",
    ] {
        assert!(!ambiguous(fine), "{fine}");
    }
}

/// The scalars of the project's YAML without quotes: values after `key:` and `-`, and items of flow collections.
fn plain_scalars(text: &str) -> Vec<String> {
    let mut scalars = Vec::new();
    for line in text.lines().filter(|it| !it.trim_start().starts_with('#') && *it != "---") {
        let line = line.trim_start().trim_start_matches("- ");
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        let parts = if value.starts_with(['{', '[']) {
            value
                .split([',', '{', '}', '[', ']'])
                .map(|it| it.rsplit_once(": ").map_or(it, |(_, value)| value))
                .collect()
        } else {
            vec![value]
        };
        let plain =
            |it: &&str| !it.is_empty() && !it.ends_with(':') && !it.starts_with('"') && !it.ends_with('"');
        scalars.extend(parts.into_iter().map(str::trim).filter(plain).map(str::to_owned));
    }
    scalars
}

/// Whether YAML parsers disagree about a plain scalar, or read it differently from its intention.
fn ambiguous(scalar: &str) -> bool {
    let lower = scalar.to_lowercase();
    if ["y", "n", "yes", "no", "on", "off", "null", "~", ".inf", ".nan"].contains(&lower.as_str()) {
        return true;
    }
    // Small decimal numbers and the two booleans mean the same to every parser. Any other text that begins like a
    // number and contains only characters of numbers, dates and times is ambiguous.
    let small = scalar.len() < 8
        && (scalar == "0" || !scalar.starts_with('0'))
        && scalar.bytes().all(|it| it.is_ascii_digit());
    let numeric = scalar.starts_with(|it: char| it.is_ascii_digit() || "+-.".contains(it));
    let only = |letters: &str| lower.chars().all(|it| it.is_ascii_digit() || letters.contains(it));
    !small
        && numeric
        && (only("+-._:e tz")
            || (lower.starts_with("0x") && only("xabcdef_"))
            || (lower.starts_with("0o") && only("o")))
}
