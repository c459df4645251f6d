//! What the kernel counts of a running process (`/proc`, Linux only).

use std::time::Duration;
use std::{fs, thread};

use rustix::process::Pid;

/// How long a process must do nothing before it counts as idle.
const QUIET: Duration = Duration::from_secs(5);

/// Context switches that the threads of a process made by waiting, so far: how often one was woken.
pub fn wake_ups(pid: Pid) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok())
        .map(|status| field(&status, "voluntary_ctxt_switches:"))
        .sum()
}

/// Processor time of a process so far, in ticks of the kernel's clock: 10 ms.
pub fn processor_ticks(pid: Pid) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in brackets");
    after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

/// Waits until a process has done all that it had to do.
pub fn wait_for_quiet(pid: Pid) {
    let mut ticks = processor_ticks(pid);
    loop {
        thread::sleep(QUIET);
        let now = processor_ticks(pid);
        if now - ticks <= 1 {
            return;
        }
        ticks = now;
    }
}

/// Memory of a process that is resident now, in bytes.
pub fn resident_bytes(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    field(&status, "VmRSS:") * 1024
}

/// The number after `name` in a `status` file.
fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
