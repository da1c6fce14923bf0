//! A strict reader of ISO 20022 messages: no document types, no entities, one namespace, bounded depth and sizes.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::encoding::{Encoding, decode_text};
use super::{BankError, TEXT_MAX_CHARS};

const DEPTH_MAX: usize = 24;
const ELEMENTS_MAX: usize = 1_000_000;
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// An element with all that is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    pub line: usize,
    /// The attribute `Ccy`, the only one that bank messages use.
    pub ccy: String,
    pub text: String,
    children: Vec<Element>,
}

impl Element {
    /// The child of this name, refused if there are two.
    pub fn child(&self, name: &'static str) -> Result<Option<&Self>, BankError> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next();
        match found.next() {
            Some(second) => Err(BankError::Repeated { line: second.line, what: name }),
            None => Ok(first),
        }
    }

    /// The child of this name, refused if it is missing.
    pub fn need(&self, name: &'static str) -> Result<&Self, BankError> {
        self.child(name)?.ok_or(BankError::Missing { line: self.line, what: name })
    }

    /// All children of this name.
    pub fn all<'e>(&'e self, name: &'static str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at the end of a path of single children.
    pub fn at(&self, path: &[&'static str]) -> Result<Option<&Self>, BankError> {
        path.iter().try_fold(Some(self), |place, name| match place {
            Some(element) => element.child(name),
            None => Ok(None),
        })
    }

    /// The text at the end of a path; empty where it does not exist.
    pub fn text_at(&self, path: &[&'static str]) -> Result<String, BankError> {
        Ok(self.at(path)?.map(|element| element.text.clone()).unwrap_or_default())
    }

    /// The text of a child that must be there and not be empty.
    pub fn need_text(&self, name: &'static str) -> Result<&str, BankError> {
        let child = self.need(name)?;
        if child.text.is_empty() {
            return Err(BankError::Missing { line: child.line, what: name });
        }
        Ok(&child.text)
    }
}

/// A message being read from its root on.
pub(super) struct Message<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    prefix: String,
    names: Vec<String>,
    elements: usize,
    /// How far lines are counted, in bytes, and how many there are up to there.
    counted: usize,
    line: usize,
    /// What follows `urn:iso:std:iso:20022:tech:xsd:` in the namespace, such as `camt.053.001.02`.
    pub kind: String,
}

/// Decodes a message by the encoding that its declaration names; none means UTF-8.
pub(super) fn text_of(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, BankError> {
    let head = bytes.get(..bytes.len().min(200)).unwrap_or_default();
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(BankError::CharsetUnknown);
    }
    let head = String::from_utf8_lossy(head);
    let declared =
        head.split("?>").next().and_then(|head| head.split_once("encoding=")).map(|(_, rest)| rest);
    let name = declared.map_or("utf-8", |rest| {
        let quote = rest.chars().next().unwrap_or('"');
        rest.trim_start_matches(quote).split(quote).next().unwrap_or_default()
    });
    decode_text(bytes, Encoding::of_name(name).ok_or(BankError::CharsetUnknown)?)
}

impl<'t> Message<'t> {
    /// Opens a message `Document` of this kind (a namespace up to its version) and enters it and its one child.
    pub fn open(text: &'t str, kind: &'static str, body: &'static str) -> Result<Self, BankError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut message = Self {
            text,
            reader,
            prefix: String::new(),
            names: Vec::new(),
            elements: 0,
            counted: 0,
            line: 1,
            kind: String::new(),
        };
        let root = message.root(kind)?;
        message.names.push(root);
        match message.next_child()? {
            Some(child) if child.name == body => message.enter(&child),
            Some(_) | None => return Err(BankError::WrongKind(kind)),
        }
        Ok(message)
    }

    /// The next child of the element entered last; none once that one ends.
    pub fn next_child(&mut self) -> Result<Option<Element>, BankError> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    let element = self.started(&start)?;
                    return Ok(Some(element));
                }
                Event::End(_) => {
                    self.names.pop();
                    return Ok(None);
                }
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Comment(_) => {}
                Event::Eof => return Err(BankError::Truncated("end of message")),
                Event::Text(_)
                | Event::CData(_)
                | Event::GeneralRef(_)
                | Event::Empty(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_) => return Err(self.malformed()),
            }
        }
    }

    /// Makes the children of this element, just started, those given next.
    pub fn enter(&mut self, element: &Element) {
        self.names.push(element.name.clone());
    }

    /// Reads all that is in an element just started.
    pub fn fill(&mut self, mut element: Element) -> Result<Element, BankError> {
        if self.names.len() >= DEPTH_MAX {
            return Err(BankError::Limit { line: element.line, what: "depth" });
        }
        self.names.push(element.name.clone());
        loop {
            match self.event()? {
                Event::Start(start) => {
                    let child = self.started(&start)?;
                    let child = self.fill(child)?;
                    element.children.push(child);
                }
                Event::End(_) => {
                    self.names.pop();
                    return self.closed(element);
                }
                Event::Text(text) => element.text.push_str(&text.xml10_content()),
                Event::CData(text) => element.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => element.text.push(self.resolved(&reference)?),
                Event::Comment(_) => {}
                Event::Eof => return Err(BankError::Truncated("end of message")),
                Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                    return Err(self.malformed());
                }
            }
            if element.text.len() > TEXT_MAX_CHARS.saturating_mul(8) {
                return Err(BankError::Limit { line: element.line, what: "text" });
            }
        }
    }

    /// Checks that all is closed and nothing follows.
    pub fn finish(mut self) -> Result<(), BankError> {
        while !self.names.is_empty() {
            if self.next_child()?.is_some() {
                return Err(self.malformed());
            }
        }
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Comment(_) => {}
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Start(_)
                | Event::End(_)
                | Event::Empty(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_)
                | Event::GeneralRef(_) => return Err(BankError::AfterEnd { line: self.line }),
            }
        }
    }

    fn root(&mut self, kind: &'static str) -> Result<String, BankError> {
        loop {
            match self.event()? {
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Text(text) if text.xml10_content().trim().is_empty() => {}
                Event::Start(start) => {
                    let name = start.name();
                    self.prefix =
                        name.prefix().map(|prefix| prefix.into_inner().to_owned()).unwrap_or_default();
                    let binding = if self.prefix.is_empty() {
                        "xmlns".to_owned()
                    } else {
                        format!("xmlns:{}", self.prefix)
                    };
                    let namespace = self.attribute(&start, &binding)?.unwrap_or_default();
                    let found = namespace.strip_prefix(NAMESPACE).unwrap_or_default();
                    if !found.starts_with(kind) || name.local_name().into_inner() != "Document" {
                        return Err(BankError::WrongKind(kind));
                    }
                    found.clone_into(&mut self.kind);
                    return Ok("Document".to_owned());
                }
                Event::Eof => return Err(BankError::Truncated("message")),
                Event::End(_)
                | Event::Empty(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::PI(_)
                | Event::DocType(_)
                | Event::GeneralRef(_) => return Err(BankError::WrongKind(kind)),
            }
        }
    }

    fn event(&mut self) -> Result<Event<'t>, BankError> {
        let event = self.reader.read_event().map_err(|_| self.malformed())?;
        self.count_lines();
        match &event {
            Event::DocType(_) => Err(BankError::DtdForbidden),
            Event::PI(_) => Err(BankError::XmlForbidden { line: self.line, what: "processing instructions" }),
            Event::Decl(_) if !self.names.is_empty() => Err(self.malformed()),
            Event::Start(_)
            | Event::End(_)
            | Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::GeneralRef(_)
            | Event::Eof => Ok(event),
        }
    }

    fn started(&mut self, start: &BytesStart<'_>) -> Result<Element, BankError> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX.saturating_mul(8) {
            return Err(BankError::Limit { line: self.line, what: "elements" });
        }
        let name = start.name();
        let prefix = name.prefix().map(quick_xml::name::Prefix::into_inner).unwrap_or_default();
        // Elements of other namespaces (signatures, a bank's own extensions) keep a name that nothing asks for.
        let own = prefix == self.prefix && self.attribute(start, "xmlns")?.is_none();
        let local = name.local_name().into_inner();
        let name = if own { local.to_owned() } else { format!("{prefix}:{local}") };
        let ccy = self.attribute(start, "Ccy")?.unwrap_or_default();
        Ok(Element { name, line: self.line, ccy, text: String::new(), children: Vec::new() })
    }

    /// Leaves the text of an element that has children empty, as indentation is no text.
    fn closed(&self, mut element: Element) -> Result<Element, BankError> {
        let trimmed = element.text.trim();
        if !element.children.is_empty() && !trimmed.is_empty() {
            return Err(self.malformed());
        }
        if trimmed.len() != element.text.len() {
            element.text = trimmed.to_owned();
        }
        Ok(element)
    }

    fn attribute(&self, start: &BytesStart<'_>, wanted: &str) -> Result<Option<String>, BankError> {
        let mut found = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.malformed())?;
            if attribute.value.contains(['&', '<']) {
                return Err(BankError::XmlForbidden { line: self.line, what: "references in attributes" });
            }
            if attribute.key.into_inner() == wanted {
                found = Some(attribute.value.into_owned());
            }
        }
        Ok(found)
    }

    fn resolved(&self, reference: &quick_xml::events::BytesRef<'_>) -> Result<char, BankError> {
        let refused = BankError::XmlForbidden { line: self.line, what: "entities" };
        if reference.is_char_ref() {
            let named = reference.resolve_char_ref().ok().flatten();
            return named.filter(|letter| *letter == '\t' || !letter.is_control()).ok_or(refused);
        }
        match &*reference.xml10_content() {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => Err(refused),
        }
    }

    fn count_lines(&mut self) {
        let place = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX).min(self.text.len());
        let passed = self.text.as_bytes().get(self.counted..place).unwrap_or_default();
        self.line += passed.split(|&byte| byte == b'\n').skip(1).count();
        self.counted = place;
    }

    const fn malformed(&self) -> BankError {
        BankError::Malformed { line: self.line }
    }
}
