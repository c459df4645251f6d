//! The tables that are saved, and how a row of each is told from rows of others.

use rusqlite::types::{Type, ValueRef};

use crate::store::btree::node::Kind;
use crate::store::schema::State;

/// A table whose rows are saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Table {
    pub name: &'static str,
    /// Its columns, the row id first where it has one.
    pub columns: &'static [&'static str],
    /// The pages its rows stand on.
    pub leaf: Kind,
    /// What may stand in each column, one letter each: `i`nteger, `n`umber, `t`ext, `b`lob, `s` what a column of
    /// text holds (no number), `.` any but NULL; a capital letter or `?` allows NULL.
    shape: &'static str,
    /// How many of the columns every row has: SQLite leaves older rows as they are when columns are added.
    always: usize,
}

/// In the order in which they are saved.
pub(super) const TABLES: [Table; 11] = [
    Table {
        name: "performance_samples",
        columns: &["id", "metric_name", "value", "timestamp", "context_json", "created_at"],
        leaf: Kind::TableLeaf,
        shape: "Is..?.",
        always: 6,
    },
    Table {
        name: "performance_baselines",
        columns: &["id", "metric_name", "window_size", "mean", "std_dev", "p95", "p99", "sample_count", "last_updated"],
        leaf: Kind::TableLeaf,
        shape: "Ittnnnnii",
        always: 9,
    },
    Table {
        name: "spc_anomalies",
        columns: &[
            "id",
            "metric_name",
            "sample_value",
            "control_limit_type",
            "rule_description",
            "detected_at",
            "severity",
        ],
        leaf: Kind::TableLeaf,
        shape: "ItnTTiI",
        always: 7,
    },
    Table {
        name: "perftop_alert",
        columns: &[
            "id",
            "metric_name",
            "rule",
            "limit_type",
            "severity",
            "description",
            "center",
            "sigma",
            "first_sample_id",
            "first_ms",
            "first_value",
            "last_ms",
            "last_value",
            "peak_value",
            "count",
            "opened_at",
            "updated_at",
            "acknowledged_at",
            "recovered_at",
            "peak_ms",
            "ended_ms",
            "closed_as",
            "opened_in_hour",
            "label",
            "labelled_at",
            "reasons",
            "evidence",
        ],
        leaf: Kind::TableLeaf,
        shape: "ItttitNNiininniiiIIIITiIITT",
        always: 19,
    },
    Table {
        name: "perftop_mute",
        columns: &["id", "created_at", "until_ms", "metric_name", "rule", "reason"],
        leaf: Kind::TableLeaf,
        shape: "IiITTT",
        always: 6,
    },
    Table {
        name: "perftop_run",
        columns: &[
            "id",
            "module",
            "run_key",
            "batch",
            "started_ms",
            "ended_ms",
            "exit_code",
            "signal",
            "source",
            "commit_hash",
            "environment",
            "tags",
            "measures",
            "phases",
        ],
        leaf: Kind::TableLeaf,
        shape: "ItttiiIItTTttt",
        always: 14,
    },
    Table {
        name: "perftop_accepted",
        columns: &["id", "accepted_at", "undone_at", "module", "run_count", "commit_hash", "note", "runs"],
        leaf: Kind::TableLeaf,
        shape: "IiItiTTt",
        always: 8,
    },
    Table {
        name: "perftop_incident",
        columns: &["alert_id", "incident_id", "onset_ms", "chance"],
        leaf: Kind::TableLeaf,
        shape: "Iiin",
        always: 4,
    },
    Table {
        name: "perftop_run_anomaly",
        columns: &[
            "id",
            "run_id",
            "module",
            "metric",
            "rules",
            "value",
            "average",
            "deviation_percent",
            "threshold_percent",
            "limit_value",
            "at_ms",
            "state",
            "settled_ms",
        ],
        leaf: Kind::TableLeaf,
        shape: "IitttnNNNnitI",
        always: 13,
    },
    Table {
        name: "perftop_file",
        columns: &["dev", "ino", "birth_ns", "path", "offset", "lines", "rejected", "tail", "updated_at"],
        leaf: Kind::IndexLeaf,
        shape: "iiibiiibi",
        always: 9,
    },
    Table { name: "perftop_state", columns: &["k", "v"], leaf: Kind::IndexLeaf, shape: "ti", always: 2 },
];

/// The marks that are saved: what was made from the samples is made anew.
const KEPT_MARKS: [State; 5] =
    [State::JudgedUpTo, State::RunsJudgedUpTo, State::LearnUpTo, State::LearnBefore, State::GroupedUpTo];

impl Table {
    /// Whether a row of it is to be saved.
    pub(super) fn wants(&self, values: &[ValueRef<'_>]) -> bool {
        let is_kept = |key: &[u8]| KEPT_MARKS.iter().any(|mark| mark.key().as_bytes() == key);
        self.name != "perftop_state" || matches!(values.first(), Some(ValueRef::Text(key)) if is_kept(key))
    }

    /// Whether its rows have ids.
    pub(super) fn has_row_ids(&self) -> bool {
        self.leaf == Kind::TableLeaf
    }

    /// Whether it gives out its ids itself, one after the other: those of incidents are those of their alerts.
    pub(super) fn gives_out_ids(&self) -> bool {
        self.columns[0] == "id"
    }

    /// Whether a row found in its tree can be one of its rows. What other programs put into the columns of
    /// their own samples is their business, so only NULLs count.
    pub(super) fn may_hold(&self, values: &[ValueRef<'_>]) -> bool {
        self.fits(values, |letter, value| matches!(letter, '?' | 'A'..='Z') || value.data_type() != Type::Null)
    }

    /// Whether a row found anywhere reads as one of its rows.
    pub(super) fn looks_like(&self, values: &[ValueRef<'_>]) -> bool {
        self.fits(values, |letter, value| match value.data_type() {
            Type::Null => matches!(letter, '?' | 'A'..='Z'),
            found => match letter.to_ascii_lowercase() {
                'i' => found == Type::Integer,
                'n' => matches!(found, Type::Integer | Type::Real),
                't' => found == Type::Text,
                's' => matches!(found, Type::Text | Type::Blob),
                'b' => found == Type::Blob,
                _ => true,
            },
        })
    }

    /// The id of a row is not among its values: NULL stands in its place.
    fn fits(&self, values: &[ValueRef<'_>], may: impl Fn(char, &ValueRef<'_>) -> bool) -> bool {
        let has_id_place = !self.has_row_ids() || values.first() == Some(&ValueRef::Null);
        has_id_place
            && (self.always..=self.columns.len()).contains(&values.len())
            && self.shape.chars().zip(values).all(|(letter, value)| may(letter, value))
    }

    /// The statement that puts the first columns of a row into a new store, unless a row of its key is there.
    pub(super) fn insert_sql(&self, columns: usize) -> String {
        let columns = &self.columns[..columns];
        let marks = vec!["?"; columns.len()].join(", ");
        format!("INSERT OR IGNORE INTO {} ({}) VALUES ({marks})", self.name, columns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_letter() {
        for table in TABLES {
            assert_eq!(table.shape.len(), table.columns.len(), "{}", table.name);
        }
    }

    #[test]
    fn junk_of_other_programs_is_kept_where_it_belongs() {
        let [samples, baselines, ..] = TABLES;
        let row = |value| {
            let text = ValueRef::Text(b"lcp");
            [ValueRef::Null, text, value, ValueRef::Text(b"noon"), ValueRef::Null, ValueRef::Integer(1)]
        };
        assert!(samples.may_hold(&row(ValueRef::Blob(&[1]))) && samples.looks_like(&row(ValueRef::Blob(&[1]))));
        assert!(!samples.may_hold(&row(ValueRef::Null)), "the column is NOT NULL");
        assert!(!baselines.may_hold(&row(ValueRef::Real(1.0))), "the number of columns differs");
    }

    #[test]
    fn rows_of_tables_with_as_many_columns_are_told_apart() {
        let (samples, mutes) = (TABLES[0], TABLES[4]);
        let (number, text, blob) = (ValueRef::Integer(7), ValueRef::Text(b"lcp"), ValueRef::Blob(&[1]));
        let mute = [ValueRef::Null, number, number, text, text, text];
        let monitor = [ValueRef::Null, number, number, number, blob, blob];
        let sample = [ValueRef::Null, text, number, number, text, number];
        assert!(mutes.looks_like(&mute) && !samples.looks_like(&mute));
        assert!(samples.looks_like(&sample) && !mutes.looks_like(&sample));
        assert!(!TABLES.iter().any(|table| table.looks_like(&monitor)), "made from the samples, so not saved");
    }
}
