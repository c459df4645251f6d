//! A configuration file as settings with their places. Knows which keys there are, not what their
//! values mean.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{Origin, Problem, hint, quoted};
use super::schema::{METRIC_KEYS, Setting, sections, settings_in};

/// A value as it was written, before it means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `"text"`; also everything from the environment and the command line.
    Text(String),
    /// `12`
    Whole(i64),
    /// `true`
    Flag(bool),
    /// `["a", "b"]`
    List(Vec<String>),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Origin,
}

/// A key and a value of the user's own naming, each with its place.
pub type Named = (Sourced<String>, Sourced<Value>);

/// What a file says.
#[derive(Debug, Default)]
pub struct FileLayer {
    /// Settings with one value.
    pub settings: Vec<(Setting, Sourced<Value>)>,
    /// `[metrics."name"]`: each with its keys.
    pub metrics: Vec<(String, Vec<Named>)>,
    /// `[keys]`
    pub keys: Vec<Named>,
    /// `[theme]`
    pub theme: Vec<Named>,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
}

type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

/// Reads the text of the file at `path`.
pub fn read(text: &str, path: &Path) -> FileLayer {
    let mut reader = Reader { text, path: Arc::new(path.to_owned()), layer: FileLayer::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.top(&in_order(table.get_ref())),
        Err(error) => {
            let message = error.message().trim().replace('\n', ", ");
            reader.problem(error.span().unwrap_or(0..0), format!("this is not TOML: {message}"));
        }
    }
    reader.layer
}

/// The entries of a table in the order of the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

struct Reader<'t> {
    text: &'t str,
    path: Arc<std::path::PathBuf>,
    layer: FileLayer,
}

impl Reader<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Origin::File {
            path: Arc::clone(&self.path),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    fn problem(&mut self, span: Range<usize>, message: String) {
        let origin = self.origin(span);
        self.layer.problems.push(Problem { origin, message });
    }

    fn top(&mut self, entries: &[Entry]) {
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            if !sections().any(|section| section == name) {
                let message = unknown_at_top(name, value.get_ref().is_table());
                self.problem(key.span(), message);
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                let message = belongs_below(name).unwrap_or_else(|| format!("`{name}` is a section: write [{name}]"));
                self.problem(key.span(), message);
                continue;
            };
            let entries = in_order(table);
            match name {
                "metrics" => self.metrics(&entries),
                "keys" => self.layer.keys = self.named(&entries),
                "theme" => self.layer.theme = self.named(&entries),
                section => self.section(section, &entries),
            }
        }
    }

    fn section(&mut self, section: &str, entries: &[Entry]) {
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let Some(setting) = settings_in(section).find(|setting| setting.key() == name) else {
                self.problem(key.span(), unknown_in(section, name));
                continue;
            };
            if let Some(value) = self.value(value) {
                self.layer.settings.push((setting, value));
            }
        }
    }

    fn metrics(&mut self, entries: &[Entry]) {
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let DeValue::Table(table) = value.get_ref() else {
                let shown = quoted(name);
                self.problem(key.span(), format!("expected a table: write [metrics.\"{shown}\"] above its settings"));
                continue;
            };
            let entries = in_order(table);
            for (key, _) in &entries {
                let name = key.get_ref().as_ref();
                if !METRIC_KEYS.contains(&name) {
                    let hint = hint(name, METRIC_KEYS.into_iter());
                    self.problem(key.span(), format!("unknown key `{}`: {hint}", quoted(name)));
                }
            }
            let named = self.named(&entries);
            self.layer.metrics.push((name.to_owned(), named));
        }
    }

    fn named(&mut self, entries: &[Entry]) -> Vec<Named> {
        entries
            .iter()
            .filter_map(|(key, value)| {
                let name = Sourced { value: key.get_ref().to_string(), origin: self.origin(key.span()) };
                Some((name, self.value(value)?))
            })
            .collect()
    }

    fn value(&mut self, spanned: &Spanned<DeValue>) -> Option<Sourced<Value>> {
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(whole) => Value::Whole(whole),
                Err(_) => return self.refuse(spanned, "the number is too large"),
            },
            DeValue::Array(items) => {
                let texts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| {
                        item.get_ref()
                            .as_str()
                            .map(ToOwned::to_owned)
                            .or_else(|| self.refuse::<String>(item, "expected a text in quotes"))
                    })
                    .collect();
                Value::List(texts?)
            }
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                return self
                    .refuse(spanned, "expected a text in quotes, a whole number, true, false or a list of texts");
            }
        };
        Some(Sourced { value, origin: self.origin(spanned.span()) })
    }

    fn refuse<T>(&mut self, spanned: &Spanned<DeValue>, message: &str) -> Option<T> {
        self.problem(spanned.span(), message.to_owned());
        None
    }
}

fn unknown_at_top(name: &str, is_table: bool) -> String {
    let shown = quoted(name);
    if is_table {
        return format!("unknown section [{shown}]: {}", hint(name, sections()));
    }
    belongs_below(name)
        .unwrap_or_else(|| format!("unknown key `{shown}`: every key stands in a section: {}", hint(name, sections())))
}

fn unknown_in(section: &str, name: &str) -> String {
    belongs_below(name).unwrap_or_else(|| {
        format!("unknown key `{}`: {}", quoted(name), hint(name, settings_in(section).map(Setting::key)))
    })
}

/// For a key that is right but stands in the wrong place.
fn belongs_below(name: &str) -> Option<String> {
    let sections: Vec<String> = Setting::EVERY
        .into_iter()
        .filter(|setting| setting.key() == name)
        .map(|setting| format!("[{}]", setting.section()))
        .collect();
    (!sections.is_empty()).then(|| format!("`{name}` does not belong here, but below {}", sections.join(" or ")))
}
