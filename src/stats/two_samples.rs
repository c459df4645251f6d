//! Two samples: is one of them shifted against the other, by how much, and what shift could these numbers have shown.

mod mann_whitney;
mod shift;
mod student;

pub use mann_whitney::MannWhitney;
pub use shift::{Shift, shift};
pub use student::Student;

#[cfg(test)]
mod tests;
