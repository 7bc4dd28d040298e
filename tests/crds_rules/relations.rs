//! Rules between fields, and rules about changes.

use serde_json::{Value, json};

use super::table::{Case, Edit};

/// Starts the cases of one rule.
struct About {
    fixture: &'static str,
    place: &'static str,
    sentence: &'static str,
    before: Option<Vec<Edit>>,
    cases: Vec<Case>,
}

fn about(fixture: &'static str, place: &'static str, sentence: &'static str) -> About {
    About { fixture, place, sentence, before: None, cases: Vec::new() }
}

impl About {
    /// From here on the cases change an object that was stored with these edits.
    fn stored(mut self, edits: Vec<Edit>) -> Self {
        self.before = Some(edits);
        self
    }

    fn takes(self, edits: Vec<Edit>) -> Self {
        self.case(edits, true, true)
    }

    fn refuses(self, edits: Vec<Edit>) -> Self {
        self.case(edits, false, true)
    }

    fn case(mut self, edits: Vec<Edit>, accepted: bool, offline: bool) -> Self {
        let Self { fixture, place, sentence, .. } = self;
        self.cases.push(Case {
            fixture,
            place,
            sentence,
            before: self.before.clone(),
            edits,
            accepted,
            offline,
        });
        self
    }
}

fn set(path: &'static str, value: impl Into<Value>) -> Edit {
    (path, Some(value.into()))
}

fn unset(path: &'static str) -> Edit {
    (path, None)
}

/// The cases of all rules that concern more than one value.
pub(crate) fn cases() -> Vec<Case> {
    [names(), zones(), systems(), immutables(), owner_id(), ca_bundles(), grants(), visits(), subscriptions()]
        .into_iter()
        .flatten()
        .flat_map(|rule| rule.cases)
        .collect()
}

fn names() -> Vec<About> {
    let long = |length| "a".repeat(length);
    [
        ("hq", "the name of a Property has at most 63 characters, since it becomes a label"),
        ("netbox", "the name of an AccessIntegration has at most 63 characters, since it becomes a label"),
    ]
    .map(|(fixture, sentence)| {
        about(fixture, "", sentence)
            .takes(vec![set("metadata.name", long(63))])
            .refuses(vec![set("metadata.name", long(64))])
    })
    .into()
}

/// Only the server can check whether a zone exists: the evaluator of the tests ignores zones.
fn zones() -> Vec<About> {
    [("hq", "spec.timeZone"), ("netbox", "spec.lenelS2.timeZone")]
        .map(|(fixture, place)| {
            let sentence = "the API server does not know this time zone: write an Area/City name of the IANA database, like \
                            America/New_York";
            about(fixture, place, sentence)
                .takes(vec![set(place, "Australia/Lord_Howe")])
                .case(vec![set(place, "America/Nowhere")], false, false)
        })
        .into()
}

fn systems() -> Vec<About> {
    let salto =
        json!({ "identityUrl": "https://identity.example.org", "apiUrl": "https://connect.example.org" });
    vec![
        about("netbox", "spec", "set exactly one of kastle, lenelS2 and saltoKS")
            .takes(vec![])
            .takes(vec![unset("spec.lenelS2"), set("spec.saltoKS", salto.clone())])
            .refuses(vec![unset("spec.lenelS2")])
            .refuses(vec![set("spec.saltoKS", salto.clone())]),
        about("netbox", "spec", "the system cannot be changed; make another AccessIntegration")
            .stored(vec![])
            .takes(vec![set("spec.lenelS2.url", "https://other.example.org")])
            .refuses(vec![unset("spec.lenelS2"), set("spec.saltoKS", salto)]),
    ]
}

fn immutables() -> Vec<About> {
    let property = |fixture| {
        about(fixture, "spec.propertyRef", "propertyRef cannot be changed")
            .stored(vec![])
            .takes(vec![])
            .refuses(vec![set("spec.propertyRef.name", "annex")])
    };
    vec![
        property("netbox"),
        property("acme"),
        property("new-hire"),
        about("netbox", "spec.occupants", "occupants cannot be changed; make another AccessIntegration")
            .stored(vec![])
            .takes(vec![set("spec.mode", "Observe")])
            .refuses(vec![set("spec.occupants", "Export")]),
    ]
}

fn owner_id() -> Vec<About> {
    let sentence = "ownerId cannot be changed once the controller has marked records with it";
    let standing = |id: &str| set("status", json!({ "observedGeneration": 1, "ownerId": id }));
    let derived = "uid/building/netbox";
    vec![
        about("netbox", "", sentence)
            .stored(vec![])
            .takes(vec![set("spec.ownerId", "other")])
            .takes(vec![unset("spec.ownerId")]),
        about("netbox", "", sentence)
            .stored(vec![standing("cluster/building/netbox")])
            .takes(vec![standing("cluster/building/netbox"), set("spec.mode", "Observe")])
            .refuses(vec![standing("cluster/building/netbox"), set("spec.ownerId", "other")])
            .refuses(vec![standing("cluster/building/netbox"), unset("spec.ownerId")]),
        about("netbox", "", sentence)
            .stored(vec![unset("spec.ownerId"), standing(derived)])
            .takes(vec![unset("spec.ownerId"), standing(derived)])
            .takes(vec![set("spec.ownerId", derived), standing(derived)])
            .refuses(vec![set("spec.ownerId", "other"), standing(derived)]),
    ]
}

fn ca_bundles() -> Vec<About> {
    let config_map = json!({ "name": "ca", "key": "ca.crt" });
    vec![
        about("netbox", "spec.lenelS2.caBundle", "set exactly one of secretKeyRef and configMapKeyRef")
            .takes(vec![
                unset("spec.lenelS2.caBundle.secretKeyRef"),
                set("spec.lenelS2.caBundle.configMapKeyRef", config_map.clone()),
            ])
            .refuses(vec![unset("spec.lenelS2.caBundle.secretKeyRef")])
            .refuses(vec![set("spec.lenelS2.caBundle.configMapKeyRef", config_map)]),
        other_key_ref(
            "name",
            "must be the name of an object in this namespace: lower-case letters, digits, - and .",
        ),
        other_key_ref("key", "must be a key of a Secret or ConfigMap: letters, digits, -, _ and ."),
    ]
}

/// The fields of the reference that the fixture leaves out, since only one of the two may be set.
fn other_key_ref(wrong: &'static str, sentence: &'static str) -> About {
    let place = if wrong == "name" {
        "spec.lenelS2.caBundle.configMapKeyRef.name"
    } else {
        "spec.lenelS2.caBundle.configMapKeyRef.key"
    };
    let to = |value: &str| {
        let reference = json!({ "name": "ca", "key": "ca.crt" });
        let config_map = set("spec.lenelS2.caBundle.configMapKeyRef", reference);
        vec![unset("spec.lenelS2.caBundle.secretKeyRef"), config_map, set(place, value)]
    };
    about("netbox", place, sentence).takes(to("ca")).refuses(to("c a"))
}

fn grants() -> Vec<About> {
    let grant = |integration: &str, groups: &[&str]| json!({ "integrationRef": { "name": integration }, "groups": groups });
    [
        ("acme", "spec.visitorAccess"),
        ("acme", "spec.occupantAccess"),
        ("ada", "spec.access"),
        ("day-desk", "spec.grants"),
    ]
    .map(|(fixture, place)| {
        about(fixture, place, "names an integration twice; put all of its groups into one entry")
            .takes(vec![set(place, json!([grant("netbox", &["Lobby"]), grant("salto", &[])]))])
            .takes(vec![set(place, json!([]))])
            .refuses(vec![set(place, json!([grant("netbox", &["Lobby"]), grant("netbox", &["Roof"])]))])
    })
    .into()
}

fn visits() -> Vec<About> {
    let visit = |value: Value| vec![set("spec.visit", value)];
    vec![
        about("charles", "spec.visit", "to must not be before from")
            .takes(visit(json!({ "from": "2026-12-01", "to": "2026-12-01" })))
            .takes(visit(json!({ "from": "2028-02-29", "to": "2028-03-01" })))
            .takes(visit(json!({ "from": "2026-12-01" })))
            .refuses(visit(json!({ "from": "2026-12-02", "to": "2026-12-01" }))),
        about("charles", "spec.visit", "a visit lasts at most 180 days")
            .takes(visit(json!({ "from": "2026-01-01", "to": "2026-06-29" })))
            .refuses(visit(json!({ "from": "2026-01-01", "to": "2026-06-30" }))),
        about("charles", "spec.visit", "set both startTime and endTime, or neither for the whole day")
            .takes(visit(json!({ "from": "2026-12-01", "startTime": "22:00", "endTime": "02:00" })))
            .refuses(visit(json!({ "from": "2026-12-01", "startTime": "22:00" })))
            .refuses(visit(json!({ "from": "2026-12-01", "endTime": "22:00" }))),
    ]
}

fn subscriptions() -> Vec<About> {
    let acme = json!({ "name": "acme" });
    let tenant = "spec.subscriber.tenantRef";
    let whole = |name: &str| vec![set("spec.subscriber", json!({ "tenantRef": { "name": name } }))];
    vec![
        about("ada-day-desk", "spec.subscriber", "set exactly one of occupantRef and tenantRef")
            .takes(whole("acme"))
            .refuses(vec![set(tenant, acme)])
            .refuses(vec![unset("spec.subscriber.occupantRef")]),
        about(
            "ada-day-desk",
            "spec.subscriber.tenantRef.name",
            "must be the name of an object in this namespace: lower-case letters, digits, - and .",
        )
        .takes(whole("acme"))
        .refuses(whole("Acme")),
        about("ada-day-desk", "spec", "endDate must not be before startDate")
            .takes(vec![set("spec.endDate", "2026-12-01")])
            .takes(vec![unset("spec.endDate")])
            .takes(vec![unset("spec.startDate")])
            .refuses(vec![set("spec.endDate", "2026-11-30")]),
    ]
}
