//! Every rule of every kind, with values that it accepts and refuses. Used offline and against a real API server.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

/// A change to a fixture: a path like `spec.visit.from` (`[]` is the first item) and its value, or `None` to remove it.
pub(crate) type Edit = (&'static str, Option<Value>);

/// One value or change that one rule accepts or refuses.
pub(crate) struct Case {
    /// `metadata.name` of the changed fixture.
    pub(crate) fixture: &'static str,
    /// The path of the rule in the schema.
    pub(crate) place: &'static str,
    /// The sentence of the rule.
    pub(crate) sentence: &'static str,
    /// The stored object before the change, for rules about changes.
    pub(crate) before: Option<Vec<Edit>>,
    /// The applied edits.
    pub(crate) edits: Vec<Edit>,
    /// Whether it is accepted.
    pub(crate) accepted: bool,
    /// Whether the evaluator of the tests can evaluate it, too.
    pub(crate) offline: bool,
}

static FIXTURES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    serde_yaml::Deserializer::from_str(include_str!("fixtures.yaml"))
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
});

/// All fixtures.
pub(crate) fn fixtures() -> &'static [Value] {
    &FIXTURES
}

/// The fixture of this name.
pub(crate) fn fixture(name: &str) -> Value {
    let found = fixtures().iter().find(|object| object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no fixture {name}")).clone()
}

/// The fixture with these edits.
pub(crate) fn edited(name: &str, edits: &[Edit]) -> Value {
    let mut object = fixture(name);
    for (path, value) in edits {
        edit(&mut object, path, value.clone());
    }
    object
}

fn edit(object: &mut Value, path: &str, value: Option<Value>) {
    let (above, field) = path.rsplit_once('.').unwrap_or(("", path));
    let mut parent = object;
    for step in above.split('.').filter(|it| !it.is_empty()) {
        parent = match step.strip_suffix("[]") {
            Some(list) => &mut parent[list][0],
            None => &mut parent[step],
        };
    }
    match value {
        Some(value) => parent[field] = value,
        None => drop(parent.as_object_mut().unwrap().remove(field)),
    }
}

/// A text format of many fields: its sentence, accepted and refused values, and the paths of the fields.
struct Form {
    sentence: &'static str,
    takes: &'static [&'static str],
    refuses: &'static [&'static str],
    places: &'static [(&'static str, &'static str)],
}

#[rustfmt::skip]
const FORMS: &[Form] = &[
    Form {
        sentence: "must be the name of an object in this namespace: lower-case letters, digits, - and .",
        takes: &["a", "acme-2.example"],
        refuses: &["", "Acme", "a/../b", "-a", "a b"],
        places: &[
            ("netbox", "spec.propertyRef.name"), ("netbox", "spec.credentialsSecretRef.name"),
            ("netbox", "spec.lenelS2.caBundle.secretKeyRef.name"),
            ("kastle", "spec.kastle.oasisConnect.credentialsSecretRef.name"),
            ("kastle", "spec.kastle.visitorConnect.credentialsSecretRef.name"),
            ("kastle", "spec.kastle.eventStream.credentialsSecretRef.name"),
            ("lobby-0a1b2c3d", "spec.integrationRef.name"),
            ("acme", "spec.propertyRef.name"), ("acme", "spec.visitorAccess[].integrationRef.name"),
            ("acme", "spec.occupantAccess[].integrationRef.name"),
            ("ada", "spec.tenantRef.name"), ("ada", "spec.access[].integrationRef.name"),
            ("ada", "spec.credentials[].integrationRef.name"),
            ("charles", "spec.tenantRef.name"), ("charles", "spec.hostRef.name"),
            ("day-desk", "spec.grants[].integrationRef.name"),
            ("ada-day-desk", "spec.planRef.name"), ("ada-day-desk", "spec.subscriber.occupantRef.name"),
            ("new-hire", "spec.propertyRef.name"), ("new-hire", "spec.tenantRef.name"),
        ],
    },
    Form {
        sentence: "must be a key of a Secret or ConfigMap: letters, digits, -, _ and .",
        takes: &["ca.crt", "CA_1"],
        refuses: &["", "ca/crt", "c a"],
        places: &[("netbox", "spec.lenelS2.caBundle.secretKeyRef.key")],
    },
    Form {
        sentence: "must be one line of text that neither begins nor ends with a blank",
        takes: &["O", "Müller & Söhne, Ltd.", "李小龙", "Zo\u{200d}e"],
        refuses: &["", " ", " Acme", "Acme ", "A\ncme", "A\u{7}cme", "A\u{85}cme"],
        places: &[
            ("hq", "spec.displayName"), ("hq", "spec.occupantType"), ("hq", "spec.administrators[].name"),
            ("netbox", "spec.lenelS2.visitorCardFormat"), ("salto", "spec.saltoKS.wire.missingName"),
            ("acme", "spec.displayName"),
            ("ada", "spec.firstName"), ("ada", "spec.lastName"), ("ada", "spec.credentials[].format"),
            ("charles", "spec.firstName"), ("charles", "spec.lastName"), ("charles", "spec.company"),
            ("day-desk", "spec.displayName"),
            ("new-hire", "spec.firstName"), ("new-hire", "spec.lastName"),
        ],
    },
    Form {
        sentence: "must be an email address in lower case, like ada@example.org",
        takes: &["ada@example.org", "o'neil+door@mail.example.co.uk", "zoë@bücher.example"],
        refuses: &["", "Ada@example.org", "ada", "ada@example", "ada@.org", "a@b@c.org", "ada byron <a@b.org>", "a,b@c.org"],
        places: &[
            ("hq", "spec.administrators[].email"), ("kastle", "spec.kastle.defaultHostEmail"),
            ("ada", "spec.email"), ("charles", "spec.email"), ("new-hire", "spec.email"),
        ],
    },
    Form {
        sentence: "must be a domain in lower case with a dot in it, like visitor.invalid",
        takes: &["visitor.invalid", "a-1.b.example"],
        refuses: &["", "invalid", "Visitor.invalid", ".invalid", "a..b", "-a.b"],
        places: &[("hq", "spec.visitors.dummyEmailDomain")],
    },
    Form {
        sentence: "must be a phone number in quotes like \"+1 212 555 0100\": digits, blanks, ( ) / - and one + in front",
        takes: &["+1 212 555 0100", "(030) 901820-0", "112"],
        refuses: &["", "1.5", "4e2", "+", "call me", "++1 212", "2125550100 "],
        places: &[("ada", "spec.phone"), ("charles", "spec.phone"), ("new-hire", "spec.phone")],
    },
    Form {
        sentence: "must be 1 to 20 digits in quotes, like \"0012345\"",
        takes: &["0", "0012345", "12345678901234567890"],
        refuses: &["", "1.5", "4e2", "0x1F", " 1", "123456789012345678901"],
        places: &[("ada", "spec.credentials[].number"), ("charles", "spec.credentialNumber")],
    },
    Form {
        sentence: "must be a date of this century that exists, in quotes, like \"2026-12-01\"",
        takes: &["2026-12-02", "2026-12-03"],
        refuses: &["", "2026-02-31", "2027-02-29", "2100-02-29", "1999-12-31", "2026-13-01", "1.12.2026", "2026-12-1", "2026-12-01T00:00:00Z", "tomorrow"],
        places: &[
            ("charles", "spec.visit.from"), ("charles", "spec.visit.to"),
            ("ada-day-desk", "spec.startDate"), ("ada-day-desk", "spec.endDate"),
        ],
    },
    Form {
        sentence: "must be a time of day in quotes, like \"09:00\"",
        takes: &["00:00", "09:30", "23:59"],
        refuses: &["", "9:00", "24:00", "12:60", "09:00:00", "9am"],
        places: &[
            ("hq", "spec.schedule.occupantSync"),
            ("charles", "spec.visit.startTime"), ("charles", "spec.visit.endTime"),
        ],
    },
    Form {
        sentence: "must be a duration of at least a second, like 30s, 15m or 1h30m",
        takes: &["1s", "15m", "1h30m", "1000ms"],
        refuses: &["", "0s", "10", "1d", "500ms", "-1h", "1 h"],
        places: &[("netbox", "spec.resyncInterval"), ("netbox", "spec.lenelS2.wire.pingInterval")],
    },
    Form {
        sentence: "must be UTC or an Area/City name of the IANA database, like America/New_York; not an older name such as GMT, \
                   EST5EDT or Japan: write Europe/London, America/New_York or Asia/Tokyo",
        takes: &["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"],
        refuses: &["", "Local", "CET", "GMT", "EST5EDT", "Japan", "+02:00", "America/New York", "../etc/passwd"],
        places: &[("hq", "spec.timeZone"), ("netbox", "spec.lenelS2.timeZone")],
    },
    Form {
        sentence: "must be an address like https://netbox.example.org, without user, query or fragment",
        takes: &["https://netbox.example.org", "http://127.0.0.1:8089", "https://[2001:db8::1]:8443/base"],
        refuses: &["", "netbox.example.org", "ftp://a", "https://", "https://u:p@h", "https://h?a=b", "https://h/#f", "https://h h"],
        places: &[
            ("netbox", "spec.lenelS2.url"), ("kastle", "spec.kastle.oasisConnect.url"),
            ("kastle", "spec.kastle.visitorConnect.url"), ("kastle", "spec.kastle.eventStream.url"),
            ("salto", "spec.saltoKS.identityUrl"), ("salto", "spec.saltoKS.apiUrl"),
        ],
    },
    Form {
        sentence: "must be a path that begins with /, without query or fragment",
        takes: &["/", "/goforms/nbapi"],
        refuses: &["", "goforms", "/a?b", "/a#b", "/a b"],
        places: &[("netbox", "spec.lenelS2.path")],
    },
    Form {
        sentence: "must begin with a letter or digit and hold only letters, digits, -, ., _ and /",
        takes: &["a", "0f3c1f2e/building/net_box.1"],
        refuses: &["", "/a", "a b", "a:b", "ä"],
        places: &[("netbox", "spec.ownerId")],
    },
    Form {
        sentence: "must be the UUID of the site, in lower case; its readable code is not accepted",
        takes: &["0f3c1f2e-8a55-4d0c-9d3a-0a1b2c3d4e5f"],
        refuses: &["", "DE4520", "0F3C1F2E-8A55-4D0C-9D3A-0A1B2C3D4E5F", "0f3c1f2e8a554d0c9d3a0a1b2c3d4e5f"],
        places: &[("salto", "spec.saltoKS.siteId")],
    },
    Form {
        sentence: "must be a name of lower-case letters, digits and -",
        takes: &["archive", "s3-eu-1"],
        refuses: &["", "Archive", "../logs", "a.b", "-a"],
        places: &[("netbox", "spec.accessLogs.store")],
    },
    Form {
        sentence: "must be the name of an HTTP header, like OwnerGuid",
        takes: &["OwnerGuid", "X-Owner-1"],
        refuses: &["", "Owner Guid", "Owner:", "1st"],
        places: &[("kastle", "spec.kastle.wire.ownerHeader")],
    },
];

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = FORMS.iter().flat_map(form_cases).collect();
    cases.extend(super::relations::cases());
    cases
}

/// All values at the first path, one accepted and one refused at the others: there only the presence of the rule is
/// checked.
fn form_cases(form: &'static Form) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, &(fixture, place)) in form.places.iter().enumerate() {
        let (takes, refuses) =
            if number == 0 { (form.takes, form.refuses) } else { (&form.takes[..1], &form.refuses[1..2]) };
        let values = takes.iter().map(|it| (it, true)).chain(refuses.iter().map(|it| (it, false)));
        cases.extend(values.map(|(value, accepted)| Case {
            fixture,
            place,
            sentence: form.sentence,
            before: None,
            edits: vec![(place, Some(json!(value)))],
            accepted,
            offline: true,
        }));
    }
    cases
}
