//! Which kilonet something is of, and how two are told apart.
//!
//! Must not know which this is, nor what anybody does with it. The invariant: two are the same only where nothing that is known of either is
//! otherwise in the other, and something is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a kilonet was made of, as its build found it (`build.rs`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The commit that was checked out, its hash's first 12 digits; absent where it was built from an archive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// Whether the source or the lock file differed from that commit when it was built; absent likewise. Tests, pages and
    /// results may: the program is not made of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modified: Option<bool>,
    /// The first 12 digits of the SHA-256 of `Cargo.lock`, which says which libraries are in it; absent without that file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock: Option<String>,
    /// The same of the source: of the names and hashes of all its files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// `release` or `debug`, which is several times slower.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile: Option<String>,
}

/// A version and what it was made of, in words: `0.1.0 (commit 1a2b3c4d5e6f, release build, ...)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The crate's.
    pub number: String,
    /// Absent where nobody knows, as of what wrote a folder before this was recorded.
    pub build: Option<Build>,
}

impl Version {
    /// Whether it is known to be the same program as another.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.build.is_some() && self == other
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(build) = &self.build else {
            return write!(out, "{} (of an unknown commit)", self.number);
        };
        let named =
            |name: &str, value: &Option<String>| value.as_ref().map(|it| format!("{name} {it}"));
        let commit = match (&build.commit, build.modified) {
            (None, _) => "no commit, as it was not built in a repository".to_owned(),
            (Some(commit), Some(true)) => format!("commit {commit} with changes"),
            (Some(commit), _) => format!("commit {commit}"),
        };
        let parts = [
            Some(commit),
            named("source", &build.source),
            named("lock file", &build.lock),
            build
                .profile
                .as_ref()
                .map(|profile| format!("{profile} build")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        write!(out, "{} ({})", self.number, parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(build: Option<Build>) -> Version {
        Version {
            number: "0.1.0".to_owned(),
            build,
        }
    }

    fn build() -> Build {
        Build {
            commit: Some("1a2b3c4d5e6f".to_owned()),
            modified: Some(false),
            lock: Some("abc".to_owned()),
            source: Some("def".to_owned()),
            profile: Some("release".to_owned()),
        }
    }

    #[test]
    fn what_anything_known_tells_apart_is_another() {
        let own = version(Some(build()));
        assert!(own.is(&version(Some(build()))));
        let text = |text: &str| Some(text.to_owned());
        let others = [
            Build {
                commit: text("0"),
                ..build()
            },
            Build {
                commit: None,
                ..build()
            },
            Build {
                modified: Some(true),
                ..build()
            },
            Build {
                lock: text("0"),
                ..build()
            },
            Build {
                source: text("0"),
                ..build()
            },
            Build {
                profile: text("debug"),
                ..build()
            },
        ];
        for other in others {
            assert!(!own.is(&version(Some(other.clone()))), "{other:?}");
        }
        let number = "0.2.0".to_owned();
        assert!(!own.is(&Version {
            number,
            ..own.clone()
        }));
    }

    #[test]
    fn what_is_unknown_is_the_same_as_nothing() {
        assert!(!version(None).is(&version(None)));
        assert!(!version(None).is(&version(Some(build()))));
    }

    #[test]
    fn it_is_said_with_its_commit() {
        assert_eq!(
            version(Some(build())).to_string(),
            "0.1.0 (commit 1a2b3c4d5e6f, source def, lock file abc, release build)"
        );
        let modified = Some(true);
        let changed = version(Some(Build {
            modified,
            ..build()
        }))
        .to_string();
        assert!(
            changed.contains("commit 1a2b3c4d5e6f with changes"),
            "{changed}"
        );
        let archive = version(Some(Build::default())).to_string();
        assert_eq!(
            archive,
            "0.1.0 (no commit, as it was not built in a repository)"
        );
        assert_eq!(version(None).to_string(), "0.1.0 (of an unknown commit)");
    }
}
