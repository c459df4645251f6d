//! The design sizes: what fits decides what is shown. Knows cells, not how they are drawn.

/// How much room the terminal gives; each class is designed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SizeClass {
    /// Below 20x4: one status line.
    Line,
    /// From 20x4: a few rows, toasts take the footer.
    Micro,
    /// From 40x10: a narrow tmux pane.
    Mini,
    /// From 60x16: half a screen.
    Compact,
    /// From 100x30: everything.
    Full,
}

impl SizeClass {
    /// The class of a size in cells.
    #[must_use]
    pub const fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (100.., 30..) => Self::Full,
            (60.., 16..) => Self::Compact,
            (40.., 10..) => Self::Mini,
            (20.., 4..) => Self::Micro,
            _ => Self::Line,
        }
    }

    /// Rows left for the tab between header and footer.
    #[must_use]
    pub const fn body_rows(self, height: u16) -> u16 {
        match self {
            Self::Line => 0,
            _ => height.saturating_sub(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(220, 70, SizeClass::Full)]
    #[case(100, 30, SizeClass::Full)]
    #[case(99, 30, SizeClass::Compact)]
    #[case(200, 29, SizeClass::Compact)]
    #[case(60, 16, SizeClass::Compact)]
    #[case(59, 16, SizeClass::Mini)]
    #[case(40, 10, SizeClass::Mini)]
    #[case(39, 60, SizeClass::Micro)]
    #[case(20, 4, SizeClass::Micro)]
    #[case(19, 4, SizeClass::Line)]
    #[case(200, 3, SizeClass::Line)]
    #[case(0, 0, SizeClass::Line)]
    fn both_sides_have_to_fit(#[case] width: u16, #[case] height: u16, #[case] class: SizeClass) {
        assert_eq!(SizeClass::of(width, height), class);
    }
}
