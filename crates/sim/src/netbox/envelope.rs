//! The envelope of 2.2: `NETBOX-API` in, `NETBOX` out.

use super::xml::{Element, Xml, escape, parse};

/// The envelope of a request body.
#[derive(Clone, Debug)]
pub(super) enum Document {
    /// It is not XML: APIERROR 4.
    Garbled,
    /// It is XML without a command, or empty: APIERROR 3.
    Empty,
    /// It is valid.
    Commands(Envelope),
}

/// Session and commands of one document.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The `sessionid` attribute.
    pub session: Option<String>,
    /// The commands, at least one.
    pub commands: Vec<Command>,
    /// True for the old body form, `APIcommand=` before the XML (2.1).
    pub prefixed: bool,
}

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// Its `name`.
    pub name: String,
    /// Its `num`, which the answer repeats unchanged.
    pub num: String,
    /// True for `dateformat="tzoffset"`.
    pub tzoffset: bool,
    /// Its PARAMS, possibly empty.
    pub params: Element,
}

impl Document {
    /// Reads a body; with `latin1`, bytes that are no UTF-8 are read as Latin-1.
    pub(super) fn read(body: &[u8], latin1: bool) -> Self {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            Err(_) if latin1 => body.iter().map(|b| char::from(*b)).collect(),
            Err(_) => return Self::Garbled,
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        let (prefixed, xml) = match text.strip_prefix("APIcommand=") {
            Some(xml) => (true, xml.trim_start()),
            None => (false, text),
        };
        if xml.is_empty() {
            return Self::Empty;
        }
        parse(xml).map_or(Self::Garbled, |root| Self::of(&root, prefixed))
    }

    fn of(root: &Element, prefixed: bool) -> Self {
        let commands: Vec<Command> = root.all("COMMAND").filter_map(Command::of).collect();
        if root.name != "NETBOX-API" || commands.is_empty() {
            return Self::Empty;
        }
        let session = root.attribute("sessionid").filter(|s| !s.is_empty()).map(str::to_owned);
        Self::Commands(Envelope { session, commands, prefixed })
    }
}

impl Command {
    fn of(element: &Element) -> Option<Self> {
        Some(Self {
            name: element.attribute("name").filter(|name| !name.is_empty())?.to_owned(),
            num: element.attribute("num").unwrap_or("1").to_owned(),
            tzoffset: element.attribute("dateformat") == Some("tzoffset"),
            params: element.child("PARAMS").cloned().unwrap_or_default(),
        })
    }
}

/// `<NETBOX sessionid="...">...</NETBOX>`.
pub(super) fn netbox(session: Option<&str>, responses: &str) -> String {
    let session = session.map(|s| format!(" sessionid=\"{}\"", escape(s))).unwrap_or_default();
    format!("<NETBOX{session}>{responses}</NETBOX>")
}

/// `<RESPONSE command="..." num="...">...</RESPONSE>`.
pub(super) fn response(command: &Command, inside: Xml) -> String {
    let (name, num) = (escape(&command.name), escape(&command.num));
    format!("<RESPONSE command=\"{name}\" num=\"{num}\">{}</RESPONSE>", inside.into_string())
}

/// An APIERROR: without CODE, command or num (2.17).
pub(super) fn api_error(number: i64) -> String {
    format!("<RESPONSE><APIERROR>{number}</APIERROR></RESPONSE>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_in_both_forms_and_with_both_quotes() {
        let xml = "<NETBOX-API sessionid='S'><COMMAND name=\"PingApp\" num='7'></COMMAND></NETBOX-API>";
        for (body, prefix) in [(xml.to_owned(), false), (format!("APIcommand={xml}"), true)] {
            let Document::Commands(envelope) = Document::read(body.as_bytes(), false) else {
                panic!("{body}")
            };
            assert_eq!((envelope.session.as_deref(), envelope.prefixed), (Some("S"), prefix));
            assert_eq!(
                (envelope.commands[0].name.as_str(), envelope.commands[0].num.as_str()),
                ("PingApp", "7")
            );
        }
    }

    #[test]
    fn no_command_and_no_xml_are_distinguished() {
        assert!(matches!(Document::read(b"", false), Document::Empty));
        assert!(matches!(Document::read(b"<NETBOX-API/>", false), Document::Empty));
        assert!(matches!(Document::read(b"<OTHER><COMMAND name='A'/></OTHER>", false), Document::Empty));
        assert!(matches!(Document::read(b"{}", false), Document::Garbled));
        assert!(matches!(Document::read(b"\xff", false), Document::Garbled));
    }
}
