//! The closed sets of words of `[display]` and `[tmux]`, and what `auto` means in an environment.

use std::str::FromStr;

use crate::model::UnknownWord;
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Theme;

/// Looks up an environment variable; tests pass a table instead of the process' own.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every choice.
            pub const EVERY: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::EVERY.into_iter().find(|choice| choice.as_str() == word).ok_or_else(|| UnknownWord {
                    what: $what,
                    found: word.to_owned(),
                    expected: $expected,
                })
            }
        }
    };
}

choices! {
    /// When to use colour.
    ColorChoice, "colour mode", "auto, always, never" {
        /// On a terminal that has colours, unless `NO_COLOR` is set.
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

choices! {
    /// How fine the glyphs may be.
    SymbolChoice, "symbol set", "auto, braille, block, ascii" {
        /// Braille where the locale is UTF-8, ASCII elsewhere.
        Auto = "auto",
        /// Braille dots.
        Braille = "braille",
        /// Block elements.
        Block = "block",
        /// Bytes below 0x80 only.
        Ascii = "ascii",
    }
}

choices! {
    /// A set of styles to start from.
    ThemeName, "theme", "auto, dark, light, mono, high-contrast" {
        /// The terminal's own 16 colours, for any background.
        Auto = "auto",
        /// The bright half of the 16, for dark backgrounds.
        Dark = "dark",
        /// Without yellow and cyan, for light backgrounds.
        Light = "light",
        /// Attributes only.
        Mono = "mono",
        /// Nothing dim, findings in reverse.
        HighContrast = "high-contrast",
    }
}

choices! {
    /// Whether to speak to tmux.
    TmuxMode, "tmux mode", "auto, off" {
        /// When running inside tmux.
        Auto = "auto",
        /// Never.
        Off = "off",
    }
}

impl ColorChoice {
    /// Whether to use colour. `NO_COLOR` (any non-empty value), `CLICOLOR=0` and `TERM=dumb` speak
    /// against it, `CLICOLOR_FORCE` for it; without a word from them a terminal gets colour.
    #[must_use]
    pub fn is_on(self, is_terminal: bool, env: Env) -> bool {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR").is_some() => false,
            Self::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto if env("CLICOLOR").as_deref() == Some("0") || env("TERM").as_deref() == Some("dumb") => false,
            Self::Auto => is_terminal,
        }
    }
}

impl SymbolChoice {
    /// The symbols to draw with. `auto` asks the locale: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    #[must_use]
    pub fn resolve(self, env: Env) -> SymbolSet {
        match self {
            Self::Braille => SymbolSet::Braille,
            Self::Block => SymbolSet::Block,
            Self::Ascii => SymbolSet::Ascii,
            Self::Auto => {
                let locale =
                    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| env(name).filter(|v| !v.is_empty()));
                let locale = locale.unwrap_or_default().to_ascii_lowercase();
                if locale.contains("utf-8") || locale.contains("utf8") { SymbolSet::Braille } else { SymbolSet::Ascii }
            }
        }
    }
}

impl ThemeName {
    /// Its styles.
    #[must_use]
    pub fn theme(self) -> Theme {
        match self {
            Self::Auto => Theme::auto(),
            Self::Dark => Theme::dark(),
            Self::Light => Theme::light(),
            Self::Mono => Theme::mono(),
            Self::HighContrast => Theme::high_contrast(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[rstest]
    #[case(ColorChoice::Auto, true, &[], true)]
    #[case(ColorChoice::Auto, false, &[], false)]
    #[case(ColorChoice::Auto, true, &[("NO_COLOR", "1")], false)]
    #[case(ColorChoice::Auto, true, &[("NO_COLOR", "")], true)]
    #[case(ColorChoice::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false)]
    #[case(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")], true)]
    #[case(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")], false)]
    #[case(ColorChoice::Auto, true, &[("CLICOLOR", "0")], false)]
    #[case(ColorChoice::Auto, true, &[("TERM", "dumb")], false)]
    #[case(ColorChoice::Always, false, &[("NO_COLOR", "1")], true)]
    #[case(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")], false)]
    fn colour_is_decided_by_the_strongest_word(
        #[case] choice: ColorChoice,
        #[case] is_terminal: bool,
        #[case] pairs: &'static [(&'static str, &'static str)],
        #[case] expected: bool,
    ) {
        assert_eq!(choice.is_on(is_terminal, &env(pairs)), expected);
    }

    #[rstest]
    #[case(SymbolChoice::Auto, &[("LANG", "en_US.UTF-8")], SymbolSet::Braille)]
    #[case(SymbolChoice::Auto, &[("LANG", "C.utf8")], SymbolSet::Braille)]
    #[case(SymbolChoice::Auto, &[("LANG", "C")], SymbolSet::Ascii)]
    #[case(SymbolChoice::Auto, &[], SymbolSet::Ascii)]
    #[case(SymbolChoice::Auto, &[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], SymbolSet::Ascii)]
    #[case(SymbolChoice::Auto, &[("LC_ALL", ""), ("LC_CTYPE", "de_DE.UTF-8"), ("LANG", "C")], SymbolSet::Braille)]
    #[case(SymbolChoice::Block, &[("LC_ALL", "C")], SymbolSet::Block)]
    fn symbols_follow_the_locale(
        #[case] choice: SymbolChoice,
        #[case] pairs: &'static [(&'static str, &'static str)],
        #[case] expected: SymbolSet,
    ) {
        assert_eq!(choice.resolve(&env(pairs)), expected);
    }

    #[test]
    fn choices_read_as_they_are_written() {
        for choice in SymbolChoice::EVERY {
            assert_eq!(choice.as_str().parse(), Ok(choice));
        }
        assert!("sometimes".parse::<ColorChoice>().is_err());
    }
}
