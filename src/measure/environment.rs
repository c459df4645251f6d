//! Where a run takes place: processor, cores, system.

use std::fs::File;
use std::io::{self, Read as _};
use std::thread;

use rustix::system::uname;

use crate::model::Environment;

/// The processor of a machine stands at the beginning of what it tells of them.
const READ_BYTES: u64 = 4_096;

/// How many cores may be used.
#[must_use]
pub fn cores() -> u32 {
    thread::available_parallelism().map_or(0, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// This machine, as far as it tells. Linux before 5.18 may take 10 ms for it.
#[must_use]
pub fn here(cores: u32) -> Environment {
    let system = uname();
    let machine = system.machine().to_string_lossy();
    let model = cpu_info().ok().and_then(|text| model(&text));
    Environment {
        cpu: model.unwrap_or_else(|| machine.clone().into_owned()),
        cores,
        os: format!("{} {machine}", system.sysname().to_string_lossy().to_lowercase()),
    }
}

fn cpu_info() -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open("/proc/cpuinfo")?.take(READ_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first processor's model, in the words of one architecture or the other.
fn model(cpu_info: &str) -> Option<String> {
    let fields: Vec<(&str, &str)> = cpu_info
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let of = |name: &str| fields.iter().find(|(key, value)| *key == name && !value.is_empty());
    let (_, model) = ["model name", "Model", "Hardware", "cpu model", "cpu"].iter().find_map(|name| of(name))?;
    Some((*model).to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "processor\t: 0\nmodel\t\t: 143\nmodel name\t: Intel(R) Xeon(R) Processor\nprocessor\t: 1\n",
        Some("Intel(R) Xeon(R) Processor")
    )]
    #[case("processor : 0\nBogoMIPS : 108\n\nModel : Raspberry Pi 5\n", Some("Raspberry Pi 5"))]
    #[case("model name\t:\n", None)]
    #[case("", None)]
    fn the_model_is_found(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(model(text).as_deref(), expected);
    }

    #[test]
    fn this_machine_tells_something() {
        let here = here(cores());
        assert!(here.cores > 0 && !here.cpu.is_empty() && here.os.contains(' '), "{here:?}");
    }
}
