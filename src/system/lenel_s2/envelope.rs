//! The envelope of NBAPI: one command per request, one response (systems/lenel-s2.md 2.2, 2.11).

use std::borrow::Cow;

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;

use super::config::{BodyForm, DateFormat, Wire};
use super::xml::{Element, Malformed};

/// One command with its parameters. No `Debug`: it contains a password or a person's data.
pub(super) struct Command {
    /// The name, spelled exactly as in the API (2.6).
    pub(super) name: &'static str,
    params: Vec<Param>,
}

/// An element inside PARAMS.
pub(super) struct Param {
    name: Cow<'static, str>,
    value: Value,
}

enum Value {
    Text(String),
    List(Vec<Param>),
}

impl Param {
    /// An element with text.
    pub(super) fn text(name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { name: name.into(), value: Value::Text(text.into()) }
    }

    /// An element that contains elements.
    pub(super) fn list(name: &'static str, params: Vec<Self>) -> Self {
        Self { name: name.into(), value: Value::List(params) }
    }

    /// Whether it has neither text nor elements.
    pub(super) fn is_empty(&self) -> bool {
        match &self.value {
            Value::Text(text) => text.is_empty(),
            Value::List(params) => params.is_empty(),
        }
    }
}

impl Command {
    /// A command without parameters.
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, params: Vec::new() }
    }

    /// The same with one parameter more.
    #[must_use]
    pub(super) fn with(mut self, name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        self.params.push(Param::text(name, text));
        self
    }

    /// The same with more parameters.
    #[must_use]
    pub(super) fn with_all(mut self, params: impl IntoIterator<Item = Param>) -> Self {
        self.params.extend(params);
        self
    }

    /// The texts of all parameters, by element name.
    pub(super) fn texts(&self) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        let mut open: Vec<&Param> = self.params.iter().collect();
        while let Some(param) = open.pop() {
            match &param.value {
                Value::Text(text) => found.push((&*param.name, text.as_str())),
                Value::List(params) => open.extend(params),
            }
        }
        found
    }

    /// The request body. One command per document: the effect of several is not known (2.16 no. 16).
    pub(super) fn print(&self, session: Option<&str>, wire: &Wire) -> String {
        let mut writer = Writer::new(Vec::new());
        let mut root = BytesStart::new("NETBOX-API");
        root.extend_attributes(session.map(|id| ("sessionid", id)));
        let mut command = BytesStart::new("COMMAND");
        command.extend_attributes([("name", self.name), ("num", "1")]);
        if wire.date_format_attribute == DateFormat::TzOffset {
            command.push_attribute(("dateformat", "tzoffset"));
        }
        put(&mut writer, Event::Start(root));
        put(&mut writer, Event::Start(command));
        print_list(&mut writer, "PARAMS", &self.params);
        put(&mut writer, Event::End(BytesEnd::new("COMMAND")));
        put(&mut writer, Event::End(BytesEnd::new("NETBOX-API")));
        let document = String::from_utf8_lossy(&writer.into_inner()).into_owned();
        match wire.body_form {
            BodyForm::Xml => document,
            BodyForm::ApiCommand => format!("APIcommand={document}"),
        }
    }
}

fn print_list(writer: &mut Writer<Vec<u8>>, name: &str, params: &[Param]) {
    put(writer, Event::Start(BytesStart::new(name)));
    for param in params {
        match &param.value {
            Value::List(inner) => print_list(writer, &param.name, inner),
            Value::Text(text) => {
                put(writer, Event::Start(BytesStart::new(&*param.name)));
                put(writer, Event::Text(BytesText::new(&printable(text))));
                put(writer, Event::End(BytesEnd::new(&*param.name)));
            }
        }
    }
    put(writer, Event::End(BytesEnd::new(name)));
}

fn put(writer: &mut Writer<Vec<u8>>, event: Event<'_>) {
    writer.write_event(event).expect("a vector takes every byte");
}

/// Text without control characters and other characters that XML forbids (design 3.19). Each becomes a space.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) { Cow::Owned(text.replace(forbidden, " ")) } else { Cow::Borrowed(text) }
}

/// The NetBox's answer to a command.
pub(super) enum Outcome {
    /// CODE SUCCESS, with the RESPONSE.
    Success(Details),
    /// Absence, in either of its two forms (2.11).
    NotFound,
    /// A record of this name or id exists already, in either of its two forms (2.7).
    Duplicate,
    /// CODE FAIL with the NetBox's own words. They must not be shown before names are removed from them.
    Fail(String),
    /// An error of the API itself, below the commands.
    ApiError(u16),
}

/// A parsed answer.
pub(super) struct Answer {
    /// Its session id, which only this attribute carries (2.3).
    pub(super) session: Option<String>,
    pub(super) outcome: Outcome,
}

/// The body is not an answer to this command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Incomplete, or not XML.
    Malformed,
    /// XML, but not from a NetBox, or without a code.
    Foreign,
    /// The answer to another command.
    OtherCommand,
}

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Reads the answer to `command`.
pub(super) fn read(command: &str, body: &str) -> Result<Answer, Unreadable> {
    let root = Element::parse(body)?;
    if root.name != "NETBOX" {
        return Err(Unreadable::Foreign);
    }
    let session = root.attribute("sessionid").map(str::to_owned);
    let response = root.child("RESPONSE");
    if response.and_then(|found| found.attribute("command")).is_some_and(|echoed| echoed != command) {
        return Err(Unreadable::OtherCommand);
    }
    let number = response.and_then(|found| found.child("APIERROR")).or_else(|| root.child("APIERROR"));
    if let Some(number) = number {
        let number = number.text().trim().parse().map_err(|_| Unreadable::Foreign)?;
        return Ok(Answer { session, outcome: Outcome::ApiError(number) });
    }
    let response = response.cloned().ok_or(Unreadable::Foreign)?;
    Ok(Answer { session, outcome: outcome(Details(response))? })
}

fn outcome(details: Details) -> Result<Outcome, Unreadable> {
    let words = details.field("ERRMSG");
    match details.0.field("CODE").to_ascii_uppercase().as_str() {
        "SUCCESS" => Ok(Outcome::Success(details)),
        "NOT FOUND" => Ok(Outcome::NotFound),
        "DUPLICATE" => Ok(Outcome::Duplicate),
        "FAIL" if words.eq_ignore_ascii_case("NOT FOUND") => Ok(Outcome::NotFound),
        "FAIL" if words.to_ascii_lowercase().contains("duplicate") => Ok(Outcome::Duplicate),
        "FAIL" => Ok(Outcome::Fail(words.to_owned())),
        _ => Err(Unreadable::Foreign),
    }
}

/// The content of a RESPONSE. Keys are in DETAILS or directly under RESPONSE (2.2), so both are searched.
pub(super) struct Details(Element);

impl Details {
    /// DETAILS, or the RESPONSE itself if the NetBox omits DETAILS.
    pub(super) fn element(&self) -> &Element {
        self.0.child("DETAILS").unwrap_or(&self.0)
    }

    /// A container or value, in either place.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.element().child(name).or_else(|| self.0.child(name))
    }

    /// The text of a value without space around it; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.child(name).map_or("", |found| found.text().trim())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_as_printed(text in any::<String>()) {
            let printed = Command::new("X").with("LASTNAME", text.as_str()).print(None, &Wire::default());
            let root = Element::parse(&printed).map_err(|_| "malformed").unwrap();
            let params = root.child("COMMAND").and_then(|command| command.child("PARAMS")).unwrap();
            prop_assert_eq!(params.exact("LASTNAME"), &*printable(&text));
        }

        #[test]
        fn no_body_is_more_than_unreadable(body in "[<>/A-Z&;#x0-9\"'= !\\[\\]?-]{0,80}", cut in 0_usize..200) {
            let whole = "<NETBOX><RESPONSE command=\"X\"><CODE>SUCCESS</CODE><DETAILS><A>&amp;</A></DETAILS></RESPONSE></NETBOX>";
            let mixed = format!("{}{body}", &whole[..cut.min(whole.len() - 1)]);
            let read = read("X", &mixed).map(|answer| answer.outcome);
            prop_assert!(!matches!(read, Ok(Outcome::NotFound | Outcome::Duplicate)), "absence is never made up");
        }
    }

    fn outcome_of(inside: &str) -> Outcome {
        let body = format!("<NETBOX><RESPONSE command=\"X\" num=\"1\">{inside}</RESPONSE></NETBOX>");
        read("X", &body).map(|answer| answer.outcome).map_err(|why| format!("{why:?}")).unwrap()
    }

    #[test]
    fn login_is_printed_like_the_worked_example() {
        let login = Command::new("Login").with("USERNAME", "api").with("PASSWORD", "***");
        assert_eq!(
            login.print(None, &Wire::default()),
            "<NETBOX-API><COMMAND name=\"Login\" num=\"1\"><PARAMS><USERNAME>api</USERNAME>\
             <PASSWORD>***</PASSWORD></PARAMS></COMMAND></NETBOX-API>"
        );
    }

    #[test]
    fn a_session_and_the_options_of_the_wire_are_printed_where_they_belong() {
        let wire = Wire {
            body_form: BodyForm::ApiCommand,
            date_format_attribute: DateFormat::TzOffset,
            ..Wire::default()
        };
        assert_eq!(
            Command::new("PingApp").print(Some("S"), &wire),
            "APIcommand=<NETBOX-API sessionid=\"S\"><COMMAND name=\"PingApp\" num=\"1\" dateformat=\"tzoffset\">\
             <PARAMS></PARAMS></COMMAND></NETBOX-API>"
        );
    }

    #[test]
    fn text_is_escaped_and_control_characters_do_not_reach_the_wire() {
        let command = Command::new("X").with("LASTNAME", "<&>\"' Zoë\u{0}\u{1b}\n\u{85}\u{ffff}");
        let printed = command.print(None, &Wire::default());
        assert!(printed.contains("&lt;&amp;&gt;"), "{printed}");
        assert!(!printed.contains(|c: char| c.is_control() || c == '\u{ffff}'), "{printed:?}");
        let back = Element::parse(&printed).map_err(|_| "malformed").unwrap();
        let params = back.child("COMMAND").and_then(|command| command.child("PARAMS")).unwrap();
        assert_eq!(params.exact("LASTNAME"), "<&>\"' Zoë     ");
    }

    #[test]
    fn the_answers_to_login_of_the_worked_example_are_read() {
        let good = "<NETBOX sessionid=\"64chars\"><RESPONSE command=\"Login\" num=\"1\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>";
        let answer = read("Login", good).map_err(|why| format!("{why:?}")).unwrap();
        assert_eq!(answer.session.as_deref(), Some("64chars"));
        assert!(matches!(answer.outcome, Outcome::Success(_)));
        let expired = "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>";
        let answer = read("GetPerson", expired).map_err(|why| format!("{why:?}")).unwrap();
        assert!(matches!(answer.outcome, Outcome::ApiError(5)));
    }

    #[test]
    fn an_api_error_is_found_under_the_root_as_well() {
        let answer = read("X", "<NETBOX><APIERROR> 2 </APIERROR></NETBOX>").map_err(|why| format!("{why:?}"));
        assert!(matches!(answer.unwrap().outcome, Outcome::ApiError(2)));
    }

    #[test]
    fn both_forms_of_not_found_and_of_duplicate_read_alike() {
        assert!(matches!(outcome_of("<CODE>NOT FOUND</CODE>"), Outcome::NotFound));
        let fail =
            |text: &str| outcome_of(&format!("<CODE>FAIL</CODE><DETAILS><ERRMSG>{text}</ERRMSG></DETAILS>"));
        assert!(matches!(fail("NOT FOUND"), Outcome::NotFound));
        assert!(matches!(outcome_of("<CODE>DUPLICATE</CODE>"), Outcome::Duplicate));
        assert!(matches!(fail("Duplicate PERSONID"), Outcome::Duplicate));
        assert!(matches!(fail("Missing Last Name"), Outcome::Fail(words) if words == "Missing Last Name"));
    }

    #[test]
    fn keys_are_found_in_details_and_directly_under_the_response() {
        for inside in ["<DETAILS><K>7</K></DETAILS>", "<K>7</K>", "<DETAILS/><K> 7 </K>"] {
            let outcome = outcome_of(&format!("<CODE>SUCCESS</CODE>{inside}"));
            assert!(matches!(outcome, Outcome::Success(details) if details.field("K") == "7"), "{inside}");
        }
    }

    #[test]
    fn an_answer_to_another_command_is_not_accepted() {
        let read = |body: &str| read("X", body).err();
        assert_eq!(read("<html><body>Sign in</body></html>"), Some(Unreadable::Foreign));
        assert_eq!(read("<NETBOX><RESPONSE command=\"X\"></RESPONSE></NETBOX>"), Some(Unreadable::Foreign));
        assert_eq!(read("<NETBOX/>"), Some(Unreadable::Foreign));
        assert_eq!(
            read("<NETBOX><RESPONSE command=\"Y\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>"),
            Some(Unreadable::OtherCommand)
        );
        assert_eq!(read("<NETBOX><RESPONSE command=\"X\"><CODE>SUCC"), Some(Unreadable::Malformed));
    }
}
