//! Sequences of events and what they lead to, by what part of the state they are about.

mod alerts;
mod filtering;
mod incidents;
mod moving;
mod overlays;
mod splitting;
mod time_line;
mod unusual_runs;
mod waking;
