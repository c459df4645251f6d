//! Where the answer of the gate goes: the terminal, files, and what GitHub shows of a job.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;

use crate::cli::context::Context;
use crate::cli::output;
use crate::model::text::printable_short;
use crate::report::{self, Format, Gate, Page};

/// How an answer is written, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    form: Form,
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Usual(Format),
    Markdown,
    Junit,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, file) = text.split_once('=').map_or((text, None), |(word, file)| (word, Some(file)));
        let usual = Format::EVERY.into_iter().find(|format| format.as_str() == word).map(Form::Usual);
        let form = match word {
            "md" => Some(Form::Markdown),
            "junit" => Some(Form::Junit),
            _ => usual,
        };
        match (form, file) {
            (_, Some("")) => Err("no file after `=`".to_owned()),
            (Some(form), file) => Ok(Self { form, file: file.map(PathBuf::from) }),
            (None, _) => Err("expected text, json, csv, md or junit".to_owned()),
        }
    }
}

/// Writes the answer as it was asked for; as text when nothing was. On GitHub the summary of the job gets the Markdown
/// besides, and what is wrong is annotated.
pub(super) fn publish(context: &Context, gate: &Gate, outputs: &[Output]) -> anyhow::Result<()> {
    let on_stdout = outputs.iter().filter(|output| output.file.is_none());
    let forms: Vec<Form> = on_stdout.map(|output| output.form).collect();
    let forms = if forms.is_empty() { vec![Form::Usual(Format::Text)] } else { forms };
    for form in forms {
        match form {
            Form::Usual(format) => output::print(context, gate, format)?,
            Form::Markdown | Form::Junit => io::stdout().lock().write_all(&written(gate, form)?)?,
        }
    }
    for output in outputs {
        if let Some(file) = &output.file {
            fs::write(file, written(gate, output.form)?)
                .with_context(|| format!("cannot write the report to `{}`", file.display()))?;
        }
    }
    if let Some(summary) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
        // Nobody asked for it on the command line: it must not take the verdict's place.
        if let Err(error) = append(Path::new(&summary), &gate.markdown()) {
            context.say(&format!("warning: {}", printable_short(&format!("{error:#}"), 300)));
        }
    }
    if env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        // Read on stderr as well, where it does not mix with data.
        gate.annotations().iter().try_for_each(|command| writeln!(io::stderr(), "{command}"))?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let written =
        OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write the job's summary to `{}`", path.display()))
}

fn written(gate: &Gate, form: Form) -> anyhow::Result<Vec<u8>> {
    Ok(match form {
        Form::Markdown => gate.markdown().into_bytes(),
        Form::Junit => gate.junit()?.into_bytes(),
        Form::Usual(format) => {
            let mut out = Vec::new();
            report::write(&mut out, gate, format, &Page::default())?;
            out
        }
    })
}
