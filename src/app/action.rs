//! Everything a user can do, by name; keys are only a way to say it.

use std::fmt;
use std::str::FromStr;

macro_rules! actions {
    ($($group:literal { $($variant:ident = $name:literal, $help:literal;)* })*) => {
        /// Something the user can do. Each has a kebab-case name for `[keys]` and a line for the help.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[doc = $help] $variant,)*)*
        }

        impl Action {
            /// Every action, in the order of the help.
            pub const EVERY: &'static [Self] = &[$($(Self::$variant),*),*];

            /// The same actions under the headings of the help.
            pub const GROUPS: &'static [(&'static str, &'static [Self])] = &[$(($group, &[$(Self::$variant),*])),*];

            /// The name used in configuration.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name,)*)* }
            }

            /// What it does, for the help.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $($(Self::$variant => $help,)*)* }
            }
        }
    };
}

actions! {
    "Tabs and metrics" {
        TabBaselines = "tab-baselines", "show the baselines";
        TabControlChart = "tab-control-chart", "show the control chart";
        TabTimeSeries = "tab-time-series", "show the time series";
        NextTab = "next-tab", "go to the next tab";
        PreviousTab = "previous-tab", "go to the previous tab";
        NextMetric = "next-metric", "choose the next metric";
        PreviousMetric = "previous-metric", "choose the previous metric";
        Expand = "expand", "expand to a full chart";
        NextChart = "next-chart", "choose the next control chart";
        Residuals = "residuals", "judge raw values or residuals";
    }
    "Moving" {
        Up = "up", "move up";
        Down = "down", "move down";
        Left = "left", "look or step back in time";
        Right = "right", "look or step forward in time";
        PageUp = "page-up", "move up half a page";
        PageDown = "page-down", "move down half a page";
        First = "first", "go to the first row or sample";
        Last = "last", "go to the last row or sample";
        NextViolation = "next-violation", "go to the next violation";
        PreviousViolation = "previous-violation", "go to the previous violation";
    }
    "Rows" {
        Filter = "filter", "filter metrics";
        ByTags = "by-tags", "take the metric apart by tags";
        Sort = "sort", "sort by the next column";
        SortReverse = "sort-reverse", "turn the order round";
    }
    "Time" {
        NextWindow = "next-window", "choose the next window";
        LongerWindow = "longer-window", "look back farther";
        ShorterWindow = "shorter-window", "look back less far";
        ZoomIn = "zoom-in", "zoom in about crosshair or now";
        ZoomOut = "zoom-out", "zoom out";
        ZoomReset = "zoom-reset", "show the whole window again";
        ByCount = "by-count", "count samples instead of time";
        Crosshair = "crosshair", "read values sample by sample";
        Freeze = "freeze", "freeze the view, not the engine";
    }
    "Alerts" {
        Alerts = "alerts", "open the alert list";
        Acknowledge = "acknowledge", "acknowledge an alert, or toasts";
        LabelTrue = "label-true", "call the chosen alert true";
        LabelFalse = "label-false", "call the chosen alert false";
        Mute = "mute", "mute such alerts, or tell again";
        DismissToasts = "dismiss-toasts", "put the toasts away";
    }
    "Taking along" {
        Copy = "copy", "copy the value or row";
        CopyView = "copy-view", "copy the whole view as text";
        Export = "export", "write the view to a file";
    }
    "Program" {
        Help = "help", "show or hide this help";
        Redraw = "redraw", "draw the screen afresh";
        Suspend = "suspend", "put perftop in the background";
        Back = "back", "close what is on top";
        Close = "close", "close what is on top, then quit";
        Quit = "quit", "quit at once";
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no action `{0}`")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::EVERY.iter().copied().find(|action| action.name() == name).ok_or_else(|| UnknownAction(name.to_owned()))
    }
}
