//! The definitions fulfil rules whose violation a server would report late or never.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule::api::{GROUP, VERSION, publish};

/// The size of the annotation in which kubectl keeps the whole object for a client-side apply.
const LAST_APPLIED_LIMIT: usize = 262_144;

/// Words that YAML 1.1 reads as a boolean or null, in upper or lower case.
const YAML_1_1_WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"];

fn crds() -> Vec<Value> {
    publish::crds().unwrap()
}

fn schema(crd: &Value) -> &Value {
    &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// Calls `visit` with the path of every schema and the schema, list items as `[]` and map values as `{}`.
fn walk(path: &str, schema: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), below, visit);
    }
    for (key, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[key].is_object() {
            walk(&format!("{path}{mark}"), &schema[key], visit);
        }
    }
}

/// Every path of every kind for which `wrong` returns an error.
fn complaints(wrong: impl Fn(&str, &Value) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for crd in crds() {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        walk(kind, schema(&crd), &mut |path, schema| {
            complaints.extend(wrong(path, schema).map(|what| format!("{path}: {what}")));
        });
    }
    complaints
}

const NONE: Vec<String> = Vec::new();

#[test]
fn everything_of_variable_length_is_bounded() {
    let unbounded = |_: &str, schema: &Value| {
        let missing = match schema["type"].as_str() {
            Some("string") if schema["enum"].is_null() => "maxLength",
            Some("array") => "maxItems",
            Some("object") if !schema["additionalProperties"].is_null() => "maxProperties",
            _ => return None,
        };
        schema[missing].is_null().then(|| format!("no {missing}"))
    };
    assert_eq!(complaints(unbounded), NONE);
}

#[test]
fn an_object_without_fields_and_unknown_fields_are_nowhere() {
    let loose = |path: &str, schema: &Value| {
        let open = schema["type"] == "object"
            && schema["properties"].is_null()
            && schema["additionalProperties"].is_null();
        let preserves = !schema["x-kubernetes-preserve-unknown-fields"].is_null();
        let untyped = schema["type"].is_null();
        ((open && !path.ends_with(".metadata")) || preserves || untyped).then(|| schema.to_string())
    };
    assert_eq!(complaints(loose), NONE);
}

#[test]
fn nothing_is_nullable() {
    let null = |_: &str, schema: &Value| {
        let word = schema["enum"].as_array().is_some_and(|words| words.contains(&Value::Null));
        (word || !schema["nullable"].is_null()).then(|| "takes null".to_owned())
    };
    assert_eq!(complaints(null), NONE);
}

#[test]
fn spec_has_no_defaults_and_status_has_the_two_for_an_unreconciled_object() {
    let mut defaults = Vec::new();
    for crd in crds() {
        walk("", schema(&crd), &mut |path, schema| {
            if !schema["default"].is_null() {
                defaults.push((path.to_owned(), schema["default"].clone()));
            }
        });
    }
    let each = [
        (".status".to_owned(), json!({ "observedGeneration": -1 })),
        (".status.observedGeneration".to_owned(), json!(-1)),
    ];
    assert_eq!(defaults, each.iter().cycle().take(2 * 9).cloned().collect::<Vec<_>>());
}

#[test]
fn integers_have_formats_that_servers_know_and_a_least_value() {
    let odd = |path: &str, schema: &Value| {
        if schema["type"] == "number" {
            return Some("a float".to_owned());
        }
        if schema["type"] != "integer" || path.ends_with("status.observedGeneration") {
            return None;
        }
        let known = ["int32", "int64"].contains(&schema["format"].as_str().unwrap_or_default());
        (!known || !schema["minimum"].is_i64()).then(|| schema.to_string())
    };
    assert_eq!(complaints(odd), NONE);
}

#[test]
fn no_word_is_one_that_yaml_1_1_reads_as_a_boolean_or_null() {
    let odd = |path: &str, schema: &Value| {
        let words = schema["enum"].as_array()?;
        // The status of a condition is defined by metav1, and users do not write it.
        let ours = !path.contains(".conditions[]");
        let bad = |word: &&Value| YAML_1_1_WORDS.contains(&word.as_str().unwrap().to_lowercase().as_str());
        words.iter().filter(|_| ours).find(bad).map(Value::to_string)
    };
    assert_eq!(complaints(odd), NONE);
}

#[test]
fn every_field_is_described() {
    let silent = |path: &str, schema: &Value| {
        let field = path.rsplit('.').next().unwrap();
        let described = schema["description"].as_str().is_some_and(|text| text.ends_with('.'));
        (!described && !field.contains(['[', '{']) && field != "metadata")
            .then(|| "no description".to_owned())
    };
    assert_eq!(complaints(silent), NONE);
}

#[test]
fn conditions_are_a_map_by_type() {
    for crd in crds() {
        let conditions = &schema(&crd)["properties"]["status"]["properties"]["conditions"];
        assert_eq!(conditions["x-kubernetes-list-type"], "map", "{}", crd["metadata"]["name"]);
        assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
        assert_eq!(
            conditions["items"]["required"],
            json!(["lastTransitionTime", "message", "reason", "status", "type"])
        );
    }
}

#[test]
fn status_has_bounds_but_no_rules() {
    let ruled = |path: &str, schema: &Value| {
        let status = path.split('.').nth(1) == Some("status");
        (status && !schema["x-kubernetes-validations"].is_null()).then(|| "a rule".to_owned())
    };
    assert_eq!(complaints(ruled), NONE);
}

#[test]
fn rules_have_a_sentence_on_one_line() {
    let silent = |_: &str, schema: &Value| {
        let rules = schema["x-kubernetes-validations"].as_array()?;
        let good = |rule: &Value| {
            rule["message"].as_str().is_some_and(|text| text.len() > 15 && !text.contains('\n'))
        };
        rules.iter().find(|rule| !good(rule)).map(Value::to_string)
    };
    assert_eq!(complaints(silent), NONE);
}

#[test]
fn a_definition_fits_into_the_annotation_of_a_client_side_apply() {
    for (name, text) in vestibule::cli::crds::files().unwrap() {
        assert!(text.len() < LAST_APPLIED_LIMIT / 4, "{name} has {} bytes", text.len());
    }
}

#[test]
fn selectable_fields_begin_with_a_dot_and_name_a_field() {
    let mut seen = 0;
    for crd in crds() {
        for field in crd["spec"]["versions"][0]["selectableFields"].as_array().into_iter().flatten() {
            let path = field["jsonPath"].as_str().unwrap();
            let steps = path.strip_prefix('.').unwrap_or_else(|| panic!("{path} lacks the dot"));
            let end = steps.split('.').fold(schema(&crd), |at, step| &at["properties"][step]);
            assert_eq!(end["type"], "string", "{} {path}", crd["metadata"]["name"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

#[test]
fn columns_show_fields_that_exist_and_every_kind_shows_ready_reason_age_and_message() {
    for crd in crds() {
        let columns = crd["spec"]["versions"][0]["additionalPrinterColumns"].as_array().unwrap();
        let names: Vec<_> = columns.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!((names[0], names[1]), ("READY", "REASON"));
        assert_eq!(&names[names.len() - 2..], ["AGE", "MESSAGE"]);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        for path in columns.iter().map(|it| it["jsonPath"].as_str().unwrap()) {
            let plain = !path.contains(['[', '(']) && !path.starts_with(".metadata");
            let end = path[1..].split('.').fold(schema(&crd), |at, step| &at["properties"][step]);
            assert!(!plain || !end["type"].is_null(), "{} {path}", crd["metadata"]["name"]);
        }
    }
}

#[test]
fn names_are_unique_and_everything_is_in_the_category_access() {
    let mut names = BTreeSet::new();
    for crd in crds() {
        let spec = &crd["spec"];
        assert_eq!((spec["group"].as_str(), spec["scope"].as_str()), (Some(GROUP), Some("Namespaced")));
        assert_eq!(spec["versions"][0]["name"], VERSION);
        assert_eq!(spec["versions"][0]["subresources"], json!({ "status": {} }));
        assert_eq!(spec["names"]["categories"], json!(["access"]));
        let short = spec["names"]["shortNames"].as_array().unwrap().iter();
        for name in short.chain([&spec["names"]["plural"], &spec["names"]["singular"]]) {
            assert!(names.insert(name.as_str().unwrap().to_owned()), "{name} names two kinds");
        }
    }
    assert_eq!(names.len(), 27);
}

#[test]
fn debug_output_shows_no_personal_data() {
    let visitor: vestibule::api::VisitorSpec = serde_json::from_value(json!({
        "tenantRef": { "name": "acme" }, "firstName": "Ada", "lastName": "Byron", "email": "ada@example.org",
        "phone": "112", "credentialNumber": "4711", "visit": { "from": "2026-12-01" },
    }))
    .unwrap();
    let shown = format!("{visitor:?}");
    assert!(shown.contains("acme") && shown.contains("2026-12-01"), "{shown}");
    for secret in ["Ada", "Byron", "ada@", "112", "4711"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
