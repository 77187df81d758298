//! How many trials the tests could judge, and how many they could not as others had the CPU: a run of all rings on a busy
//! machine would else be green without having shown anything.
//!
//! Each test is a process of its own, so that it is counted in a file, and the test that goes beyond the bound fails.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Trials that may go unjudged in one run of all rings, which judge some four hundred.
pub const EXCUSED_AT_MOST: usize = 12;

/// A file with a line for each trial that was to be judged.
#[derive(Debug)]
pub struct Verdicts(PathBuf);

impl Verdicts {
    /// That of this run of the tests: where `KILONET_VERDICTS` says, or one for each run of nextest, or for this process.
    pub fn of_this_run() -> Self {
        if let Some(file) = std::env::var_os("KILONET_VERDICTS") {
            return Self(file.into());
        }
        let run = std::env::var("NEXTEST_RUN_ID");
        let run = run.unwrap_or_else(|_| std::process::id().to_string());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verdicts");
        fs::create_dir_all(&folder).unwrap();
        Self(folder.join(run))
    }

    /// One that is kept in this file.
    pub fn kept_in(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// A trial was judged.
    pub fn judged(&self, trial: &str) {
        self.add("judged", trial);
    }

    /// A trial could not be judged.
    ///
    /// # Panics
    /// Where more could not be than [`EXCUSED_AT_MOST`].
    pub fn excused(&self, trial: &str) {
        self.add("excused", trial);
        let lines = fs::read_to_string(&self.0).unwrap();
        let excused = lines.lines().filter(|line| line.starts_with("excused"));
        let excused = excused.count();
        assert!(
            excused <= EXCUSED_AT_MOST,
            "{excused} trials could not be judged, as others had the CPU, and at most {EXCUSED_AT_MOST} may be; \
             run the tests on a machine that is less busy"
        );
    }

    /// One write, so that tests side by side do not mix their lines.
    fn add(&self, verdict: &str, trial: &str) {
        let file = OpenOptions::new().create(true).append(true).open(&self.0);
        let line = format!("{verdict} {trial}\n");
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("{}: {error}", self.0.display()));
    }
}
