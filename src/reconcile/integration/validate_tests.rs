use serde_json::{Value, json};

use super::*;
use crate::reconcile::fixtures::{read, whole, with};

fn netbox() -> Value {
    whole(
        "netbox",
        &json!({
            "propertyRef": { "name": "tower" }, "credentialsSecretRef": { "name": "login" },
            "occupants": "None", "visitors": "Push", "mode": "Enforce",
            "lenelS2": { "url": "https://netbox.example.org" },
        }),
    )
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn login(entries: &[(&str, &str)]) -> Secrets {
    let texts = entries.iter().map(|(key, value)| ((*key).to_owned(), SecretString::from(*value)));
    Secrets {
        credentials: Some(texts.collect()),
        ca_pem: None,
        version: "uid/1;".into(),
        lost_with_namespace: false,
    }
}

fn secrets() -> Secrets {
    login(&[("username", "api"), ("password", "open sesame")])
}

fn checked(patch: &Value, secrets: &Secrets) -> Result<Validated, Refusal> {
    validate(&read(&with(netbox(), patch)), secrets, Some((&berlin(), false)), "cluster/hq/netbox", false)
}

fn valid(patch: &Value) -> Validated {
    checked(&json!({ "spec": patch }), &secrets()).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn refusal(patch: &Value, secrets: &Secrets) -> Refusal {
    checked(&json!({ "spec": patch }), secrets).map(|_| ()).unwrap_err()
}

fn stalls(reason: &'static str, patch: &Value) -> String {
    match refusal(patch, &secrets()) {
        Refusal::Invalid(given, sentence) if given == reason => sentence,
        Refusal::Unreadable(sentence) if reason == conditions::INVALID_SPEC => sentence,
        other => panic!("{other:?}"),
    }
}

fn lacks(patch: &Value, secrets: &Secrets) -> String {
    match refusal(patch, secrets) {
        Refusal::Missing(sentence) => sentence,
        other => panic!("{other:?}"),
    }
}

// === refusals ===

#[test]
fn an_unsupported_spec_stalls_with_a_sentence() {
    let stalls = |patch: &Value| stalls(conditions::NOT_SUPPORTED_BY_SYSTEM, patch);
    for direction in ["Import", "Export"] {
        assert_eq!(
            stalls(&json!({ "occupants": direction })),
            "this version of Vestibule does not carry occupants yet: make the AccessIntegration with occupants: None"
        );
    }
    assert_eq!(
        stalls(&json!({ "lenelS2": null })),
        "this version of Vestibule speaks to LenelS2 NetBox only: Kastle and SALTO KS are not there yet"
    );
}

#[test]
fn an_error_in_the_object_stalls_and_names_the_field() {
    let netbox = |block: &Value| stalls(conditions::INVALID_SPEC, &json!({ "lenelS2": block }));
    assert_eq!(
        netbox(&json!({ "timeZone": "Mars/Olympus" })),
        "spec.lenelS2.timeZone \"Mars/Olympus\" is not a time zone: write an Area/City name of the IANA database such as \
         Europe/Berlin"
    );
    for text in ["soon", "0s", "-5m"] {
        assert_eq!(
            stalls(conditions::INVALID_SPEC, &json!({ "resyncInterval": text })),
            format!("spec.resyncInterval {text:?} is no duration: write one such as 30m or 1h30m")
        );
        assert_eq!(
            netbox(&json!({ "wire": { "pingInterval": text } })),
            format!("spec.lenelS2.wire.pingInterval {text:?} is no duration: write one such as 30m or 1h30m")
        );
    }
    assert_eq!(
        stalls(conditions::INVALID_SPEC, &json!({ "mode": "Sometimes" })),
        "spec.mode cannot be read: expected one of `Observe`, `CreateOnly`, `Upsert`, `Enforce`"
    );
}

#[test]
fn in_a_namespace_that_is_being_deleted_the_remedy_is_not_to_create_what_is_missing() {
    let lost = Secrets { lost_with_namespace: true, ..Secrets::default() };
    let prefix = Owner::of("cluster/hq/netbox").id_prefix();
    let sentence = lacks(&json!({}), &lost);
    assert!(sentence.contains("remove them by hand") && sentence.ends_with(&prefix), "{sentence}");
    let invalid =
        refusal(&json!({ "resyncInterval": "soon" }), &Secrets { lost_with_namespace: true, ..secrets() });
    assert!(matches!(invalid, Refusal::Invalid(..)), "{invalid:?}");
}

#[test]
fn a_login_that_is_gone_is_used_as_it_was_read_last() {
    let gone = Secrets { lost_with_namespace: true, ..Secrets::default() };
    let kept = gone.clone().or(secrets());
    assert_eq!(
        (kept.credentials.is_some(), kept.lost_with_namespace, &*kept.version),
        (true, true, "uid/1;")
    );
    assert!(gone.or(Secrets::default()).credentials.is_none());
    let newer = Secrets { version: "uid/2;".into(), ..secrets() };
    assert_eq!(newer.or(secrets()).version, "uid/2;");
    let without_bundle = secrets().or(Secrets { ca_pem: Some(b"pem".to_vec()), ..secrets() });
    assert!(without_bundle.ca_pem.is_some());
}

#[test]
fn a_missing_reference_waits_and_says_what_to_make() {
    let object = read(&netbox());
    let alone = validate(&object, &secrets(), None, "id", false).map(|_| ()).unwrap_err();
    assert_eq!(
        alone,
        Refusal::Missing("Property tower does not exist or is not valid: create it or correct it".into())
    );
    let nothing = Secrets::default();
    assert_eq!(
        lacks(&json!({}), &nothing),
        "Secret login does not exist: make it with the keys username and password"
    );
    let rows: [(&str, &[(&str, &str)]); 2] =
        [("username", &[("password", "x")]), ("password", &[("username", "api")])];
    for (key, entries) in rows {
        let sentence = format!("Secret login has no key {key}: it needs username and password");
        assert_eq!(lacks(&json!({}), &login(entries)), sentence);
    }
    let empty = login(&[("username", "api"), ("password", "")]);
    assert_eq!(lacks(&json!({}), &empty), "key password of Secret login is empty: write the password there");
    let bundle =
        json!({ "lenelS2": { "caBundle": { "configMapKeyRef": { "name": "ca", "key": "ca.crt" } } } });
    assert_eq!(
        lacks(&bundle, &secrets()),
        "the CA bundle that spec.lenelS2.caBundle names does not exist, or lacks the key: make it, or name another"
    );
}

#[test]
fn a_login_is_sent_to_the_host_that_its_secret_names_and_to_no_other() {
    let bound = |host: &str| login(&[("username", "api"), ("password", "x"), ("host", host)]);
    for host in ["netbox.example.org", "NetBox.Example.org"] {
        assert!(checked(&json!({}), &bound(host)).is_ok(), "{host}");
    }
    for host in ["evil.example.org", "netbox.example.org.evil.example", "https://netbox.example.org", ""] {
        let Refusal::Invalid(reason, sentence) = refusal(&json!({}), &bound(host)) else { panic!("{host}") };
        assert_eq!(reason, conditions::INVALID_SPEC);
        assert_eq!(
            sentence,
            "key host of Secret login names another host than spec.lenelS2.url, which is netbox.example.org, so the login is \
             not sent: correct the one that is wrong, or take the key host out of the Secret"
        );
    }
}

#[test]
fn no_refusal_contains_a_value_of_the_secret() {
    let entries = [("username", "api-user"), ("password", "open sesame"), ("host", "hidden.example")];
    let said = format!("{:?}", refusal(&json!({}), &login(&entries)));
    assert!(
        ["api-user", "open sesame", "hidden.example"].iter().all(|secret| !said.contains(secret)),
        "{said}"
    );
}

// === values ===

#[test]
fn absent_fields_have_the_documented_defaults() {
    let Validated { config, settings, pace, owner_id, .. } = valid(&json!({}));
    assert_eq!(
        (&*config.path, config.tenant_udf, config.partition_key),
        ("/nbws/goforms/nbapi", Some(1), None)
    );
    assert_eq!((config.zone.iana_name(), config.allow_loopback), (Some("Europe/Berlin"), false));
    assert_eq!((config.card_format, config.wire), (None, Wire::default()));
    assert_eq!((settings.resync, settings.max_in_flight), (SignedDuration::from_mins(30), 1));
    assert_eq!((settings.limits, settings.mode), (Limits::default(), Mode::Enforce));
    assert_eq!((settings.suspended, settings.ownership.declared, settings.released), (false, false, None));
    assert_eq!((pace.rate, pace.max_in_flight, &*owner_id), (None, 1, "cluster/hq/netbox"));
}

#[test]
fn declared_fields_are_applied() {
    let Validated { config, settings, pace, owner_id, credentials, .. } = valid(&json!({
        "ownerId": "moved", "mode": "CreateOnly", "suspend": true, "resyncInterval": "1h30m",
        "deletionGuard": { "maxDeletions": 3, "maxPercent": 7 },
        "rateLimit": { "requestsPerSecond": 5, "maxInFlight": 4 },
        "lenelS2": {
            "path": "/goforms/nbapi", "partitionKey": 12, "timeZone": "America/New_York", "tenantUdf": 20,
            "visitorCardFormat": "26 bit",
            "wire": {
                "bodyForm": "ApiCommand", "dateFormatAttribute": "TzOffset", "names": "Ascii",
                "expiry": "InclusiveMinute", "cardIdentity": "Number", "pingInterval": "5m",
            },
        },
    }));
    assert_eq!(
        (&*config.path, config.partition_key.as_deref(), config.tenant_udf),
        ("/goforms/nbapi", Some("12"), Some(20))
    );
    assert_eq!(
        (config.zone.iana_name(), config.card_format.as_deref()),
        (Some("America/New_York"), Some("26 bit"))
    );
    let wire = Wire {
        body_form: lenel_s2::BodyForm::ApiCommand,
        date_format_attribute: lenel_s2::DateFormat::TzOffset,
        names: lenel_s2::Letters::Ascii,
        expiry: lenel_s2::Expiry::InclusiveMinute,
        card_identity: lenel_s2::CardIdentity::Number,
        ping_interval: Some(Duration::from_mins(5)),
    };
    assert_eq!((config.wire, settings.resync), (wire, SignedDuration::from_mins(90)));
    assert_eq!(
        (settings.mode, settings.suspended, settings.ownership.declared),
        (Mode::CreateOnly, true, true)
    );
    assert_eq!(settings.limits, Limits { max_deletions: 3, max_percent: 7 });
    assert_eq!(
        (pace.rate, pace.max_in_flight, settings.max_in_flight, &*owner_id),
        (Some(5.0), 4, 4, "moved")
    );
    assert_eq!((&*credentials.username, credentials.password.expose_secret()), ("api", "open sesame"));
}

#[test]
fn a_suspended_property_suspends_and_a_release_is_passed_on() {
    let released =
        json!({ "metadata": { "annotations": { "access.vestibule.dev/release-deletions": "abc" } } });
    let object = read(&with(netbox(), &released));
    let Ok(found) = validate(&object, &secrets(), Some((&berlin(), true)), "id", true) else { panic!() };
    assert_eq!((found.settings.suspended, found.settings.released.as_deref()), (true, Some("abc")));
    assert!(found.config.allow_loopback);
}

#[test]
fn an_owner_id_in_the_status_outlives_a_change_of_the_default() {
    let said = json!({ "status": { "observedGeneration": 1, "ownerId": "first/hq/netbox" } });
    assert_eq!(checked(&said, &secrets()).ok().map(|it| it.owner_id).as_deref(), Some("first/hq/netbox"));
    let declared = with(said, &json!({ "spec": { "ownerId": "declared" } }));
    assert_eq!(checked(&declared, &secrets()).ok().map(|it| it.owner_id).as_deref(), Some("declared"));
}

#[test]
fn visitors_are_taken_only_where_the_spec_says_so() {
    let takes =
        |patch: &Value| takes_visitors(&read::<_, super::super::Said>(&with(netbox(), patch)).spec.unwrap());
    assert!(takes(&json!({})));
    assert!(!takes(&json!({ "spec": { "visitors": "None" } })));
    assert!(!takes(&json!({ "spec": { "visitors": null } })));
}

// === hashes ===

#[test]
fn another_account_of_another_system_is_another_engine() {
    let plain = valid(&json!({})).account;
    let others = [
        valid(&json!({ "ownerId": "other" })).account,
        valid(&json!({ "lenelS2": { "url": "https://annex.example.org" } })).account,
        valid(&json!({ "lenelS2": { "path": "/goforms/nbapi" } })).account,
        valid(&json!({ "lenelS2": { "partitionKey": 1 } })).account,
        checked(&json!({}), &login(&[("username", "other"), ("password", "open sesame")]))
            .ok()
            .unwrap()
            .account,
        checked(&json!({ "metadata": { "name": "annex" } }), &secrets()).ok().unwrap().account,
    ];
    let distinct: std::collections::BTreeSet<u64> = others.into_iter().chain([plain]).collect();
    assert_eq!(distinct.len(), others.len() + 1);
}

#[test]
fn the_same_account_keeps_its_engine_and_gets_a_new_client_when_a_part_of_it_changes() {
    let (plain, block) = (valid(&json!({})), |block: &Value| valid(&json!({ "lenelS2": block })));
    let rotated = checked(&json!({}), &Secrets { version: "uid/2;".into(), ..secrets() }).ok().unwrap();
    let changes = [
        rotated,
        block(&json!({ "timeZone": "Asia/Tokyo" })),
        block(&json!({ "tenantUdf": 2 })),
        block(&json!({ "visitorCardFormat": "26 bit" })),
        block(&json!({ "wire": { "names": "Ascii" } })),
    ];
    for change in &changes {
        assert_eq!(change.account, plain.account);
    }
    let distinct: std::collections::BTreeSet<u64> =
        changes.iter().map(|change| change.client).chain([plain.client]).collect();
    assert_eq!(distinct.len(), changes.len() + 1);
}

#[test]
fn another_key_of_the_same_bundle_is_another_client() {
    let with_ca = |pem: &str| {
        let bundle = json!({ "spec": { "lenelS2": { "caBundle": { "secretKeyRef": { "name": "ca", "key": "ca.crt" } } } } });
        checked(&bundle, &Secrets { ca_pem: Some(pem.into()), ..secrets() }).ok().unwrap().client
    };
    assert_ne!(with_ca("one"), with_ca("two"));
    assert_eq!(with_ca("one"), with_ca("one"));
}

#[test]
fn a_new_rate_limit_or_mode_needs_no_new_client() {
    let plain = valid(&json!({}));
    let change = json!({
        "mode": "Observe", "suspend": true, "resyncInterval": "5m", "rateLimit": { "requestsPerSecond": 1 },
        "visitorAccess": { "groups": ["Lobby"] }, "deletionGuard": { "maxDeletions": 1 },
    });
    let changed = valid(&change);
    assert_eq!((changed.account, changed.client, changed.login), (plain.account, plain.client, plain.login));
}

#[test]
fn a_rate_limit_belongs_to_a_login_at_a_host_for_all_its_integrations() {
    let plain = valid(&json!({})).login;
    assert_eq!(valid(&json!({ "ownerId": "other", "lenelS2": { "partitionKey": 1 } })).login, plain);
    let other =
        checked(&json!({}), &login(&[("username", "other"), ("password", "open sesame")])).ok().unwrap();
    assert_ne!(other.login, plain);
    assert_ne!(valid(&json!({ "lenelS2": { "url": "https://annex.example.org" } })).login, plain);
}

#[test]
fn no_hash_is_made_of_a_password() {
    let of = |password: &str| {
        let found = checked(&json!({}), &login(&[("username", "api"), ("password", password)])).ok().unwrap();
        (found.account, found.client, found.login)
    };
    assert_eq!(of("open sesame"), of("another"), "the Secret counts by its version");
}

#[test]
fn the_schema_documents_the_real_defaults() {
    let crd =
        serde_json::to_value(<crate::api::AccessIntegration as kube::CustomResourceExt>::crd()).unwrap();
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let says = |path: &str| {
        let described = crd.pointer(&format!("{spec}/{path}/description")).unwrap();
        described.as_str().unwrap().to_owned()
    };
    let guard = Limits::default();
    let rows = [
        ("deletionGuard/properties/maxDeletions", guard.max_deletions.to_string()),
        ("deletionGuard/properties/maxPercent", guard.max_percent.to_string()),
        ("rateLimit/properties/maxInFlight", IN_FLIGHT.to_string()),
        ("resyncInterval", format!("{}m", RESYNC.as_mins())),
    ];
    for (path, value) in rows {
        assert!(says(path).ends_with(&format!("{value} if absent.")), "{path}: {}", says(path));
    }
}
