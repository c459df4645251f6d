//! The jobs of `docs/ci.md` as a CI machine runs them: what they call of perftop is called here, in their order.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::home::Home;

/// The commands of each block of YAML that call perftop.
fn jobs() -> Vec<Vec<String>> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let command = |line: &str| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("run: ");
        line.starts_with("perftop ").then(|| line.to_owned())
    };
    blocks.map(|block| block.lines().filter_map(command).collect()).collect()
}

/// Runs a command of a job; its exit code and what it said.
fn call(home: &Home, command: &str) -> (Option<i32>, String) {
    let programs = Path::new(env!("CARGO_BIN_EXE_perftop")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(home.path(""))
        .env_clear()
        .envs(home.environment())
        .env("PATH", path)
        .env("PERFTOP_DB", ".perftop/perftop.db")
        .env("GITHUB_REF_NAME", "main")
        .env("CI_COMMIT_REF_NAME", "main")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn what_the_jobs_call_works_as_it_stands_there() {
    let jobs = jobs();
    assert_eq!(jobs.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3, 2], "{jobs:?}");
    for job in jobs {
        let home = Home::new();
        let script = home.write("bench.sh", "#!/bin/sh\nexit 0\n");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        // The first time there may be nothing to compare with; the second time there is.
        for round in 0..2 {
            for command in &job {
                let (code, said) = call(&home, command);
                if command.starts_with("perftop gate") {
                    // How long `exit 0` takes is no steady number: any verdict will do that is one.
                    let is_judged = matches!(code, Some(0 | 1)) || (code == Some(3) && said.contains("inconclusive"));
                    let is_first = round == 0 && code == Some(3) && said.contains("not enough data");
                    assert!(is_judged || is_first, "{command}: {code:?}: {said}");
                    assert!(said.contains("duration_ms"), "{said}");
                } else {
                    assert_eq!(code, Some(0), "{command}: {said}");
                }
            }
        }
    }
}
