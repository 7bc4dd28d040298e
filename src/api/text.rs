//! Schemas of bounded strings, each with the error message for a wrong value.
//!
//! Values from users are checked by CEL. The error message of a `pattern` is the pattern itself, `format: email` accepts
//! `Ada <a@b.c>`, and a tight `maxLength` hides the message of the rule. So `maxLength` is generous if the rule limits the
//! value too.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A CEL expression that is true for an existing date of this century, leap years included. It uses the form of the text
/// only: CEL's `timestamp()` fails for 2026-02-31 with an error of its own, which would replace our message.
pub(super) fn is_date(value: &str) -> String {
    let long_months = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])";
    let short_months = "(0[469]|11)-(0[1-9]|[12][0-9]|30)";
    let february = "02-(0[1-9]|1[0-9]|2[0-8])";
    let leap_day = "20([02468][048]|[13579][26])-02-29";
    format!("{value}.matches('^(20[0-9]{{2}}-({long_months}|{short_months}|{february})|{leap_day})$')")
}

/// A string of at most `max` characters for which the CEL `rule` is true; `sentence` is the error message.
fn checked(max: u32, rule: &str, sentence: &str) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": max,
        "x-kubernetes-validations": [{ "rule": rule, "message": sentence }],
    })
}

/// A string of 1 to `max` characters of any kind, for values that must match an existing name or id.
fn bounded(max: u32) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": max })
}

/// One of the words of an enum, without the description of the enum. On an optional field kube would use it in place of the
/// field's description, which gives the meaning of an absent field.
pub(super) fn choice<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    schema.remove("description");
    schema
}

/// A list of at most `max` items, compared as a set of scalars.
pub(super) fn set_of(items: &Schema, max: u32) -> Schema {
    json_schema!({ "type": "array", "items": items, "maxItems": max, "x-kubernetes-list-type": "set" })
}

/// A map from short names to short texts: 64 entries, 64 characters to 256.
pub(super) fn small_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "maxProperties": 64, "additionalProperties": bounded(256) })
}

/// A map of [`small_map`]s: 16 of them.
pub(super) fn map_of_maps(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "maxProperties": 16, "additionalProperties": small_map(generator) })
}

/// The name of an object in the same namespace.
pub(super) fn object_name(_: &mut SchemaGenerator) -> Schema {
    checked(
        253,
        "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
        "must be the name of an object in this namespace: lower-case letters, digits, - and .",
    )
}

/// A key in a Secret or `ConfigMap`.
pub(super) fn data_key(_: &mut SchemaGenerator) -> Schema {
    checked(
        253,
        "self.matches('^[-._a-zA-Z0-9]+$')",
        "must be a key of a Secret or ConfigMap: letters, digits, -, _ and .",
    )
}

/// One line of text that a person reads: a name, a company, a format.
pub(super) fn line(_: &mut SchemaGenerator) -> Schema {
    checked(
        256,
        r"self.matches('^[^\\s\\p{Cc}]([^\\p{Cc}]*[^\\s\\p{Cc}])?$')",
        "must be one line of text that neither begins nor ends with a blank",
    )
}

/// A name or id that a system gives. It is opaque, so only its length is limited.
pub(super) fn external_id(_: &mut SchemaGenerator) -> Schema {
    bounded(256)
}

/// A name of a group, or `id:` and its external id.
pub(super) fn groups(generator: &mut SchemaGenerator) -> Schema {
    set_of(&external_id(generator), 32)
}

/// The external ids of the first few failures.
pub(super) fn external_ids(generator: &mut SchemaGenerator) -> Schema {
    set_of(&external_id(generator), 10)
}

/// A hash or token that the controller writes or echoes.
pub(super) fn token(_: &mut SchemaGenerator) -> Schema {
    bounded(256)
}

/// The system that an integration is connected to, written by the controller.
pub(super) fn system(_: &mut SchemaGenerator) -> Schema {
    bounded(1_024)
}

/// An instant, RFC 3339, written by the controller.
pub(super) fn instant(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time", "maxLength": 64 })
}

/// An email address in lower case, without a display name.
pub(super) fn email(_: &mut SchemaGenerator) -> Schema {
    checked(
        254,
        r#"self == self.lowerAscii() && self.matches('^[^@\\s\\p{Cc},;:<>()"]+@[^@\\s\\p{Cc},;:<>()".]+([.][^@\\s\\p{Cc},;:<>()".]+)+$')"#,
        "must be an email address in lower case, like ada@example.org",
    )
}

/// The part of an email address after the `@`.
pub(super) fn domain(_: &mut SchemaGenerator) -> Schema {
    checked(
        253,
        "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)+$')",
        "must be a domain in lower case with a dot in it, like visitor.invalid",
    )
}

/// A phone number without `.` and letters, since YAML would read such a number without quotes as a float.
pub(super) fn phone(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        "self.matches('^[+]?[0-9(][-0-9 ()/]{1,30}[0-9]$')",
        "must be a phone number in quotes like \"+1 212 555 0100\": digits, blanks, ( ) / - and one + in front",
    )
}

/// The number of a card. It has digits only: YAML would read `1.5` and `4e2` without quotes as floats, and the result could
/// be the number of another card.
pub(super) fn card_number(_: &mut SchemaGenerator) -> Schema {
    checked(64, "self.matches('^[0-9]{1,20}$')", "must be 1 to 20 digits in quotes, like \"0012345\"")
}

/// A calendar date, `YYYY-MM-DD`.
pub(super) fn date(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        &is_date("self"),
        "must be a date of this century that exists, in quotes, like \"2026-12-01\"",
    )
}

/// A wall-clock time, `HH:MM`.
pub(super) fn time_of_day(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        "self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')",
        "must be a time of day in quotes, like \"09:00\"",
    )
}

/// A Go-style duration of at least a second.
pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        "self.matches('^([0-9]{1,6}(h|m|s|ms))+$') && duration(self) >= duration('1s')",
        "must be a duration of at least a second, like 30s, 15m or 1h30m",
    )
}

/// A zone of the IANA database. There are two rules, since the second needs the API server's own copy of the database.
pub(super) fn time_zone(_: &mut SchemaGenerator) -> Schema {
    const SENTENCE: &str = "must be UTC or an Area/City name of the IANA database, like America/New_York; not an older name \
        such as GMT, EST5EDT or Japan: write Europe/London, America/New_York or Asia/Tokyo";
    const FORM: &str = "self.matches('^(UTC|[A-Za-z_]+(/[-+A-Za-z0-9_]+)+)$')";
    json_schema!({
        "type": "string",
        "maxLength": 64,
        "x-kubernetes-validations": [
            { "rule": FORM, "message": SENTENCE },
            // An unknown zone is an error of the expression, and an error is a refusal too.
            {
                "rule": format!("!{FORM} || timestamp('2000-06-01T00:00:00Z').getFullYear(self) == 2000"),
                "message": "the API server does not know this time zone: write an Area/City name of the IANA database, like \
                    America/New_York",
            },
        ],
    })
}

/// The base address of a system.
pub(super) fn url(_: &mut SchemaGenerator) -> Schema {
    checked(
        512,
        r"self.matches('^https?://[^/?#@\\s\\p{Cc}]+(/[^?#\\s\\p{Cc}]*)?$')",
        "must be an address like https://netbox.example.org, without user, query or fragment",
    )
}

/// A path on a system.
pub(super) fn path(_: &mut SchemaGenerator) -> Schema {
    checked(
        256,
        r"self.matches('^/[^?#\\s\\p{Cc}]*$')",
        "must be a path that begins with /, without query or fragment",
    )
}

/// The owner id, which marks the records of one integration in a system as ours.
pub(super) fn owner_id(_: &mut SchemaGenerator) -> Schema {
    checked(
        253,
        "self.matches('^[A-Za-z0-9][-A-Za-z0-9._/]*$')",
        "must begin with a letter or digit and hold only letters, digits, -, ., _ and /",
    )
}

/// A UUID in lower case.
pub(super) fn uuid(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        "self.matches('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')",
        "must be the UUID of the site, in lower case; its readable code is not accepted",
    )
}

/// A name from the configuration of the controller, such as that of a store.
pub(super) fn label_name(_: &mut SchemaGenerator) -> Schema {
    checked(
        63,
        "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "must be a name of lower-case letters, digits and -",
    )
}

/// The name of an HTTP header.
pub(super) fn header_name(_: &mut SchemaGenerator) -> Schema {
    checked(
        64,
        "self.matches('^[A-Za-z][-A-Za-z0-9]*$')",
        "must be the name of an HTTP header, like OwnerGuid",
    )
}
