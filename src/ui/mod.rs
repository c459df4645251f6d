//! Pure drawing: from the dashboard's state to cells. No terminal, no store, no clock.

pub mod symbols;
pub mod text;
pub mod theme;
