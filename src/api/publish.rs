//! The differences between the output of kube's derive and the published CRDs.
//!
//! The derive describes the Rust types. Kubernetes, kubectl and GitOps tools need additions and omissions; each function
//! here is one such difference, with its reason.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::{
    AccessGroup, AccessIntegration, AccessPlan, Occupant, PlanSubscription, Property, SelfRegistration,
    Tenant, UNSEEN, Visitor,
};

/// The integer formats that an API server knows. It refuses others, such as `uint32`.
const INTEGER_FORMATS: [&str; 2] = ["int32", "int64"];

/// Why a CRD cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The output of the derive is no JSON.
    #[error("the definition of {kind} is no JSON")]
    Serialize {
        /// The kind.
        kind: String,
        /// The error of the serializer.
        source: serde_json::Error,
    },
    /// The output of the derive has another structure than expected.
    #[error("the definition of {kind} has nothing at {pointer}; has kube's derive changed?")]
    Shape {
        /// The kind.
        kind: String,
        /// JSON pointer to the missing part.
        pointer: &'static str,
    },
}

/// The CRDs of all nine kinds, in the order in which users create them.
pub fn crds() -> Result<Vec<Value>, Error> {
    [
        Property::crd(),
        AccessIntegration::crd(),
        AccessGroup::crd(),
        Tenant::crd(),
        Occupant::crd(),
        Visitor::crd(),
        AccessPlan::crd(),
        PlanSubscription::crd(),
        SelfRegistration::crd(),
    ]
    .iter()
    .map(finished)
    .collect()
}

fn finished(derived: &CustomResourceDefinition) -> Result<Value, Error> {
    let kind = derived.spec.names.kind.clone();
    let mut crd =
        serde_json::to_value(derived).map_err(|source| Error::Serialize { kind: kind.clone(), source })?;
    let mut at = |pointer: &'static str, change: fn(&mut Value)| {
        let found = crd.pointer_mut(pointer).ok_or_else(|| Error::Shape { kind: kind.clone(), pointer })?;
        change(found);
        Ok(())
    };
    at("/spec", no_conversion)?;
    at("/spec/versions/0/additionalPrinterColumns", frame_columns)?;
    at("/spec/versions/0/schema/openAPIV3Schema", describe_root)?;
    at("/spec/versions/0/schema/openAPIV3Schema", tidy)?;
    at("/spec/versions/0/schema/openAPIV3Schema/properties/status", unseen_at_first)?;
    at("/spec/versions/0/schema/openAPIV3Schema/properties/status", without_rules)?;
    Ok(crd)
}

/// Sets the conversion to None, since there is one version. If omitted, the API server sets the default, and tools show a
/// diff.
fn no_conversion(spec: &mut Value) {
    spec["conversion"] = json!({ "strategy": "None" });
}

/// Puts the columns of a kind between those that every kind has.
fn frame_columns(columns: &mut Value) {
    let ready = |field: &str| format!(".status.conditions[?(@.type==\"Ready\")].{field}");
    let mut framed = vec![
        json!({ "name": "READY", "type": "string", "jsonPath": ready("status") }),
        json!({ "name": "REASON", "type": "string", "jsonPath": ready("reason") }),
    ];
    framed.extend(columns.as_array().into_iter().flatten().cloned());
    framed.extend([
        json!({ "name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp" }),
        json!({ "name": "MESSAGE", "type": "string", "jsonPath": ready("message"), "priority": 1 }),
    ]);
    *columns = Value::Array(framed);
}

/// Uses the description of the spec for the object. The derive has "Auto-generated derived type".
fn describe_root(schema: &mut Value) {
    schema["description"] = schema["properties"]["spec"]["description"].clone();
}

/// Turns every schema below `schema` into one that Kubernetes accepts and people can read.
fn tidy(schema: &mut Value) {
    if let Value::Object(object) = schema {
        // An explicit null would stay in storage, block defaults and break merge patches.
        object.remove("nullable");
        object.remove("title");
        if let Some(Value::Array(words)) = object.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        known_integer_format(object);
        whole_limits(object);
        plain_description(object);
    }
    each_subschema(schema, tidy);
}

fn known_integer_format(schema: &mut Map<String, Value>) {
    let integer = schema.get("type").is_some_and(|kind| kind == "integer");
    let known = schema.get("format").and_then(Value::as_str).is_some_and(|it| INTEGER_FORMATS.contains(&it));
    if integer && !known {
        schema.remove("format");
    }
}

/// Writes the limits of integers as integers. The derive has floats, and `0.0` looks like a mistake.
fn whole_limits(schema: &mut Map<String, Value>) {
    for limit in ["minimum", "maximum"] {
        let whole = schema.get(limit).and_then(Value::as_f64).map(|it| format!("{it:.0}").parse::<i64>());
        if let Some(Ok(whole)) = whole {
            schema.insert(limit.to_owned(), json!(whole));
        }
    }
}

/// Removes the backticks and line breaks of rustdoc, which have no meaning in `kubectl explain`.
fn plain_description(schema: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text
            .replace('`', "")
            .split("\n\n")
            .map(|it| it.replace('\n', " "))
            .collect::<Vec<_>>()
            .join("\n\n");
    }
}

/// Sets defaults so that an object that no controller has seen does not count as done: kstatus reads an object without a
/// status as done. Both defaults are needed, or a status without the field would read as current for a newer spec.
fn unseen_at_first(status: &mut Value) {
    status["default"] = json!({ "observedGeneration": UNSEEN });
    status["properties"]["observedGeneration"]["default"] = json!(UNSEEN);
}

/// Removes the validation rules of the status and keeps its bounds. The controller writes the status, and no user could
/// act on a refused write.
fn without_rules(status: &mut Value) {
    if let Value::Object(object) = status {
        object.remove("x-kubernetes-validations");
    }
    each_subschema(status, without_rules);
}

/// Calls `visit` with every schema directly below this one.
fn each_subschema(schema: &mut Value, visit: fn(&mut Value)) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(visit);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(key) {
            visit(below);
        }
    }
}
