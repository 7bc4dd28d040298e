//! XML: a parser into a tree of limited depth, and a writer that escapes.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Deeper documents are refused; the deepest example of the document has seven levels.
const DEEPEST: usize = 64;

/// One element with its content.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Element {
    /// Its name, as sent.
    pub name: String,
    /// Its attributes, unescaped.
    pub attributes: Vec<(String, String)>,
    /// The elements directly in it.
    pub children: Vec<Self>,
    /// The text directly in it.
    pub text: String,
}

impl Element {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The text of the first child of that name; `None` when there is no such child.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str())
    }

    /// The same without surrounding space; `None` also for an empty text.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.value(name).map(str::trim).filter(|v| !v.is_empty())
    }

    /// An attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The root of a document; `None` for text that is not well-formed, has a DTD, or is too deep.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_unmatched_ends = false;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < DEEPEST && root.is_none() => open.push(begin(&start)?),
            Event::Empty(start) if open.len() < DEEPEST && root.is_none() => {
                close(begin(&start)?, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open.pop()?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => write(&mut open, &text.xml10_content())?,
            Event::CData(data) => write(&mut open, &data.xml10_content())?,
            Event::GeneralRef(reference) => write(&mut open, &resolve(&reference)?)?,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if open.is_empty() => return root,
            _ => return None,
        }
    }
}

fn begin(start: &BytesStart<'_>) -> Option<Element> {
    let name = text_of(start.name().as_ref())?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = quick_xml::escape::unescape(&attribute.value).ok()?.into_owned();
        attributes.push((text_of(attribute.key.as_ref())?, legal(&value)?.to_owned()));
    }
    Some(Element { name, attributes, ..Element::default() })
}

fn text_of(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

/// Adds text to the innermost element; outside the root only space is well-formed.
fn write(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(legal(text)?),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(c) = reference.resolve_char_ref().ok()? {
        return Some(c.to_string());
    }
    let text = quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())?;
    Some(text.to_owned())
}

/// Text of characters that XML 1.0 allows, so that all text that is read can also be written.
fn legal(text: &str) -> Option<&str> {
    let fine = |c: char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().all(fine).then_some(text)
}

/// XML that is being written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Xml(String);

impl Xml {
    /// Empty XML.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// `<name>value</name>`, escaped.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.leaf(name, value);
        self
    }

    /// Adds `<name>value</name>`, escaped.
    pub(super) fn leaf(&mut self, name: &str, value: &str) {
        self.open(name);
        escape_into(&mut self.0, value);
        self.close(name);
    }

    /// Adds `<name><![CDATA[value]]></name>`.
    pub(super) fn cdata(&mut self, name: &str, value: &str) {
        self.open(name);
        self.0.push_str("<![CDATA[");
        self.0.push_str(&value.replace("]]>", "]]]]><![CDATA[>"));
        self.0.push_str("]]>");
        self.close(name);
    }

    /// Adds `<name>` with the content that `fill` writes; an empty element is written too.
    pub(super) fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.open(name);
        fill(self);
        self.close(name);
    }

    /// Adds XML that is escaped already.
    pub(super) fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    /// The number of bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text.
    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }
}

/// Text safe between tags and in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A carriage return that is not escaped would be read back as a line feed.
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_tree_with_text_unescaped() {
        let root =
            parse("<?xml version=\"1.0\"?>\n<A b='1 &amp; 2'><C>x &lt; <![CDATA[<y>]]>&#233;</C><C/></A>\n")
                .unwrap();
        assert_eq!((root.name.as_str(), root.attribute("b")), ("A", Some("1 & 2")));
        assert_eq!(root.value("C"), Some("x < <y>é"));
        assert_eq!(root.all("C").count(), 2);
    }

    #[test]
    fn xml_that_is_malformed_or_unsafe_is_refused() {
        let deep = "<a>".repeat(100_000);
        let entity = "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>";
        for text in [
            "",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "x<a/>",
            "<a/>x",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a b=1/>",
            entity,
            &deep,
        ] {
            assert_eq!(parse(text), None, "{text:.40}");
        }
    }

    #[test]
    fn written_xml_can_be_read_back() {
        let value = "a & b < c > \"d\" 'e' \r\n\té漢";
        let xml = Xml::new().with("V", value).into_string();
        assert_eq!(parse(&xml).unwrap().text, value);
    }
}
