//! Which rows the list tabs show and in which order. The order is worked out when the picture, the
//! filter or the sorting changes, never while drawing.

use super::sort::compare;
use super::{App, Filter, FilterError, SizeClass, SortColumn};
use crate::model::{ChartData, SeriesSummary};

impl App {
    /// The rows: what is listed and passes the filter, in the order of the sorting.
    #[must_use]
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &SeriesSummary> + ExactSizeIterator {
        let series = self.listed();
        self.rows.iter().map(|&index| &series[index])
    }

    /// Index of the chosen metric among [`App::rows`]; `None` when it is not among them.
    #[must_use]
    pub fn selected_row(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.rows().position(|series| series.metric == *selected)
    }

    /// The chosen metric or segment in the shown picture, also when the filter hides it.
    #[must_use]
    pub fn selected_series(&self) -> Option<&SeriesSummary> {
        let selected = self.selected.as_ref()?;
        self.listed().iter().chain(self.shown()?.series.iter()).find(|series| series.metric == *selected)
    }

    /// The chart of the chosen metric, once the engine has answered.
    #[must_use]
    pub fn chart(&self) -> Option<&ChartData> {
        let chart = self.shown()?.chart.as_deref()?;
        (Some(&chart.metric) == self.selected.as_ref()).then_some(chart)
    }

    /// First row to draw when `visible` rows fit: the scroll position, moved as little as it takes to
    /// show the chosen row and to leave no room empty.
    #[must_use]
    pub fn first_row(&self, visible: usize) -> usize {
        scrolled(self.scroll, self.selected_row(), self.rows.len(), visible)
    }

    /// How many rows a list shows at this size, its line of column titles taken off, and the line that says what is
    /// taken apart.
    #[must_use]
    pub fn list_rows(&self) -> usize {
        let (width, height) = self.size;
        let lines = 1 + u16::from(self.has_split_line());
        usize::from(SizeClass::of(width, height).body_rows(height).saturating_sub(lines))
    }

    /// Why the text being typed is no filter yet.
    #[must_use]
    pub fn filter_error(&self) -> Option<&FilterError> {
        self.filter_error.as_ref()
    }

    /// Puts a filter in force. A term that is not understood is left out until it is.
    pub(super) fn set_filter(&mut self, text: &str) {
        (self.parsed_filter, self.filter_error) = Filter::understood(text);
        if self.filter_error.is_none() {
            text.trim().clone_into(&mut self.filter);
        }
        refresh(self);
    }

    /// Sorts by another column, or the other way round.
    pub(super) fn sort_by(&mut self, column: SortColumn, reversed: bool) {
        self.sort = column;
        self.sort_reversed = reversed;
        refresh(self);
    }
}

fn scrolled(scroll: usize, selected: Option<usize>, len: usize, visible: usize) -> usize {
    let highest = len.saturating_sub(visible);
    let scroll = scroll.min(highest);
    match selected {
        Some(row) if row < scroll => row,
        Some(row) if visible > 0 && row >= scroll + visible => row + 1 - visible,
        _ => scroll,
    }
}

/// Works the rows out afresh, and finds the chosen metric among them: if it has gone, the row that
/// took its place is chosen.
pub(super) fn refresh(app: &mut App) {
    let place = app.place;
    let series = app.listed();
    let mut rows: Vec<usize> = (0..series.len()).filter(|&row| app.parsed_filter.lets_through(&series[row])).collect();
    rows.sort_by(|&a, &b| compare(&series[a], &series[b], app.sort, app.sort_reversed));
    app.rows = rows;
    if app.selected_row().is_none() && !app.rows.is_empty() {
        let taken_over = app.rows().nth(place.min(app.rows.len() - 1)).map(|series| series.metric.clone());
        app.selected = taken_over;
    }
    settle(app);
}

/// Brings the scroll position in line with the chosen row.
pub(super) fn settle(app: &mut App) {
    app.scroll = app.first_row(app.list_rows());
    app.place = app.selected_row().unwrap_or(app.place);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::scrolled;

    #[rstest]
    #[case(0, Some(0), 5, 10, 0)]
    #[case(0, Some(12), 20, 10, 3)]
    #[case(8, Some(2), 20, 10, 2)]
    #[case(15, None, 20, 10, 10)]
    #[case(3, Some(4), 20, 0, 3)]
    #[case(7, Some(0), 0, 10, 0)]
    fn the_chosen_row_is_on_the_screen(
        #[case] scroll: usize,
        #[case] selected: Option<usize>,
        #[case] len: usize,
        #[case] visible: usize,
        #[case] first: usize,
    ) {
        assert_eq!(scrolled(scroll, selected, len, visible), first);
    }
}
