//! Every setting by name: its section, its key, its environment variable. The one list that the
//! file reader, the environment and `perftop config print` go by.

macro_rules! settings {
    ($($variant:ident = $section:literal, $key:literal, $env:literal;)*) => {
        /// A setting with one value. Tables with names of the user's own (`[metrics."..."]`, `[keys]`,
        /// `[theme]`) are not in this list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Setting {
            $(#[doc = concat!("`[", $section, "] ", $key, "`")] $variant,)*
        }

        impl Setting {
            /// Every setting, in the order of the default file.
            pub const EVERY: [Self; [$($key),*].len()] = [$(Self::$variant),*];

            /// The section in the file.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$variant => $section,)* }
            }

            /// The key in the section.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// The environment variable that sets it.
            #[must_use]
            pub const fn env(self) -> &'static str {
                match self { $(Self::$variant => $env,)* }
            }
        }
    };
}

settings! {
    StorePath = "store", "path", "PERFTOP_DB";
    DropDir = "store", "drop_dir", "PERFTOP_DROP_DIR";
    Retention = "store", "retention", "PERFTOP_RETENTION";
    RollupRetention = "store", "rollup_retention", "PERFTOP_ROLLUP_RETENTION";
    KeepRuns = "runs", "keep_runs", "PERFTOP_KEEP_RUNS";
    RunsDeviation = "runs", "deviation_percent", "PERFTOP_RUNS_DEVIATION_PERCENT";
    RunsTimesAverage = "runs", "times_average", "PERFTOP_RUNS_TIMES_AVERAGE";
    RunsZScore = "runs", "z_score", "PERFTOP_RUNS_Z_SCORE";
    RunsErrorSpike = "runs", "error_spike", "PERFTOP_RUNS_ERROR_SPIKE";
    RunsStreak = "runs", "streak", "PERFTOP_RUNS_STREAK";
    RunsQueueLimits = "runs", "queue_limits", "PERFTOP_RUNS_QUEUE_LIMITS";
    RunsNoiseFloor = "runs", "noise_floor", "PERFTOP_RUNS_NOISE_FLOOR";
    RunsNoiseFloorKib = "runs", "noise_floor_kib", "PERFTOP_RUNS_NOISE_FLOOR_KIB";
    RunsRecoverWithin = "runs", "recover_within", "PERFTOP_RUNS_RECOVER_WITHIN";
    RunsHook = "runs", "hook", "PERFTOP_RUNS_HOOK";
    RunsHookTimeout = "runs", "hook_timeout", "PERFTOP_RUNS_HOOK_TIMEOUT";
    DetectWindow = "detect", "window", "PERFTOP_DETECT_WINDOW";
    MinSamples = "detect", "min_samples", "PERFTOP_DETECT_MIN_SAMPLES";
    Rules = "detect", "rules", "PERFTOP_DETECT_RULES";
    RaisedBy = "detect", "alerts", "PERFTOP_DETECT_ALERTS";
    Sensitivity = "detect", "sensitivity", "PERFTOP_DETECT_SENSITIVITY";
    Budget = "detect", "budget", "PERFTOP_DETECT_BUDGET";
    Cooldown = "alerts", "cooldown", "PERFTOP_ALERTS_COOLDOWN";
    ToastSeverity = "alerts", "toast_severity", "PERFTOP_ALERTS_TOAST_SEVERITY";
    Bell = "alerts", "bell", "PERFTOP_ALERTS_BELL";
    Theme = "display", "theme", "PERFTOP_THEME";
    Symbols = "display", "symbols", "PERFTOP_SYMBOLS";
    Color = "display", "color", "PERFTOP_COLOR";
    Window = "display", "window", "PERFTOP_WINDOW";
    Timezone = "display", "timezone", "PERFTOP_TIMEZONE";
    TmuxMode = "tmux", "mode", "PERFTOP_TMUX";
    LogLevel = "log", "level", "PERFTOP_LOG";
}

/// Sections whose keys are names: of metrics, of actions, of roles.
pub const NAMED_SECTIONS: [&str; 3] = ["metrics", "keys", "theme"];

/// The keys of a `[metrics."..."]` table.
pub const METRIC_KEYS: [&str; 8] =
    ["unit", "direction", "rules", "alerts", "sensitivity", "budget", "user_facing", "group_by"];

/// Every section once, in the order of the default file.
pub fn sections() -> impl Iterator<Item = &'static str> + Clone {
    let mut last = "";
    Setting::EVERY
        .into_iter()
        .map(Setting::section)
        .filter(move |section| std::mem::replace(&mut last, section) != *section)
        .chain(NAMED_SECTIONS)
}

/// The settings of a section.
pub fn settings_in(section: &str) -> impl Iterator<Item = Setting> + Clone {
    Setting::EVERY.into_iter().filter(move |setting| setting.section() == section)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_settings_share_a_name() {
        let places: BTreeSet<_> = Setting::EVERY.iter().map(|setting| (setting.section(), setting.key())).collect();
        let variables: BTreeSet<_> = Setting::EVERY.iter().map(|setting| setting.env()).collect();
        assert_eq!((places.len(), variables.len()), (Setting::EVERY.len(), Setting::EVERY.len()));
    }

    #[test]
    fn each_section_is_listed_once() {
        let listed: Vec<_> = sections().collect();
        assert_eq!(listed, ["store", "runs", "detect", "alerts", "display", "tmux", "log", "metrics", "keys", "theme"]);
    }
}
