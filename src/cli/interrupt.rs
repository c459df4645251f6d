//! Signals that ask a command to finish early: what was done so far is kept, and the exit code says which
//! signal it was.

use std::io;
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Calls `tell` with the number of the first SIGINT, SIGTERM or SIGHUP. From then on all of them are
/// ignored: the command is finishing.
pub fn on_interrupt(tell: impl FnOnce(u8) + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let listen = async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok::<_, io::Error>(async move {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hang_up.recv() => SignalKind::hangup(),
            }
        })
    };
    // The handlers are in place before this returns.
    let caught = runtime.block_on(listen)?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let kind = runtime.block_on(caught);
        tell(u8::try_from(kind.as_raw_value()).unwrap_or_default());
    })?;
    Ok(())
}
