//! A tolerant reader of small XML documents: elements and their text, independent of what a NetBox omits or adds.
//!
//! A tree instead of derived structs, because the format varies (systems/lenel-s2.md 2.2): unknown elements, lists of
//! one, empty containers, and keys that are sometimes inside DETAILS and sometimes beside it.

use quick_xml::XmlVersion;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

/// Deeper than any valid answer.
const MAX_DEPTH: usize = 32;

/// One element with its content. No `Debug`: it contains people's data.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

/// The document is not well formed: incomplete, or not XML. Its content is deliberately kept out of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<Error> for Malformed {
    fn from(_: Error) -> Self {
        Self
    }
}

impl Element {
    /// Reads a document into its root element.
    pub(super) fn parse(document: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        // The first entry is the document itself; every element is closed into the entry before it.
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event()?;
            match event {
                Event::Start(start) if open.len() <= MAX_DEPTH => open.push(Self::start(&start)?),
                Event::Start(_) | Event::DocType(_) => return Err(Malformed),
                Event::End(_) => close(&mut open)?,
                Event::Text(text) => top(&mut open)?.text.push_str(&text.xml10_content()),
                Event::CData(text) => top(&mut open)?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(entity) => top(&mut open)?.text.push_str(&resolve(&entity)?),
                // Empty elements come as a start and an end.
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof => break,
            }
        }
        let document = open.pop().filter(|_| open.is_empty()).ok_or(Malformed)?;
        let mut roots = document.children.into_iter();
        roots.next().filter(|_| roots.next().is_none() && document.text.trim().is_empty()).ok_or(Malformed)
    }

    fn start(start: &BytesStart<'_>) -> Result<Self, Malformed> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| Malformed)?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Malformed)?;
            attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
        }
        Ok(Self { name: start.name().into_inner().to_owned(), attributes, ..Self::default() })
    }

    /// An attribute that is there and not empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of a name; a list of one is one child.
    pub(super) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The items of a container, none if the container is empty or missing.
    pub(super) fn items<'a>(&'a self, container: &'a str, item: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children(container).flat_map(move |found| found.children(item))
    }

    /// The text directly in this element, exactly as received.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text of a child exactly as received; empty if there is no such child.
    pub(super) fn exact(&self, name: &str) -> &str {
        self.child(name).map_or("", Self::text)
    }

    /// The text of a child without space around it: for codes, keys and dates.
    pub(super) fn field(&self, name: &str) -> &str {
        self.exact(name).trim()
    }
}

fn top(open: &mut [Element]) -> Result<&mut Element, Malformed> {
    open.last_mut().ok_or(Malformed)
}

fn close(open: &mut Vec<Element>) -> Result<(), Malformed> {
    let done = open.pop().ok_or(Malformed)?;
    top(open)?.children.push(done);
    Ok(())
}

/// `&amp;`, `&#233;` and their like.
fn resolve(entity: &BytesRef<'_>) -> Result<String, Malformed> {
    match entity.resolve_char_ref()? {
        Some(character) => Ok(character.to_string()),
        None => Ok(resolve_predefined_entity(entity).ok_or(Malformed)?.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(document: &str) -> Element {
        Element::parse(document).map_err(|_| "malformed").unwrap()
    }

    #[test]
    fn entities_character_references_and_cdata_come_out_as_text() {
        let root = parsed("<A><B>Zo&#235; &lt;&amp;&gt;&quot;&apos; <![CDATA[<x>]]> ü</B></A>");
        assert_eq!(root.exact("B"), "Zoë <&>\"' <x> ü");
    }

    #[test]
    fn empty_elements_lists_of_one_and_missing_containers_read_alike() {
        let root = parsed("<A x='1'><L/><M><I>only</I></M><E></E></A>");
        assert_eq!(root.attribute("x"), Some("1"));
        assert_eq!(root.items("L", "I").count(), 0);
        assert_eq!(root.items("M", "I").map(Element::text).collect::<Vec<_>>(), ["only"]);
        assert_eq!(root.items("none", "I").count(), 0);
        assert_eq!((root.field("E"), root.field("none")), ("", ""));
    }

    #[test]
    fn a_document_cut_anywhere_is_malformed() {
        let whole =
            "<NETBOX sessionid=\"S\"><RESPONSE command=\"X\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>";
        for cut in 0..whole.len() {
            assert!(Element::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Element::parse(whole).is_ok());
    }

    #[test]
    fn anything_but_one_xml_document_is_malformed() {
        let deep = format!("{}{}", "<A>".repeat(40), "</A>".repeat(40));
        for text in
            ["", "nonsense", "{}", "<A/><B/>", "<A></B>", "<A>&unknown;</A>", "<!DOCTYPE a><A/>", &deep]
        {
            assert!(Element::parse(text).is_err(), "{text}");
        }
    }
}
