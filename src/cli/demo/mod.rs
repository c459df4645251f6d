//! The demo: a believable system whose samples come in through the same path as a user's.

pub mod generator;
pub mod profile;
