//! The parts that tabs are made of. Each draws plain data into a rectangle; none knows the dashboard.

pub mod chart;
pub mod dots;
pub mod facts;
pub mod plot;
pub mod rates;
pub mod sparkline;
pub mod surprises;
pub mod table;
pub mod trace;
pub mod violations;
