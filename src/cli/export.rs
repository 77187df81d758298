//! `kilonet export`: a run folder in the formats that other programs read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::out;
use crate::error::{Act, Result};
use crate::export::{Destination, FORMATS, Files, Format, Source};
use crate::files::{self, FileName};
use crate::store::folder;

/// Needs no privileges, nor the machine the run was made on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// The run folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The format to write
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    format: &'static Format,
    /// The file to write, or the folder for several files [default: standard output, or DIR/export]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  kilonet export results/20261123T120000Z-quickstart --format parquet
  kilonet export results/20261123T120000Z-quickstart --format csv --out /tmp/tables

The columns of csv and parquet are described in results/COLUMNS.md.";

/// The folder within the run's folder for the files of a format, unless `--out` names another.
const FOLDER: &str = "export";

impl Export {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let source = Source::read(&self.dir)?;
        let notes = match (self.format.files, &self.out) {
            (Files::Several, out) => self.write_folder(&source, out.as_deref()),
            (Files::One, Some(path)) => self.format.write(&source, &mut OneFile(path)),
            (Files::One, None) => self.print(&source),
        }?;
        for note in source.notes().iter().chain(&notes) {
            out::say(format!("note: {note}"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Prints the one file.
    fn print(&self, source: &Source) -> Result<Vec<String>> {
        let mut file = StandardOutput(Vec::new());
        let notes = self.format.write(source, &mut file)?;
        out::data(&file.0)?;
        Ok(notes)
    }

    /// Writes several files, and prints their paths.
    fn write_folder(&self, source: &Source, out: Option<&Path>) -> Result<Vec<String>> {
        let dir = out.map_or_else(|| self.dir.join(FOLDER), Path::to_owned);
        match out {
            Some(_) => fs::create_dir_all(&dir),
            // What is in a run folder may be somebody else's.
            None => files::folder(&dir),
        }
        .map_err(|error| files::refusal(Act::Keep("create folder"), &dir, error))?;
        let mut folder = Folder {
            dir,
            written: Vec::new(),
        };
        let notes = self.format.write(source, &mut folder)?;
        for path in &folder.written {
            out::path(path)?;
        }
        Ok(notes)
    }
}

fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let values = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
        .try_map(|name| Format::named(&name).ok_or("there is no such format"))
}

/// Collects what is to be printed, to print it at once when it is complete.
struct StandardOutput(Vec<u8>);

impl Destination for StandardOutput {
    fn file(&mut self, _name: &FileName) -> Result<Box<dyn Write + Send + '_>> {
        Ok(Box::new(&mut self.0))
    }

    fn place(&self, _name: &FileName) -> String {
        "standard output".to_owned()
    }
}

/// The file of `--out`, under the name that was given.
struct OneFile<'a>(&'a Path);

impl Destination for OneFile<'_> {
    fn file(&mut self, _name: &FileName) -> Result<Box<dyn Write + Send + '_>> {
        folder::spare(self.0)?;
        buffered(File::create(self.0), self.0)
    }

    fn place(&self, _name: &FileName) -> String {
        self.0.display().to_string()
    }
}

/// A folder, and what has been written into it.
struct Folder {
    dir: PathBuf,
    written: Vec<PathBuf>,
}

impl Destination for Folder {
    fn file(&mut self, name: &FileName) -> Result<Box<dyn Write + Send + '_>> {
        let path = self.dir.join(name);
        folder::spare(&path)?;
        let file = buffered(files::create(&path), &path)?;
        self.written.push(path);
        Ok(file)
    }

    fn place(&self, name: &FileName) -> String {
        self.dir.join(name).display().to_string()
    }
}

fn buffered(made: io::Result<File>, path: &Path) -> Result<Box<dyn Write + Send>> {
    let file = made.map_err(|error| files::refusal(Act::Keep("create"), path, error))?;
    Ok(Box::new(BufWriter::new(file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::folder::Writer;
    use crate::store::sample;

    #[test]
    fn the_records_of_a_run_are_not_written_over() {
        let out = tempfile::tempdir().unwrap();
        let writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
        let run = writer.dir().to_owned();
        let manifest = run.join("manifest.json");
        let before = fs::read(&manifest).unwrap();
        for (format, out) in [
            ("openmetrics", manifest.clone()),
            ("openmetrics", run.join("trials.jsonl")),
            ("csv", run.clone()),
        ] {
            let export = Export {
                dir: run.clone(),
                format: Format::named(format).unwrap(),
                out: Some(out),
            };
            let said = export.run().unwrap_err().sentence();
            assert!(said.contains("a run has its records there"), "{said}");
        }
        assert_eq!(fs::read(&manifest).unwrap(), before);
    }

    #[test]
    fn what_cannot_be_written_is_named_as_it_was_given() {
        let out = tempfile::tempdir().unwrap();
        let writer = Writer::create(out.path(), &sample::manifest(1)).unwrap();
        for format in ["openmetrics", "hgrm", "k8s-netperf-csv"] {
            let export = Export {
                dir: writer.dir().to_owned(),
                format: Format::named(format).unwrap(),
                out: Some("/dev/full".into()),
            };
            let error = export.run().unwrap_err();
            let said = error.sentence();
            assert!(
                said.starts_with("write /dev/full: No space left"),
                "{format}: {said}"
            );
        }
    }
}
