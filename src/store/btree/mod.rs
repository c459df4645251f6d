//! The pages of a database file, read without SQLite: to save what can be saved of a damaged one, and to know
//! beforehand which pages SQLite will ask for.
//!
//! Every byte may be damaged or out of date: what cannot be is `None`, never a panic.

pub(super) mod node;
pub(super) mod record;
