//! Patience with another program that holds the lock of the store longer than one wait for it lasts.
//!
//! Knows neither what is stored nor how it is said; each attempt waits by itself, so none is made in between.

use crate::store::StoreError;

/// Attempts until the store is not busy, or it is but `is_stopped`; says the first time that it is.
///
/// Any other error ends it at once.
pub fn until_not_busy<T>(
    mut attempt: impl FnMut() -> Result<T, StoreError>,
    say: impl FnOnce(),
    is_stopped: impl Fn() -> bool,
) -> Result<T, StoreError> {
    let mut say = Some(say);
    loop {
        match attempt() {
            Err(StoreError::Busy { .. }) if !is_stopped() => {
                if let Some(say) = say.take() {
                    say();
                }
            }
            end => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn busy() -> StoreError {
        StoreError::Busy { path: "store".into(), doing: "store samples" }
    }

    /// The end of attempts that answer `answer(1)`, `answer(2)`, ... until a signal comes after `stopped_at` of
    /// them; with how many there were, and how often the lock was spoken of.
    fn attempts(
        answer: impl Fn(u32) -> Result<u32, StoreError>,
        stopped_at: u32,
    ) -> (Result<u32, StoreError>, u32, u32) {
        let (made, said) = (Cell::new(0), Cell::new(0));
        let attempt = || {
            made.set(made.get() + 1);
            answer(made.get())
        };
        let end = until_not_busy(attempt, || said.set(said.get() + 1), || made.get() >= stopped_at);
        (end, made.get(), said.get())
    }

    #[test]
    fn a_lock_held_for_long_is_waited_for_and_spoken_of_once() {
        let (end, made, said) = attempts(|nth| if nth < 4 { Err(busy()) } else { Ok(nth) }, u32::MAX);
        assert_eq!((end.unwrap(), made, said), (4, 4, 1));
    }

    #[test]
    fn a_free_store_is_not_spoken_of() {
        let (end, made, said) = attempts(Ok, u32::MAX);
        assert_eq!((end.unwrap(), made, said), (1, 1, 0));
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let (end, made, said) = attempts(|_| Err(busy()), 3);
        assert!(matches!(end, Err(StoreError::Busy { .. })));
        assert_eq!((made, said), (3, 1));
    }

    #[test]
    fn another_error_is_not_tried_again() {
        let full = |_| Err(StoreError::Full { path: "store".into(), doing: "store samples" });
        let (end, made, said) = attempts(full, u32::MAX);
        assert!(matches!(end, Err(StoreError::Full { .. })));
        assert_eq!((made, said), (1, 0));
    }
}
