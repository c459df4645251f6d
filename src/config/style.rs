//! Styles as the configuration writes them: `bold red`, `#ff8800`, `underlined`, `white on blue`.

use ratatui::style::{Color, Modifier, Style};

use super::error::quoted;

const MODIFIERS: [(&str, Modifier); 7] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
    ("plain", Modifier::empty()),
];

/// Reads a style: attributes and at most one colour in any order, and `on COLOUR` for the background.
pub fn parse(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    let mut is_empty = true;
    while let Some(word) = words.next() {
        is_empty = false;
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let word = words.next().ok_or("`on` needs a colour after it")?;
            style = set_once(style.bg, word)?.map_or(style, |color| style.bg(color));
        } else {
            style = set_once(style.fg, word)?.map_or(style, |color| style.fg(color));
        }
    }
    if is_empty { Err("a style has at least one word: `plain` has no colour".to_owned()) } else { Ok(style) }
}

fn set_once(before: Option<Color>, word: &str) -> Result<Option<Color>, String> {
    if before.is_some() {
        return Err(format!("a second colour `{}`: a style has one, and `on COLOUR`", quoted(word)));
    }
    word.parse().map(Some).map_err(|_| {
        let words = MODIFIERS.map(|(name, _)| name).join(", ");
        format!("`{}` is neither a colour (red, light-red, 0-255, #ff8800) nor one of {words}", quoted(word))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bold red", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))]
    #[case("light-red", Style::new().fg(Color::LightRed))]
    #[case("#ff8800 dim", Style::new().fg(Color::Rgb(255, 136, 0)).add_modifier(Modifier::DIM))]
    #[case("208", Style::new().fg(Color::Indexed(208)))]
    #[case("white on blue", Style::new().fg(Color::White).bg(Color::Blue))]
    #[case("reversed", Style::new().add_modifier(Modifier::REVERSED))]
    #[case("plain", Style::new())]
    fn styles_are_read(#[case] text: &str, #[case] style: Style) {
        assert_eq!(parse(text), Ok(style));
    }

    #[rstest]
    #[case("", "at least one word")]
    #[case("red green", "a second colour `green`")]
    #[case("white on", "needs a colour")]
    #[case("blod", "`blod` is neither")]
    #[case("#ff88", "`#ff88` is neither")]
    fn other_texts_say_why_not(#[case] text: &str, #[case] why: &str) {
        let error = parse(text).expect_err("not a style");
        assert!(error.contains(why), "{error}");
    }
}
