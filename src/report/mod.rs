//! One-shot output: one model for each answer, written as text, JSON or CSV.

/// How an answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object with a `schema` field.
    Json,
    /// A header line and one line a row.
    Csv,
}

impl Format {
    /// Every format.
    pub const EVERY: [Self; 3] = [Self::Text, Self::Json, Self::Csv];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}
