//! What each thing on the screen means, and how that meaning looks.
//!
//! The default uses the terminal's own 16 colours and never paints the background. Without colour
//! the same roles are told apart by bold, dim, underline and reverse.

use ratatui::style::{Color, Modifier, Style};

use crate::model::{Severity, Status};

/// A meaning on the screen. Drawing code asks for a role, never for a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text: labels, units, hints.
    Muted,
    /// Headings and column titles.
    Title,
    /// The chosen tab, key names, the metric in the header.
    Accent,
    /// The chosen row.
    Selected,
    /// All is well.
    Ok,
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Needs attention.
    Critical,
    /// Data: points, sparklines.
    Data,
    /// The stretch between smallest and largest value, where samples are many.
    Band,
    /// Centre line.
    Center,
    /// Control limits.
    Limit,
    /// The 1 sd and 2 sd lines.
    Zone,
    /// Frames, axes, separators.
    Border,
    /// The crosshair.
    Crosshair,
}

impl Role {
    /// Every role with its name in configuration.
    pub const EVERY: [(Self, &'static str); 16] = [
        (Self::Text, "text"),
        (Self::Muted, "muted"),
        (Self::Title, "title"),
        (Self::Accent, "accent"),
        (Self::Selected, "selected"),
        (Self::Ok, "ok"),
        (Self::Info, "info"),
        (Self::Warning, "warning"),
        (Self::Critical, "critical"),
        (Self::Data, "data"),
        (Self::Band, "band"),
        (Self::Center, "center"),
        (Self::Limit, "limit"),
        (Self::Zone, "zone"),
        (Self::Border, "border"),
        (Self::Crosshair, "crosshair"),
    ];
}

impl Role {
    /// The role of a severity.
    #[must_use]
    pub const fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }

    /// The role of a status.
    #[must_use]
    pub const fn of_status(status: Status) -> Self {
        match status {
            Status::Ok => Self::Ok,
            Status::Unjudged | Status::Learning | Status::Stale => Self::Muted,
            Status::Warning => Self::Warning,
            Status::Critical => Self::Critical,
        }
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    styles: [Style; Role::EVERY.len()],
}

impl Theme {
    /// The default: the terminal's own colours, readable on dark and on light backgrounds. Neither
    /// white nor black is ever asked for, and no colour carries a meaning alone.
    #[must_use]
    pub fn auto() -> Self {
        Self::from_fn(|role| {
            let plain = Style::new();
            match role {
                Role::Text => plain,
                Role::Muted | Role::Zone | Role::Border => plain.add_modifier(Modifier::DIM),
                Role::Title => plain.add_modifier(Modifier::BOLD),
                Role::Accent => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
                Role::Selected => plain.add_modifier(Modifier::REVERSED),
                Role::Ok | Role::Center => plain.fg(Color::Green),
                Role::Info => plain.fg(Color::Blue),
                Role::Warning => plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
                Role::Critical => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
                Role::Data => plain.fg(Color::Cyan),
                Role::Band => plain.fg(Color::Cyan).add_modifier(Modifier::DIM),
                Role::Limit => plain.fg(Color::Red),
                Role::Crosshair => plain.fg(Color::Magenta),
            }
        })
    }

    /// For dark backgrounds: the bright half of the sixteen colours where something has to be read.
    #[must_use]
    pub fn dark() -> Self {
        Self::auto()
            .with(Role::Muted, Style::new().fg(Color::Gray).add_modifier(Modifier::DIM))
            .with(Role::Accent, Style::new().fg(Color::LightCyan).add_modifier(Modifier::BOLD))
            .with(Role::Info, Style::new().fg(Color::LightBlue))
            .with(Role::Warning, Style::new().fg(Color::LightYellow).add_modifier(Modifier::BOLD))
            .with(Role::Critical, Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD))
            .with(Role::Data, Style::new().fg(Color::LightCyan))
            .with(Role::Crosshair, Style::new().fg(Color::LightMagenta))
    }

    /// For light backgrounds: no yellow and no cyan, which are hard to read on white.
    #[must_use]
    pub fn light() -> Self {
        Self::auto()
            .with(Role::Accent, Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD))
            .with(Role::Info, Style::new().fg(Color::Blue))
            .with(Role::Warning, Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD))
            .with(Role::Data, Style::new().fg(Color::Blue))
            .with(Role::Band, Style::new().fg(Color::Blue).add_modifier(Modifier::DIM))
            .with(Role::Crosshair, Style::new().fg(Color::Magenta))
    }

    /// For eyes and screens that need it: nothing dim, findings in reverse.
    #[must_use]
    pub fn high_contrast() -> Self {
        Self::auto()
            .with(Role::Muted, Style::new())
            .with(Role::Border, Style::new())
            .with(Role::Zone, Style::new())
            .with(Role::Band, Style::new())
            .with(Role::Info, Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD))
            .with(Role::Data, Style::new().add_modifier(Modifier::BOLD))
            .with(Role::Limit, Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
            .with(Role::Center, Style::new().fg(Color::Green).add_modifier(Modifier::BOLD))
            .with(Role::Critical, Style::new().fg(Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED))
            .with(Role::Warning, Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::REVERSED))
    }

    /// No colour at all, only attributes: for `NO_COLOR`.
    #[must_use]
    pub fn mono() -> Self {
        Self::from_fn(|role| {
            let plain = Style::new();
            match role {
                Role::Text | Role::Ok | Role::Data => plain,
                Role::Muted | Role::Zone | Role::Border | Role::Band => plain.add_modifier(Modifier::DIM),
                Role::Title | Role::Accent | Role::Center | Role::Limit => plain.add_modifier(Modifier::BOLD),
                Role::Selected => plain.add_modifier(Modifier::REVERSED),
                Role::Info => plain.add_modifier(Modifier::UNDERLINED),
                Role::Warning => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Role::Critical | Role::Crosshair => plain.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            }
        })
    }

    /// A theme from a function of the role.
    #[must_use]
    pub fn from_fn(style: impl Fn(Role) -> Style) -> Self {
        Self { styles: Role::EVERY.map(|(role, _)| style(role)) }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The same theme with one role changed.
    #[must_use]
    pub fn with(mut self, role: Role, style: Style) -> Self {
        self.styles[role as usize] = style;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_own_place() {
        for (place, (role, name)) in Role::EVERY.into_iter().enumerate() {
            assert_eq!(role as usize, place, "{name}");
        }
    }

    #[test]
    fn mono_has_no_colour_and_keeps_the_selection_visible() {
        let theme = Theme::mono();
        for (role, name) in Role::EVERY {
            assert_eq!((theme.style(role).fg, theme.style(role).bg), (None, None), "{name}");
        }
        assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn no_theme_paints_the_background_or_asks_for_black_or_white() {
        for theme in [Theme::auto(), Theme::dark(), Theme::light(), Theme::high_contrast(), Theme::mono()] {
            for (role, name) in Role::EVERY {
                let style = theme.style(role);
                assert_eq!(style.bg, None, "{name}");
                assert!(!matches!(style.fg, Some(Color::Black | Color::White)), "{name}");
            }
        }
    }

    #[test]
    fn findings_look_unlike_each_other_in_every_theme() {
        for theme in [Theme::auto(), Theme::dark(), Theme::light(), Theme::high_contrast(), Theme::mono()] {
            let styles = [Role::Text, Role::Info, Role::Warning, Role::Critical].map(|role| theme.style(role));
            for (i, style) in styles.iter().enumerate() {
                assert!(!styles[i + 1..].contains(style));
            }
        }
    }
}
