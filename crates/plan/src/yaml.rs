//! Reads one YAML document as a tree in which every value keeps its location and its spelling.
//!
//! The tree is built from the parser's events, because ready-made trees drop what the plan needs: the digits of an account
//! id as written, and both locations of a key that is written twice.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::decode::quote;

/// The deepest nesting that is read. The schema is eight levels deep; more is a mistake or an attack on the stack.
const MAX_DEPTH: usize = 32;
/// How many values the aliases of one document may repeat in total.
const MAX_COPIES: usize = 20_000;
/// How many bytes of text the aliases of one document may repeat in total.
const MAX_COPIED_BYTES: usize = 1024 * 1024;

/// The location of a value: its first character (line and column from 1) and the column after its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    pub line: usize,
    pub column: usize,
    /// The column after the last character. None: the value continues in the next line.
    pub end_column: Option<usize>,
}

impl Location {
    pub const START: Self = Self { line: 1, column: 1, end_column: None };

    fn at(marker: Marker) -> Self {
        let column = marker.col() + 1;
        Self { line: marker.line().max(1), column, end_column: Some(column) }
    }

    fn of(span: Span) -> Self {
        let end_column = (span.end.line() == span.start.line()).then_some(span.end.col() + 1);
        Self { end_column, ..Self::at(span.start) }
    }

    fn is_empty(self) -> bool {
        self.end_column == Some(self.column)
    }
}

/// A value of the document.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub place: Location,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Scalar { text: String, kind: Kind },
    List(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// The type of a scalar in YAML 1.2 (core schema). A quoted scalar is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    Null,
}

/// A mistake in the text as YAML.
pub(super) struct YamlError {
    pub place: Location,
    pub problem: String,
    pub valid: &'static str,
}

impl YamlError {
    fn new(place: Location, problem: impl Into<String>, valid: &'static str) -> Self {
        Self { place, problem: problem.into(), valid }
    }
}

/// How much was repeated. It is counted before it is copied, since a document of a few kilobytes can name gigabytes.
#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
}

impl Size {
    /// Counts a value that is to be copied. An error if that is too much.
    fn count(&mut self, node: &Node) -> Result<(), YamlError> {
        self.add(node);
        let problem = if self.values > MAX_COPIES {
            format!("anchors and aliases repeat more than {MAX_COPIES} values")
        } else if self.bytes > MAX_COPIED_BYTES {
            format!("anchors and aliases repeat more than {MAX_COPIED_BYTES} bytes")
        } else {
            return Ok(());
        };
        Err(YamlError::new(node.place, problem, "a plan that is written out"))
    }

    fn add(&mut self, node: &Node) {
        self.values += 1;
        match &node.value {
            Value::Scalar { text, .. } => self.bytes += text.len(),
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
                self.add(key);
                self.add(value);
            }),
        }
    }
}

/// A list or mapping that is not finished.
struct Open {
    anchor: usize,
    place: Location,
    value: Value,
    /// In a mapping: the key whose value comes next.
    key: Option<Node>,
}

/// Reads the one document in `text`.
pub(super) fn load(text: &str) -> Result<Node, YamlError> {
    let mut parser = Parser::new_from_str(text);
    let mut loader = Loader::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let problem = format!("this is not YAML: {}", error.info());
            let place = Location::at(*error.marker());
            match foreign_space(text, place.line) {
                Some((place, space)) => YamlError::new(
                    place,
                    format!(
                        "{problem}; the character U+{:04X} stands here, which YAML does not take for a space",
                        space as u32
                    ),
                    "a YAML document with ordinary spaces (U+0020)",
                ),
                None => YamlError::new(place, problem, "a YAML document"),
            }
        })?;
        loader.take(event, span)?;
    }
    loader.root.filter(|root| !root.is_null()).ok_or_else(|| {
        YamlError::new(Location::START, "the document is empty", "a plan, which begins with schemaVersion: 1")
    })
}

/// Looks for a character that people take for a space and YAML does not, where a space separates something: at the beginning of
/// a line, or behind one of `- : , [ { ?`. The parser often finds out in the next line that has content, so it looks in `line`
/// and in the one with content before it.
fn foreign_space(text: &str, line: usize) -> Option<(Location, char)> {
    // The parser does not see a byte order mark, so neither do its columns.
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().take(line).collect();
    let has_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let above = lines.iter().enumerate().rev().skip_while(|(number, _)| number + 1 >= line);
    let above = above.into_iter().find(|(_, line)| has_content(line));
    let suspects = lines.iter().enumerate().nth(line.checked_sub(1)?).into_iter().chain(above);
    suspects.into_iter().find_map(|(number, line)| {
        let mut separates = true;
        for (column, character) in line.chars().enumerate() {
            let is_space = matches!(character, ' ' | '\t');
            // Behind these, any character may stand.
            if separates && matches!(character, '#' | '"' | '\'') {
                break;
            }
            if separates && !is_space && (character.is_whitespace() || is_invisible(character)) {
                let column = column + 1;
                return Some((Location { line: number + 1, column, end_column: Some(column + 1) }, character));
            }
            separates = matches!(character, '-' | ':' | ',' | '[' | '{' | '?') || (separates && is_space);
        }
        None
    })
}

/// Returns true for characters without width that editors and chat programs leave in what is copied from them.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    copied: Size,
    documents: usize,
    root: Option<Node>,
}

impl Loader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let (anchor, node) = match event {
            Event::DocumentStart(_) => return self.begin_document(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {
                return Ok(());
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                return self.begin(anchor, span, Value::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                return self.begin(anchor, span, Value::Mapping(Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => (open.anchor, Node { place: open.place, value: open.value }),
                None => return Ok(()),
            },
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.as_deref(), span)?;
                (anchor, scalar(text.into_owned(), style, span))
            }
            Event::Alias(anchor) => (0, self.aliased(anchor, span)?),
        };
        if anchor > 0 {
            self.copied.count(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        self.place_in_parent(node);
        Ok(())
    }

    fn begin_document(&mut self, span: Span) -> Result<(), YamlError> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        Err(YamlError::new(
            Location::at(span.start),
            "a second document begins here",
            "one plan per file, without a further line ---",
        ))
    }

    fn begin(&mut self, anchor: usize, span: Span, value: Value) -> Result<(), YamlError> {
        if self.open.len() == MAX_DEPTH {
            return Err(YamlError::new(
                Location::at(span.start),
                format!("this is nested more than {MAX_DEPTH} levels deep"),
                "the fields of a plan, which need eight levels",
            ));
        }
        self.open.push(Open { anchor, place: Location::of(span), value, key: None });
        Ok(())
    }

    fn aliased(&mut self, anchor: usize, span: Span) -> Result<Node, YamlError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(YamlError::new(
                Location::of(span),
                "this alias is inside the value that it repeats",
                "an alias of a value that ends before it",
            ));
        };
        self.copied.count(node)?;
        Ok(node.clone())
    }

    fn place_in_parent(&mut self, mut node: Node) {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut parent.value {
            Value::List(items) => items.push(node),
            Value::Mapping(entries) => match parent.key.take() {
                None => {
                    // A block mapping has no bracket to point at, so its location is that of its first key.
                    if entries.is_empty() && parent.place.is_empty() {
                        parent.place = node.place;
                    }
                    parent.key = Some(node);
                }
                Some(key) => {
                    // `gate:` without a value: only the key can be pointed at.
                    if node.place.is_empty() {
                        node.place = key.place;
                    }
                    entries.push((key, node));
                }
            },
            Value::Scalar { .. } => {}
        }
    }
}

impl Node {
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar { kind: Kind::Null, .. })
    }
}

fn refuse_tag(tag: Option<&saphyr_parser::Tag>, span: Span) -> Result<(), YamlError> {
    let Some(tag) = tag else { return Ok(()) };
    let written = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
    Err(YamlError::new(
        Location::at(span.start),
        format!("the YAML tag {} stands here", quote(&written)),
        "the value without a tag; quotes make it text",
    ))
}

fn scalar(text: String, style: ScalarStyle, span: Span) -> Node {
    let kind = if style == ScalarStyle::Plain { plain_kind(&text) } else { Kind::Text };
    Node { place: Location::of(span), value: Value::Scalar { text, kind } }
}

/// Returns the type of an unquoted scalar by the core schema of YAML 1.2, section 10.3.2.
fn plain_kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Kind::Boolean,
        ".nan" | ".NaN" | ".NAN" => return Kind::Number,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || is_radix(text, "0x", 16)
        || is_radix(text, "0o", 8)
        // Rust's numbers are those of YAML except for the words (`inf`, `nan`), which begin with a letter.
        || (unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && unsigned.parse::<f64>().is_ok());
    if number { Kind::Number } else { Kind::Text }
}

fn is_radix(text: &str, prefix: &str, radix: u32) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix)))
}
