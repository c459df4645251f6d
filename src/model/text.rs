//! Values and names as text: numbers in their unit, and names from outside made safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Unit;

/// Whether a character may reach a terminal, a log or a CSV cell as it is. Control characters and
/// everything that reorders or hides the text around it may not.
#[must_use]
pub fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}

/// Text from outside (names, contexts, file names) with everything that a terminal would act on
/// spelled out: `^[` for escape, `\u{202e}` for a mark that reverses the line.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if is_printable(c) => shown.push(c),
            '\0'..='\x1f' => shown.extend(['^', char::from(c as u8 + b'@')]),
            '\x7f' => shown.push_str("^?"),
            c => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

/// JSON with everything escaped that a terminal would act on: such characters stand within strings alone.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_printable(c) {
            shown.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// [`printable`], cut after `max_chars` characters with an ellipsis: for logs and messages, where a
/// name of ten kilobytes must not become a line of ten kilobytes.
#[must_use]
pub fn printable_short(text: &str, max_chars: usize) -> String {
    let shown = printable(text);
    if shown.char_indices().nth(max_chars).is_none() {
        return shown.into_owned();
    }
    let kept: String = shown.chars().take(max_chars.saturating_sub(3)).collect();
    kept + "..."
}

/// A number with about four significant digits and no unit: `145.3`, `0.0123`, `1.23e9`.
#[must_use]
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() {
        return value.to_string();
    }
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = if magnitude >= 1_000.0 {
        0
    } else if magnitude >= 100.0 {
        1
    } else if magnitude >= 10.0 {
        2
    } else if magnitude >= 1.0 {
        3
    } else if magnitude >= 0.01 {
        4
    } else {
        6
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// How many of something: `1 metric`, `2 metrics`, `0 anomalies`, `3 batches`.
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if count == 1 => format!("1 {what}"),
        Some(stem) => format!("{count} {stem}ies"),
        None if what.ends_with("ch") => format!("{count} {what}es"),
        None => format!("{count} {what}s"),
    }
}

/// A value in its unit, about four significant digits: `145.3 ms`, `1.42 s`, `37.2 MiB`, `97.1 %`.
#[must_use]
pub fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::None => number(value),
        Unit::Percent => format!("{} %", number(value)),
        Unit::Milliseconds => milliseconds(value),
        Unit::Seconds => seconds(value),
        Unit::Bytes => scaled(value, 1_024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"], " "),
        Unit::Count => scaled(value, 1_000.0, &["", "k", "M", "G", "T"], ""),
    }
}

/// From a tenth of a second on in seconds, as the metric is.
fn seconds(value: f64) -> String {
    if (0.1..10.0).contains(&value.abs()) { format!("{} s", number(value)) } else { milliseconds(value * 1_000.0) }
}

fn milliseconds(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude < 1.0 && magnitude > 0.0 {
        if magnitude < 1e-3 {
            return format!("{} ns", number(value * 1e6));
        }
        return format!("{} us", number(value * 1e3));
    }
    if magnitude < 10_000.0 {
        return format!("{} ms", number(value));
    }
    let seconds = value / 1_000.0;
    if seconds.abs() < 600.0 {
        return format!("{} s", number(seconds));
    }
    if seconds.abs() < 36_000.0 {
        return format!("{} min", number(seconds / 60.0));
    }
    format!("{} h", number(seconds / 3_600.0))
}

fn scaled(value: f64, base: f64, prefixes: &[&str], gap: &str) -> String {
    let mut scaled = value;
    let mut step = 0;
    while scaled.abs() >= base && step + 1 < prefixes.len() {
        scaled /= base;
        step += 1;
    }
    match prefixes.get(step) {
        Some(prefix) if !prefix.is_empty() => format!("{}{gap}{prefix}", number(scaled)),
        _ => number(scaled),
    }
}

/// A signed percentage: `+18 %`, `-3.2 %`, `0 %`.
#[must_use]
pub fn percent_signed(pct: f64) -> String {
    let decimals = usize::from(pct.abs() < 10.0);
    let text = format!("{pct:+.decimals$}");
    let is_zero = text.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    if is_zero { "0 %".to_owned() } else { format!("{text} %") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "metric", "0 metrics")]
    #[case(1, "anomaly", "1 anomaly")]
    #[case(2, "anomaly", "2 anomalies")]
    #[case(1, "batch", "1 batch")]
    #[case(2, "batch", "2 batches")]
    fn things_are_counted(#[case] count: u64, #[case] what: &str, #[case] expected: &str) {
        assert_eq!(counted(count, what), expected);
    }

    #[rstest]
    #[case("api_response_time", "api_response_time")]
    #[case("\x1b[31mred", "^[[31mred")]
    #[case("two\nlines\ttab", "two^Jlines^Itab")]
    #[case("\u{9b}31m", "\\u{9b}31m")]
    #[case("abc\u{202e}fed", "abc\\u{202e}fed")]
    #[case("\x7f", "^?")]
    #[case("gr\u{fc}n \u{1f600}", "gr\u{fc}n \u{1f600}")]
    fn names_are_shown_as_data(#[case] name: &str, #[case] shown: &str) {
        assert_eq!(printable(name), shown);
    }

    #[test]
    fn json_is_safe_and_says_the_same() {
        let name = "\u{9b}31m\u{e0041}\x1b\n\u{fc}";
        let shown = printable_json(&serde_json::to_string(name).unwrap());
        assert!(shown.chars().all(is_printable), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), name);
    }

    #[test]
    fn long_names_are_cut_in_messages() {
        assert_eq!(printable_short("abcdefgh", 8), "abcdefgh");
        assert_eq!(printable_short("abcdefghi", 8), "abcde...");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_acts_on_survives(text in any::<String>()) {
            prop_assert!(printable(&text).chars().all(is_printable));
        }
    }

    #[rstest]
    #[case(145.3, Unit::Milliseconds, "145.3 ms")]
    #[case(0.5, Unit::Milliseconds, "500 us")]
    #[case(12_345.0, Unit::Milliseconds, "12.35 s")]
    #[case(1.42, Unit::Seconds, "1.42 s")]
    #[case(6.499, Unit::Seconds, "6.499 s")]
    #[case(-0.1857, Unit::Seconds, "-0.1857 s")]
    #[case(14.23, Unit::Seconds, "14.23 s")]
    #[case(0.0123, Unit::Seconds, "12.3 ms")]
    #[case(0.0, Unit::Seconds, "0 ms")]
    #[case(7_200.0, Unit::Seconds, "120 min")]
    #[case(39_000_000.0, Unit::Bytes, "37.19 MiB")]
    #[case(512.0, Unit::Bytes, "512 B")]
    #[case(97.123, Unit::Percent, "97.12 %")]
    #[case(1_234_567.0, Unit::Count, "1.235M")]
    #[case(12.0, Unit::Count, "12")]
    #[case(-3.5, Unit::None, "-3.5")]
    #[case(0.0, Unit::Milliseconds, "0 ms")]
    #[case(1e300, Unit::None, "1.00e300")]
    fn values_are_written_in_their_unit(#[case] number: f64, #[case] unit: Unit, #[case] text: &str) {
        assert_eq!(value(number, unit), text);
    }

    #[rstest]
    #[case(18.4, "+18 %")]
    #[case(-3.21, "-3.2 %")]
    #[case(0.01, "0 %")]
    #[case(-0.01, "0 %")]
    fn percentages_carry_their_sign(#[case] pct: f64, #[case] text: &str) {
        assert_eq!(percent_signed(pct), text);
    }
}
