use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use secrecy::ExposeSecret;

use super::*;

fn secret(entries: &[(&str, &[u8])]) -> Secret {
    let data = entries.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.to_vec()))).collect();
    Secret { data: Some(data), ..Secret::default() }
}

fn metadata(uid: Option<&str>, version: Option<&str>) -> Secret {
    let metadata = ObjectMeta {
        uid: uid.map(str::to_owned),
        resource_version: version.map(str::to_owned),
        ..ObjectMeta::default()
    };
    Secret { metadata, ..Secret::default() }
}

#[test]
fn a_trailing_newline_of_a_value_is_dropped_and_any_other_white_space_is_kept() {
    let rows: [(&[u8], &str); 5] = [
        (b"open sesame\n", "open sesame"),
        (b"open sesame\r\n", "open sesame"),
        (b" open\nsesame ", " open\nsesame "),
        (b"\n\n", ""),
        (b"\xc3\xa4", "\u{e4}"),
    ];
    for (bytes, text) in rows {
        let texts = texts(secret(&[("password", bytes)]));
        assert_eq!(texts["password"].expose_secret(), text);
    }
}

#[test]
fn a_value_that_is_not_text_counts_as_a_missing_key() {
    let texts = texts(secret(&[("username", b"api"), ("keystore", b"\xff\xfe")]));
    assert_eq!(texts.keys().collect::<Vec<_>>(), ["username"]);
    assert!(super::texts(Secret::default()).is_empty());
}

#[test]
fn the_version_changes_with_the_content_and_with_the_object() {
    let versions = [
        version(&metadata(Some("a"), Some("1"))),
        version(&metadata(Some("a"), Some("2"))),
        version(&metadata(Some("b"), Some("1"))),
        version(&metadata(None, None)),
        // The versions of two objects in a row cannot be confused with those of two others.
        version(&metadata(Some("a"), Some("1"))) + &version(&metadata(Some("b"), Some("2"))),
        version(&metadata(Some("a"), Some("12"))) + &version(&metadata(Some("b"), Some(""))),
    ];
    let distinct: std::collections::BTreeSet<_> = versions.iter().collect();
    assert_eq!(distinct.len(), versions.len(), "{versions:?}");
    assert_eq!(version(&metadata(Some("a"), Some("1"))), versions[0]);
}

#[test]
fn debug_shows_no_value() {
    let texts = texts(secret(&[("password", b"open sesame")]));
    assert!(!format!("{texts:?}").contains("sesame"));
}
